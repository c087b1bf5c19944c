"""What may be written in a scoring model's file, field by field. docs/model.md explains the language."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from leadscore.contracts.yaml_file import Path
from leadscore.domain.matching import OR, PatternError, compile_pattern
from leadscore.domain.model import ENGAGEMENT, FIT, TOTAL, duration_ms

POINTS_MAX = 1_000_000
#: What a condition on an event can look at: the fields of `domain.model.event_document`.
EVENT_FIELDS = ("event", "call", "source", "trust", "properties", "context")

#: What a field must be: this is all that a wrong value is told.
WANTED = {
    "model": "one word of up to 24 letters, digits, `-` and `_`, in quotes if it is a number",
    "rule": "text of 1 to 80 characters, on one line",
    "points": f"a whole number within ±{POINTS_MAX:,}, without quotes",
    "event": "an event's name or a list of names, like [Email Opened]: see docs/events.md",
    "when": "a condition: fields, each with a list of values, like {country: [DE, AT]}",
    "stage": "one word of up to 24 letters, digits, `-` and `_`, in quotes if it is a number",
    "at": f"a whole number of points, or whole numbers for some of `{FIT}`, `{ENGAGEMENT}` and `{TOTAL}`",
    "route": "one word of up to 24 letters, digits, `-` and `_`, in quotes if it is a number",
    "after": "a whole number of days or hours above 0, like 30d or 12h",
    "take": "a whole number of points above 0",
    "reset": "`true`, or left out",
    "stages": "a list of 1 to 20 stages, the lowest first",
    "inactivity": "a list of up to 10 steps",
}


def _in_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_total(value: Any) -> Any:
    return {TOTAL: value} if isinstance(value, int) and not isinstance(value, bool) else value


def _not_zero(duration: str) -> str:
    if duration_ms(duration) == 0:
        raise ValueError("no time at all")
    return duration


def _finding(problem: str, path: Path) -> PydanticCustomError:
    """An error below the place that pydantic knows of: `path` leads on from there."""
    return PydanticCustomError("finding", "{problem}", {"problem": problem, "path": path})


def _pattern(value: Any) -> Any:
    try:
        compile_pattern(value)
    except PatternError as error:
        raise _finding(error.problem, error.path) from None
    return value


def _event_pattern(value: Any) -> Any:
    for path in outermost_fields(value):
        field = path[-1]
        if field not in EVENT_FIELDS:
            raise _finding(f"an event has no `{field}`; did you mean `properties: {{{field}: ...}}`?", path)
    return _pattern(value)


def outermost_fields(pattern: Any, path: Path = ()) -> Iterator[Path]:
    """The fields that a condition starts from, those of its alternatives included."""
    for name, condition in pattern.items() if isinstance(pattern, dict) else ():
        if name != OR:
            yield (*path, name)
        elif isinstance(condition, list):
            for place, alternative in enumerate(condition):
                yield from outermost_fields(alternative, (*path, OR, place))


_Name = Annotated[str, Field(max_length=80, pattern=r"^\S(.*\S)?$")]
# A stage stands three times in a state item, which has to fit a write unit of 1 KB.
_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,23}$")]
_Points = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX)]
_PointsToTake = Annotated[int, Field(ge=1, le=POINTS_MAX)]
_EventName = Annotated[str, Field(min_length=1, max_length=200)]
_EventNames = Annotated[list[_EventName], Field(min_length=1, max_length=50), BeforeValidator(_in_a_list)]
Thresholds = dict[Literal["fit", "engagement", "total"], _Points]
_Thresholds = Annotated[Thresholds, Field(min_length=1), BeforeValidator(_as_total)]
_TraitCondition = Annotated[dict[str, Any], Field(min_length=1), BeforeValidator(_pattern)]
_EventCondition = Annotated[dict[str, Any], Field(min_length=1), BeforeValidator(_event_pattern)]
_Duration = Annotated[str, Field(max_length=6), AfterValidator(_not_zero)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _has_no_empty_field(cls, fields: Any) -> Any:
        for name, value in fields.items() if isinstance(fields, dict) else ():
            if value is None:
                raise _finding(f"`{name}` is empty: write a value, or remove the line", (name,))
        return fields


class FitRule(Part):
    rule: _Name
    points: _Points
    when: _TraitCondition


class EventRule(Part):
    rule: _Name
    event: _EventNames | None = None
    when: _EventCondition | None = None

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if self.event is None and self.when is None:
            raise ValueError("this would match every event: name an `event`, or a condition in `when`")
        return self


class EngagementRule(EventRule):
    points: _Points


class StageEffect(EventRule):
    stage: _Word


class InactivityStep(Part):
    rule: _Name
    after: _Duration
    take: _PointsToTake | None = None
    reset: Literal[True] | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (self.take is None) == (self.reset is None):
            raise ValueError("a step does one thing: `take: <points>` or `reset: true`")
        return self


class StageEntry(Part):
    stage: _Word
    at: _Thresholds | None = None
    route: _Word | None = None


class ModelDocument(Part):
    model: _Word
    stages: Annotated[list[StageEntry], Field(min_length=1, max_length=20)]
    fit: list[FitRule] = []
    engagement: list[EngagementRule] = []
    fast_track: list[StageEffect] = []
    set_stage: list[StageEffect] = []
    escape: list[EventRule] = []
    return_: Annotated[list[EventRule], Field(alias="return")] = []
    disqualify: list[EventRule] = []
    requalify: list[EventRule] = []
    inactivity: Annotated[list[InactivityStep], Field(max_length=10)] = []

    def rules(self) -> Iterator[tuple[Path, Any]]:
        """Everything that has a name in an explanation or a log, with its path."""
        for section in RULE_SECTIONS:
            for place, rule in enumerate(getattr(self, "return_" if section == "return" else section)):
                yield (section, place), rule


SECTIONS: Mapping[str, type[Part]] = {
    "stages": StageEntry,
    "fit": FitRule,
    "engagement": EngagementRule,
    "fast_track": StageEffect,
    "set_stage": StageEffect,
    "escape": EventRule,
    "return": EventRule,
    "disqualify": EventRule,
    "requalify": EventRule,
    "inactivity": InactivityStep,
}
RULE_SECTIONS = tuple(name for name in SECTIONS if name != "stages")
