"""The fold: a lead's score as a pure function of its events, the model and a moment.

`fold` takes the whole log, `extend` a state and further events; both run the same steps over the events in order, so
they cannot differ. Time is one more input: what decays, and inactivity steps, happen at their own instants, between the
events, and before an event at the same instant.

An event that comes late can still be stepped in where its place makes no difference: when since then nothing but
points were added, and adding its own leaves the stage. Anything else asks for a full fold (`OutOfOrder`).
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from leadscore.domain.account import account_of
from leadscore.domain.durations import NEVER
from leadscore.domain.event import LeadEvent
from leadscore.domain.instants import next_instant, pass_instant, run_until
from leadscore.domain.late import OutOfOrder, insert
from leadscore.domain.ledger import close_books, shown_scores
from leadscore.domain.machines import Unforeseen, in_bursts, joins_burst
from leadscore.domain.model import Model
from leadscore.domain.repetition import MarksUnread
from leadscore.domain.state import LeadState, Profile
from leadscore.domain.step import apply
from leadscore.domain.uncounted import is_flagged, is_of_own_lead

__all__ = ["MarksUnread", "OutOfOrder", "StageChange", "advance", "extend", "fold", "next_change_at", "stage_changes"]


#: How far a timer is looked for, in instants that have to be passed one by one; beyond, it says to look again.
_LOOKAHEAD = 100


class StageChange(NamedTuple):
    """A change of stage in a lead's history, with what happened at that moment, the weightiest first."""

    at: int
    from_stage: str
    to_stage: str
    reasons: tuple[tuple[str, int], ...]


def fold(
    events: Iterable[LeadEvent], model: Model, *, activation: int, lead: str, as_of: int, due_at: int | None = None
) -> tuple[LeadState, Profile]:
    """The state and profile of a lead at `as_of` from every event of it, in any order, each once.

    `due_at` is the timer that is set already, if one is.
    """
    ordered = _in_order(events)
    state = _beginning(ordered, lead)
    state.activation, state.due_at = activation, due_at
    profile: Profile = {}
    for event, is_machine in _judged(ordered, model):
        profile = apply(state, event, model, profile, is_machine=is_machine) or profile
    if model.accounts is not None:
        state.account = account_of(profile)
    _advance(state, model, to=max(state.last_event[0], as_of))
    return state, profile


def stage_changes(events: Iterable[LeadEvent], model: Model, *, as_of: int) -> Iterator[StageChange]:
    """Every change of stage in a lead's history up to `as_of`, its birth included."""
    ordered = _in_order(events)
    state = _beginning(ordered)
    profile: Profile = {}
    for event, is_machine in _judged(ordered, model):
        if state.folded_count:
            yield from _changes_by_time(state, model, event.occurred_at)
        before = state.stage
        profile = apply(state, event, model, profile, is_machine=is_machine) or profile
        if state.stage != before:
            yield _stage_change(state, before, model)
    yield from _changes_by_time(state, model, as_of)


def _changes_by_time(state: LeadState, model: Model, until: int) -> Iterator[StageChange]:
    before = state.stage
    while run_until(state, model, until, stops=True):
        if state.stage != before:
            yield _stage_change(state, before, model)
            before = state.stage


def _stage_change(state: LeadState, before: str, model: Model) -> StageChange:
    close_books(state)
    at = state.stage_since
    lines = [(model.lines[number][1], line.points) for number, line in state.lines.items() if line.last_at == at]
    return StageChange(at, before, state.stage, tuple(sorted(lines, key=lambda line: (-abs(line[1]), line[0]))))


def extend(
    state: LeadState, events: Iterable[LeadEvent], model: Model, *, profile: Profile | None, as_of: int
) -> tuple[LeadState, Profile | None]:
    """The state after these further events, given in order, at `as_of`. None of them may be folded in already.

    `profile` may be None where no event carries traits. Version, ring and homes are left to the commit.
    Raises OutOfOrder, and MarksUnread where `state.spilled` is needed.
    """
    state = state.copy()
    for event in events:
        if event.order > state.last_event and event.occurred_at >= state.settled_at:
            profile = apply(state, event, model, profile, is_machine=_is_machine(state, event, model))
        else:
            insert(state, event, model)
    if model.accounts is not None and profile is not None:
        state.account = account_of(profile)
    _advance(state, model, to=max(state.as_of, state.last_event[0], as_of))
    return state, profile


def advance(state: LeadState, model: Model, *, to: int) -> LeadState:
    """The state at a later moment, if nothing happens until then."""
    state = state.copy()
    _advance(state, model, to=max(state.as_of, to))
    return state


def next_change_at(state: LeadState, model: Model) -> int | None:
    """When a score, the stage or a list next changes if nothing happens, to the millisecond; None if they never do."""
    future = state.copy(explained=False)
    shown = _visible(state, model)
    while (instant := next_instant(future, model)) != NEVER:
        pass_instant(future, model, instant)
        if _visible(future, model) != shown:
            return instant
    return None


def _visible(state: LeadState, model: Model) -> tuple[object, ...]:
    return state.stage, state.ladders, shown_scores(state.scores, model)


def _in_order(events: Iterable[LeadEvent]) -> list[LeadEvent]:
    """All events of a lead in the order of the fold."""
    # A client may send one id twice, under another name the second time: two homes (the first identifiers), one place.
    return sorted(events, key=attrgetter("occurred_at", "id", "identifiers"))


def _beginning(ordered: Sequence[LeadEvent], lead: str = "") -> LeadState:
    """The state before the first event. Of one of the own people nothing ever counts, whenever that was told."""
    return LeadState(lead, is_own=any(map(is_of_own_lead, ordered)), spilled=frozenset())


def _judged(ordered: Sequence[LeadEvent], model: Model) -> Iterator[tuple[LeadEvent, bool]]:
    """Each event with whether it is one of a machine's burst."""
    machine_made = in_bursts(ordered, model)
    for place, event in enumerate(ordered):
        yield event, place in machine_made


def _is_machine(state: LeadState, event: LeadEvent, model: Model) -> bool:
    """Whether the event belongs to a machine's burst. Raises OutOfOrder where it changes what came before it."""
    if is_of_own_lead(event) and state.folded_count and not state.is_own:
        raise OutOfOrder
    if is_flagged(event):
        return False
    try:
        return joins_burst(state, event, model)
    except Unforeseen:
        raise OutOfOrder from None


# -- time --------------------------------------------------------------------------------------------------------------


def _advance(state: LeadState, model: Model, *, to: int) -> None:
    run_until(state, model, to)
    close_books(state)
    state.as_of = to
    _arm(state, model)


def _arm(state: LeadState, model: Model) -> None:
    """Timers are lazy: one that activity postponed stays where it is, since moving it would cost an index write."""
    change = _next_news(state, model)
    passed = state.due_at is None or state.due_at <= state.as_of
    if passed or (change is not None and state.due_at is not None and change < state.due_at):
        state.due_at = change


def _next_news(state: LeadState, model: Model) -> int | None:
    """When time alone next changes a stage, or inactivity takes something; None if never."""
    if not state.pools and next_instant(state, model) == NEVER:
        return None
    future = state.copy(explained=False)
    future.wakes_at = 0
    has_news = run_until(future, model, NEVER - 1, stops=True, instants_max=_LOOKAHEAD)
    return max(future.settled_at, state.as_of + 1) if has_news else None
