"""What may be written in a scoring model's file, section by section. docs/model.md explains the language.

`model_schema_fields` has the kinds of values, `model_schema_rules` and `model_schema_scores` what stands in the
sections, `model_schema_json` publishes all of it for editors.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from leadscore.contracts.model_schema_fields import (
    EVENT_FIELDS,
    POINTS_MAX,
    SCHEMA_PART,
    WANTED,
    Duration,
    EventCondition,
    EventNames,
    Name,
    Part,
    Word,
    outermost_fields,
)
from leadscore.contracts.model_schema_rules import (
    Burst,
    Condition,
    EngagementRule,
    EventRule,
    FitRule,
    InactivityStep,
    PointsAtMost,
    Reset,
    StageEffect,
)
from leadscore.contracts.model_schema_scores import (
    AccountsEntry,
    Criterion,
    GradeEntry,
    GroupEntry,
    Ladder,
    MatrixEntry,
    ScoreEntry,
    StageEntry,
    of_own_score,
)
from leadscore.contracts.yaml_file import Path
from leadscore.domain.rules import TOTAL

__all__ = [
    "EFFECTS", "EVENT_FIELDS", "POINTS_MAX", "SCHEMA_PART", "WANTED", "Burst", "Condition", "Criterion",
    "EngagementRule", "EventRule", "FitRule", "GradeEntry", "GroupEntry", "InactivityStep", "Ladder", "MatrixEntry",
    "ModelDocument", "Part", "Reset", "ScoreEntry", "StageEffect", "StageEntry", "outermost_fields", "part_at",
]  # fmt: skip

#: The sections of what an event can do beside giving points.
EFFECTS = ("fast_track", "set_stage", "escape", "return", "disqualify", "requalify", "reset")
#: Sections whose every entry has a name in an explanation or a log.
RULE_SECTIONS = ("fit", "engagement", *EFFECTS, "inactivity")


class VisitsEntry(Part):
    """What a visit is made of."""

    event: EventNames | None = None
    """The events that make up a visit. Default: Page Viewed."""
    when: EventCondition | None = None
    """What such an event must hold: an event pattern."""
    gap: Duration | None = None
    """So long without one, and the next starts a visit. Default: 30m."""


class PublicEntry(Part):
    """Limits on what anybody can send with a public key."""

    at_most: PointsAtMost
    """How many points the events of public sources can give a lead, all rules and scores together."""


class ModelDocument(Part):
    """A scoring model: who is a good fit, what each action is worth, when a lead is handed over."""

    model_config = ConfigDict(title="Scoring model")

    model: Word
    """The model's name."""
    stages: Ladder
    """The ladder, lowest first: who works on a lead with this score. Every lead starts in the first stage."""
    activity: Condition | None = None
    """What counts as activity. Default: an event that matches an engagement rule with positive points."""
    visits: VisitsEntry | None = None
    """What a visit is. Default: page views with less than 30 minutes between them."""
    bursts: Annotated[list[Burst], Field(max_length=5)] | None = None
    """What is machine-made. Default: five different links of e-mails clicked within a second."""
    public: PublicEntry | None = None
    """Limits on what anybody can send with a public key."""
    scores: list[ScoreEntry] = Field(default_factory=list, max_length=12)
    """Settings for fit, engagement and total, and scores of your own: topics, personas, products."""
    groups: list[GroupEntry] = Field(default_factory=list, max_length=30)
    """Rules that are bounded together."""
    fit: list[FitRule] = Field(default_factory=list)
    """Who they are."""
    engagement: list[EngagementRule] = Field(default_factory=list)
    """What they do."""
    grade: GradeEntry | None = None
    """A letter for who they are."""
    matrix: MatrixEntry | None = None
    """Fit and engagement in one cell, like B2."""
    priority: dict[Name, list[str]] | None = None
    """Names for cells of the matrix."""
    accounts: AccountsEntry | None = None
    """Scores of companies, made of the scores of their leads. Without it companies have none."""
    fast_track: list[StageEffect] = Field(default_factory=list)
    """Events that put a lead into a stage at once. From a form or a server."""
    set_stage: list[StageEffect] = Field(default_factory=list)
    """Events that put a lead at least into a stage. From a form or a server."""
    escape: list[EventRule] = Field(default_factory=list)
    """Events that take engagement to zero and a lead off all lists. From a server."""
    return_: list[EventRule] = Field(alias="return", default_factory=list)
    """Events that bring an escaped lead back. From a form or a server."""
    disqualify: list[EventRule] = Field(default_factory=list)
    """Events that rule a lead out. From a server."""
    requalify: list[EventRule] = Field(default_factory=list)
    """Events that rule a lead in again. From a server."""
    reset: list[Reset] = Field(default_factory=list)
    """Events that take scores back to zero. From a server."""
    inactivity: list[InactivityStep] = Field(default_factory=list, max_length=10)
    """What time without activity takes."""

    @model_validator(mode="before")
    @classmethod
    def _reads_numbers_as_totals(cls, fields: Any) -> Any:
        if not isinstance(fields, dict) or "stages" not in fields:
            return fields
        return {**fields, "stages": of_own_score(fields["stages"], TOTAL)}

    def section(self, name: str) -> list[Any]:
        return getattr(self, "return_" if name == "return" else name)  # type: ignore[no-any-return]

    def rules(self) -> Iterator[tuple[Path, Any]]:
        """Everything that has a name in an explanation or a log, with its path."""
        for section in RULE_SECTIONS:
            for place, rule in enumerate(self.section(section)):
                yield (section, place), rule
        for place, criterion in enumerate(self.grade.criteria if self.grade else ()):
            yield ("grade", "criteria", place), criterion

    def ladders(self) -> Iterator[tuple[Path, str, list[StageEntry]]]:
        """Each ladder with its path and its score."""
        yield ("stages",), TOTAL, self.stages
        for place, score in enumerate(self.scores):
            if score.stages is not None:
                yield ("scores", place, "stages"), score.score, score.stages

    def conditions(self) -> Iterator[tuple[Path, Condition]]:
        """Everything that says which events it is about, with its path."""
        for path, rule in self.rules():
            if isinstance(rule, Condition):
                yield path, rule
            if isinstance(rule, EngagementRule) and rule.after is not None:
                yield (*path, "after"), rule.after
            if isinstance(rule, EngagementRule) and rule.count is not None and rule.count.without is not None:
                yield (*path, "count", "without"), rule.count.without
        for place, burst in enumerate(self.bursts or ()):
            yield ("bursts", place), burst
        if self.activity is not None:
            yield ("activity",), self.activity


def part_at(path: Path) -> type[Part] | None:
    """What has fields at this path of a model, if something has."""
    part: type[Part] | None = ModelDocument
    for step in path:
        if isinstance(step, str) and part is not None:
            field = fields_of(part).get(step)
            part = None if field is None else _part_in(field.annotation)
    return part


def fields_of(part: type[Part]) -> Mapping[str, FieldInfo]:
    """A part's fields by the names that a person writes."""
    return {field.alias or name: field for name, field in part.model_fields.items()}


def _part_in(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    parts = (_part_in(argument) for argument in get_args(annotation))
    return next((part for part in parts if part is not None), None)
