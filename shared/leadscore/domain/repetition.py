"""What keeps a match of a rule from giving its points: limits, counts, sequences, values that counted already.

A state remembers, by the id of each such part, a short tuple of integers; nothing of it grows with the lead's history,
save for the marks of counted values, which leave the state for an item of their own.
"""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import batched
from typing import Any

from leadscore.domain.durations import DAY_MS, day_of, week_of
from leadscore.domain.event import Json, LeadEvent, Trust
from leadscore.domain.model import THOUSANDTHS
from leadscore.domain.rules import After, Count, Limit, Period, Rule, Watch
from leadscore.domain.state import MARKS_MAX, PUBLIC_MARKS_MAX, SPILLED_MARKS_MAX, LeadState

#: So late (ms) a browser may tell of what counts once.
ONCE_LATE_MAX = 7 * DAY_MS
#: Bytes of a mark: two different values of one rule look alike once in 10^14.
_MARK_BYTES = 6
_json = json.JSONEncoder(sort_keys=True).encode
#: A number of an event counts up to this in a sum.
_AMOUNT_MAX = 10**12


class MarksUnread(Exception):
    """The values counted earlier, which lie outside the state, are needed to go on."""


def admit(state: LeadState, rule: Rule, document: Json, event: LeadEvent) -> int | None:
    """The points that a match gives; None where it gives nothing, not even a line. Remembers the match."""
    at = event.occurred_at
    if _would_use_up(rule, event):
        return None
    if rule.after is not None and not _comes_after(state, rule.after, at):
        return None
    points = rule.points
    if rule.count is not None:
        points *= (reached := _counted(state, rule.count, document, at))
        if not reached:
            return None
    mark = None if rule.once_per is None else _mark(rule.once_id, rule.once_per, document)
    marks_max = PUBLIC_MARKS_MAX if event.trust is Trust.PUBLIC else SPILLED_MARKS_MAX
    if mark is not None and (state.spilled_count >= marks_max or _is_marked(state, mark)):
        return None
    allowed = _limited(state, rule, points, event)
    if allowed is not None and mark is not None:
        _put_mark(state, mark)
    return allowed


def is_untouched_by(state: LeadState, rule: Rule, document: Json, event: LeadEvent) -> bool | None:
    """What a match that comes late would do: True, just give its points; False, nothing; None, that depends."""
    if rule.is_plain:
        return True
    if _would_use_up(rule, event):
        return False
    if rule.after is not None or rule.count is not None:
        return None
    if rule.once_per is not None:
        mark = _mark(rule.once_id, rule.once_per, document)
        return False if _was_marked_before(state, rule, mark, event.occurred_at) else None
    if all(_is_far_from_binding(state, limit, rule.points, event) for limit in _limits(rule, event.trust)):
        return True
    return None


def _would_use_up(rule: Rule, event: LeadEvent) -> bool:
    """Whether it would take for good what counts once, and leave points that may be gone long since.

    Whoever may tell of the past could put it before what a server tells, and so undo that.
    """
    is_late = event.received_at - event.occurred_at > ONCE_LATE_MAX
    return is_late and event.trust is Trust.PUBLIC and rule.is_once


def _comes_after(state: LeadState, after: After, at: int) -> bool:
    seen = state.memory.get(after.id)
    return seen is not None and at - seen[0] <= after.within


def watch(state: LeadState, watch_for: Watch, at: int) -> None:
    """The condition that a rule remembers has matched."""
    if watch_for.sets_back:
        state.memory.pop(watch_for.id, None)
    else:
        state.memory[watch_for.id] = (at,)


def value_at(document: Json, path: tuple[str, ...]) -> Any:
    """The value of a dotted field, None where it is absent."""
    value: Any = document
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def period_of(state: LeadState, period: Period, at: int) -> int:
    """The number of the period that a moment lies in; a visit's is the time when it started."""
    if period is Period.DAY:
        return day_of(at)
    if period is Period.WEEK:
        return week_of(at)
    return state.visit[0] if period is Period.VISIT else 0


def _counted(state: LeadState, count: Count, document: Json, at: int) -> int:
    """How many steps the count reaches with this match."""
    if count.window is not None:
        times = [time for time in (*state.memory.get(count.id, ()), at) if at - time <= count.window]
        is_full = len(times) >= count.step
        state.memory[count.id] = () if is_full else tuple(times)
        return int(is_full)
    amount = 1 if count.of is None else _thousandths(value_at(document, count.of))
    period = period_of(state, count.period, at)
    before = state.memory.get(count.id, (period, 0))
    total = before[1] if before[0] == period else 0
    state.memory[count.id] = (period, total + amount)
    if count.repeats:
        return (total + amount) // count.step - total // count.step
    return int(total < count.step <= total + amount)


def _thousandths(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _AMOUNT_MAX:
        return 0
    # As it is written: of 0.29 the float is a little less.
    return int(Decimal(repr(value)) * THOUSANDTHS)


def _mark(once_id: int, path: tuple[str, ...], document: Json) -> int:
    text = f"{once_id} {_json(value_at(document, path))}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=_MARK_BYTES).digest())


def _is_marked(state: LeadState, mark: int) -> bool:
    if mark in state.marks:
        return True
    if not state.spilled_count:
        return False
    if state.spilled is None:
        raise MarksUnread
    return mark in state.spilled


def _put_mark(state: LeadState, mark: int) -> None:
    state.marks = (*state.marks, mark)
    if len(state.marks) > MARKS_MAX:
        state.spilled = (state.spilled or frozenset()) | frozenset(state.marks)
        state.spilled_count = len(state.spilled)
        state.marks = ()


def _was_marked_before(state: LeadState, rule: Rule, mark: int, at: int) -> bool:
    """Whether the value surely counted before this moment: the rule gave nothing later."""
    line = state.lines.get(rule.targets[0].line)
    return line is not None and line.last_at <= at and _is_marked(state, mark)


def _limits(rule: Rule, trust: Trust) -> tuple[Limit, ...]:
    """Whoever submits a form is heard beyond what browsers may give, but anybody could submit what takes points."""
    is_bound = trust is Trust.PUBLIC or (trust is Trust.DECLARED and rule.points < 0)
    if rule.public_limit is not None and is_bound:
        return (*rule.limits, rule.public_limit)
    return rule.limits


def _limited(state: LeadState, rule: Rule, points: int, event: LeadEvent) -> int | None:
    """What all the limits leave of these points, which count against each of them; None if one leaves nothing.

    A part of the points must not use up what counts once: a browser gives all of them there, or none.
    """
    used_before = []
    for limit in _limits(rule, event.trust):
        period = period_of(state, limit.period, limit.dates(event))
        times, used = _used(state, limit, period)
        if limit.times is not None and times >= limit.times:
            return None
        if limit.points is not None:
            left = limit.points - used
            if left <= 0 or (limit.by_arrival and rule.is_once and left < abs(points)):
                return None
            points = min(points, left) if points > 0 else max(points, -left)
        used_before.append((limit, period, times, used))
    for limit, period, times, used in used_before:
        others = _others_to_come(state, limit, period, event.occurred_at) if limit.by_arrival else ()
        state.memory[limit.id] = (*others, period, times + 1, used + abs(points))
    return points


def _others_to_come(state: LeadState, limit: Limit, period: int, at: int) -> Iterator[int]:
    """Other periods, as they are remembered, that further events may still be of: none is told before it happened."""
    earliest = period_of(state, limit.period, at)
    for entry in _entries(state, limit):
        if entry[0] != period and entry[0] >= earliest:
            yield from entry


def _entries(state: LeadState, limit: Limit) -> Iterator[tuple[int, ...]]:
    """Periods with times and points let through in each. More than one only where the limit goes by arrival."""
    return batched(state.memory.get(limit.id, ()), 3, strict=True)


def _used(state: LeadState, limit: Limit, period: int) -> tuple[int, int]:
    """Times and points that a limit has let through in this period."""
    return next(((times, used) for of, times, used in _entries(state, limit) if of == period), (0, 0))


def _is_far_from_binding(state: LeadState, limit: Limit, points: int, event: LeadEvent) -> bool:
    """Whether the period is remembered, and neither this match nor those after it come near the limit."""
    period = period_of(state, limit.period, limit.dates(event))
    times, used = _used(state, limit, period)
    if limit.period is Period.VISIT and event.occurred_at < state.visit[0]:
        return False  # It belongs to a visit before, or to none.
    if limit.by_arrival:
        is_remembered = period >= period_of(state, limit.period, state.last_event[0])
    else:
        is_remembered = state.memory.get(limit.id, (period,))[0] == period
    return (
        is_remembered
        and (limit.times is None or times < limit.times)
        and (limit.points is None or used + max(abs(points), 1) <= limit.points)
    )
