"""Events into the log, each once; and which of them this worker has to fold in."""

from collections.abc import Sequence
from typing import NamedTuple

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import EventLog
from leadscore.use_cases.rescoring.work import Delivery, Tally

#: Events of one lead up to which it takes further ones of public sources. A full fold needs all of them at once, and a
#: worker has the memory for about 100,000.
PUBLIC_EVENTS_MAX = 50_000


class Logged(NamedTuple):
    """What logging the events showed: `new` ones to fold in, the homes they are in, and whether some may be missing."""

    new: tuple[LeadEvent, ...] = ()
    homes: tuple[Identifier, ...] = ()
    doubt: bool = False

    def in_doubt(self) -> "Logged":
        """The same, where it is no longer known which of the events are folded in already."""
        return Logged((), self.homes, doubt=self.doubt or bool(self.new))


class Intake:
    """Tells new events from copies: by the log, and by the ring of ids in a lead's state."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def take_in(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        """Put every event into the log, and find out which of them this worker has to fold in."""
        new: dict[int, LeadEvent] = {}
        homes: dict[Identifier, None] = {}
        doubt = False
        for delivery in deliveries:
            event = delivery.event
            if self._is_surplus(event, state):
                tally.surplus.append(event)
                continue
            recorded = self._log.put(event, token=delivery.token)
            if recorded is None:
                new[event.short] = event
                homes[event.home] = None
                tally.events += 1
            elif recorded.fingerprint != event.fingerprint:
                tally.reused_ids.append(event)
            elif recorded.token != delivery.token:
                tally.duplicates += 1  # Another message put it there, and answers for it.
            elif self.is_folded(event, state) or event.short in new:
                tally.duplicates += 1
                tally.stirs = True
            else:
                tally.stirs = True
                doubt = True
                homes[event.home] = None
        ordered = sorted(new.values(), key=lambda event: (event.order, event.home))
        return Logged(tuple(ordered), tuple(homes), doubt)

    def _is_surplus(self, event: LeadEvent, state: LeadState) -> bool:
        """Whether anybody could have sent it, to a lead that has very many events. What is logged already goes on."""
        return event.trust is Trust.PUBLIC and has_plenty(state) and not self._log.has(event)

    def is_folded(self, event: LeadEvent, state: LeadState) -> bool:
        return event.short in state.recent_ids

    def left(self, logged: Logged, before: LeadState, found: LeadState) -> Logged:
        """What is left to fold in, where another version of the state was found than the one before."""
        if found.lead != before.lead or logged.doubt or not self._is_complete_since(found, before.version):
            return logged.in_doubt()
        left = tuple(event for event in logged.new if not self.is_folded(event, found))
        return Logged(left, logged.homes, doubt=False)

    def _is_complete_since(self, state: LeadState, version: int) -> bool:
        return state.recent_since <= version


def has_plenty(*states: LeadState) -> bool:
    """Whether these have so many events together that browsers need tell no more of them."""
    return sum(state.folded_count for state in states) >= PUBLIC_EVENTS_MAX
