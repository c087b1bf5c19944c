"""An anonymous lead that turns out to be somebody becomes part of that person's, history and all."""

from collections.abc import Callable

from leadscore.domain.cause import Cause
from leadscore.domain.difference import difference
from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import Closing, LeadStore, VersionConflict
from leadscore.use_cases.rescoring.committing import Committing
from leadscore.use_cases.rescoring.folding import Folding, InForce
from leadscore.use_cases.rescoring.intake import has_plenty
from leadscore.use_cases.rescoring.leads import Leads
from leadscore.use_cases.rescoring.work import TRIES_MAX, Contended, LeadWork, Tally
from leadscore.use_cases.resolve import Merge, is_crowded


class Merging:
    """What an event's own names show. What only a person can know is a ruling's."""

    def __init__(
        self,
        *,
        store: LeadStore,
        pause: Callable[[int], None],
        leads: Leads,
        folding: Folding,
        committing: Committing,
    ) -> None:
        self._store = store
        self._pause = pause
        self._leads = leads
        self._folding = folding
        self._committing = committing

    def merge_all(self, state: LeadState, work: LeadWork, in_force: InForce, tally: Tally) -> LeadState:
        for merge in work.merges:
            state = self._merge(state, merge, work, in_force, tally)
        return state

    def _merge(self, state: LeadState, merge: Merge, work: LeadWork, in_force: InForce, tally: Tally) -> LeadState:
        """Make an anonymous lead part of the one at hand: its homes move, its history is folded in, and it closes."""
        for attempt in range(TRIES_MAX):
            state, in_force = self._committing.up_to_date(self._leads.follow(state), tally, in_force)
            # It may be part of another by now, and that one be nobody's, too: then it is that one.
            anonymous = self._leads.read(merge.anonymous)
            if not self._may_join(anonymous, state, merge.identifier):
                return state
            self._leads.require_own(state, work.homes)
            try:
                return self._write_merge(state, anonymous, merge, work, in_force, tally)
            except VersionConflict:
                tally.conflicts += 1
                if self._store.read_known(anonymous.lead):
                    return state  # Somebody gave it a name, though no event that says so may be folded in yet.
                self._pause(attempt)
                state = self._leads.read(state.lead)
        raise Contended

    def _may_join(self, anonymous: LeadState, state: LeadState, identifier: Identifier) -> bool:
        """Whether an event that names the lead and this identifier of an anonymous one shows them to be one person.

        Not where somebody took them apart: whoever did meant it, and the next event must not undo it.
        """
        if anonymous.merged_into or anonymous.identified or anonymous.ruled_at or anonymous.lead == state.lead:
            return False
        owner = self._store.read_owners([identifier]).get(identifier, anonymous.lead)
        return self._leads.has(anonymous, owner)

    def _write_merge(
        self, state: LeadState, anonymous: LeadState, merge: Merge, work: LeadWork, in_force: InForce, tally: Tally
    ) -> LeadState:
        cause = Cause.IMPORT if work.cause is Cause.IMPORT else Cause.MERGE
        joining = (*self._store.read_homes(anonymous.lead), merge.identifier)
        is_too_much = has_plenty(state, anonymous) or is_crowded((*self._store.read_homes(state.lead), *joining))
        if is_too_much and not merge.is_trusted:
            return state
        # The known lead may have had no commit yet for the homes of the events at hand.
        gained = dict.fromkeys((*joining, *work.homes))
        state = state.copy()
        state.as_of = max(state.as_of, anonymous.as_of)
        following = self._folding.full_fold(state, gained, in_force, tally)
        if not following.state.folded_count:
            return state  # Nothing happened yet under any of these names: whoever has the first event merges them.
        closed = closed_into(anonymous, following.state)
        closing = Closing(
            state=closed,
            transition=difference(anonymous, closed, in_force.model, activation=in_force.activation, cause=cause),
            identifiers=(merge.identifier,),
        )
        self._committing.write(state, following, in_force, tally, cause=cause, homes=tuple(gained), closing=closing)
        return following.state


def closed_into(loser: LeadState, winner: LeadState) -> LeadState:
    """The version with which a lead becomes part of another."""
    closed = loser.copy()
    closed.version += 1
    closed.stage, closed.stage_since, closed.due_at = "", winner.as_of, None
    closed.merged_into = winner.lead
    closed.untold = {}
    return closed
