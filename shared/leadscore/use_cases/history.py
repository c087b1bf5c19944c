"""Histories from files: calls in Segment's format, one per line, as somebody exported or wrote them.

The door's rules apply, save for what only a door knows: when an event was received. A line says so, or else it was when
the event happened.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.clock import parse_time
from leadscore.ingest.facts.uncounted import NO_HOUSE, House
from leadscore.ingest.form import read_form
from leadscore.ingest.form_body import read_fields
from leadscore.ingest.json_body import checked, fingerprint, parse
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import EVENT_NAMES, read_call

TRUSTS = {trust.name.lower(): trust for trust in Trust}
#: What a form's line may say beside its fields.
_FORM_NAMES = ("userId", "anonymousId", "messageId")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be taken, and why. The reason quotes nothing of it: it may be personal."""

    file: str
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.reason}"


@dataclass(slots=True)
class History:
    """What files hold: each event once. `later` counts those that had not happened yet."""

    events: list[LeadEvent] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)
    duplicates: int = 0
    later: int = 0

    @property
    def nothing_was_read(self) -> bool:
        return bool(self.bad_lines) and not (self.events or self.later)


def read_history(files: Iterable[tuple[str, Iterable[bytes]]], *, as_of: int, trust: Trust) -> History:
    """The events of these lines up to `as_of`. A line is believed as far as its `source` says, or else as `trust`."""
    history = History()
    seen: dict[tuple[Identifier, str], str] = {}
    for name, lines in files:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                event = read_line(line, as_of=as_of, trust=trust)
                if event is not None:
                    _keep(event, history, seen, as_of=as_of)
            except Rejected as rejected:
                history.bad_lines.append(BadLine(name, number, rejected.message))
    return history


def read_line(line: bytes, *, as_of: int, trust: Trust) -> LeadEvent | None:
    """The event of one line; None for an alias of somebody to themselves. One without a time happened at `as_of`."""
    return read_item(parse_line(line), as_of=as_of, trust=trust)


def parse_line(line: bytes) -> Any:
    """The JSON in a line. Raises Rejected."""
    try:
        return parse(line)
    except Rejected as rejected:
        raise Rejected(rejected.code, rejected.message.replace("the body", "the line")) from None


def read_item(item: Any, *, as_of: int, trust: Trust, source: str = "", house: House = NO_HOUSE) -> LeadEvent | None:
    """The event of a parsed line. It is of the source of this name, or else of one that is called like its trust."""
    if not isinstance(item, dict):
        raise Rejected("invalid_event", "a line must be one JSON object: an event, as in docs/cli.md")
    if "source" in item:
        item, trust = _without(item, "source"), _trust(item["source"])
    arrival = Arrival(
        source=source or trust.name.lower(),
        trust=trust,
        received_at=_received_at(item, as_of),
        # Undated lines that are the same are one line written twice: in a file nobody can tell them apart.
        new_id=lambda: f"line:{fingerprint(checked(item))}",
        house=house,
    )
    if "form" in item:
        return _form_event(item, arrival)
    call = item.get("type")
    if not isinstance(call, str) or call not in EVENT_NAMES:
        raise Rejected("invalid_type", f"`type` must be one of {', '.join(EVENT_NAMES)}")
    return read_call(item if _clock_can_be_corrected(item) else _without(item, "sentAt"), call, arrival)


def _keep(event: LeadEvent, history: History, seen: dict[tuple[Identifier, str], str], *, as_of: int) -> None:
    place = event.home, event.id
    if place not in seen:
        seen[place] = event.fingerprint
        if event.occurred_at > as_of:
            history.later += 1
        else:
            history.events.append(event)
    elif seen[place] == event.fingerprint:
        history.duplicates += 1
    else:
        raise Rejected("event_id_reused", "another event has this id already: give every event an id of its own")


def _trust(source: Any) -> Trust:
    if not isinstance(source, str) or source not in TRUSTS:
        raise Rejected("invalid_source", f"`source` must be one of {', '.join(TRUSTS)}, or left out")
    return TRUSTS[source]


def _received_at(item: Mapping[str, Any], as_of: int) -> int:
    for name in ("receivedAt", "timestamp", "originalTimestamp"):
        if (at := parse_time(item.get(name))) is not None:
            return at
    return as_of


def _clock_can_be_corrected(item: Mapping[str, Any]) -> bool:
    """Exports hold a `timestamp` that is corrected already; without `receivedAt` there is nothing to correct by."""
    return not item.get("timestamp") and parse_time(item.get("receivedAt")) is not None


def _form_event(item: Mapping[str, Any], arrival: Arrival) -> LeadEvent:
    fields = item.get("fields", {})
    if not isinstance(item["form"], str) or not isinstance(fields, dict):
        raise Rejected("invalid_form", "`form` must be the form's name, and `fields` a JSON object")
    said = {**fields, **{name: item[name] for name in _FORM_NAMES if name in item}}
    bounded = read_fields("application/json", json.dumps(said).encode())
    return read_form(item["form"], bounded, arrival, visitor=None, page_url="", user_agent="")


def _without(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}
