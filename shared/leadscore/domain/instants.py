"""What time alone does to a lead: points that decay, and inactivity steps, each at its own instant."""

from leadscore.domain.ledger import lose, reset, take
from leadscore.domain.model import Model
from leadscore.domain.rules import ENGAGEMENT, InactivityStep, Only
from leadscore.domain.stages import judge
from leadscore.domain.state import LeadState

NEVER = 1 << 62
#: In `idle`: the step found nothing to take, and does not come again in this idle spell.
_OVER = -1


def run_until(state: LeadState, model: Model, until: int) -> None:
    """Let everything happen that is due up to and including this moment."""
    while state.wakes_at <= until:
        instant = next_instant(state, model)
        if instant <= until:
            pass_instant(state, model, instant)
        else:
            state.wakes_at = instant


def next_instant(state: LeadState, model: Model) -> int:
    """When something time-driven happens next, if nothing else does; NEVER if nothing will."""
    changes = [model.pools[number].decay.next_change(pool) for number, pool in state.pools.items()]
    steps = [instant for instant, _ in _pending(state, model)]
    return min([change for change in changes if change is not None] + steps, default=NEVER)


def pass_instant(state: LeadState, model: Model, instant: int) -> None:
    """At one instant points decay first, then inactivity takes its steps, then the stage is judged."""
    for number, pool_of in model.pools.items():
        pool = state.pools.get(number)
        if pool is not None and pool_of.decay.next_change(pool) == instant:
            lose(state, pool_of, instant)
    for due, step in _pending(state, model):
        if due == instant:
            _take_step(state, model, step, instant)
    state.settled_at = instant
    judge(state, model, instant)


def be_active(state: LeadState, at: int) -> None:
    """Activity restarts the clock of inactivity."""
    if at >= state.last_activity_at:
        if state.idle or not state.last_activity_at:
            # Steps that were over, or for leads that were active once, lie ahead again.
            state.idle = {}
            state.wakes_at = 0
        state.last_activity_at = at


def reset_scores(state: LeadState, model: Model, lines: dict[str, int], at: int, *, is_told: bool) -> None:
    """Take these scores back to zero; with engagement go a stage that was set and the signals gathered so far."""
    for score, line in lines.items():
        reset(state, model, score, line, at, is_told=is_told)
    if ENGAGEMENT in lines:
        state.floor = ""
        state.reset_at = at
    state.settled_at = at


def _pending(state: LeadState, model: Model) -> list[tuple[int, InactivityStep]]:
    """The steps that this idle spell still has ahead, with the instants at which they are next due.

    Without activity the clock runs from the lead's creation.
    """
    if not state.folded_count:
        return []
    start = state.last_activity_at or state.created_at
    is_active = state.last_activity_at > 0
    pending = []
    for step in model.inactivity:
        if step.only is not None and is_active is (step.only is Only.NEVER_ACTIVE):
            continue
        times, taken = state.idle.get(step.id, (0, 0))
        if times == _OVER or (times and step.every is None) or (step.at_most is not None and taken >= step.at_most):
            continue
        pending.append((start + step.after + times * (step.every or 0), step))
    return pending


def _take_step(state: LeadState, model: Model, step: InactivityStep, at: int) -> None:
    times, taken = state.idle.get(step.id, (0, 0))
    before = taken
    if step.is_reset:
        reset_scores(state, model, dict(step.lines), at, is_told=False)
    else:
        for score, line in step.lines.items():
            held = model.scores[score].bounds.shown(state.scores.get(score, 0))
            wanted = min(step.take(held), max(held, 0))
            if step.at_most is not None:
                wanted = min(wanted, step.at_most - taken)
            if wanted > 0:
                take(state, model, score, wanted, line, at)
                taken += wanted
    is_over = step.every is not None and taken == before
    state.idle[step.id] = (_OVER if is_over else times + 1, taken)
