"""What became of leads: who converted, and when. And what a model said of them before it was known."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadscore.domain.event import Identifier, LeadEvent
from leadscore.domain.model import Model
from leadscore.ingest.clock import parse_time
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.yes_no import NO, YES
from leadscore.use_cases.compare import Course, follow
from leadscore.use_cases.history import BadLine
from leadscore.use_cases.people import Person

_WON = YES | {"won", "converted"}
_LOST = NO | {"lost"}
#: The names that the field may have.
_NAMES = ("converted", "outcome")
#: What other exports than ours put between columns, too.
_SEPARATORS = re.compile(r"[,;|\t]")
#: What every heading has, by what to call it.
_COLUMNS = {"`lead`": {"lead"}, "`converted` (or `outcome`)": {*_NAMES}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`at` is when it was decided, where that is known."""

    converted: bool
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A lead with its outcome, and its course up to the moment before that: nothing leaks in from after."""

    lead: str
    outcome: Outcome
    course: Course


def read_outcomes(name: str, lines: Iterable[str]) -> tuple[dict[Identifier, Outcome], list[BadLine]]:
    """Outcomes by every identifier that their `lead` may be. CSV with a heading, or one JSON object per line."""
    outcomes: dict[Identifier, Outcome] = {}
    bad_lines: list[BadLine] = []
    there = list(lines)
    if (problem := _problem_of_heading(there)) is not None:
        return outcomes, [BadLine(name, 1, problem)]
    for number, row in _rows(there):
        try:
            outcome = _outcome(row)
            outcomes |= dict.fromkeys(_identifiers(row), outcome)
        except Rejected as rejected:
            bad_lines.append(BadLine(name, number, rejected.message))
    return outcomes, bad_lines


def outcome_of(person: Person, outcomes: Mapping[Identifier, Outcome]) -> Outcome | None:
    return next((outcomes[name] for name in person.identifiers if name in outcomes), None)


def outcome_in_trait(person: Person, trait: str) -> Outcome | None:
    """What a trait of the person says, whoever said it last; it has no time of its own."""
    converted = _converted(person.traits.get(trait))
    return None if converted is None else Outcome(converted)


def judge(known: Iterable[tuple[Person, Outcome]], model: Model, *, as_of: int) -> Iterator[Known]:
    """Everybody of whom something was known before the outcome."""
    for person, outcome in known:
        until = as_of if outcome.at is None else min(as_of, outcome.at - 1)
        events = _until(person.events, until)
        if events:
            yield Known(person.lead, outcome, follow(person.lead, events, model, as_of=until))


def _until(events: Sequence[LeadEvent], until: int) -> Sequence[LeadEvent]:
    return [event for event in events if event.occurred_at <= until]


def _is_json(lines: Sequence[str]) -> bool:
    return next((line for line in lines if line.strip()), "").lstrip().startswith("{")


def _problem_of_heading(lines: Sequence[str]) -> str | None:
    """What would be wrong with every row alike. A line that is no heading is not quoted: it may be personal."""
    columns = [] if _is_json(lines) else csv.DictReader(lines, skipinitialspace=True).fieldnames or []
    if not columns:
        return None
    missing = next((name for name, names in _COLUMNS.items() if not names & {*columns}), None)
    if missing is None:
        return None
    heading = ",".join(columns)
    if not {"lead", *_NAMES} & {word.strip().lower() for word in _SEPARATORS.split(heading)}:
        return f"the first line is the heading, and it has no column {missing}: write `lead,converted` above the rows"
    remedy = "separate by commas" if len(columns) == 1 else "name it so"
    return f"the heading has no column {missing}: it is `{heading}`; {remedy}"


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each row with the number of its line."""
    if _is_json(lines):
        yield from ((number, _json_row(line)) for number, line in enumerate(lines, start=1) if line.strip())
        return
    reader = csv.DictReader(lines, skipinitialspace=True)
    for row in reader:
        yield reader.line_num, row


def _json_row(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    return row if isinstance(row, dict) else {}


def _outcome(row: Mapping[str, Any]) -> Outcome:
    said = next((row[name] for name in _NAMES if name in row), None)
    converted = _converted(said)
    if converted is None:
        raise Rejected("invalid_outcome", "`converted` (or `outcome`) must be 1, 0, won, lost, true or false")
    at = parse_time(row["at"]) if row.get("at") else None
    if row.get("at") and at is None:
        raise Rejected("invalid_time", "`at` is not a time: write ISO 8601, as in 2026-03-01T12:00:00Z, or nothing")
    return Outcome(converted, at)


def _converted(said: Any) -> bool | None:
    word = str(said).strip().lower()
    return True if word in _WON else False if word in _LOST else None


def _identifiers(row: Mapping[str, Any]) -> Iterator[Identifier]:
    value = identifier("lead", row.get("lead"))
    if value is None:
        raise Rejected("invalid_lead", "`lead` must be a user id, an e-mail address or an anonymous id")
    yield from (Identifier(kind, value) for kind in ("user_id", "anonymous_id"))
    if (address := email_address(value)) is not None:
        yield Identifier("email", address)
