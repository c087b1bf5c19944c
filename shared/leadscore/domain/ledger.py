"""Where points are booked: every change of a score is a change of one of its lines, so the lines add up to it.

A score is kept raw, as the sum of what its groups show and of what stands outside them. A cap or floor is applied when
the score or group is read; its own line is what it hides at that moment, and what was cut off for good by a reset.
"""

from collections.abc import Mapping

from leadscore.domain.decay import Pool
from leadscore.domain.model import Model
from leadscore.domain.rules import TOTAL, Bounds, Group, Match, PoolOf, Rule, TraitRule
from leadscore.domain.state import LeadState, Line


def book(state: LeadState, line: int, points: int, at: int) -> None:
    """Add to a line. The caller changes the score by as much."""
    booked = state.lines.get(line)
    if booked is None:
        state.lines[line] = Line(points, 1, at)
        return
    booked.points += points
    booked.times += 1
    booked.last_at = max(booked.last_at, at)


def give(state: LeadState, rule: Rule | TraitRule, points: int, at: int) -> None:
    """Give a rule's points, in every score that it counts toward."""
    for target in rule.targets:
        book(state, target.line, points, at)
        gained = points if target.group is None else _add_to_group(state, target.group, points)
        state.scores[target.score] = state.scores.get(target.score, 0) + gained
        if target.pool is not None:
            _add_to_pool(state, target.pool, points, at)


def give_together(state: LeadState, match: Match, at: int) -> None:
    """Give what rules that just give their points give for one event. Their lines are booked by `close_books`."""
    unbooked = state.unbooked.get(match)
    if unbooked is None:
        state.unbooked[match] = [1, at]
    else:
        unbooked[0] += 1
        unbooked[1] = at
    for score, points in match.scores:
        state.scores[score] = state.scores.get(score, 0) + points
    for group, points in match.groups:
        state.scores[group.score] = state.scores.get(group.score, 0) + _add_to_group(state, group, points)
    for pool_of, points in match.pools:
        _add_to_pool(state, pool_of, points, at)


def close_books(state: LeadState) -> None:
    """Book the lines of all that was given together.

    For each event on its own this would be most of the work: a busy lead meets the same rules thousands of times.
    """
    for match, (times, last_at) in state.unbooked.items():
        for number, points in match.lines:
            line = state.lines.get(number)
            if line is None:
                state.lines[number] = Line(points * times, times, last_at)
            else:
                line.points += points * times
                line.times += times
                if last_at > line.last_at:  # noqa: PLR1730  so often that a call of max would be felt
                    line.last_at = last_at
    state.unbooked = {}


def withdraw(state: LeadState, rule: TraitRule) -> None:
    """Take back all that a rule on traits gives: it does not match any more."""
    for target in rule.targets:
        points = state.lines.pop(target.line).points
        lost = -points if target.group is None else _add_to_group(state, target.group, -points)
        state.scores[target.score] = state.scores.get(target.score, 0) + lost


def lose(state: LeadState, pool_of: PoolOf, after: Pool, at: int) -> None:
    """Let a pool grow less. Time takes no score below zero: what it would take beyond stays."""
    change = after[0] - state.pools[pool_of.id][0]
    keep(state, pool_of, after)
    shown = change if pool_of.group is None else _add_to_group(state, pool_of.group, change)
    raw = state.scores[pool_of.score]
    kept = max(0, min(-shown, -shown - raw)) if shown < 0 else 0
    if change + kept:
        book_loss(state, pool_of, change + kept, at)
    state.scores[pool_of.score] = raw + shown + kept


def keep(state: LeadState, pool_of: PoolOf, pool: Pool) -> None:
    """Remember a pool, if anything is left of it."""
    if len(pool) > 1:
        state.pools[pool_of.id] = pool
    else:
        del state.pools[pool_of.id]


def book_loss(state: LeadState, pool_of: PoolOf, points: int, at: int) -> None:
    """Add to the line of a pool. In how many bits a loss comes means nothing: it is one, and goes on."""
    booked = state.lines.get(pool_of.line)
    if booked is None:
        state.lines[pool_of.line] = Line(points, 1, at)
        return
    booked.points += points
    booked.last_at = max(booked.last_at, at)


def take(state: LeadState, model: Model, score: str, points: int, line: int, at: int) -> None:
    """Take points off a score, off all its parts alike. What caps had cut off is gone then, too."""
    held = _settle(state, model, score, at)
    for group in _groups_of(model, score):
        if group.id in state.groups:
            state.groups[group.id] = -(-state.groups[group.id] * (held - points) // held)
    for pool_of in _pools_of(state, model, score):
        pool = pool_of.decay.scaled(state.pools.pop(pool_of.id), held - points, held, at)
        if len(pool) > 1:
            state.pools[pool_of.id] = pool
    state.scores[score] -= points
    book(state, line, -points, at)
    state.wakes_at = 0


def reset(state: LeadState, model: Model, score: str, line: int, at: int, *, is_told: bool) -> None:
    """Take a score back to zero. `is_told` leaves a line even where there was nothing to take."""
    held = _settle(state, model, score, at)
    for group in _groups_of(model, score):
        state.groups.pop(group.id, None)
    for pool_of in _pools_of(state, model, score):
        del state.pools[pool_of.id]
    state.scores[score] = 0
    if held or is_told:
        book(state, line, -held, at)


def reset_group(state: LeadState, model: Model, group: Group, line: int, at: int) -> None:
    """Take a group back to zero."""
    held = _settle_group(state, group, at)
    state.groups.pop(group.id, None)
    for pool_of in _pools_of(state, model, group.score):
        if pool_of.group is group:
            del state.pools[pool_of.id]
    state.scores[group.score] = state.scores.get(group.score, 0) - held
    book(state, line, -held, at)


def shown_scores(raw: Mapping[str, int], model: Model) -> dict[str, int]:
    """Every raw score as its bounds show it, `total` among them."""
    shown = {**model.no_points, **raw}
    for score in model.bounded:
        shown[score.name] = score.bounds.shown(shown[score.name])
    shown[TOTAL] = model.total.shown(sum([shown[name] for name in model.in_total]))
    return shown


def shown_lines(state: LeadState, model: Model) -> Mapping[int, Line]:
    """Every line, those of caps and floors among them, of all scores but the total."""
    lines = dict(state.lines)
    bounded = [(score.bounds, state.scores.get(score.name, 0)) for score in model.scores.values()]
    bounded += [(group.bounds, state.groups.get(group.id, 0)) for group in model.groups]
    for bounds, raw in bounded:
        if hidden := bounds.shown(raw) - raw:
            lines[bounds.line] = _hiding(lines.get(bounds.line), hidden, state)
    return lines


def total_line(state: LeadState, model: Model) -> Line | None:
    """What the total's own cap or floor hides."""
    shown = shown_scores(state.scores, model)
    hidden = shown[TOTAL] - sum(shown[name] for name in model.in_total)
    return _hiding(None, hidden, state) if hidden else None


def _hiding(cut: Line | None, hidden: int, state: LeadState) -> Line:
    cut = cut or Line(0, 0, 0)
    return Line(cut.points + hidden, cut.times + 1, state.last_event[0])


def _add_to_group(state: LeadState, group: Group, points: int) -> int:
    """Add to a group's raw sum; gives by how much that changes what the group shows."""
    raw = state.groups.get(group.id, 0)
    state.groups[group.id] = raw + points
    return group.bounds.shown(raw + points) - group.bounds.shown(raw)


def _add_to_pool(state: LeadState, pool_of: PoolOf, points: int, at: int) -> None:
    """Let points that were given decay from now on; what they make good of earlier loss is given back."""
    before = state.pools.get(pool_of.id)
    after = state.pools[pool_of.id] = pool_of.decay.add(before, points, at)
    if before is not None and after[0] != before[0] + points:
        regained = after[0] - before[0] - points
        book_loss(state, pool_of, regained, at)
        shown = regained if pool_of.group is None else _add_to_group(state, pool_of.group, regained)
        state.scores[pool_of.score] += shown
    wakes_at = pool_of.decay.wakes_at(at)
    if wakes_at < state.wakes_at:  # noqa: PLR1730  so often that a call of min would be felt
        state.wakes_at = wakes_at


def _settle(state: LeadState, model: Model, score: str, at: int) -> int:
    """Make what a score and its groups show the truth; gives what the score shows."""
    for group in _groups_of(model, score):
        _settle_group(state, group, at)
    raw = state.scores.get(score, 0)
    state.scores[score] = _settled(state, model.scores[score].bounds, raw, at)
    return state.scores[score]


def _settle_group(state: LeadState, group: Group, at: int) -> int:
    if group.id not in state.groups:
        return group.bounds.shown(0)
    state.groups[group.id] = _settled(state, group.bounds, state.groups[group.id], at)
    return state.groups[group.id]


def _settled(state: LeadState, bounds: Bounds, raw: int, at: int) -> int:
    shown = bounds.shown(raw)
    if shown != raw:
        book(state, bounds.line, shown - raw, at)
    return shown


def _groups_of(model: Model, score: str) -> list[Group]:
    return [group for group in model.groups if group.score == score]


def _pools_of(state: LeadState, model: Model, score: str) -> list[PoolOf]:
    return [pool_of for number, pool_of in model.pools.items() if number in state.pools and pool_of.score == score]
