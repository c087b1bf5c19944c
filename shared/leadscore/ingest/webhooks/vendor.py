"""What the senders of webhooks have in common: each signs in its own way, and tells events in its own words."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.naming import NamedRuling
from leadscore.ingest.arrival import MESSAGE_ID_CHARACTERS_MAX, Arrival, event_name
from leadscore.ingest.clock import occurred_at
from leadscore.ingest.http import Request
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import EMPTY, checked, filled, fingerprint
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import Failure
from leadscore.ingest.webhooks.document import an_object, first

#: What fits into the largest batch of a sender that chooses its size itself.
EVENTS_MAX = 5_000

#: `Ada Lovelace <ada@northwind.example>`, as the mail was addressed.
_NAMED = re.compile(r"[^<>]*<([^<>]+)>\s*")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class Delivery(NamedTuple):
    """One request of a sender: `body` is what was signed, byte for byte; `now` is in ms since the epoch."""

    request: Request
    body: bytes
    now: int


class Reading(NamedTuple):
    """What a delivery turned out to hold. What is `passed_over` is no sign of a person: mail that was queued, say."""

    events: Sequence[LeadEvent]
    failures: Sequence[Failure] = ()
    passed_over: int = 0
    rulings: Sequence[NamedRuling] = ()


class Stamp(NamedTuple):
    """A signature that is not over what it comes with: what it is over, and the `item` that it is to tell alone."""

    signed: str
    item: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One kind of sender.

    `verify` raises Rejected unless the delivery was signed with the secret; `secret_of` gives a pasted secret the form
    in which it is stored, and raises ValueError, with the remedy, on what can be none. `events` has what the sender
    calls an event and what it is called here, empty where it is passed over: docs/webhooks.md shows it. A sender that
    gets the status `refuses_with` does not come again with the same. `stamp_of` is for a sender whose signatures would
    fit any body.
    """

    name: str
    trust: Trust
    events: Mapping[str, str]
    verify: Callable[[Delivery, str], None]
    read: Callable[[Any, Arrival, Delivery], Reading]
    secret_of: Callable[[str], str]
    refuses_with: int = 400
    stamp_of: Callable[[Any], Stamp] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event in our words. `at` is its time as the sender wrote it, `dedup` what makes it this one for its source.

    `ids` may hold a `userId` and an `anonymousId` that the company gave the sender to carry, `external_ids` other
    systems' ids by type. `properties`, `traits` and `context` may have empty values, which say nothing.
    """

    name: str
    at: Any
    dedup: Sequence[Any]
    call: str = "track"
    email: Any = None
    ids: Mapping[str, Any] = field(default_factory=dict)
    external_ids: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)

    def event(self, arrival: Arrival) -> LeadEvent:
        """Raises Rejected. The content is what is kept here: a sender may count its tries in what it sends again."""
        identifiers = {
            "user_id": identifier("userId", first(self.ids, "userId", "user_id")),
            "email": email_address(_without_name(self.email)),
            "anonymous_id": identifier("anonymousId", first(self.ids, "anonymousId", "anonymous_id")),
            **{kind: identifier(kind, value) for kind, value in self.external_ids.items()},
        }
        parts = {"properties": filled(self.properties), "traits": filled(self.traits), "context": filled(self.context)}
        return arrival.event(
            call=self.call,
            name=event_name("event", self.name),
            identifiers=identifiers,
            content=checked({"name": self.name, "at": self.at, "identifiers": identifiers, **parts}),
            message_id=message_id(*self.dedup),
            is_dated=self.at is not None,
            occurred_at=occurred_at(timestamp=self.at, sent_at=None, received_at=arrival.received_at),
            timestamp=self.at,
            properties=parts["properties"],
            traits=parts["traits"],
            context=parts["context"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePerson:
    """Somebody merged two records there: ids of one type, the `lead`'s and that of the person who stays."""

    kind: str
    lead: Any
    into: Any
    at: Any

    def ruling(self, arrival: Arrival) -> NamedRuling:
        """Raises Rejected."""
        lead, into = (identifier(self.kind, value) for value in (self.lead, self.into))
        if not lead or not into:
            raise Rejected("no_user_anon_id", "the merge does not name both records: merge them with `leadscore merge`")
        at = occurred_at(timestamp=self.at, sent_at=None, received_at=arrival.received_at)
        return NamedRuling(Identifier(self.kind, lead), Identifier(self.kind, into), at)


def read_each(items: Any, read: Callable[[Any], Iterable[Told | OnePerson]], arrival: Arrival) -> Reading:
    """Every item on its own: a bad one is a failure, and no reason to lose its neighbours."""
    if not isinstance(items, list):
        raise Rejected("invalid_webhook", "the body is not what this sender's webhooks hold: check the source's kind")
    if len(items) > EVENTS_MAX:
        raise Rejected("too_many_events", f"the body holds more than {EVENTS_MAX} events: send smaller batches")
    events: list[LeadEvent] = []
    failures: list[Failure] = []
    rulings: list[NamedRuling] = []
    passed_over = 0
    for index, item in enumerate(items):
        try:
            told = list(read(an_object("the event", item)))
            ruled = [one.ruling(arrival) for one in told if isinstance(one, OnePerson)]
            taken = [one.event(arrival) for one in told if isinstance(one, Told)]
        except Rejected as rejected:
            failures.append(Failure(index, item, rejected))
        else:
            events.extend(taken)
            rulings.extend(ruled)
            passed_over += not told
    return Reading(events, failures, passed_over, rulings)


def only_recipient(recipients: Sequence[Any]) -> Any:
    """Who it was, where a mail went to one person. To several, nobody knows which of them did it."""
    if len(recipients) > 1:
        raise Rejected("ambiguous_recipient", "the mail had several recipients: send one mail to each")
    return recipients[0] if recipients else None


def _without_name(address: Any) -> Any:
    named = _NAMED.fullmatch(address) if isinstance(address, str) else None
    return named[1] if named else address


def title_of(vendor: str, what: str) -> str:
    """`<Vendor> <What>`: the name of an event that has no counterpart here."""
    return " ".join([vendor, *(word.capitalize() for word in _WORD.findall(what))])


def message_id(*parts: Any) -> str | None:
    """An id of bounded length out of what makes the event unique; None where nothing does."""
    said = [str(part) for part in parts if part not in EMPTY]
    if not said:
        return None
    joined = ":".join(said)
    return joined if len(joined) <= MESSAGE_ID_CHARACTERS_MAX else fingerprint(joined)
