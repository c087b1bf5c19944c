"""Events that machines make: mail gateways that follow every link, and what was flagged on its way in.

A burst shows itself only with its last event, so those before it have counted by then. Folding them all anew takes
the points back by itself, since the fold looks for bursts before it counts anything.
"""

import hashlib
import json
from collections.abc import Sequence

from leadscore.domain.event import SIGNED_LINKS, LeadEvent
from leadscore.domain.model import Model, event_document
from leadscore.domain.repetition import value_at
from leadscore.domain.rules import Burst
from leadscore.domain.state import LeadState
from leadscore.domain.uncounted import is_flagged

_HASH_BYTES = 5


def in_bursts(events: Sequence[LeadEvent], model: Model) -> frozenset[int]:
    """The places of those events, which are given in order, that belong to a burst."""
    found: set[int] = set()
    # Most leads have no such event: asked by name first, this costs them next to nothing.
    suspects = [place for place, event in enumerate(events) if model.bursts.of(event.name) and not is_flagged(event)]
    if not suspects:
        return frozenset()
    values = {place: _values(events[place], model) for place in suspects}
    for burst in dict.fromkeys(burst for place in suspects for burst in values[place]):
        places = [place for place in suspects if burst in values[place]]
        start = 0
        for end, place in enumerate(places):
            while events[place].occurred_at - events[places[start]].occurred_at > burst.within:
                start += 1
            window = places[start : end + 1]
            if len({values[one][burst] for one in window}) >= burst.at_least:
                found.update(window)
    return frozenset(found)


class Unforeseen(Exception):
    """The event completes a burst whose first events have counted: only a full fold takes them back."""


def joins_burst(state: LeadState, event: LeadEvent, model: Model) -> bool:
    """Whether an event, the newest of its lead, belongs to a burst that is known. Raises Unforeseen."""
    if not model.bursts.of(event.name):
        return False
    joined = False
    for burst, value in _values(event, model).items():
        entries = _recent(state, burst, event.occurred_at)
        if len({entry[1] for entry in entries} | {value}) >= burst.at_least:
            if not all(is_machine for _, _, is_machine in entries):
                raise Unforeseen
            joined = True
    return joined


def remember(state: LeadState, event: LeadEvent, model: Model, *, is_machine: bool) -> None:
    """Keep in mind the last values of the fields by which bursts are told."""
    if not model.bursts.of(event.name):
        return
    for burst, value in _values(event, model).items():
        entries = _recent(state, burst, event.occurred_at)
        was_machine = all(entry[2] for entry in entries if entry[1] == value)
        kept = [entry for entry in entries if entry[1] != value]
        kept.append((event.occurred_at, value, is_machine and was_machine))
        flat = [int(number) for entry in kept[-burst.at_least :] for number in entry]
        state.memory[burst.id] = tuple(flat)


def _values(event: LeadEvent, model: Model) -> dict[Burst, int]:
    """What the event adds to each kind of burst that it may be part of."""
    document = event_document(event)
    values = {}
    is_signed = event.source == SIGNED_LINKS
    for burst in model.bursts.of(event.name):
        value = value_at(document, burst.each)
        is_teller = event.trust is burst.trust and is_signed is burst.is_signed
        if is_teller and value is not None and burst.matches(document):
            text = json.dumps(value, sort_keys=True).encode()
            values[burst] = int.from_bytes(hashlib.blake2b(text, digest_size=_HASH_BYTES).digest())
    return values


def _recent(state: LeadState, burst: Burst, at: int) -> list[tuple[int, int, bool]]:
    flat = state.memory.get(burst.id, ())
    entries = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return [(time, value, bool(is_machine)) for time, value, is_machine in entries if at - time <= burst.within]
