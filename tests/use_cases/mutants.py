"""Plausible mistakes in the write path, each of which the tests must find.

A mutant changes one decision and nothing else, so that what finds it finds that mistake.
"""

from collections.abc import Iterable, Sequence
from copy import replace

from leadscore.domain.event import Identifier, LeadEvent
from leadscore.domain.state import LeadState, Profile, same_fold
from leadscore.use_cases.rescore import Delivery, Following, InForce, Logged, Rescoring, Tally


class VersionReadAfterTheEvents(Rescoring):
    """A commit between the two reads goes unseen: its events are missing, and its version is believed to be known."""

    def _fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, as_of: int
    ) -> tuple[LeadState, Profile | None]:
        following, profile = super()._fold(state, homes, in_force, as_of)
        read_now = self.store.read_states([state.lead]).get(state.lead)
        following.version = (read_now.version if read_now else 0) + 1
        return following, profile


class NoRing(Rescoring):
    """Nobody remembers what was folded in: after a conflict or a lost answer everything is stepped in again."""

    def _is_folded(self, event: LeadEvent, state: LeadState) -> bool:
        return False


class RecentSinceIgnored(Rescoring):
    """The ring is believed to be complete, though a full fold or an overflow emptied it."""

    def _is_complete_since(self, state: LeadState, version: int) -> bool:
        return True


class SettledByTheScoreAlone(Rescoring):
    """Two events that cancel out hide that one of them is missing."""

    def _is_settled(self, state: LeadState, following: Following, logged: Logged) -> bool:
        unchanged = (state.scores, state.stage) == (following.state.scores, following.state.stage)
        return not logged.new and unchanged


class AddFirstMarkLater(Rescoring):
    """The score is written before the event is in the log, which is what would recognise the next copy."""

    def _log(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        unlogged = [item.event for item in deliveries if not self._is_folded(item.event, state)]
        fresh = {event.short: event for event in unlogged}
        tally.events += len(fresh)
        ordered = sorted(fresh.values(), key=lambda event: (event.order, event.home))
        return Logged(tuple(ordered), tuple(dict.fromkeys(event.home for event in ordered)))

    def rescore(self, lead, work, state=None):  # type: ignore[no-untyped-def]
        tally = super().rescore(lead, work, state)
        for delivery in work.deliveries:
            self.log.put(delivery.event, token=delivery.token)
        return tally


class MarkFirstAddLater(Rescoring):
    """Whatever is in the log is taken for counted: a crash between the two loses the event."""

    def _log(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        return replace(super()._log(state, deliveries, tally), doubt=False)


class HomeOfTheLead(Rescoring):
    """An event is logged under the lead that it belongs to now: after a merge its copy meets nothing."""

    def _log(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        home = Identifier("user_id", state.lead)
        moved = [
            Delivery(replace(item.event, identifiers=(home, *item.event.identifiers)), item.token)
            for item in deliveries
        ]
        return super()._log(state, moved, tally)


class UnmovedByTheScoreAlone(Rescoring):
    """A model that gives the same points for other reasons, or that another timer belongs to, leaves the old state."""

    def _is_unmoved(self, state: LeadState, folded_anew: Following) -> bool:
        return (state.scores, state.stage) == (folded_anew.state.scores, folded_anew.state.stage)


class UnmovedWhateverTheTimer(Rescoring):
    """The timer of the model before stays, and what the new one takes away earlier is taken too late."""

    def _is_unmoved(self, state: LeadState, folded_anew: Following) -> bool:
        return same_fold(state, folded_anew.state)


class NoMarksOutside(Rescoring):
    """What was counted so long ago that it left the state counts again."""

    def _read_marks(self, state: LeadState) -> frozenset[int]:
        return frozenset()


class MarksOutsideNeverChange(Rescoring):
    """A full fold leaves the marks outside the state as they are, though a late event or a model brings others."""

    def _changed_marks(self, state: LeadState, following: LeadState) -> frozenset[int] | None:
        return None


class MarksOutsideSameByTheirNumber(Rescoring):
    """As many marks as before are taken for the same ones."""

    def _changed_marks(self, state: LeadState, following: LeadState) -> frozenset[int] | None:
        return None if following.spilled_count == state.spilled_count else following.spilled


class ProfileOfTheEventsAlone(Rescoring):
    """A model that takes other events for machine-made makes another profile of the same events."""

    def _full_fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, tally: Tally, *, as_of: int = 0
    ) -> Following:
        following = super()._full_fold(state, homes, in_force, tally, as_of=as_of)
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
