"""What time alone does to a lead: points that decay, and inactivity steps, each at its own instant."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from leadscore.domain.decay import Decay, Gradual, HalfLife, Linear, Pool
from leadscore.domain.durations import HOUR_MS, NEVER
from leadscore.domain.ledger import lose, reset, shown_scores, take
from leadscore.domain.model import Model
from leadscore.domain.rules import ENGAGEMENT, InactivityStep, Only, PoolOf
from leadscore.domain.stages import judge, ladders, ladders_of, stage_of
from leadscore.domain.state import LeadState


def run_until(state: LeadState, model: Model, until: int, *, stops: bool = False, instants_max: int = NEVER) -> bool:
    """Let everything happen that is due up to and including this moment.

    `stops` ends it early, after the first instant that changes a stage or at which inactivity takes something, or
    after so many instants; gives whether it did.
    """
    look = _Look(stops, instants_max)
    while state.wakes_at <= until:
        stop = _next_stop(state, model)
        if _drift(state, model, min(until, stop - 1), look):
            return True
        if stop > until:
            state.wakes_at = min(stop, _next_drift(state, model, until))
        elif look.is_over(has_news=pass_instant(state, model, stop)):
            return True
    return False


@dataclass(slots=True)
class _Look:
    """How far it goes: to the first news, if it `stops` there, and so many instants at most."""

    stops: bool
    left: int

    def is_over(self, *, has_news: bool) -> bool:
        self.left -= 1
        return self.left <= 0 or (has_news and self.stops)


def next_instant(state: LeadState, model: Model) -> int:
    """When something time-driven happens next, if nothing else does; NEVER if nothing will."""
    changes = (model.pools[number].decay.next_change(pool) for number, pool in state.pools.items())
    return min([_next_stop(state, model), *(change for change in changes if change is not None)])


def pass_instant(state: LeadState, model: Model, instant: int) -> bool:
    """At one instant points decay first, then inactivity takes its steps, then the stage is judged.

    Gives whether a stage changed or inactivity took something.
    """
    before = (state.stage, dict(state.ladders))
    for number, pool_of in model.pools.items():
        pool = state.pools.get(number)
        if pool is not None:
            moved = pool_of.decay.moved(pool, instant)
            if moved != pool:
                lose(state, pool_of, moved, instant)
    decayed = dict(state.scores)
    for due, repetition, step in _pending(state, model, instant - 1):
        if due == instant:
            _take_step(state, model, step, repetition, instant)
    state.settled_at = instant
    took = state.scores != decayed
    judge(state, model, instant)
    return took or before != (state.stage, state.ladders)


def _next_stop(state: LeadState, model: Model) -> int:
    """The next instant that has to be passed for itself: a step of inactivity, or one of a pool that cannot drift."""
    seen = max(state.last_event[0], state.settled_at)
    stops = [instant for instant, _, _ in _pending(state, model, seen)]
    for number, pool in state.pools.items():
        decay = model.pools[number].decay
        if _drifting(model, decay, pool) is None and (change := decay.next_change(pool)) is not None:
            stops.append(change)
    return min(stops, default=NEVER)


def _drifting(model: Model, decay: Decay, pool: Pool) -> Gradual | None:
    """The pool's decay, if the pool may pass many instants at once. One that lifts a score may wake a step."""
    if isinstance(decay, HalfLife | Linear) and decay.is_one_way(pool) and (pool[0] >= 0 or not model.has_sleepers):
        return decay
    return None


def _next_drift(state: LeadState, model: Model, until: int) -> int:
    """When pools that drift may take something next."""
    moments = [
        decay.wakes_at(until)
        for number, pool in state.pools.items()
        if (decay := _drifting(model, model.pools[number].decay, pool)) and not decay.is_at_rest(pool)
    ]
    return min(moments, default=NEVER)


def _drift(state: LeadState, model: Model, until: int, look: _Look) -> bool:
    """Let pools take what they take up to this moment, where nothing else happens; whether that stopped early.

    Every loss is an instant of its own. But where all pools go one way, no score passes zero, and the stage at the end
    is the one at the start, it was the same all the way, and one step is as good as all of them.
    """
    if not state.pools:
        return False
    return _drift_from(state, model, max(state.last_event[0], state.settled_at), until, look)


def _drift_from(state: LeadState, model: Model, since: int, until: int, look: _Look) -> bool:
    if until <= since or _drifted_at_once(state, model, until):
        return False
    if until - since > HOUR_MS:
        middle = (since + until) // 2
        return _drift_from(state, model, since, middle, look) or _drift_from(state, model, middle, until, look)
    while (instant := next_instant(state, model)) <= until:
        if look.is_over(has_news=pass_instant(state, model, instant)):
            return True
    return False


class _Move(NamedTuple):
    pool_of: PoolOf
    decay: Gradual
    before: Pool
    after: Pool

    @property
    def change(self) -> int:
        return self.after[0] - self.before[0]


def _drifted_at_once(state: LeadState, model: Model, at: int) -> bool:
    """Move all pools that drift to a moment, if no instant before it has to be looked at."""
    moves = []
    for number, pool in state.pools.items():
        pool_of = model.pools[number]
        decay = _drifting(model, pool_of.decay, pool)
        if decay is not None and (moved := decay.moved(pool, at)) != pool:
            moves.append(_Move(pool_of, decay, pool, moved))
    if not _is_plain_sailing(state, model, [move for move in moves if move.change]):
        return False
    for move in moves:
        instant = move.decay.reached_at(move.before, move.after[0], at) if move.change else at
        lose(state, move.pool_of, move.after, instant)
        if move.change:
            state.settled_at = max(state.settled_at, instant)
    return True


def _is_plain_sailing(state: LeadState, model: Model, moves: list[_Move]) -> bool:
    """Whether these moves come to the same, whether they are made at once or hour by hour."""
    if not moves:
        return True
    if len({move.change < 0 for move in moves}) > 1:
        return False
    # What a cap hides is lost all the same, and what a score below zero is spared is not: the order tells them apart.
    if any(move.pool_of.group is not None and state.scores[move.pool_of.score] <= 0 for move in moves):
        return False
    scores = _scores_after(state, [(move.pool_of, move.change) for move in moves])
    if any(scores[name] < 0 < raw for name, raw in state.scores.items()):
        return False
    shown = shown_scores({name: _above_floor(raw, state.scores[name]) for name, raw in scores.items()}, model)
    return stage_of(state, model, shown) == state.stage and (
        not model.ladders or ladders_of(state, model, shown) == ladders(state, model)
    )


def _scores_after(state: LeadState, changes: Iterable[tuple[PoolOf, int]]) -> dict[str, int]:
    """Raw scores after these changes of pools, were there no floor."""
    scores = dict(state.scores)
    groups: dict[int, int] = {}
    for pool_of, change in changes:
        group, shown = pool_of.group, change
        if group is not None:
            before = groups.get(group.id, state.groups[group.id])
            groups[group.id] = before + change
            shown = group.bounds.shown(before + change) - group.bounds.shown(before)
        scores[pool_of.score] += shown
    return scores


def _above_floor(after: int, before: int) -> int:
    """Decay takes nothing from a score that has nothing above zero."""
    return before if after < before <= 0 else after


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
        state.memory.pop(model.signals, None)
    state.settled_at = at


def _pending(state: LeadState, model: Model, seen: int) -> list[tuple[int, int, InactivityStep]]:
    """The steps that this idle spell still has ahead: when after `seen` each is due, and as which repetition.

    Without activity the clock runs from the lead's creation. A step that repeats sleeps while there is nothing to
    take: else a lead of no points would be woken for ever.
    """
    if not state.folded_count:
        return []
    start = state.last_activity_at or state.created_at
    is_active = state.last_activity_at > 0
    pending = []
    for step in model.inactivity:
        if step.only is not None and is_active is (step.only is Only.NEVER_ACTIVE):
            continue
        repetition, taken = state.idle.get(step.id, (0, 0))
        first = start + step.after
        if step.every is None:
            if repetition:
                continue
        elif not _wanted(state, model, step, taken):
            continue
        else:
            repetition = max(repetition, (seen - first) // step.every + 1)
        pending.append((first + repetition * (step.every or 0), repetition, step))
    return pending


def _wanted(state: LeadState, model: Model, step: InactivityStep, taken: int) -> dict[str, int]:
    """What the step takes off each of its scores, of those that have something to take, if it happens now."""
    wanted = {}
    for score in step.lines:
        held = model.scores[score].bounds.shown(state.scores.get(score, 0))
        points = min(step.take(held), max(held, 0))
        if step.at_most is not None:
            points = min(points, step.at_most - taken)
        if points > 0:
            wanted[score] = points
            taken += points
    return wanted


def _take_step(state: LeadState, model: Model, step: InactivityStep, repetition: int, at: int) -> None:
    _, taken = state.idle.get(step.id, (0, 0))
    if step.is_reset:
        reset_scores(state, model, dict(step.lines), at, is_told=False)
    else:
        for score, points in _wanted(state, model, step, taken).items():
            take(state, model, score, points, step.lines[score], at)
            taken += points
    state.idle[step.id] = (repetition + 1, taken)
