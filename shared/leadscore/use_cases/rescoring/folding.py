"""The next state of a lead, and what is kept beside it: by a step where that is sure to be right, or by a full fold."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from leadscore.domain.difference import keep_told
from leadscore.domain.event import Identifier
from leadscore.domain.fold import MarksUnread, OutOfOrder, extend, fold
from leadscore.domain.model import Model
from leadscore.domain.state import RECENT_MAX, LeadState, Profile, remember, remember_anew, same_fold
from leadscore.use_cases.ports import EventLog, LeadStore, VersionConflict
from leadscore.use_cases.rescoring.intake import Logged
from leadscore.use_cases.rescoring.work import Tally


class InForce(NamedTuple):
    """A model, the activation number that states folded by it carry, and whether it tells of those that it moves."""

    activation: int
    model: Model
    tells: bool


class Following(NamedTuple):
    """The next state, and what is kept beside it where that changes: the profile, and the marks outside the state."""

    state: LeadState
    profile: Profile | None = None
    marks: frozenset[int] | None = None


class Folding:
    """Reads what a fold needs, and writes nothing."""

    def __init__(self, *, store: LeadStore, log: EventLog, now: Callable[[], int]) -> None:
        self._store = store
        self._log = log
        self._now = now

    def next(self, state: LeadState, logged: Logged, in_force: InForce, tally: Tally) -> Following:
        """The next state, one version up: by a step where that is sure to be right, or else by a full fold."""
        if not logged.doubt:
            try:
                return self._step(state, logged, in_force, tally)
            except OutOfOrder:
                pass
        return self.full_fold(state, logged.homes, in_force, tally)

    def _step(self, state: LeadState, logged: Logged, in_force: InForce, tally: Tally) -> Following:
        profile: Profile | None = None
        if any(event.traits for event in logged.new):
            profile = {} if state.is_new else self._store.read_profile(state.lead)
        as_of = self._now()
        try:
            following, learned = extend(state, logged.new, in_force.model, profile=profile, as_of=as_of)
        except MarksUnread:
            state = replace(state, spilled=self._read_marks(state))
            following, learned = extend(state, logged.new, in_force.model, profile=profile, as_of=as_of)
        following.activation = in_force.activation
        following.version = state.version + 1
        remember(following, following.version, (event.short for event in logged.new))
        tally.steps += 1
        return Following(
            following,
            learned if learned != profile else None,
            # A step only ever adds to them.
            following.spilled if following.spilled_count != state.spilled_count else None,
        )

    def full_fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, tally: Tally, *, as_of: int = 0
    ) -> Following:
        """`homes` are more of the lead's than its own list may have yet; without `as_of` it is the fold of now."""
        tally.full_folds += 1
        all_homes = dict.fromkeys((*self._store.read_homes(state.lead), *homes))
        following, profile = self._fold(state, all_homes, in_force, as_of or max(self._now(), state.as_of))
        return Following(following, self._unless_stored(state, profile), self._changed_marks(state, following))

    def folded_from(
        self, homes: Iterable[Identifier], state: LeadState, in_force: InForce, tally: Tally, *, as_of: int
    ) -> Following:
        """The state after this one, from the events of these homes alone: what it said beside them is void."""
        tally.full_folds += 1
        following, profile = self._fold(state, homes, in_force, as_of)
        return Following(following, self._unless_stored(state, profile or {}), self._changed_marks(state, following))

    def _fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, as_of: int
    ) -> tuple[LeadState, Profile | None]:
        """The profile is None where no event says anything of one."""
        events = sorted(self._log.read(homes), key=lambda event: event.order)
        following, profile = fold(
            events,
            in_force.model,
            activation=in_force.activation,
            lead=state.lead,
            as_of=as_of,
            due_at=state.due_at,
        )
        following.version = state.version + 1
        following.homes = state.homes
        following.ruled_at = state.ruled_at
        following.had_account = state.had_account
        keep_told(following, state, in_force.model)
        remember_anew(following, following.version, (event.short for event in events[-RECENT_MAX:]))
        return following, profile if any(event.traits for event in events) else None

    def _read_marks(self, state: LeadState) -> frozenset[int]:
        """The marks outside a state, which change only together with it.

        Read after the state they may be those of a later version. Then the commit is refused, since that version is
        not the one after the state's any more. They may also be those of an earlier one, while a transaction becomes
        visible item by item. Then there are not as many as the state says, and it is a conflict at once.
        """
        marks = self._store.read_marks(state.lead)
        if len(marks) != state.spilled_count:
            raise VersionConflict
        return marks

    def _unless_stored(self, state: LeadState, profile: Profile | None) -> Profile | None:
        """Of the same events another model may make another profile: it says what is machine-made."""
        if profile is None:
            return None
        stored = {} if state.is_new else self._store.read_profile(state.lead)
        return None if profile == stored else profile

    def _changed_marks(self, state: LeadState, following: LeadState) -> frozenset[int] | None:
        """The marks outside a state that was folded anew, unless they are those that are there already."""
        if following.spilled_count == state.spilled_count and (
            not state.spilled_count or following.spilled == self._read_marks(state)
        ):
            return None
        return following.spilled

    def is_settled(self, state: LeadState, following: Following, logged: Logged) -> bool:
        """Nothing to write: the same events are folded to the same result, and no timer ran out."""
        timer_ran_out = state.due_at is not None and state.due_at <= following.state.as_of
        return not logged.new and _is_same(state, following) and not timer_ran_out

    def is_unmoved(self, state: LeadState, folded_anew: Following) -> bool:
        """Whether the model in force gives what the state says, at the state's own moment, its timer included."""
        return _is_same(state, folded_anew) and state.due_at == folded_anew.state.due_at


def _is_same(state: LeadState, folded: Following) -> bool:
    """Whether it is the fold of the same events to the same result, with all that is kept beside it."""
    return folded.profile is None and folded.marks is None and same_fold(state, folded.state)
