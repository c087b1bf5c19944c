"""The scoring model's file: what a person may write, and what to say where they wrote something else.

docs/model.md explains the language; `domain.model.compile_model` gives it its meaning.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from leadscore.contracts.model_review import Finding, contradictions, doubts
from leadscore.contracts.model_schema import WANTED, EngagementRule, ModelDocument, fields_of, part_at
from leadscore.contracts.yaml_file import Path, YamlError, YamlFile
from leadscore.domain.matching import show_path

FILE_BYTES_MAX = 256 * 1024


class Problem(NamedTuple):
    """Something wrong in a file, or worth a second look: where, and what to do."""

    line: int
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.line}: {self.path}: {self.text}" if self.path else f"{self.line}: {self.text}"


class ModelFileError(Exception):
    """A model file that cannot be used. `problems` holds all that was found, by line."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__("\n".join(f"{name}:{problem}" for problem in problems))
        self.name = name
        self.problems = tuple(problems)


class ModelFile(NamedTuple):
    """A valid model: the document for `compile_model`, and what its authors should look at again."""

    document: dict[str, Any]
    warnings: tuple[Problem, ...]
    file: YamlFile

    def problems(self, findings: Iterable[Finding]) -> list[Problem]:
        """What somebody else found in the document, by line."""
        return _located(findings, self.file)


def load_model(text: str, *, name: str) -> dict[str, Any]:
    """The document of a model's text. `name` stands for the file in errors. Raises ModelFileError."""
    return read_model(text, name=name).document


def read_model(text: str, *, name: str) -> ModelFile:
    """The document of a model's text and its warnings. Raises ModelFileError."""
    if len(text.encode("utf-8", "surrogatepass")) > FILE_BYTES_MAX:
        raise ModelFileError(name, [Problem(1, "", f"the file has more than {FILE_BYTES_MAX // 1024} KB: shorten it")])
    try:
        file = YamlFile(text)
    except YamlError as error:
        raise ModelFileError(name, [Problem(error.line, show_path(error.path), error.problem)]) from None
    try:
        model = ModelDocument.model_validate(file.document)
    except ValidationError as error:
        raise ModelFileError(name, _located(_schema_findings(error), file)) from None
    if findings := list(contradictions(model)):
        raise ModelFileError(name, _located(findings, file))
    document = model.model_dump(by_alias=True, exclude_unset=True)
    return ModelFile(document, tuple(_located(doubts(model), file)), file)


def _located(findings: Iterable[Finding], file: YamlFile) -> list[Problem]:
    return sorted(Problem(file.line(path), show_path(path), text) for path, text in findings)


def _schema_findings(error: ValidationError) -> Iterator[Finding]:
    errors = [
        (found["type"], tuple(step for step in found["loc"] if step != "[key]"), found.get("ctx", {}))
        for found in error.errors(include_url=False, include_input=False)
    ]
    misspelt = {(*path[:-1], _meant(path)) for kind, path, _ in errors if kind == "extra_forbidden"}
    for kind, path, context in errors:
        match kind:
            case "finding":
                yield (*path, *context["path"]), context["problem"]
            case "extra_forbidden" if path[0] == "fit" and path[-1] in fields_of(EngagementRule):
                text = (
                    f"a fit rule follows the traits and knows no events and no time: `{path[-1]}` is for `engagement`"
                )
                yield path, text
            case "extra_forbidden":
                guess = _meant(path)
                remedy = f"did you mean `{guess}`?" if guess else f"known are {', '.join(_fields_at(path[:-1]))}"
                yield path, f"unknown field `{path[-1]}`; {remedy}"
            case "missing" if path in misspelt:
                pass
            case "missing":
                yield path[:-1], f"`{path[-1]}` is missing: it must be {_wanted(path)}"
            case "model_type":
                yield path, f"there must be fields here, out of {', '.join(_fields_at(path))}"
            case "value_error" if not _is_value(path):
                yield path, str(context["error"])
            case _:
                yield path, f"this must be {_wanted(path)}"


def _is_value(path: Path) -> bool:
    """Whether this is one field's value, or an entry of one's list, and no part with fields of its own."""
    return part_at(path) is None


def _meant(path: Path) -> str | None:
    """The field that the last step of the path may be a misspelling of."""
    return next(iter(get_close_matches(str(path[-1]), _fields_at(path[:-1]), n=1)), None)


def _fields_at(path: Path) -> list[str]:
    part = part_at(path)
    return [] if part is None else list(fields_of(part))


def _wanted(path: Path) -> str:
    """What the value must be, by the innermost step that says so; one name may mean different things in two places."""
    steps = [str(step) for step in path if isinstance(step, str)]
    for place in reversed(range(len(steps))):
        for name in (".".join(steps[max(place - 1, 0) : place + 1]), steps[place]):
            if name in WANTED:
                return WANTED[name]
    return "a list"
