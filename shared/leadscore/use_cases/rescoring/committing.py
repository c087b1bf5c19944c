"""One version of a lead after the other: written if nobody else wrote, and under the model in force."""

from collections.abc import Callable
from dataclasses import replace

from leadscore.domain.account import account_of_lead, points_for_account
from leadscore.domain.cause import Cause
from leadscore.domain.difference import difference, remember_told
from leadscore.domain.event import Identifier
from leadscore.domain.fold import advance
from leadscore.domain.model import Model
from leadscore.domain.state import LeadState, remember_homes
from leadscore.use_cases.ports import Closing, Commit, LeadStore, Models, Opening, VersionConflict
from leadscore.use_cases.rescoring.folding import Folding, Following, InForce
from leadscore.use_cases.rescoring.intake import Intake, Logged
from leadscore.use_cases.rescoring.leads import Leads
from leadscore.use_cases.rescoring.work import TRIES_MAX, Contended, Tally


class Committing:
    """`pause` waits before try number n, with jitter; `now` is in ms."""

    def __init__(
        self,
        *,
        store: LeadStore,
        models: Models,
        now: Callable[[], int],
        pause: Callable[[int], None],
        leads: Leads,
        intake: Intake,
        folding: Folding,
    ) -> None:
        self._store = store
        self._models = models
        self._now = now
        self._pause = pause
        self._leads = leads
        self._intake = intake
        self._folding = folding

    def up_to_date(self, state: LeadState, tally: Tally, in_force: InForce | None = None) -> tuple[LeadState, InForce]:
        """The state under the model in force, and that model: what follows is folded, judged and told by this one.

        A model that the work began with stays, whatever is activated meanwhile, until it meets a state of another.
        """
        if in_force is not None and (state.is_new or state.activation == in_force.activation):
            return state, in_force
        while True:
            activation, model = self._models.active(at_least=state.activation)
            in_force = InForce(activation, model, self._models.tells(activation))
            if state.is_new or state.activation == in_force.activation:
                return state, in_force
            state = self._catch_up(state, in_force, tally)

    def _catch_up(self, state: LeadState, in_force: InForce, tally: Tally) -> LeadState:
        """Bring a lead to the model in a commit of its own, so that the model's doing is not told as the lead's.

        Events of other workers may lie in the log unfolded. Then the commit is theirs too, and is told. A lead that
        the model changes nothing about is not written: the next commit carries the activation. Until then the stored
        state keeps its version and its ring, so that whoever reads it knows what they are complete for.
        """
        for attempt in range(TRIES_MAX):
            try:
                folded_anew = self._folding.full_fold(state, (), in_force, tally, as_of=state.as_of)
                brought = replace(state, activation=in_force.activation, wakes_at=folded_anew.state.wakes_at)
                if self._folding.is_unmoved(brought, folded_anew):
                    return brought
                following = folded_anew._replace(state=advance(folded_anew.state, in_force.model, to=self._now()))
                cause = Cause.MODEL if _has_same_events(state, following.state) else Cause.EVENT
                self.write(state, following, in_force, tally, cause=cause)
            except VersionConflict:
                tally.conflicts += 1
                self._pause(attempt)
                state = self._leads.read(state.lead)
                if state.activation >= in_force.activation:
                    return state
            else:
                return following.state
        raise Contended

    def commit(self, state: LeadState, logged: Logged, in_force: InForce, tally: Tally, *, cause: Cause) -> LeadState:
        """Write the next version, on whatever state is found there; gives the state that holds afterwards."""
        for attempt in range(TRIES_MAX):
            found = state
            state, in_force = self.up_to_date(found, tally, in_force)
            self._leads.require_own(state, logged.homes)
            if state is not found:  # Catching up folded what the log holds by now, these events among it or not.
                logged = logged.in_doubt()
            try:
                following = self._folding.next(state, logged, in_force, tally)
                if self._folding.is_settled(state, following, logged):
                    return state
                homes = remember_homes(following.state, logged.homes)
                self.write(state, following, in_force, tally, cause=cause, homes=homes)
            except VersionConflict:
                tally.conflicts += 1
                self._pause(attempt)
                found = self._leads.read(state.lead)
                state, logged = found, self._intake.left(logged, state, found)
                if not logged.new and not logged.doubt and cause != Cause.TIME:
                    return state
            else:
                return following.state
        raise Contended

    def write(
        self,
        state: LeadState,
        following: Following,
        in_force: InForce,
        tally: Tally,
        *,
        cause: Cause,
        homes: tuple[Identifier, ...] = (),
        closing: Closing | None = None,
        opening: Opening | None = None,
    ) -> None:
        transition = difference(
            state,
            following.state,
            in_force.model,
            activation=in_force.activation,
            cause=cause,
            tells=in_force.tells,
        )
        if transition is not None:
            remember_told(state, following.state, transition, in_force.model)
        for committed in (following.state, *([opening.state] if opening else ())):
            committed.had_account = committed.had_account or bool(account_of_lead(committed))
        self._store.commit(
            Commit(following.state, following.profile, transition, homes, closing, following.marks, opening)
        )
        tally.commits += 1
        tally.transitions += transition is not None
        tally.stirs = tally.stirs or cause is Cause.MODEL or _stirs(state, following.state, in_force.model)


def _has_same_events(one: LeadState, other: LeadState) -> bool:
    return (one.folded_count, one.folded_xor) == (other.folded_count, other.folded_xor)


def _stirs(before: LeadState, after: LeadState, model: Model) -> bool:
    """Whether a commit changes which account a lead stands in, or what it brings it."""
    if model.accounts is None:
        return False
    account = account_of_lead(after)
    if account != account_of_lead(before):
        return True
    return bool(account) and (
        points_for_account(before, model, model.accounts) != points_for_account(after, model, model.accounts)
    )
