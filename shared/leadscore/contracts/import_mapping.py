"""The mapping of a file that is imported: what its columns mean. docs/files.md explains it."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from leadscore.contracts.yaml_file import Path, YamlError, YamlFile

FILE_BYTES_MAX = 64 * 1024
COLUMNS_MAX = 1_000

_KIND = r"\A[a-z][a-z0-9_]{0,31}\z"
#: The name becomes a path: nothing but the zones' own names gets that far.
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
_WORDS = ("timestamp", "event", "message_id", "ignore")
_MEANINGS = ("trait", "property", "identifier", "timestamp")
_WANTED_COLUMN = (
    'one of {trait: industry}, {property: minutes}, {identifier: email}, {timestamp: "%d.%m.%Y %H:%M"},'
    f" {', '.join(_WORDS)}"
)
#: What a field must be: this is all that a wrong value is told.
_WANTED = {
    "event": "an event's name of 1 to 200 characters, like Webinar Attended",
    "columns": f"the names of up to {COLUMNS_MAX:,} columns, each with what it is",
    "encoding": "utf-8 or windows-1252",
    "delimiter": 'one character, in quotes, like ";"',
    "source": "a name of 1 to 32 of a-z, 0-9, - and _",
    "notify": "true or false",
    "trait": "a trait's name of 1 to 100 characters",
    "property": "a property's name of 1 to 100 characters",
    "identifier": "user_id, email, anonymous_id, or the kind of another system's id, like hubspot",
    "timestamp": 'a format as strptime takes it, like "%d.%m.%Y %H:%M"',
    "as": "number or boolean, or left out for text",
    "zone": "a time zone's name, like Europe/Berlin",
}


class MappingError(Exception):
    """A mapping that cannot be used: a line for each thing that is wrong, with where it stands and the remedy."""


class ColumnMeaning(NamedTuple):
    """What a column is: `kind` as in the file, `form` a number, a boolean, or the format of a time."""

    kind: str
    name: str = ""
    form: str = ""
    zone: str = ""


class ImportMapping(NamedTuple):
    """What a mapping says; what it leaves out is empty."""

    columns: dict[str, ColumnMeaning]
    event: str = ""
    encoding: str = ""
    delimiter: str = ""
    source: str = ""
    notify: bool = False


_Name = Annotated[str, Field(min_length=1, max_length=100)]


class _Column(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    trait: _Name | None = None
    property_: Annotated[_Name | None, Field(alias="property")] = None
    identifier: Annotated[str, Field(pattern=_KIND)] | None = None
    timestamp: _Name | None = None
    as_: Annotated[Literal["number", "boolean"] | None, Field(alias="as")] = None
    zone: str | None = None
    #: For a column that is one of _WORDS.
    _word: str = PrivateAttr("")

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        if value is None or (_ZONE.fullmatch(value) and _exists(value)):
            return value
        raise PydanticCustomError("finding", "this must be " + _WANTED["zone"])

    @model_validator(mode="after")
    def _means_one_thing(self) -> "_Column":
        if self._word:
            return self
        given = [kind for kind, value in self._meanings().items() if value is not None]
        if len(given) != 1 and not (self.zone and not given):
            raise PydanticCustomError("finding", "this must be " + _WANTED_COLUMN)
        if self.as_ and given[0] not in ("trait", "property"):
            raise PydanticCustomError("finding", "`as` is for a trait or a property: remove it")
        if self.zone and given not in ([], ["timestamp"]):
            raise PydanticCustomError("finding", "`zone` is for a timestamp: remove it")
        return self

    def meaning(self) -> ColumnMeaning:
        if self._word:
            return ColumnMeaning(self._word)
        for kind, name in self._meanings().items():
            if name is not None and kind != "timestamp":
                return ColumnMeaning(kind, name, self.as_ or "")
        return ColumnMeaning("timestamp", "", self.timestamp or "", self.zone or "")

    def _meanings(self) -> dict[str, str | None]:
        values = (self.trait, self.property_, self.identifier, self.timestamp)
        return dict(zip(_MEANINGS, values, strict=True))


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # not there, no zone file, a folder
        return False
    return True


def _column(value: Any) -> Any:
    if isinstance(value, str) and value in _WORDS:
        column = _Column.model_construct()
        column._word = value
        return column
    if isinstance(value, dict) and value:
        return value
    raise PydanticCustomError("finding", "this must be " + _WANTED_COLUMN)


class _Mapping(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    event: Annotated[str, Field(min_length=1, max_length=200)] = ""
    columns: Annotated[
        dict[Annotated[str, Field(min_length=1)], Annotated[_Column, BeforeValidator(_column)]],
        Field(max_length=COLUMNS_MAX),
    ] = {}
    encoding: Literal["", "utf-8", "windows-1252"] = ""
    delimiter: Annotated[str, Field(max_length=1)] = ""
    source: Annotated[str, Field(pattern=r"\A[a-z0-9_-]{0,32}\z")] = ""
    notify: bool = False

    @field_validator("delimiter")
    @classmethod
    def _separates(cls, value: str) -> str:
        if value in ('"', "\r", "\n"):
            raise PydanticCustomError("finding", "this must be " + _WANTED["delimiter"])
        return value


def read_mapping(text: str, *, name: str) -> ImportMapping:
    """The mapping in a YAML text; `name` stands for the file in errors. Raises MappingError."""
    if len(text.encode("utf-8", "surrogatepass")) > FILE_BYTES_MAX:
        raise MappingError(f"{name}:1: the file has more than {FILE_BYTES_MAX // 1024} KB: shorten it")
    try:
        file = YamlFile(text)
    except YamlError as error:
        raise MappingError(f"{name}:{error.line}: {error.problem}") from None
    try:
        found = _Mapping.model_validate(file.document)
    except ValidationError as error:
        problems = sorted({(file.line(path), problem) for path, problem in _problems(error)})
        raise MappingError("\n".join(f"{name}:{line}: {problem}" for line, problem in problems)) from None
    columns = {column: meaning.meaning() for column, meaning in found.columns.items()}
    return ImportMapping(columns, found.event, found.encoding, found.delimiter, found.source, found.notify)


def _problems(error: ValidationError) -> Iterator[tuple[Path, str]]:
    for found in error.errors(include_url=False, include_input=False):
        path: Path = found["loc"]
        where = ".".join(map(str, path)) or "the file"
        match found["type"]:
            case "finding":
                yield path, f"{where}: {found['msg']}"
            case "extra_forbidden":
                fields = ", ".join(_Mapping.model_fields if len(path) == 1 else (*_MEANINGS, "as", "zone"))
                yield path, f"{where}: unknown field; known are {fields}"
            case "model_type" | "dict_type" if not path:
                yield path, f"there must be fields here, out of {', '.join(_Mapping.model_fields)}"
            case _:
                yield path, f"{where}: this must be {_WANTED.get(str(path[-1] if path else ''), _WANTED_COLUMN)}"
