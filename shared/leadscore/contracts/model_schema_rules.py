"""Rules, effects and inactivity steps, as a person may write them. docs/model.md explains them."""

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from leadscore.contracts.model_schema_fields import (
    DURATION_DAYS_MAX,
    POINTS_MAX,
    Duration,
    EventCondition,
    EventNames,
    FieldPath,
    HalfLife,
    HourlyDuration,
    Moment,
    Name,
    Part,
    Period,
    Points,
    PointsAboveZero,
    ScoreNames,
    TraitCondition,
    Trust,
    Window,
    Word,
    finding,
)
from leadscore.domain.durations import DAY_MS, duration_ms

#: As many moments as a count keeps of the time that has not passed yet.
ROLLING_COUNT_MAX = 50


def _exactly_one(*names: str, **needs: list[str]) -> ConfigDict:
    """Of these fields one; and what else a field needs beside it."""
    needed: dict[str, Any] = {"dependentRequired": needs} if needs else {}
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in names]} | needed)


def _any_of(*names: str) -> ConfigDict:
    return ConfigDict(json_schema_extra={"anyOf": [{"required": [name]} for name in names]})


# -- what a rule, a group or a score may say of number and time -----------------------------------------------------


class Decay(Part):
    """How points grow less with time: by half, by a share of them per period, or all at once."""

    model_config = _exactly_one("half_life", "percent", "expire_after", percent=["every"], every=["percent"])

    half_life: HalfLife | None = None
    """Points halve in this time, in hourly steps. Whole hours."""
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """So many percent of what was given go in every period of `every`, evenly, until nothing is left."""
    every: Duration | None = None
    """The period of `percent`."""
    expire_after: Duration | None = None
    """Points are gone this long after they were given."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        kinds = [self.half_life, self.percent, self.expire_after]
        if sum(kind is not None for kind in kinds) != 1 or (self.percent is None) != (self.every is None):
            raise ValueError(
                "points decay in one way: `half_life: 30d`, `percent: 50` with `every: 30d`, or `expire_after: 90d`"
            )
        if self.percent is not None and self.every is not None:
            days = duration_ms(self.every) * 100 // self.percent // DAY_MS
            if days >= DURATION_DAYS_MAX:
                raise ValueError(f"this takes {days} days to the end, {DURATION_DAYS_MAX} are the limit: decay faster")
        return self


class PointsAtMost(Part):
    """A limit on the points that are given."""

    points: PointsAboveZero
    """Of more points only the rest up to here is given. Rules that take points are limited in how much they take."""
    per: Period | None = None
    """What the limit starts anew with: each visit, UTC day, or week from Monday. Default: `ever`."""


class AtMost(Part):
    """A limit on how often a rule gives points, or how many, or both."""

    model_config = _any_of("times", "points")

    times: Annotated[int, Field(ge=1, le=POINTS_MAX)] | None = None
    """So often at most."""
    points: PointsAboveZero | None = None
    """So many points at most: of more only the rest is given."""
    per: Period | None = None
    """What the limit starts anew with: each visit, UTC day, or week from Monday. Default: `ever`."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.times is None and self.points is None:
            raise ValueError("a limit needs a number: `times: 3`, `points: 30`, or both")
        return self


class Condition(Part):
    """Which events: by name, by what is in them, or both."""

    model_config = _any_of("event", "when")

    event: EventNames | None = None
    """The event's name, or a list of names."""
    when: EventCondition | None = None
    """What the event must hold: an event pattern."""

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if self.event is None and self.when is None:
            raise ValueError("this would match every event: name an `event`, or a condition in `when`")
        return self


class After(Condition):
    """A second event that must have happened before."""

    within: Duration
    """The other event was at most so long ago."""


class Count(Part):
    """Counts matches, or adds up a number in them, and gives points when there are enough."""

    model_config = _exactly_one("at_least", "every")

    at_least: Annotated[int, Field(ge=1, le=POINTS_MAX)] | None = None
    """Points with the one event that makes it so many."""
    every: Annotated[int, Field(ge=1, le=POINTS_MAX)] | None = None
    """Points again with each further so many."""
    of: FieldPath | None = None
    """Add up the number in this field, instead of counting events."""
    within: Window | None = None
    """Start anew with each `visit`, `day` or `week`; or count only what lies within a length of time. Default: ever."""
    without: Condition | None = None
    """Such an event sets the count back to nothing."""

    @model_validator(mode="after")
    def _counts_to_something(self) -> Self:
        if (self.at_least is None) == (self.every is None):
            raise ValueError("a count gives points once or again and again: write `at_least: 3` or `every: 3`")
        if self.within in (None, "visit", "day", "week"):
            return self
        remedy = f"`within: {self.within}` needs a count of events with `at_least`; else use visit, day or week"
        if self.every is not None:
            raise finding(remedy, "every")
        if self.of is not None:
            raise finding(remedy, "of")
        if self.at_least is not None and self.at_least > ROLLING_COUNT_MAX:
            raise finding(
                f"within a length of time {ROLLING_COUNT_MAX} is the limit; else use a visit, day or week", "at_least"
            )
        return self


# -- rules ---------------------------------------------------------------------------------------------------------


class FitRule(Part):
    """Points for who a lead is. They stay as long as the condition on the traits holds."""

    rule: Name
    """What people read in an explanation. Unique in the file."""
    points: Points
    """What a match is worth; below zero takes."""
    when: TraitCondition
    """What the traits must be: an event pattern that names traits directly."""
    score: ScoreNames | None = None
    """Where the points count. Default: fit."""
    group: Name | None = None
    """The group whose bounds the points are under."""


class EventRule(Condition):
    """Something with a name that an event brings about."""

    rule: Name
    """What people read in an explanation. Unique in the file."""


class EngagementRule(EventRule):
    """Points for what a lead does."""

    points: Points
    """What a match is worth; below zero takes, zero leaves a line in the explanation."""
    score: ScoreNames | None = None
    """Where the points count: one score or several. Default: engagement."""
    group: Name | None = None
    """The group whose bounds, limits and decay the points are under."""
    trust: Trust | None = None
    """Only from sources that are believed at least so much. Default: public, which is everybody."""
    activity: bool | None = None
    """Whether a match is activity, which restarts the clock of inactivity. Default: yes if the points are above 0."""
    once: Literal[True] | None = None
    """The first time only."""
    once_per: FieldPath | None = None
    """Once for each value of this field of the event."""
    at_most: AtMost | None = None
    """No more often, or no more points, than this."""
    count: Count | None = None
    """Give points only when it has happened often enough."""
    after: After | None = None
    """Give points only if this happened before."""
    decay: Decay | None = None
    """How these points grow less with time. Default: as the group says, else the score."""

    @model_validator(mode="after")
    def _says_how_often_once(self) -> Self:
        if self.once and self.at_most is not None:
            raise finding("`once: true` means `at_most: {times: 1}` already: keep one of them", "once")
        return self


class StageEffect(EventRule):
    """An event that puts a lead into a stage."""

    stage: Word
    """One of the names in `stages`."""


class Reset(EventRule):
    """An event that takes scores back to zero. Only a server's word does it."""

    score: ScoreNames | None = None
    """Which scores of events. Default: all of them."""
    group: Name | None = None
    """Only what counts in this group."""

    @model_validator(mode="after")
    def _resets_one_thing(self) -> Self:
        if self.score is not None and self.group is not None:
            raise finding("name a `score` or a `group`: a rule of its own for each", "group")
        return self


class Burst(Condition):
    """What no person does: so many different values of a field within so short a time. Such events count nothing."""

    each: FieldPath
    """The field whose different values are counted."""
    at_least: Annotated[int, Field(ge=2, le=20)]
    """So many different values are machine-made."""
    within: Moment
    """From the first to the last of them, 60s at most."""


# -- time ----------------------------------------------------------------------------------------------------------


class Band(Part):
    """What a step takes from a score that has reached `from`."""

    from_: Annotated[int, Field(alias="from", ge=0, le=POINTS_MAX)]
    """The score has so many points or more."""
    take: PointsAboveZero
    """Then take so many."""


class InactivityStep(Part):
    """What time without activity takes."""

    model_config = _exactly_one("take", "reset", "bands", at_most=["every"])

    rule: Name
    """What people read in an explanation. Unique in the file."""
    after: Duration
    """So long after the last activity; without any, after the lead's first event."""
    take: PointsAboveZero | None = None
    """Points to take, never below zero."""
    reset: Literal[True] | None = None
    """Take all there is."""
    bands: Annotated[list[Band], Field(min_length=1, max_length=20)] | None = None
    """What to take by how much there is, the highest band first."""
    every: HourlyDuration | None = None
    """And again each time so much more has passed."""
    at_most: PointsAboveZero | None = None
    """With `every`: so many points at most in one idle spell."""
    score: ScoreNames | None = None
    """Which scores of events. Default: engagement."""
    only: Literal["never-active", "went-quiet"] | None = None
    """Only leads that never were active, or only those that were. Default: both."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if sum(does is not None for does in (self.take, self.reset, self.bands)) != 1:
            raise ValueError("a step does one thing: `take: <points>`, `bands: [...]` or `reset: true`")
        if self.reset and self.every is not None:
            raise finding("a reset leaves nothing to take again: remove `every`, or `take` points", "every")
        if self.at_most is not None and self.every is None:
            raise finding("this limits what is taken again and again: it needs `every`", "at_most")
        for place, (higher, lower) in enumerate(pairwise(self.bands or ()), start=1):
            if lower.from_ >= higher.from_:
                problem = f"the highest band comes first: this must be below {higher.from_}"
                raise finding(problem, "bands", place, "from")
        return self
