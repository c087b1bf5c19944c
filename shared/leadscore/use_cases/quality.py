"""How well scores tell who buys: precision, recall, AUC and the best cut, as exact fractions of counts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Judged(NamedTuple):
    """A lead's score, and what became of the lead."""

    score: int
    converted: bool


@dataclass(frozen=True, slots=True)
class Split:
    """Leads on both sides of a line, and how many of each converted."""

    above: int
    above_converted: int
    below: int
    below_converted: int

    @classmethod
    def of(cls, leads: Iterable[tuple[bool, bool]]) -> "Split":
        """From pairs of: is it above, has it converted."""
        counts = Counter((bool(is_above), bool(converted)) for is_above, converted in leads)
        return cls(
            counts[True, True] + counts[True, False],
            counts[True, True],
            counts[False, True] + counts[False, False],
            counts[False, True],
        )

    @property
    def precision(self) -> Fraction | None:
        """The share of those above that converted."""
        return _share(self.above_converted, self.above)

    @property
    def recall(self) -> Fraction | None:
        """The share of those who converted that are above."""
        return _share(self.above_converted, self.above_converted + self.below_converted)

    @property
    def conversion_below(self) -> Fraction | None:
        return _share(self.below_converted, self.below)

    @property
    def youden(self) -> Fraction | None:
        """Recall minus the share of those above among all who did not convert: 1 parts them cleanly, 0 is chance."""
        lost_above = self.above - self.above_converted
        fall_out = _share(lost_above, lost_above + self.below - self.below_converted)
        return None if self.recall is None or fall_out is None else self.recall - fall_out


@dataclass(frozen=True, slots=True)
class Cut:
    """What a threshold would do: above are the leads with so many points or more."""

    threshold: int
    split: Split


def auc(leads: Iterable[Judged]) -> Fraction | None:
    """How likely a lead that converted has more points than one that did not; a tie counts half."""
    converted, lost = _by_score(leads)
    pairs = converted.total() * lost.total()
    if not pairs:
        return None
    halves = lower = 0
    for score in sorted({*converted, *lost}):
        halves += converted[score] * (2 * lower + lost[score])
        lower += lost[score]
    return Fraction(halves, 2 * pairs)


def cuts(leads: Iterable[Judged]) -> Iterator[Cut]:
    """Every threshold that parts the leads differently: each score that occurs, ascending."""
    converted, lost = _by_score(leads)
    above, above_converted = converted.total() + lost.total(), converted.total()
    below = below_converted = 0
    for score in sorted({*converted, *lost}):
        yield Cut(score, Split(above, above_converted, below, below_converted))
        here = converted[score] + lost[score]
        above, below = above - here, below + here
        above_converted, below_converted = above_converted - converted[score], below_converted + converted[score]


def best_cut(found: Iterable[Cut]) -> Cut | None:
    """The one with the highest Youden index; the lowest of equals. None where all converted, or nobody."""
    telling = [(youden, -cut.threshold, cut) for cut in found if (youden := cut.split.youden) is not None]
    return max(telling, key=lambda entry: entry[:2])[2] if telling else None


def _by_score(leads: Iterable[Judged]) -> tuple[Counter[int], Counter[int]]:
    converted: Counter[int] = Counter()
    lost: Counter[int] = Counter()
    for lead in leads:
        (converted if lead.converted else lost)[lead.score] += 1
    return converted, lost


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
