"""The parts of a compiled scoring model: what the fold reads of it. docs/model.md says what each of them means.

Whatever a lead's state keeps for a part goes by the part's `id`, a number made from its name: so a state outlives a
model that has other rules beside the same ones.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from leadscore.domain.decay import Decay
from leadscore.domain.event import Json, LeadEvent, Trust

#: The scores that every model has. `total` is the sum of fit, of engagement, and of what the model adds.
FIT = "fit"
ENGAGEMENT = "engagement"
TOTAL = "total"
#: The letter grade is a score of thirds of a letter.
GRADE = "grade"

#: Stages that no threshold leads into: a lead that escaped, and one that was ruled out.
OUT = "out"
DISQUALIFIED = "disqualified"

type Condition = Callable[[Json], bool]


class Period(StrEnum):
    """What a limit or a count starts anew with."""

    VISIT = "visit"
    DAY = "day"
    WEEK = "week"
    EVER = "ever"


class Bounds(NamedTuple):
    """A score or group shows no more than `cap` and no less than `floor`; `line` is where the difference stands."""

    line: int
    cap: int | None = None
    floor: int | None = None

    @property
    def bind(self) -> bool:
        return self.cap is not None or self.floor is not None

    def shown(self, raw: int) -> int:
        if self.cap is not None and raw > self.cap:
            return self.cap
        if self.floor is not None and raw < self.floor:
            return self.floor
        return raw


class Score(NamedTuple):
    """A sum of lines. One of traits follows the profile, one of events what happened."""

    name: str
    bounds: Bounds
    is_of_traits: bool
    in_total: bool


class Group(NamedTuple):
    """Rules that are bounded together, within one score."""

    id: int
    score: str
    bounds: Bounds


class PoolOf(NamedTuple):
    """Where points lie that decay together: what they lose is told in `line`, and taken from `group`, if in one."""

    id: int
    line: int
    score: str
    group: Group | None
    decay: Decay


class Target(NamedTuple):
    """One score that a rule counts toward, and the rule's line in it."""

    line: int
    score: str
    group: Group | None = None
    pool: PoolOf | None = None


class Limit(NamedTuple):
    """At most so many times, or points, in each period.

    A day or a week is mostly the one in which the event happened. With `by_arrival` it is the one in which it was told:
    whoever may tell of the past would have the limit once for each of its days.
    """

    id: int
    period: Period
    times: int | None
    points: int | None
    by_arrival: bool = False

    def dates(self, event: LeadEvent) -> int:
        """The moment (ms) by which the event is in a period."""
        return event.received_at if self.by_arrival else event.occurred_at


class Count(NamedTuple):
    """Lets through the event with which the count reaches `step`, or any multiple of it if it `repeats`.

    Counted are events, or thousandths of the number at `of`. `window` is the time within which events count, where
    that is no period. What sets the count back is a Watch of the same id.
    """

    id: int
    step: int
    repeats: bool
    of: tuple[str, ...] | None
    period: Period
    window: int | None


class After(NamedTuple):
    """Gives points only within `within` ms after the condition that `id` remembers matched."""

    id: int
    within: int


class TraitRule(NamedTuple):
    """Points for as long as the lead's traits match."""

    name: str
    points: int
    matches: Condition
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Points for an event that matches; which do, a matcher finds out for all rules at once.

    `is_plain` says that a match gives its points, whatever happened before.
    """

    name: str
    points: int
    targets: tuple[Target, ...]
    trust: Trust = Trust.PUBLIC
    is_activity: bool = False
    is_plain: bool = True
    after: After | None = None
    count: Count | None = None
    once_per: tuple[str, ...] | None = None
    once_id: int = 0
    limits: tuple[Limit, ...] = ()
    public_limit: Limit | None = None
    reads_lead: bool = False

    @property
    def signal(self) -> int:
        """What stands for the rule where signals are counted."""
        return self.targets[0].line

    @property
    def is_once(self) -> bool:
        """Whether what it gives is used up for good: once, once for each value, or so much of it ever."""
        return self.once_per is not None or any(limit.period is Period.EVER for limit in self.limits)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What all rules that match an event do together. The same rules match again and again.

    `lines`, `scores`, `groups` and `pools` are what those rules give that just give their points; `takes` whether any
    of them takes some. `conditional` are the others, in the model's order.
    """

    rules: tuple[Rule, ...]
    is_activity: bool
    lines: tuple[tuple[int, int], ...]
    scores: tuple[tuple[str, int], ...]
    groups: tuple[tuple[Group, int], ...]
    pools: tuple[tuple[PoolOf, int], ...]
    signals: tuple[int, ...]
    takes: bool
    conditional: tuple[Rule, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Match":
        plain = [rule for rule in rules if rule.is_plain]
        given = [(target, rule.points) for rule in plain for target in rule.targets]
        return cls(
            rules=tuple(rules),
            is_activity=any(rule.is_activity for rule in rules),
            lines=tuple((target.line, points) for target, points in given),
            scores=_summed((target.score, points) for target, points in given if target.group is None),
            groups=_summed((target.group, points) for target, points in given if target.group is not None),
            pools=_summed((target.pool, points) for target, points in given if target.pool is not None),
            signals=tuple(rule.signal for rule in plain if rule.points > 0),
            takes=any(rule.points < 0 for rule in plain),
            conditional=tuple(rule for rule in rules if not rule.is_plain),
        )


def _summed[K](given: Iterable[tuple[K, int]]) -> tuple[tuple[K, int], ...]:
    sums: dict[K, int] = {}
    for key, points in given:
        sums[key] = sums.get(key, 0) + points
    return tuple(sums.items())


class Watch(NamedTuple):
    """A condition that a rule remembers: since when it has matched (`after`), or that it did (`without`)."""

    id: int
    matches: Condition
    sets_back: bool


class Effect(NamedTuple):
    """What an event does beside giving points, if its source is trusted enough.

    `scores` and `groups` are what it takes back to zero; `lines` is its line in each score that it may show in.
    """

    kind: str
    lines: Mapping[str, int]
    trust: Trust
    matches: Condition
    stage: str = ""
    scores: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()


class Only(StrEnum):
    """Whom an inactivity step concerns."""

    NEVER_ACTIVE = "never-active"
    WENT_QUIET = "went-quiet"


class InactivityStep(NamedTuple):
    """After `after` ms without activity, and then `every` so often: takes points off a score, never below zero.

    `bands` are (from, take), the highest first; `take` None is all there is. `at_most` bounds one idle spell.
    """

    id: int
    name: str
    after: int
    every: int | None
    bands: tuple[tuple[int, int], ...] | None
    at_most: int | None
    only: Only | None
    lines: Mapping[str, int]

    @property
    def is_reset(self) -> bool:
        return self.bands is None

    def take(self, score: int) -> int:
        """What the step wants of a score of so many points."""
        if self.bands is None:
            return score
        return next((take for bound, take in self.bands if score >= bound), 0)


class Stage(NamedTuple):
    """A stage that a lead enters when each score named in `at` has reached its threshold.

    It stays while each score is at its bound in `holds` or above. `grade` is in thirds, `signals` a number of rules,
    `quiet` the ms for which entering it is not told again.
    """

    name: str
    at: Mapping[str, int]
    holds: Mapping[str, int]
    route: str | None = None
    grade: int | None = None
    signals: int = 0
    quiet: int = 0
    id: int = 0

    @property
    def is_simple(self) -> bool:
        """Whether scores alone decide."""
        return self.grade is None and not self.signals


@dataclass(frozen=True, slots=True, eq=False)
class Burst:
    """Machine-made: `at_least` different values of the field at `each` within `within` ms.

    Of events of one `trust`: what anybody can send must not make what a server says look like a machine's. Nor what
    signed links tell, whose trust is the same: those are a kind of their own (`is_signed`).
    """

    id: int
    trust: Trust
    is_signed: bool
    matches: Condition
    each: tuple[str, ...]
    at_least: int
    within: int
    lines: Mapping[str, int]


class Visits(NamedTuple):
    """Which events make up a visit, and after how much time without one the next visit starts."""

    matches: Condition
    gap: int


class Combine(StrEnum):
    """What becomes of the scores of an account's leads."""

    SUM = "sum"
    MAXIMUM = "maximum"
    TOP = "top"


class Accounts(NamedTuple):
    """How an account's score follows from its leads'. `leads` is how many the top ones are, `of` which score counts."""

    combine: Combine
    leads: int
    of: str


class Matrix(NamedTuple):
    """Cells like B2: a letter by fit or by grade, a number by engagement; the bounds descend."""

    rows_of: str
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    priorities: Mapping[str, str]

    def cell(self, row_score: int, engagement: int) -> str:
        row = sum(row_score < bound for bound in self.rows)
        column = sum(engagement < bound for bound in self.columns)
        return f"{chr(ord('A') + row)}{column + 1}"


LETTERS = ("F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+")
