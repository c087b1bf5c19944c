"""What time alone does to a lead: points that decay, and inactivity steps, each at its own instant."""

from bisect import bisect_left
from typing import NamedTuple

from leadscore.domain.decay import Decay, Pool
from leadscore.domain.durations import HOUR_MS, NEVER
from leadscore.domain.ledger import book_loss, keep, lose, reset, shown_scores, take
from leadscore.domain.model import Model
from leadscore.domain.rules import ENGAGEMENT, InactivityStep, Only, PoolOf
from leadscore.domain.stages import judge, ladders, ladders_of, stage_of
from leadscore.domain.state import LeadState


def run_until(state: LeadState, model: Model, until: int, *, stops: bool = False, instants_max: int = NEVER) -> bool:
    """Let everything happen that is due up to and including this moment.

    `stops` ends it early, after the first instant that changes a stage or at which inactivity takes something, or
    after so many instants; gives whether it did.
    """
    look = _Look(stops=stops, left=instants_max)
    while state.wakes_at <= until:
        stop = _next_stop(state, model, until)
        if _drift(state, model, min(until, stop - 1), look):
            return True
        if stop > until:
            rests = [model.pools[number].decay.rests_until(pool, until) for number, pool in state.pools.items()]
            state.wakes_at = min([stop, *rests])
        elif look.is_over(has_news=pass_instant(state, model, stop)):
            return True
    return False


class _Look:
    """How far it goes: to the first news, if it `stops` there, and so many instants at most."""

    def __init__(self, *, stops: bool, left: int) -> None:
        self.stops = stops
        self.left = left

    def is_over(self, *, has_news: bool) -> bool:
        self.left -= 1
        return self.left <= 0 or (has_news and self.stops)


def next_instant(state: LeadState, model: Model) -> int:
    """When something time-driven happens next, if nothing else does; NEVER if nothing will."""
    changes = [model.pools[number].decay.next_change(pool) for number, pool in state.pools.items()]
    return min([_next_step(state, model), *changes])


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


def _next_step(state: LeadState, model: Model) -> int:
    """When inactivity takes its next step."""
    seen = max(state.last_event[0], state.settled_at)
    return min([instant for instant, _, _ in _pending(state, model, seen)], default=NEVER)


def _next_stop(state: LeadState, model: Model, until: int) -> int:
    """The next instant, up to this moment, that has to be passed for itself; if there is none, the next step.

    Such are the steps of inactivity, and the changes of a pool that cannot drift.
    """
    seen = max(state.last_event[0], state.settled_at)
    stop = _next_step(state, model)
    for number, pool in state.pools.items():
        decay = model.pools[number].decay
        if decay.rests_until(pool, seen) <= until and not _drifts(model, decay, pool):
            stop = min(stop, decay.next_change(pool))
    return stop


def _drifts(model: Model, decay: Decay, pool: Pool) -> bool:
    """Whether the pool may pass many instants at once. One that lifts a score may wake a step."""
    return decay.is_one_way(pool) and (pool[0] >= 0 or not model.has_sleepers)


def _drift(state: LeadState, model: Model, until: int, look: _Look) -> bool:
    """Let pools take what they take up to this moment, where nothing else happens; whether that stopped early.

    Every loss is an instant of its own, but mostly one step is as good as all of them (`_course`). Where it is not, the
    hour is looked for until which it is, and the instants of the next hour are passed one by one.
    """
    if not state.pools:
        return False
    since = max(state.last_event[0], state.settled_at)
    while since < until:
        course = _course(state, model, until)
        if course is not None:
            _follow(state, course, until)
            return False
        since = _calm_until(state, model, since, until)
        if (course := _course(state, model, since)) is not None:
            _follow(state, course, since)
        since = min(since + HOUR_MS, until)
        while (instant := next_instant(state, model)) <= since:
            if look.is_over(has_news=pass_instant(state, model, instant)):
                return True
    return False


class _Course(NamedTuple):
    """What pools were and come to by some moment, and the raw sums then."""

    moves: list[tuple[PoolOf, Pool, Pool]]
    scores: dict[str, int]
    groups: dict[int, int]


def _course(state: LeadState, model: Model, until: int) -> _Course | None:
    """Where pools take a lead up to a moment, if that is the same at once as one instant after the other.

    So it is where all pools go one way, no score passes zero, and the stage at the end is the one at the start: then
    it was the same all the way.
    """
    course = _Course([], dict(state.scores), dict(state.groups))
    rises = falls = False
    for number, pool in state.pools.items():
        pool_of = model.pools[number]
        moved = pool_of.decay.moved(pool, until)
        if moved == pool:
            continue
        course.moves.append((pool_of, pool, moved))
        change = moved[0] - pool[0]
        rises, falls = rises or change > 0, falls or change < 0
        if not _add(course, state, pool_of, change):
            return None
    if not (rises or falls):
        return course
    if (rises and falls) or any(course.scores[name] < 0 < raw for name, raw in state.scores.items()):
        return None
    shown = shown_scores(course.scores, model)
    stays = stage_of(state, model, shown) == state.stage and (
        not model.ladders or ladders_of(state, model, shown) == ladders(state, model)
    )
    return course if stays else None


def _add(course: _Course, state: LeadState, pool_of: PoolOf, change: int) -> bool:
    """Add the change of a pool to the sums; whether the order of changes makes no difference.

    Decay takes nothing from a score that has nothing above zero, but what a bound of a group hides is lost all the
    same: where the one meets the other, it depends on which pool lost first.
    """
    shown, group = change, pool_of.group
    if group is not None:
        before = course.groups[group.id]
        course.groups[group.id] = before + change
        shown = group.bounds.shown(before + change) - group.bounds.shown(before)
    if change < 0 and state.scores[pool_of.score] <= 0:
        return shown == change
    course.scores[pool_of.score] += shown
    return True


def _follow(state: LeadState, course: _Course, until: int) -> None:
    for pool_of, before, after in course.moves:
        if after[0] != before[0]:
            instant = pool_of.decay.reached_at(before, after[0], until)
            state.settled_at = max(state.settled_at, instant)
            if after[0] > before[0] or state.scores[pool_of.score] > 0:
                book_loss(state, pool_of, after[0] - before[0], instant)
        keep(state, pool_of, after)
    state.scores, state.groups = course.scores, course.groups


def _calm_until(state: LeadState, model: Model, since: int, until: int) -> int:
    """The last of the moments a whole number of hours after `since` that have a course."""
    hours = range(1, (until - since) // HOUR_MS + 1)

    def is_rough(hour: int) -> bool:
        return _course(state, model, since + hour * HOUR_MS) is None

    return since + bisect_left(hours, 1, key=is_rough) * HOUR_MS


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
