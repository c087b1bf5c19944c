"""Plausible mistakes in the write path, each of which the tests must find.

A mutant changes one decision and nothing else, so that what finds it finds that mistake.
"""

from collections.abc import Iterable, Sequence
from copy import replace
from typing import Any

from leadscore.domain.event import Identifier, LeadEvent
from leadscore.domain.state import LeadState, Profile, same_fold
from leadscore.use_cases.ports import EventLog
from leadscore.use_cases.rescoring.folding import Folding, Following, InForce
from leadscore.use_cases.rescoring.intake import Intake, Logged
from leadscore.use_cases.rescoring.work import Delivery, LeadWork, Tally
from tests.use_cases.mistaken import in_its_place


@in_its_place
class VersionReadAfterTheEvents(Folding):
    """A commit between the two reads goes unseen: its events are missing, and its version is believed to be known."""

    def _fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, as_of: int
    ) -> tuple[LeadState, Profile | None]:
        following, profile = super()._fold(state, homes, in_force, as_of)
        read_now = self._store.read_states([state.lead]).get(state.lead)
        following.version = (read_now.version if read_now else 0) + 1
        return following, profile


@in_its_place
class NoRing(Intake):
    """Nobody remembers what was folded in: after a conflict or a lost answer everything is stepped in again."""

    def is_folded(self, event: LeadEvent, state: LeadState) -> bool:
        return False


@in_its_place
class RecentSinceIgnored(Intake):
    """The ring is believed to be complete, though a full fold or an overflow emptied it."""

    def _is_complete_since(self, state: LeadState, version: int) -> bool:
        return True


@in_its_place
class SettledByTheScoreAlone(Folding):
    """Two events that cancel out hide that one of them is missing."""

    def is_settled(self, state: LeadState, following: Following, logged: Logged) -> bool:
        unchanged = (state.scores, state.stage) == (following.state.scores, following.state.stage)
        return not logged.new and unchanged


@in_its_place
class _AddFirst(Intake):
    def take_in(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        unlogged = [item.event for item in deliveries if not self.is_folded(item.event, state)]
        fresh = {event.short: event for event in unlogged}
        tally.events += len(fresh)
        ordered = sorted(fresh.values(), key=lambda event: (event.order, event.home))
        return Logged(tuple(ordered), tuple(dict.fromkeys(event.home for event in ordered)))


class AddFirstMarkLater(_AddFirst):  # type: ignore[valid-type, misc]
    """The score is written before the event is in the log, which is what would recognise the next copy."""

    def __init__(self, *, log: EventLog, **ports: Any) -> None:
        super().__init__(log=log, **ports)
        self.log = log

    def rescore(self, lead: str, work: LeadWork, state: LeadState | None = None) -> Tally:
        tally = super().rescore(lead, work, state)
        for delivery in work.deliveries:
            self.log.put(delivery.event, token=delivery.token)
        return tally


@in_its_place
class MarkFirstAddLater(Intake):
    """Whatever is in the log is taken for counted: a crash between the two loses the event."""

    def take_in(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        return replace(super().take_in(state, deliveries, tally), doubt=False)


@in_its_place
class HomeOfTheLead(Intake):
    """An event is logged under the lead that it belongs to now: after a merge its copy meets nothing."""

    def take_in(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        home = Identifier("user_id", state.lead)
        moved = [
            Delivery(replace(item.event, identifiers=(home, *item.event.identifiers)), item.token)
            for item in deliveries
        ]
        return super().take_in(state, moved, tally)


@in_its_place
class UnmovedByTheScoreAlone(Folding):
    """A model that gives the same points for other reasons, or that another timer belongs to, leaves the old state."""

    def is_unmoved(self, state: LeadState, folded_anew: Following) -> bool:
        return (state.scores, state.stage) == (folded_anew.state.scores, folded_anew.state.stage)


@in_its_place
class UnmovedWhateverTheTimer(Folding):
    """The timer of the model before stays, and what the new one takes away earlier is taken too late."""

    def is_unmoved(self, state: LeadState, folded_anew: Following) -> bool:
        return same_fold(state, folded_anew.state)


@in_its_place
class NoMarksOutside(Folding):
    """What was counted so long ago that it left the state counts again."""

    def _read_marks(self, state: LeadState) -> frozenset[int]:
        return frozenset()


@in_its_place
class MarksOutsideNeverChange(Folding):
    """A full fold leaves the marks outside the state as they are, though a late event or a model brings others."""

    def _changed_marks(self, state: LeadState, following: LeadState) -> frozenset[int] | None:
        return None


@in_its_place
class MarksOutsideSameByTheirNumber(Folding):
    """As many marks as before are taken for the same ones."""

    def _changed_marks(self, state: LeadState, following: LeadState) -> frozenset[int] | None:
        return None if following.spilled_count == state.spilled_count else following.spilled


@in_its_place
class ProfileOfTheEventsAlone(Folding):
    """A model that takes other events for machine-made makes another profile of the same events."""

    def full_fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, tally: Tally, *, as_of: int = 0
    ) -> Following:
        following = super().full_fold(state, homes, in_force, tally, as_of=as_of)
        folded = following.state
        has_same_events = (state.folded_count, state.folded_xor) == (folded.folded_count, folded.folded_xor)
        return following._replace(profile=None) if has_same_events else following


MUTANTS = [
    VersionReadAfterTheEvents,
    NoRing,
    RecentSinceIgnored,
    SettledByTheScoreAlone,
    AddFirstMarkLater,
    MarkFirstAddLater,
    HomeOfTheLead,
    UnmovedByTheScoreAlone,
    UnmovedWhateverTheTimer,
    NoMarksOutside,
    MarksOutsideNeverChange,
    MarksOutsideSameByTheirNumber,
    ProfileOfTheEventsAlone,
]
