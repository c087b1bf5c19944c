"""The one writer path: whatever can change a lead's score goes through `Rescoring`.

Read the state; log the events; step or, in doubt, fold all of them; write the next state if nobody else wrote since
the state was read. The version is read before the events, never with them: a fold may then know more than its
version says, which the next reader finds out, but never less.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from leadscore.domain.account import account_of_lead, points_for_account
from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.fold import MarksUnread, OutOfOrder, advance, extend, fold
from leadscore.domain.model import Model
from leadscore.domain.state import RECENT_MAX, LeadState, Profile, remember, remember_anew, remember_homes, same_fold
from leadscore.domain.transition import difference, keep_notices, remember_notice
from leadscore.use_cases.messages import Ruling
from leadscore.use_cases.ports import (
    Closing,
    Commit,
    EventLog,
    LeadStore,
    ModelBehind,
    Models,
    Opening,
    VersionConflict,
)
from leadscore.use_cases.resolve import Merge, is_crowded

#: Tries of one commit before the message goes back to the queue.
TRIES_MAX = 8
#: Events of one lead up to which it takes further ones of public sources. A full fold needs all of them at once, and a
#: worker has the memory for about 100,000.
PUBLIC_EVENTS_MAX = 50_000
#: So many identifiers of a lead that a ruling closes lead straight to the winner; the others take a step more.
LED_MAX = 25
#: Causes of work that a message asks for by the lead's id: when it comes again, nothing in the log says so.
_TICKS = frozenset({Cause.TIME, Cause.MODEL, Cause.REPAIR})


class Contended(Exception):
    """The lead changed under every try: the message comes back later."""


class Moved(Contended):
    """An event's home is not this lead's any more, though a name still led here: it is somebody else's by a ruling."""


class Delivery(NamedTuple):
    """An event as a message brought it; the token tells a redelivery from a copy that another message brought."""

    event: LeadEvent
    token: str


@dataclass(slots=True)
class LeadWork:
    """What one batch asks of one lead."""

    deliveries: list[Delivery] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    causes: set[Cause] = field(default_factory=set)
    rulings: list[Ruling] = field(default_factory=list)

    @property
    def homes(self) -> tuple[Identifier, ...]:
        return tuple(dict.fromkeys(delivery.event.home for delivery in self.deliveries))

    @property
    def cause(self) -> Cause:
        """Of the commit that folds in the deliveries: an import only where nothing else is among them."""
        return Cause.IMPORT if Cause.IMPORT in self.causes and Cause.EVENT not in self.causes else Cause.EVENT


@dataclass(slots=True)
class Tally:
    """What happened, for metrics."""

    events: int = 0
    duplicates: int = 0
    reused_ids: list[LeadEvent] = field(default_factory=list)
    surplus: list[LeadEvent] = field(default_factory=list)
    steps: int = 0
    full_folds: int = 0
    commits: int = 0
    conflicts: int = 0
    transitions: int = 0
    refused_rulings: list[tuple[Ruling, str]] = field(default_factory=list)
    #: Leads whose accounts have to be looked at, and whether the lead at hand may have changed what it brings its own.
    accounts: set[str] = field(default_factory=set)
    stirs: bool = False

    def add(self, other: "Tally") -> None:
        for name in ("events", "duplicates", "steps", "full_folds", "commits", "conflicts", "transitions"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reused_ids.extend(other.reused_ids)
        self.surplus.extend(other.surplus)
        self.refused_rulings.extend(other.refused_rulings)
        self.accounts |= other.accounts


class Logged(NamedTuple):
    """What logging the events showed: `new` ones to fold in, the homes they are in, and whether some may be missing."""

    new: tuple[LeadEvent, ...] = ()
    homes: tuple[Identifier, ...] = ()
    doubt: bool = False

    def in_doubt(self) -> "Logged":
        """The same, where it is no longer known which of the events are folded in already."""
        return Logged((), self.homes, doubt=self.doubt or bool(self.new))


class Following(NamedTuple):
    """The next state, and what is kept beside it where that changes: the profile, and the marks outside the state."""

    state: LeadState
    profile: Profile | None = None
    marks: frozenset[int] | None = None


def _tell_nobody(_leads: Iterable[str]) -> None:
    """Where no accounts are kept."""


class InForce(NamedTuple):
    """A model, the activation number that states folded by it carry, and whether it tells of those that it moves."""

    activation: int
    model: Model
    tells: bool


@dataclass(kw_only=True)
class Rescoring:
    """Rescores one lead at a time. `pause` waits before try number n, with jitter; `now` is in ms.

    `foretell` has the accounts of leads looked at once this worker is gone for sure.
    """

    store: LeadStore
    log: EventLog
    models: Models
    now: Callable[[], int]
    pause: Callable[[int], None]
    foretell: Callable[[Iterable[str]], None] = _tell_nobody

    def rescore(self, lead: str, work: LeadWork, state: LeadState | None = None) -> Tally:
        """Do the work for a lead, whose state may have been read already. Raises Contended, ModelBehind."""
        tally = Tally()
        state = self._follow(state or self._read_state(lead))
        was_new = state.is_new
        state, in_force = self._up_to_date(state, tally)
        if not was_new:
            state = self._merge_all(state, work, in_force, tally)
        if work.deliveries:
            logged = self._log(state, work.deliveries, tally)
            if logged.new or logged.doubt:
                state = self._commit(state, logged, in_force, tally, cause=work.cause)
        if was_new:  # Now it has an event, without which there would be nothing to merge into.
            state = self._merge_all(state, work, in_force, tally)
        if Cause.TIME in work.causes and not state.is_new:
            state = self._commit(state, Logged(), in_force, tally, cause=Cause.TIME)
        for ruling in work.rulings:
            self._obey(ruling, tally)
        self._note_accounts(state, work, tally)
        return tally

    def _note_accounts(self, state: LeadState, work: LeadWork, tally: Tally) -> None:
        """Name the leads whose accounts have to be looked at.

        Also where this work may be done for the second time, since the first worker may have died before it told
        anybody: after a redelivered event, a tick, a ruling, or a conflict that an own write was.
        """
        if self.models.active(at_least=state.activation)[1].accounts is None:
            return
        if state.had_account and (tally.stirs or tally.conflicts or work.causes & _TICKS):
            tally.accounts.add(state.lead)
        for ruling in work.rulings:
            tally.accounts |= {ruling.lead, ruling.into} - {""}

    # -- reading ---------------------------------------------------------------------------------------------------

    def _read_state(self, lead: str) -> LeadState:
        return self._follow(self.store.read_states([lead]).get(lead) or LeadState(lead))

    def _follow(self, state: LeadState) -> LeadState:
        """The lead that a closed one became part of."""
        while state.merged_into:
            winner = state.merged_into
            state = self.store.read_states([winner]).get(winner) or LeadState(winner)
        return state

    def _up_to_date(self, state: LeadState, tally: Tally, in_force: InForce | None = None) -> tuple[LeadState, InForce]:
        """The state under the model in force, and that model: what follows is folded, judged and told by this one.

        A model that the work began with stays, whatever is activated meanwhile, until it meets a state of another.
        """
        if in_force is not None and (state.is_new or state.activation == in_force.activation):
            return state, in_force
        while True:
            activation, model = self.models.active(at_least=state.activation)
            in_force = InForce(activation, model, self.models.tells(activation))
            if state.is_new or state.activation == in_force.activation:
                return state, in_force
            state = self._catch_up(state, in_force, tally)

    def _require_own(self, state: LeadState, homes: Iterable[Identifier]) -> None:
        """Raises Moved unless these are homes of the lead at this version, however old the news that led here.

        A state keeps in mind homes that are its own, and what takes one away makes another version. So one that it does
        not know of is asked about after the state was read: if it is taken away later, the commit is refused.
        """
        unknown = [home for home in homes if home.short not in state.homes]
        if state.is_new or not unknown:
            return
        for owner in set(self.store.read_owners(unknown).values()):
            if not self._has(state, owner):
                raise Moved

    def _has(self, state: LeadState, owner: str) -> bool:
        """Whether what belongs to the owner is this lead's: because it is the lead, or has become part of it."""
        return owner == state.lead or self._read_state(owner).lead == state.lead

    # -- logging ---------------------------------------------------------------------------------------------------

    def _log(self, state: LeadState, deliveries: Sequence[Delivery], tally: Tally) -> Logged:
        """Put every event into the log, and find out which of them this worker has to fold in."""
        new: dict[int, LeadEvent] = {}
        homes: dict[Identifier, None] = {}
        doubt = False
        for delivery in deliveries:
            event = delivery.event
            if self._is_surplus(event, state):
                tally.surplus.append(event)
                continue
            recorded = self.log.put(event, token=delivery.token)
            if recorded is None:
                new[event.short] = event
                homes[event.home] = None
                tally.events += 1
            elif recorded.fingerprint != event.fingerprint:
                tally.reused_ids.append(event)
            elif recorded.token != delivery.token:
                tally.duplicates += 1  # Another message put it there, and answers for it.
            elif self._is_folded(event, state) or event.short in new:
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
        return event.trust is Trust.PUBLIC and _has_plenty(state) and not self.log.has(event)

    def _is_folded(self, event: LeadEvent, state: LeadState) -> bool:
        return event.short in state.recent_ids

    # -- deciding --------------------------------------------------------------------------------------------------

    def _next(self, state: LeadState, logged: Logged, in_force: InForce, tally: Tally) -> Following:
        """The next state, one version up: by a step where that is sure to be right, or else by a full fold."""
        if not logged.doubt:
            try:
                return self._step(state, logged, in_force, tally)
            except OutOfOrder:
                pass
        return self._full_fold(state, logged.homes, in_force, tally)

    def _step(self, state: LeadState, logged: Logged, in_force: InForce, tally: Tally) -> Following:
        profile: Profile | None = None
        if any(event.traits for event in logged.new):
            profile = {} if state.is_new else self.store.read_profile(state.lead)
        as_of = self.now()
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

    def _read_marks(self, state: LeadState) -> frozenset[int]:
        """The marks outside a state, which change only together with it.

        Read after the state they may be those of a later version. Then the commit is refused, since that version is
        not the one after the state's any more. They may also be those of an earlier one, while a transaction becomes
        visible item by item. Then there are not as many as the state says, and it is a conflict at once.
        """
        marks = self.store.read_marks(state.lead)
        if len(marks) != state.spilled_count:
            raise VersionConflict
        return marks

    def _full_fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, tally: Tally, *, as_of: int = 0
    ) -> Following:
        """`homes` are more of the lead's than its own list may have yet; without `as_of` it is the fold of now."""
        tally.full_folds += 1
        all_homes = dict.fromkeys((*self.store.read_homes(state.lead), *homes))
        following, profile = self._fold(state, all_homes, in_force, as_of or max(self.now(), state.as_of))
        return Following(following, self._unless_stored(state, profile), self._changed_marks(state, following))

    def _fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, as_of: int
    ) -> tuple[LeadState, Profile | None]:
        """The profile is None where no event says anything of one."""
        events = sorted(self.log.read(homes), key=lambda event: event.order)
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
        keep_notices(following, state, in_force.model)
        remember_anew(following, following.version, (event.short for event in events[-RECENT_MAX:]))
        return following, profile if any(event.traits for event in events) else None

    def _unless_stored(self, state: LeadState, profile: Profile | None) -> Profile | None:
        """Of the same events another model may make another profile: it says what is machine-made."""
        if profile is None:
            return None
        stored = {} if state.is_new else self.store.read_profile(state.lead)
        return None if profile == stored else profile

    def _changed_marks(self, state: LeadState, following: LeadState) -> frozenset[int] | None:
        """The marks outside a state that was folded anew, unless they are those that are there already."""
        if following.spilled_count == state.spilled_count and (
            not state.spilled_count or following.spilled == self._read_marks(state)
        ):
            return None
        return following.spilled

    def _is_settled(self, state: LeadState, following: Following, logged: Logged) -> bool:
        """Nothing to write: the same events are folded to the same result, and no timer ran out."""
        timer_ran_out = state.due_at is not None and state.due_at <= following.state.as_of
        return not logged.new and _is_same(state, following) and not timer_ran_out

    # -- committing ------------------------------------------------------------------------------------------------

    def _commit(self, state: LeadState, logged: Logged, in_force: InForce, tally: Tally, *, cause: Cause) -> LeadState:
        """Write the next version, on whatever state is found there; gives the state that holds afterwards."""
        for attempt in range(TRIES_MAX):
            found = state
            state, in_force = self._up_to_date(found, tally, in_force)
            self._require_own(state, logged.homes)
            if state is not found:  # Catching up folded what the log holds by now, these events among it or not.
                logged = logged.in_doubt()
            try:
                following = self._next(state, logged, in_force, tally)
                if self._is_settled(state, following, logged):
                    return state
                homes = remember_homes(following.state, logged.homes)
                self._write(state, following, in_force, tally, cause=cause, homes=homes)
            except VersionConflict:
                tally.conflicts += 1
                self.pause(attempt)
                state, logged = self._after_conflict(state, logged)
                if not logged.new and not logged.doubt and cause != Cause.TIME:
                    return state
            else:
                return following.state
        raise Contended

    def _after_conflict(self, state: LeadState, logged: Logged) -> tuple[LeadState, Logged]:
        """What is left to fold in, now that somebody else committed, or an own write did whose answer was lost."""
        found = self._read_state(state.lead)
        if found.lead != state.lead or logged.doubt or not self._is_complete_since(found, state.version):
            return found, logged.in_doubt()
        left = tuple(event for event in logged.new if not self._is_folded(event, found))
        return found, Logged(left, logged.homes, doubt=False)

    def _is_complete_since(self, state: LeadState, version: int) -> bool:
        return state.recent_since <= version

    def _write(
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
            remember_notice(following.state, transition, in_force.model)
        for committed in (following.state, *([opening.state] if opening else ())):
            committed.had_account = committed.had_account or bool(account_of_lead(committed))
        self.store.commit(
            Commit(following.state, following.profile, transition, homes, closing, following.marks, opening)
        )
        tally.commits += 1
        tally.transitions += transition is not None
        tally.stirs = tally.stirs or cause is Cause.MODEL or _stirs(state, following.state, in_force.model)

    # -- a new model -----------------------------------------------------------------------------------------------

    def _catch_up(self, state: LeadState, in_force: InForce, tally: Tally) -> LeadState:
        """Bring a lead to the model in a commit of its own, so that the model's doing is not told as the lead's.

        Events of other workers may lie in the log unfolded. Then the commit is theirs too, and is told. A lead that
        the model changes nothing about is not written: the next commit carries the activation. Until then the stored
        state keeps its version and its ring, so that whoever reads it knows what they are complete for.
        """
        for attempt in range(TRIES_MAX):
            try:
                folded_anew = self._full_fold(state, (), in_force, tally, as_of=state.as_of)
                brought = replace(state, activation=in_force.activation, wakes_at=folded_anew.state.wakes_at)
                if self._is_unmoved(brought, folded_anew):
                    return brought
                following = folded_anew._replace(state=advance(folded_anew.state, in_force.model, to=self.now()))
                cause = Cause.MODEL if _has_same_events(state, following.state) else Cause.EVENT
                self._write(state, following, in_force, tally, cause=cause)
            except VersionConflict:
                tally.conflicts += 1
                self.pause(attempt)
                state = self._read_state(state.lead)
                if state.activation >= in_force.activation:
                    return state
            else:
                return following.state
        raise Contended

    def _is_unmoved(self, state: LeadState, folded_anew: Following) -> bool:
        """Whether the model in force gives what the state says, at the state's own moment, its timer included."""
        return _is_same(state, folded_anew) and state.due_at == folded_anew.state.due_at

    # -- merging ---------------------------------------------------------------------------------------------------

    def _merge_all(self, state: LeadState, work: LeadWork, in_force: InForce, tally: Tally) -> LeadState:
        for merge in work.merges:
            state = self._merge(state, merge, work, in_force, tally)
        return state

    def _merge(self, state: LeadState, merge: Merge, work: LeadWork, in_force: InForce, tally: Tally) -> LeadState:
        """Make an anonymous lead part of the one at hand: its homes move, its history is folded in, and it closes."""
        for attempt in range(TRIES_MAX):
            state, in_force = self._up_to_date(self._follow(state), tally, in_force)
            # It may be part of another by now, and that one be nobody's, too: then it is that one.
            anonymous = self._read_state(merge.anonymous)
            if not self._may_join(anonymous, state, merge.identifier):
                return state
            self._require_own(state, work.homes)
            try:
                return self._write_merge(state, anonymous, merge, work, in_force, tally)
            except VersionConflict:
                tally.conflicts += 1
                if self.store.read_known(anonymous.lead):
                    return state  # Somebody gave it a name, though no event that says so may be folded in yet.
                self.pause(attempt)
                state = self._read_state(state.lead)
        raise Contended

    def _may_join(self, anonymous: LeadState, state: LeadState, identifier: Identifier) -> bool:
        """Whether an event that names the lead and this identifier of an anonymous one shows them to be one person.

        Not where somebody took them apart: whoever did meant it, and the next event must not undo it.
        """
        if anonymous.merged_into or anonymous.identified or anonymous.ruled_at or anonymous.lead == state.lead:
            return False
        owner = self.store.read_owners([identifier]).get(identifier, anonymous.lead)
        return self._has(anonymous, owner)

    def _write_merge(
        self, state: LeadState, anonymous: LeadState, merge: Merge, work: LeadWork, in_force: InForce, tally: Tally
    ) -> LeadState:
        cause = Cause.IMPORT if work.cause is Cause.IMPORT else Cause.MERGE
        joining = (*self.store.read_homes(anonymous.lead), merge.identifier)
        is_too_much = _has_plenty(state, anonymous) or is_crowded((*self.store.read_homes(state.lead), *joining))
        if is_too_much and not merge.is_trusted:
            return state
        # The known lead may have had no commit yet for the homes of the events at hand.
        gained = dict.fromkeys((*joining, *work.homes))
        state = state.copy()
        state.as_of = max(state.as_of, anonymous.as_of)
        following = self._full_fold(state, gained, in_force, tally)
        if not following.state.folded_count:
            return state  # Nothing happened yet under any of these names: whoever has the first event merges them.
        closed = _closed(anonymous, following.state)
        closing = Closing(
            state=closed,
            transition=difference(anonymous, closed, in_force.model, activation=in_force.activation, cause=cause),
            identifiers=(merge.identifier,),
        )
        self._write(state, following, in_force, tally, cause=cause, homes=tuple(gained), closing=closing)
        return following.state

    # -- rulings ---------------------------------------------------------------------------------------------------

    def _obey(self, ruling: Ruling, tally: Tally) -> None:
        """Do what somebody decided, unless a later ruling came before this one, or a copy of it."""
        for attempt in range(TRIES_MAX):
            lead = self.store.read_states([ruling.lead]).get(ruling.lead) or LeadState(ruling.lead)
            if ruling.at <= lead.ruled_at:
                return
            try:
                refusal = self._join(lead, ruling, tally) if ruling.into else self._split(lead, ruling, tally)
            except VersionConflict:
                tally.conflicts += 1
                self.pause(attempt)
                continue
            if refusal:
                tally.refused_rulings.append((ruling, refusal))
            return
        raise Contended

    def _join(self, loser: LeadState, ruling: Ruling, tally: Tally) -> str:
        """Make one lead part of another, which may both be known. The reason why not, where it cannot be."""
        winner, in_force = self._up_to_date(self._read_state(ruling.into), tally)
        if loser.is_new or winner.is_new:
            return "there is no such lead"
        if loser.lead == winner.lead:
            return "the other lead has become part of this one: a lead cannot be part of itself"
        if loser.merged_into:
            is_done = self._follow(loser).lead == winner.lead
            return "" if is_done else "the lead has become part of another meanwhile: take it out of that first"
        if not winner.identified:
            return "nobody has a name for the other lead: merge it into this one"
        gained = tuple(self.store.read_homes(loser.lead))
        winner = replace(winner, as_of=max(winner.as_of, loser.as_of))
        following = self._full_fold(winner, gained, in_force, tally)
        closed = replace(_closed(loser, following.state), ruled_at=ruling.at)
        closing = Closing(
            state=closed,
            transition=difference(loser, closed, in_force.model, activation=in_force.activation, cause=Cause.MERGE),
            identifiers=gained[:LED_MAX],
            is_ruled=True,
        )
        self._write(winner, following, in_force, tally, cause=Cause.MERGE, homes=gained, closing=closing)
        return ""

    def _split(self, loser: LeadState, ruling: Ruling, tally: Tally) -> str:
        """Give a lead that became part of another back what is its own. The reason why not, where it cannot be."""
        if not loser.merged_into:
            return "the lead is not part of another"
        winner, in_force = self._up_to_date(self._follow(loser), tally)
        if in_force.activation < loser.activation:
            raise ModelBehind
        own, others = self._homes_apart(loser, winner)
        as_of = max(self.now(), winner.as_of, loser.as_of)
        left = self._folded_from(others, winner, in_force, tally, as_of=as_of)
        left.state.homes = self._kept_in_mind(left.state, own)
        opened = self._folded_from(own, loser, in_force, tally, as_of=as_of)
        opened.state.homes = ()
        opened.state.ruled_at = ruling.at
        # It was in no list while it was closed, though its last state says which ones it was taken from.
        closed = replace(loser, ladders={})
        transition = difference(closed, opened.state, in_force.model, activation=in_force.activation, cause=Cause.MERGE)
        if transition is not None:
            # Whoever was told that it is gone has to hear that it is back, and be it at the entry.
            transition = transition._replace(publish=opened.state.identified)
            remember_notice(opened.state, transition, in_force.model)
        opening = Opening(opened.state, own, transition, opened.profile, opened.marks)
        if in_force.model.accounts is not None:
            self.foretell((loser.lead, winner.lead))  # Afterwards nothing says any more whose part it was.
            tally.accounts.add(winner.lead)
        self._write(winner, left, in_force, tally, cause=Cause.MERGE, opening=opening)
        return ""

    def _homes_apart(
        self, loser: LeadState, winner: LeadState
    ) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
        """The homes that are the closed lead's own, also those that became known since, and the others of the winner.

        Some may be in the closed lead's list alone: an undo was interrupted, or those of another that has left it.
        """
        of_winner = self.store.read_homes(winner.lead)
        homes = dict.fromkeys((*of_winner, *self.store.read_homes(loser.lead)))
        owners = self.store.read_owners(homes)
        through = {owner: loser.lead in self._way(owner) for owner in set(owners.values())}
        own = tuple(home for home in homes if home in owners and through[owners[home]])
        return own, tuple(home for home in of_winner if home not in set(own))

    def _kept_in_mind(self, state: LeadState, gone: Iterable[Identifier]) -> tuple[int, ...]:
        """A state must not know of a home that is another's, or nobody would ask whose it is."""
        shorts = {home.short for home in gone}
        return tuple(short for short in state.homes if short not in shorts)

    def _way(self, lead: str) -> tuple[str, ...]:
        """The lead, what it became part of, and so on."""
        way = [lead]
        while (state := self.store.read_states([way[-1]]).get(way[-1])) is not None and state.merged_into:
            way.append(state.merged_into)
        return tuple(way)

    def _folded_from(
        self, homes: Iterable[Identifier], state: LeadState, in_force: InForce, tally: Tally, *, as_of: int
    ) -> Following:
        """The state after this one, from the events of these homes alone: what it said beside them is void."""
        tally.full_folds += 1
        following, profile = self._fold(state, homes, in_force, as_of)
        return Following(following, self._unless_stored(state, profile or {}), self._changed_marks(state, following))


def _closed(loser: LeadState, winner: LeadState) -> LeadState:
    """The version with which a lead becomes part of another."""
    closed = loser.copy()
    closed.version += 1
    closed.stage, closed.stage_since, closed.due_at = "", winner.as_of, None
    closed.merged_into = winner.lead
    return closed


def _has_plenty(*states: LeadState) -> bool:
    return sum(state.folded_count for state in states) >= PUBLIC_EVENTS_MAX


def _has_same_events(one: LeadState, other: LeadState) -> bool:
    return (one.folded_count, one.folded_xor) == (other.folded_count, other.folded_xor)


def _is_same(state: LeadState, folded: Following) -> bool:
    """Whether it is the fold of the same events to the same result, with all that is kept beside it."""
    return folded.profile is None and folded.marks is None and same_fold(state, folded.state)


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
