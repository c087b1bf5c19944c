"""Scores, groups, grades, the matrix and ladders of stages, as a person may write them."""

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from leadscore.contracts.model_schema_fields import (
    Duration,
    Grade,
    Name,
    Part,
    Points,
    PointsAboveZero,
    PointsUpToZero,
    ThresholdsOrPoints,
    TraitCondition,
    Word,
    finding,
)
from leadscore.contracts.model_schema_rules import Decay, PointsAtMost
from leadscore.domain.rules import LETTERS


def of_own_score(stages: Any, score: str) -> Any:
    """Stages whose bare numbers are thresholds of their ladder's own score. What is no stage stays, to be refused."""
    if not isinstance(stages, list):
        return stages
    return [_of_own_score(stage, score) if isinstance(stage, dict) else stage for stage in stages]


def _of_own_score(stage: dict[str, Any], score: str) -> dict[str, Any]:
    return {
        name: {score: value} if name in ("at", "drop_below") and type(value) is int else value
        for name, value in stage.items()
    }


class StageEntry(Part):
    """One stage of a ladder."""

    stage: Word
    """The stage's name."""
    at: ThresholdsOrPoints | None = None
    """The score that it takes to get in, or several scores that all must be reached. The first stage has none."""
    drop_below: ThresholdsOrPoints | None = None
    """A lead stays until a score is below this. Default: the same as `at`."""
    grade: Grade | None = None
    """At least this grade."""
    signals: Annotated[int, Field(ge=1, le=100)] | None = None
    """At least so many different engagement rules have given points since the last reset."""
    quiet: Duration | None = None
    """Entering this stage is not told again within this time."""
    route: Word | None = None
    """Who is told when a lead enters or leaves: `sales` and `nurture` have a queue."""


Ladder = Annotated[list[StageEntry], Field(min_length=1, max_length=20)]


class ScoreEntry(Part):
    """A score of the model's own, or settings for fit, engagement or total."""

    score: Word
    """The score's name: `fit`, `engagement`, `total`, or one of your own."""
    cap: PointsAboveZero | None = None
    """The score shows no more than this."""
    floor: PointsUpToZero | None = None
    """The score shows no less than this."""
    decay: Decay | None = None
    """How points that count here grow less with time. For scores of events."""
    in_total: bool | None = None
    """Whether the score is part of the total. Default: no."""
    stages: Ladder | None = None
    """A ladder of its own. Below its lowest stage a lead is in none of it."""

    @model_validator(mode="before")
    @classmethod
    def _reads_numbers_as_its_own(cls, fields: Any) -> Any:
        if not isinstance(fields, dict) or "stages" not in fields:
            return fields
        return {**fields, "stages": of_own_score(fields["stages"], str(fields.get("score")))}


class GroupEntry(Part):
    """Rules that are bounded together."""

    group: Name
    """The group's name."""
    cap: PointsAboveZero | None = None
    """The group counts no more than this in its score."""
    floor: PointsUpToZero | None = None
    """The group counts no less than this in its score."""
    decay: Decay | None = None
    """How the points of its rules grow less with time. For engagement rules."""
    at_most: PointsAtMost | None = None
    """How many points its rules give together. For engagement rules."""


class Criterion(Part):
    """What makes the grade better or worse."""

    rule: Name
    """What people read in an explanation. Unique in the file."""
    thirds: Annotated[int, Field(ge=-12, le=12)]
    """Thirds of a letter: 3 lift a C to a B, 1 to a C+; below zero lowers."""
    when: TraitCondition
    """What the traits must be: an event pattern that names traits directly."""

    @model_validator(mode="after")
    def _moves_the_grade(self) -> Self:
        if self.thirds == 0:
            raise finding("0 thirds change nothing: write a number, or remove the criterion", "thirds")
        return self


class GradeEntry(Part):
    """A letter for who a lead is, from F to A+."""

    start: Grade | None = None
    """The grade of a lead of whom nothing is known. Default: D."""
    criteria: list[Criterion] = Field(default_factory=list)
    """What lifts and lowers it."""


class AccountsEntry(Part):
    """Scores of companies, made of the scores of their leads."""

    score: Literal["sum", "maximum", "top"]
    """What becomes of the leads' scores: their sum, the highest, or the sum of the highest few."""
    leads: Annotated[int, Field(ge=1, le=100)] | None = None
    """With `score: top`: how many of the highest are added up. Default: 3."""
    of: Word | None = None
    """Which score of the leads counts. Default: total."""


_Bounds = Annotated[list[Points], Field(min_length=1, max_length=8)]


class MatrixEntry(Part):
    """Cells like B2: a letter by fit or grade, a number by engagement."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["fit"]}, {"required": ["grade"]}]})

    fit: _Bounds | None = None
    """The lowest fit of A, of B, and so on, descending; below the last one more letter."""
    grade: Annotated[list[Grade], Field(min_length=1, max_length=8)] | None = None
    """Instead of fit: the lowest grade of A, of B, and so on."""
    engagement: _Bounds
    """The lowest engagement of 1, of 2, and so on, descending."""

    @model_validator(mode="after")
    def _descends(self) -> Self:
        if (self.fit is None) == (self.grade is None):
            raise ValueError("the letters come from one thing: `fit: [60, 40, 20]` or `grade: [A-, B-, C-]`")
        grades = [LETTERS.index(letter) for letter in self.grade or ()]
        for name, bounds in (("fit", self.fit or ()), ("grade", grades), ("engagement", self.engagement)):
            for place, (higher, lower) in enumerate(pairwise(bounds), start=1):
                if lower >= higher:
                    raise finding("the bounds descend: this must be below the one before it", name, place)
        return self

    def cells(self) -> list[str]:
        """`A1`, `A2`, ... `B1`, ..."""
        rows = len(self.fit or self.grade or ()) + 1
        return [
            f"{chr(ord('A') + row)}{column}" for row in range(rows) for column in range(1, len(self.engagement) + 2)
        ]
