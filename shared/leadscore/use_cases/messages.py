"""What travels on the events queue: events that happened, ticks that say "look at this lead again", rulings on who is
who, and leads whose accounts are to be looked at."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent, identifiers_in
from leadscore.domain.naming import NamedRuling

VERSION = 1
#: What tells of accounts: code that knows of none leaves such a message to other code, instead of taking it for empty.
ACCOUNTS_VERSION = 2
#: What tells of rulings by names, likewise.
NAMES_VERSION = 3
#: What says once what its events have in common, likewise.
SHARED_VERSION = 4
_VERSIONS = (VERSION, ACCOUNTS_VERSION, NAMES_VERSION, SHARED_VERSION)
#: A message stays far below what the queue takes, and a lead's trouble costs few others a redelivery.
EVENTS_MAX = 50
BODY_BYTES_MAX = 200_000
TICKS_MAX = 25
RULINGS_MAX = 25
ACCOUNT_LEADS_MAX = 50

#: Escaped, since SQS refuses some characters that JSON allows. What was parsed holds no circles to be looked for.
_JSON = json.JSONEncoder(separators=(",", ":"), check_circular=False)


class UnreadableMessage(ValueError):
    """Not a message of ours: it goes back, and after its tries to the dead-letter queue."""


class UnreadableEvent(NamedTuple):
    """One event of a message that cannot be read: kept aside, while its neighbours go on."""

    raw: Any
    reason: str


class Ruling(NamedTuple):
    """What somebody decided of a lead: that it is the person `into`, or, where that is empty, somebody of its own.

    Once one is obeyed, an earlier one on the same lead (by `at`, in ms) changes nothing any more, nor does a copy.
    """

    lead: str
    into: str
    at: int


class Message(NamedTuple):
    """`token` is the delivery token: minted once per message, the same for every delivery of it.

    `activation` is the lowest activation number of the model that the message may be worked on with. `accounts` are
    leads whose accounts have to be brought up to date. `named_rulings` are rulings whose leads are to be looked up.
    """

    token: str
    cause: Cause
    events: tuple[LeadEvent, ...] = ()
    unreadable: tuple[UnreadableEvent, ...] = ()
    ticks: tuple[str, ...] = ()
    activation: int = 0
    rulings: tuple[Ruling, ...] = ()
    accounts: tuple[str, ...] = ()
    named_rulings: tuple[NamedRuling, ...] = ()


def events_body(token: str, events: Sequence[LeadEvent], cause: Cause = Cause.EVENT) -> str:
    """What a client said once for a whole batch is in the context of each of its events, and once in the message."""
    documents = [event.to_json() for event in events]
    shared = _shared(events)
    if not shared:
        return _body({"v": VERSION, "token": token, "cause": cause, "events": documents})
    for document in documents:
        own = {name: value for name, value in document["context"].items() if name not in shared}
        document["context"] = own
    return _body({"v": SHARED_VERSION, "token": token, "cause": cause, "context": shared, "events": documents})


def event_bodies(
    events: Sequence[LeadEvent], new_token: Callable[[], str], cause: Cause = Cause.EVENT
) -> Iterator[str]:
    """Messages of at most EVENTS_MAX events and BODY_BYTES_MAX bytes, each with its own delivery token."""
    for start in range(0, len(events), EVENTS_MAX):
        yield from _sized_bodies(events[start : start + EVENTS_MAX], new_token, cause)


def _shared(events: Sequence[LeadEvent]) -> dict[str, Any]:
    """What all contexts hold, and not only something that looks the same: `1` is no `true`."""
    if len(events) <= 1:
        return {}
    shared = dict(events[0].context)
    for event in events[1:]:
        context = event.context
        for name in [name for name in shared if name not in context or context[name] is not shared[name]]:
            del shared[name]
        if not shared:
            break
    return shared


def _whole(raw: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    return {**raw, "context": {**shared, **raw["context"]}}


def ticks_body(token: str, leads: Sequence[str], cause: Cause, *, activation: int = 0) -> str:
    return _body({"v": VERSION, "token": token, "cause": cause, "ticks": list(leads), "activation": activation})


def rulings_body(token: str, rulings: Sequence[Ruling]) -> str:
    told = [{"lead": ruling.lead, "into": ruling.into, "at": ruling.at} for ruling in rulings]
    return _body({"v": VERSION, "token": token, "cause": Cause.MERGE, "rulings": told})


def named_rulings_bodies(rulings: Sequence[NamedRuling], new_token: Callable[[], str]) -> Iterator[str]:
    """Messages of at most RULINGS_MAX rulings, each with its own delivery token."""
    told = [{"lead": dict([ruling.lead]), "into": dict([ruling.into]), "at": ruling.at} for ruling in rulings]
    for start in range(0, len(told), RULINGS_MAX):
        yield _body(
            {
                "v": NAMES_VERSION,
                "token": new_token(),
                "cause": Cause.MERGE,
                "named_rulings": told[start : start + RULINGS_MAX],
            }
        )


def accounts_body(leads: Sequence[str], *, activation: int) -> str:
    """These leads' accounts are to be brought up to date. Nothing is logged of it, so it needs no token."""
    document = {"v": ACCOUNTS_VERSION, "token": "", "cause": Cause.EVENT}
    return _body({**document, "accounts": list(leads), "activation": activation})


def read_message(body: str) -> Message:
    """Raises UnreadableMessage on anything that is no message; a single bad event is no reason to."""
    try:
        document = json.loads(body)
        if document["v"] not in _VERSIONS:
            raise UnreadableMessage(f"message version {VERSION} to {SHARED_VERSION} is expected")
        events: list[LeadEvent] = []
        unreadable: list[UnreadableEvent] = []
        shared = document.get("context", {})
        for raw in document.get("events", ()):
            try:
                events.append(LeadEvent.from_json(_whole(raw, shared) if shared else raw))
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                unreadable.append(UnreadableEvent(raw, f"not an event: {type(error).__name__}"))
        return Message(
            token=str(document["token"]),
            cause=Cause(document["cause"]),
            events=tuple(events),
            unreadable=tuple(unreadable),
            ticks=tuple(str(lead) for lead in document.get("ticks", ())),
            activation=int(document.get("activation", 0)),
            rulings=tuple(
                Ruling(str(raw["lead"]), str(raw["into"]), int(raw["at"])) for raw in document.get("rulings", ())
            ),
            accounts=tuple(str(lead) for lead in document.get("accounts", ())),
            named_rulings=tuple(
                NamedRuling(_named(raw["lead"]), _named(raw["into"]), int(raw["at"]))
                for raw in document.get("named_rulings", ())
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise UnreadableMessage(f"not a message of the events queue: {type(error).__name__}") from error


def _named(raw: Any) -> Identifier:
    (name,) = identifiers_in({kind: str(value) for kind, value in raw.items()})
    return name


def _sized_bodies(events: Sequence[LeadEvent], new_token: Callable[[], str], cause: Cause) -> Iterator[str]:
    body = events_body(new_token(), events, cause)
    if len(events) == 1 or len(body.encode()) <= BODY_BYTES_MAX:
        yield body
        return
    half = len(events) // 2
    yield from _sized_bodies(events[:half], new_token, cause)
    yield from _sized_bodies(events[half:], new_token, cause)


def _body(document: dict[str, Any]) -> str:
    return _JSON.encode(document)
