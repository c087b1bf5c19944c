"""Rulings: somebody's word that two leads are one person, or that one that became part of another is not."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from leadscore.domain.cause import Cause
from leadscore.domain.difference import difference, remember_told
from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.messages import Ruling
from leadscore.use_cases.ports import Closing, LeadStore, ModelBehind, Opening, VersionConflict
from leadscore.use_cases.rescoring.committing import Committing
from leadscore.use_cases.rescoring.folding import Folding
from leadscore.use_cases.rescoring.leads import Leads
from leadscore.use_cases.rescoring.merging import closed_into
from leadscore.use_cases.rescoring.work import TRIES_MAX, Contended, Tally

#: So many identifiers of a lead that a ruling closes lead straight to the winner; the others take a step more.
LED_MAX = 25


class Obeying:
    """Obeys a ruling, unless a later one came before it. `foretell` is that of `Rescoring`."""

    def __init__(
        self,
        *,
        store: LeadStore,
        now: Callable[[], int],
        pause: Callable[[int], None],
        foretell: Callable[[Iterable[str]], None],
        leads: Leads,
        folding: Folding,
        committing: Committing,
    ) -> None:
        self._store = store
        self._now = now
        self._pause = pause
        self._foretell = foretell
        self._leads = leads
        self._folding = folding
        self._committing = committing

    def obey(self, ruling: Ruling, tally: Tally) -> None:
        """Do what somebody decided, unless a later ruling came before this one, or a copy of it."""
        for attempt in range(TRIES_MAX):
            lead = self._store.read_states([ruling.lead]).get(ruling.lead) or LeadState(ruling.lead)
            if ruling.at <= lead.ruled_at:
                return
            try:
                refusal = self._join(lead, ruling, tally) if ruling.into else self._split(lead, ruling, tally)
            except VersionConflict:
                tally.conflicts += 1
                self._pause(attempt)
                continue
            if refusal:
                tally.refused_rulings.append((ruling, refusal))
            return
        raise Contended

    def _join(self, loser: LeadState, ruling: Ruling, tally: Tally) -> str:
        """Make one lead part of another, which may both be known. The reason why not, where it cannot be."""
        winner, in_force = self._committing.up_to_date(self._leads.read(ruling.into), tally)
        if loser.is_new or winner.is_new:
            return "there is no such lead"
        if loser.lead == winner.lead:
            return "the other lead has become part of this one: a lead cannot be part of itself"
        if loser.merged_into:
            is_done = self._leads.follow(loser).lead == winner.lead
            return "" if is_done else "the lead has become part of another meanwhile: take it out of that first"
        if not winner.identified:
            return "nobody has a name for the other lead: merge it into this one"
        gained = tuple(self._store.read_homes(loser.lead))
        winner = replace(winner, as_of=max(winner.as_of, loser.as_of))
        following = self._folding.full_fold(winner, gained, in_force, tally)
        closed = replace(closed_into(loser, following.state), ruled_at=ruling.at)
        closing = Closing(
            state=closed,
            transition=difference(loser, closed, in_force.model, activation=in_force.activation, cause=Cause.MERGE),
            identifiers=gained[:LED_MAX],
            is_ruled=True,
        )
        self._committing.write(winner, following, in_force, tally, cause=Cause.MERGE, homes=gained, closing=closing)
        return ""

    def _split(self, loser: LeadState, ruling: Ruling, tally: Tally) -> str:
        """Give a lead that became part of another back what is its own. The reason why not, where it cannot be."""
        if not loser.merged_into:
            return "the lead is not part of another"
        winner, in_force = self._committing.up_to_date(self._leads.follow(loser), tally)
        if self._leads.read(loser.lead).lead != winner.lead:
            raise VersionConflict  # What stood between the two was taken out of the winner before that was read.
        if in_force.activation < loser.activation:
            raise ModelBehind
        own, others = self._homes_apart(loser, winner)
        as_of = max(self._now(), winner.as_of, loser.as_of)
        left = self._folding.folded_from(others, winner, in_force, tally, as_of=as_of)
        left.state.homes = self._kept_in_mind(left.state, own)
        opened = self._folding.folded_from(own, loser, in_force, tally, as_of=as_of)
        opened.state.homes = ()
        opened.state.ruled_at = ruling.at
        # It was in no list while it was closed, though its last state says which ones it was taken from.
        closed = replace(loser, ladders={}, untold={})
        transition = difference(closed, opened.state, in_force.model, activation=in_force.activation, cause=Cause.MERGE)
        if transition is not None:
            # Whoever was told that it is gone has to hear that it is back, and be it at the entry.
            transition = transition._replace(publish=opened.state.identified)
            remember_told(closed, opened.state, transition, in_force.model)
        opening = Opening(opened.state, own, transition, opened.profile, opened.marks)
        if in_force.model.accounts is not None:
            self._foretell((loser.lead, winner.lead))  # Afterwards nothing says any more whose part it was.
            tally.accounts.add(winner.lead)
        self._committing.write(winner, left, in_force, tally, cause=Cause.MERGE, opening=opening)
        return ""

    def _homes_apart(
        self, loser: LeadState, winner: LeadState
    ) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
        """The homes that are the closed lead's own, also those that became known since, and the others of the winner.

        Some may be in the closed lead's list alone: an undo was interrupted, or those of another that has left it.
        """
        of_winner = self._store.read_homes(winner.lead)
        homes = dict.fromkeys((*of_winner, *self._store.read_homes(loser.lead)))
        owners = self._store.read_owners(homes)
        through = {owner: loser.lead in self._leads.way(owner) for owner in set(owners.values())}
        own = tuple(home for home in homes if home in owners and through[owners[home]])
        return own, tuple(home for home in of_winner if home not in set(own))

    def _kept_in_mind(self, state: LeadState, gone: Iterable[Identifier]) -> tuple[int, ...]:
        """A state must not know of a home that is another's, or nobody would ask whose it is."""
        shorts = {home.short for home in gone}
        return tuple(short for short in state.homes if short not in shorts)
