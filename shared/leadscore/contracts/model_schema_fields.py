"""The kinds of values in a scoring model's file, and what a wrong one is told it must be."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from leadscore.contracts.yaml_file import Path
from leadscore.domain.durations import DAY_MS, duration_ms
from leadscore.domain.matching import OR, PatternError, compile_pattern
from leadscore.domain.rules import LETTERS

POINTS_MAX = 1_000_000
DURATION_DAYS_MAX = 3_650
HALF_LIFE_DAYS_MAX = 730
BURST_SECONDS_MAX = 60
#: What a condition on an event can look at: the fields of `domain.model.event_document`.
EVENT_FIELDS = ("event", "call", "source", "trust", "properties", "context", "lead")
#: Marks where the published schema refers to one of its hand-written parts.
SCHEMA_PART = "part"

_WORD = "one word of up to 24 letters, digits, `-` and `_`, in quotes if it is a number"
_NAME = "text of 1 to 80 characters, on one line"
_DURATION = f"a length of time above 0 and up to {DURATION_DAYS_MAX}d, like 30d, 12h, 30m, 45s or 2w"
_THRESHOLDS = "a whole number of points, or whole numbers by score, like {fit: 60, engagement: 40}"
_SCORES = "a score's name, or a list of names, each once"
_PATH = "a field of the event, like properties.asset_id, context.campaign.name or event"
_GRADE = f"one of {', '.join(LETTERS)}"
_TRUE = "`true`, or left out"
_BOOLEAN = "`true` or `false`"

#: What a field must be: this is all that a wrong value is told. `parent.field` where one name means several things.
WANTED = {
    "model": _WORD,
    "rule": _NAME,
    "points": f"a whole number within ±{POINTS_MAX:,}, without quotes",
    "at_most.points": "a whole number of points above 0",
    "event": "an event's name or a list of names, like [Email Opened]: see docs/events.md",
    "when": "a condition: fields, each with a list of values, like {country: [DE, AT]}",
    "stage": _WORD,
    "at": _THRESHOLDS,
    "drop_below": _THRESHOLDS,
    "route": _WORD,
    "signals": "a whole number of rules, 1 to 100",
    "quiet": _DURATION,
    "after": _DURATION,
    "take": "a whole number of points above 0",
    "from": "a whole number of points, 0 or above",
    "inactivity.reset": _TRUE,
    "bands": "a list of 1 to 20 bands, like [{from: 31, take: 15}, {from: 0, take: 5}]",
    "only": "`never-active` or `went-quiet`, or left out",
    "inactivity.every": f"a length of time in hours, days or weeks, up to {DURATION_DAYS_MAX}d, like 7d",
    "inactivity.at_most": "a whole number of points above 0",
    "score": _SCORES,
    "scores.score": _WORD,
    "accounts.score": "one of `sum`, `maximum` and `top`",
    "accounts.leads": "a whole number of leads, 1 to 100",
    "accounts.of": "a score's name, or `total`",
    "group": _NAME,
    "cap": "a whole number of points above 0",
    "floor": "a whole number of points, 0 or below",
    "in_total": _BOOLEAN,
    "engagement.activity": _BOOLEAN,
    "trust": "one of `public`, `declared` and `server`",
    "once": _TRUE,
    "once_per": _PATH,
    "of": _PATH,
    "each": _PATH,
    "times": "a whole number above 0",
    "per": "one of `visit`, `day`, `week` and `ever`",
    "bursts.at_least": "a whole number from 2 to 20",
    "count.at_least": f"a whole number from 1 to {POINTS_MAX:,}",
    "count.every": f"a whole number from 1 to {POINTS_MAX:,}",
    "count.within": "`visit`, `day`, `week`, or a length of time like 7d",
    "bursts.within": f"a length of time up to {BURST_SECONDS_MAX}s, like 1s",
    "within": _DURATION,
    "gap": _DURATION,
    "decay.every": _DURATION,
    "half_life": f"a length of time in hours, days or weeks, up to {HALF_LIFE_DAYS_MAX}d, like 30d or 12h",
    "percent": "a whole number from 1 to 100",
    "expire_after": _DURATION,
    "start": _GRADE,
    "thirds": "a whole number of thirds of a letter within ±12, and not 0",
    "stages.grade": _GRADE,
    "matrix.fit": "a list of 1 to 8 whole numbers, the highest first, like [60, 40, 20]",
    "matrix.engagement": "a list of 1 to 8 whole numbers, the highest first, like [75, 50, 25]",
    "matrix.grade": "a list of 1 to 8 grades, the best first, like [A-, B-, C-]",
    "priority": "names, each with a list of cells of the matrix, like {high: [A1, A2]}",
    "stages": "a list of 1 to 20 stages, the lowest first",
    "scores": "a list of up to 12 scores",
    "groups": "a list of up to 30 groups",
    "bursts": "a list of up to 5 bursts",
    "criteria": "a list of criteria",
    "inactivity": "a list of up to 10 steps",
}


def finding(problem: str, *path: str | int) -> PydanticCustomError:
    """An error below the place that pydantic knows of: `path` leads on from there."""
    return PydanticCustomError("finding", "{problem}", {"problem": problem, "path": path})


class Part(BaseModel):
    """A place in the file that has fields."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _has_no_empty_field(cls, fields: Any) -> Any:
        for name, value in fields.items() if isinstance(fields, dict) else ():
            if value is None:
                raise finding(f"`{name}` is empty: write a value, or remove the line", name)
        return fields


# -- conditions ----------------------------------------------------------------------------------------------------


def outermost_fields(pattern: Any, path: Path = ()) -> Iterator[Path]:
    """The fields that a condition starts from, those of its alternatives included."""
    for name, condition in pattern.items() if isinstance(pattern, dict) else ():
        if name != OR:
            yield (*path, name)
        elif isinstance(condition, list):
            for place, alternative in enumerate(condition):
                yield from outermost_fields(alternative, (*path, OR, place))


def _pattern(value: Any) -> Any:
    try:
        compile_pattern(value)
    except PatternError as error:
        raise finding(error.problem, *error.path) from None
    return value


def _event_pattern(value: Any) -> Any:
    for path in outermost_fields(value):
        field = path[-1]
        if field not in EVENT_FIELDS:
            raise finding(f"an event has no `{field}`; did you mean `properties: {{{field}: ...}}`?", *path)
    return _pattern(value)


def _in_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _each_once[T](values: list[T]) -> list[T]:
    if len(set(values)) < len(values):
        raise ValueError("one of them is here twice")
    return values


# -- lengths of time -----------------------------------------------------------------------------------------------


def _within_years(duration: str) -> str:
    if not 0 < duration_ms(duration) <= DURATION_DAYS_MAX * DAY_MS:
        raise ValueError("too long, or no time at all")
    return duration


def _within_two_years(duration: str) -> str:
    if duration_ms(duration) > HALF_LIFE_DAYS_MAX * DAY_MS:
        raise ValueError("too long for a half-life")
    return duration


def _a_moment(duration: str) -> str:
    if duration_ms(duration) > BURST_SECONDS_MAX * 1_000:
        raise ValueError("too long for a burst")
    return duration


def _is_duration_or_period(value: str) -> str:
    return value if value in ("visit", "day", "week") else _within_years(value)


_DURATION_PATTERN = "[1-9][0-9]{0,8}[smhdw]"
_HOURLY_PATTERN = "[1-9][0-9]{0,8}[hdw]"
_PATH_PATTERN = r"^(event|source|call|trust|(properties|context)(\.[^.\s][^.]*)+)$"


def _text(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


def _one_or_list(item: dict[str, Any], *examples: Any) -> WithJsonSchema:
    some = {"type": "array", "items": item, "minItems": 1}
    return WithJsonSchema({"anyOf": [item, some], "examples": list(examples)})


Duration = Annotated[
    str,
    Field(pattern=f"^{_DURATION_PATTERN}$"),
    AfterValidator(_within_years),
    _text(f"^{_DURATION_PATTERN}$", "30d", "12h", "30m", "45s", "2w"),
]
#: Of whole hours, since that is the grid of decay by half-lives.
HourlyDuration = Annotated[
    str,
    Field(pattern=f"^{_HOURLY_PATTERN}$"),
    AfterValidator(_within_years),
    _text(f"^{_HOURLY_PATTERN}$", "7d", "12h", "2w"),
]
HalfLife = Annotated[HourlyDuration, AfterValidator(_within_two_years)]
Moment = Annotated[Duration, AfterValidator(_a_moment), _text("^[1-9][0-9]{0,8}[sm]$", "1s", "10s")]
Window = Annotated[
    str,
    Field(pattern=f"^(visit|day|week|{_DURATION_PATTERN})$"),
    AfterValidator(_is_duration_or_period),
    _text(f"^(visit|day|week|{_DURATION_PATTERN})$", "visit", "day", "week", "7d"),
]
Period = Literal["visit", "day", "week", "ever"]

# -- names, numbers, conditions -------------------------------------------------------------------------------------

#: A backslash-free line of text, without space around it.
Name = Annotated[str, Field(max_length=80, pattern=r"^\S(.*\S)?$")]
# A stage stands three times in a state item, which has to fit a write unit of 1 KB.
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,23}$")]
FieldPath = Annotated[
    str, Field(max_length=200, pattern=_PATH_PATTERN), _text(_PATH_PATTERN, "properties.asset_id", "event")
]
Points = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX)]
PointsAboveZero = Annotated[int, Field(ge=1, le=POINTS_MAX)]
PointsUpToZero = Annotated[int, Field(ge=-POINTS_MAX, le=0)]
Grade = Literal["F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+"]
Trust = Literal["public", "declared", "server"]

_EVENT_NAME: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
_WORD_SCHEMA: dict[str, Any] = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,23}$"}
EventNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]],
    Field(min_length=1, max_length=50),
    BeforeValidator(_in_a_list),
    _one_or_list(_EVENT_NAME, "Page Viewed", ["Email Opened", "Email Link Clicked"]),
]
ScoreNames = Annotated[
    list[Word],
    Field(min_length=1, max_length=12),
    AfterValidator(_each_once),
    BeforeValidator(_in_a_list),
    _one_or_list(_WORD_SCHEMA, "engagement", ["engagement", "data-security"]),
]
#: A bare number is turned into a threshold of the ladder's own score once the ladder is known.
Thresholds = dict[Word, Points]
_POINTS_SCHEMA: dict[str, Any] = {"type": "integer", "minimum": -POINTS_MAX, "maximum": POINTS_MAX}
ThresholdsOrPoints = Annotated[
    Thresholds,
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                _POINTS_SCHEMA,
                {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": _WORD_SCHEMA,
                    "properties": dict.fromkeys(("fit", "engagement", "total"), _POINTS_SCHEMA),
                    "additionalProperties": _POINTS_SCHEMA,
                },
            ],
            "examples": [50, {"fit": 60, "engagement": 40}],
        }
    ),
]
TraitCondition = Annotated[
    dict[str, Any], Field(min_length=1), BeforeValidator(_pattern), WithJsonSchema({SCHEMA_PART: "Fields"})
]
EventCondition = Annotated[
    dict[str, Any], Field(min_length=1), BeforeValidator(_event_pattern), WithJsonSchema({SCHEMA_PART: "EventFields"})
]
