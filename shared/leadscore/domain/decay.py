"""How points that were given grow less with time: by half-lives, by a share per period, or all at once.

What decays together forms a pool, a short tuple of integers in the lead's state. Its first number is always the
pool's value, rounded, as the score holds it; `next_change` says to the millisecond when that value stops being right.
Everything is integers: a half-life reads a table of fixed-point factors on a grid of whole UTC hours, a share per
period is a fraction with one denominator. Rounding is to the nearest point, halves up.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from decimal import Decimal, localcontext
from functools import cache
from itertools import chain
from operator import neg

from leadscore.domain.durations import DAY_MS, HOUR_MS, NEVER

type Pool = tuple[int, ...]

#: Bits behind the point: of the factors, and of the amounts that they are applied to.
_FACTOR_BITS = 32
_AMOUNT_BITS = 24
_TABLE_BITS = 128
_HALF = 1 << (_AMOUNT_BITS - 1)
#: Points that age together, so that a pool stays small: those of one hour, or of one day where they last long.
_HOURLY_UP_TO_MS = 14 * DAY_MS


class HalfLife:
    """Points halve every `hours`, in hourly steps. A pool is (value, hour of the last points, amount at that hour)."""

    def __init__(self, hours: int) -> None:
        self.hours = hours

    def add(self, pool: Pool | None, points: int, at: int) -> Pool:
        hour = at // HOUR_MS
        if pool is None:
            return points, hour, points << _AMOUNT_BITS
        value, base, amount = pool
        if hour != base:
            amount = self._amount(amount, hour - base)
        return value + points, hour, amount + (points << _AMOUNT_BITS)

    def accepts_late(self, pool: Pool | None, at: int, seen: int) -> bool:
        """Whether points of a moment before `seen` can be added now, and nothing differs."""
        return at // HOUR_MS == seen // HOUR_MS and (pool is None or pool[1] == at // HOUR_MS)

    def is_one_way(self, _pool: Pool) -> bool:
        """Whether the pool's value only ever comes nearer to zero, so that many instants may be passed at once."""
        return True

    def rests_until(self, pool: Pool, at: int) -> int:
        """The pool, which has its value of `at`, keeps it before this."""
        return self.wakes_at(at) if pool[0] else NEVER

    def wakes_at(self, at: int) -> int:
        """Points given at `at` lose nothing before this."""
        return (at // HOUR_MS + 1) * HOUR_MS

    def reached_at(self, pool: Pool, value: int, _until: int) -> int:
        """When the pool came down to a value that it has at `until`."""
        _, base, amount = pool
        return (base + self._hours_until(amount, value)) * HOUR_MS

    def moved(self, pool: Pool, at: int) -> Pool:
        """The pool with the value that it has at a later moment."""
        _, base, amount = pool
        return _rounded(self._amount(amount, at // HOUR_MS - base)), base, amount

    def next_change(self, pool: Pool) -> int:
        """When the value stops being right, to the millisecond; NEVER if it stays for ever."""
        value, base, amount = pool
        if value == 0:
            return NEVER
        nearer = value - 1 if value > 0 else value + 1
        return (base + self._hours_until(amount, nearer)) * HOUR_MS

    def scaled(self, pool: Pool, numerator: int, denominator: int, at: int) -> Pool:
        """What is left of the pool when a part of its score is taken away."""
        _, base, amount = pool
        hour = max(at // HOUR_MS, base)
        left = self._amount(amount, hour - base) * numerator // denominator
        return _rounded(left), hour, left

    def _hours_until(self, amount: int, value: int) -> int:
        """The first hour at which the rounded amount has come down to a value: amounts only shrink."""
        # Size times factor must come down to this. Halves go up, so what is positive must fall below it.
        size, is_positive = abs(amount), amount > 0
        enough = ((abs(value) << _AMOUNT_BITS) + _HALF) << _FACTOR_BITS
        # No factor is below a half, so it takes so many halvings at least.
        halvings = max(0, size.bit_length() - enough.bit_length() + _FACTOR_BITS - 2)
        while (hour := _hour_of(((enough << halvings) - is_positive) // size, self.hours)) == self.hours:
            halvings += 1
        return max(1, hour + halvings * self.hours)

    def _amount(self, amount: int, hours: int) -> int:
        halvings, rest = divmod(hours, self.hours)
        return (amount * _factors(self.hours)[rest]) >> (_FACTOR_BITS + halvings)


def _rounded(amount: int) -> int:
    return (amount + _HALF) >> _AMOUNT_BITS


@cache
def _factors(hours: int) -> tuple[int, ...]:
    """2^(-n/hours) for every hour of one half-life, times 2^32, rounded to the nearest.

    By decimals of 60 digits, which are the same on every machine; floats are not.
    """
    with localcontext(prec=60):
        hourly = int((-(Decimal(2).ln() / hours)).exp() * (1 << _TABLE_BITS))
    factors, factor = [], 1 << _TABLE_BITS
    for _ in range(hours):
        factors.append((factor + (1 << (_TABLE_BITS - _FACTOR_BITS - 1))) >> (_TABLE_BITS - _FACTOR_BITS))
        factor = factor * hourly >> _TABLE_BITS
    return tuple(factors)


def _hour_of(factor: int, hours: int) -> int:
    """The first hour of a half-life with this factor or a smaller one; `hours` if none is as small."""
    return bisect_left(_factors(hours), -factor, key=neg)


class _Parcels:
    """Points that each have an age of their own. A pool is (value, time, points, time, points...), oldest first.

    Points of one cell age together from the last of them: those before are as good as new again.
    """

    def __init__(self, duration: int) -> None:
        self.duration = duration

    def add(self, pool: Pool | None, points: int, at: int) -> Pool:
        if pool is None:
            return points, at, points
        # A rounded value may have come to nothing before its parcels did: they must not count below zero.
        value, *parcels = self.moved(pool, at)
        if parcels and self._cell(parcels[-2]) == self._cell(at):
            parcels[-2:] = max(parcels[-2], at), parcels[-1] + points
        else:
            parcels += (at, points)
        return self._refreshed(value + points, parcels, at), *parcels

    def scaled(self, pool: Pool, numerator: int, denominator: int, at: int) -> Pool:
        parcels = [(given_at, -(-points * numerator // denominator)) for given_at, points in _parcels(pool)]
        return self._moved([(given_at, points) for given_at, points in parcels if points], at)

    def moved(self, pool: Pool, at: int) -> Pool:
        return self._moved(_parcels(pool), at)

    def _moved(self, parcels: Iterable[tuple[int, int]], at: int) -> Pool:
        left = [parcel for parcel in parcels if parcel[0] + self.duration > at]
        return self._value(left, at), *chain.from_iterable(left)

    def _value(self, parcels: list[tuple[int, int]], _at: int) -> int:
        raise NotImplementedError

    def _refreshed(self, value: int, _parcels: list[int], _at: int) -> int:
        """The value after points were added to the last parcel, which is as good as new again."""
        return value

    def _cell(self, at: int) -> int:
        return at // (HOUR_MS if self.duration <= _HOURLY_UP_TO_MS else DAY_MS)


class Expiry(_Parcels):
    """Points are gone `duration` after they were given, at that instant."""

    def moved(self, pool: Pool, at: int) -> Pool:
        return pool if self.next_change(pool) > at else self._moved(_parcels(pool), at)

    def accepts_late(self, pool: Pool | None, at: int, seen: int) -> bool:
        return at + self.duration > seen and (pool is None or self._cell(pool[-2]) == self._cell(at))

    def wakes_at(self, at: int) -> int:
        return at + self.duration

    def next_change(self, pool: Pool) -> int:
        return pool[1] + self.duration if len(pool) > 1 else NEVER

    def is_one_way(self, pool: Pool) -> bool:
        # The end of a parcel of no points changes no value, but it is an instant.
        return all(points > 0 for points in pool[2::2]) or all(points < 0 for points in pool[2::2])

    def rests_until(self, pool: Pool, _at: int) -> int:
        return pool[1] + self.duration if len(pool) > 1 else NEVER

    def reached_at(self, pool: Pool, _value: int, until: int) -> int:
        return max(given_at for given_at, _ in _parcels(pool) if given_at + self.duration <= until) + self.duration

    def _value(self, parcels: list[tuple[int, int]], _at: int) -> int:
        return sum(points for _, points in parcels)


class Linear(_Parcels):
    """Points shrink evenly from the moment they are given, until `duration` later nothing is left."""

    def accepts_late(self, _pool: Pool | None, _at: int, _seen: int) -> bool:
        return False

    def rests_until(self, pool: Pool, at: int) -> int:
        return at + 1 if len(pool) > 1 else NEVER

    def is_one_way(self, pool: Pool) -> bool:
        return all(points >= 0 for points in pool[2::2]) or all(points <= 0 for points in pool[2::2])

    def reached_at(self, pool: Pool, value: int, until: int) -> int:
        """When the pool came down to a value that it has at `until`."""
        parcels = list(_parcels(pool))
        moments = range(parcels[-1][0], until + 1)

        def distance(at: int) -> int:
            return -abs(self._value([one for one in parcels if one[0] + self.duration > at], at))

        return moments[bisect_left(moments, -abs(value), key=distance)]

    def wakes_at(self, at: int) -> int:
        return at + 1

    def next_change(self, pool: Pool) -> int:
        """Until the oldest parcel ends, the value before rounding is the line (total - points x time) / duration.

        That end is a change, too, if only of the parcels.
        """
        parcels = list(_parcels(pool))
        if not parcels:
            return NEVER
        points = sum(given for _, given in parcels)
        total = sum(given * (given_at + self.duration) for given_at, given in parcels)
        end = parcels[0][0] + self.duration
        leaves = self._leaves(pool[0], points, total)
        return end if leaves is None else min(leaves, end)

    def _leaves(self, value: int, points: int, total: int) -> int | None:
        """The first millisecond at which the line, rounded, is no longer `value`."""
        if points > 0:  # falls below value - 1/2
            return (2 * total - (2 * value - 1) * self.duration) // (2 * points) + 1
        if points < 0:  # rises to value + 1/2
            return -((2 * total - (2 * value + 1) * self.duration) // (-2 * points))
        return None

    def _value(self, parcels: list[tuple[int, int]], _at: int) -> int:
        left = sum(points * (self.duration - _at + given_at) for given_at, points in parcels)
        return (2 * left + self.duration) // (2 * self.duration)

    def _refreshed(self, value: int, parcels: list[int], at: int) -> int:
        return self._value(list(_parcels((value, *parcels))), at)


type Decay = HalfLife | Expiry | Linear


def _parcels(pool: Pool) -> Iterator[tuple[int, int]]:
    return zip(pool[1::2], pool[2::2], strict=True)
