"""Reads a YAML file that a person wrote, strictly, and remembers on which line everything stands.

YAML 1.1 and 1.2 disagree on what `no`, `12:30` or `1e3` are. What they disagree on is refused, so that a file means
the same to every reader. Anchors and aliases are allowed and bounded; tags, merges and repeated keys are not.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

type Path = tuple[str | int, ...]

#: Far above what a scoring model needs; an alias counts as all that it stands for.
NODES_MAX = 20_000
DEPTH_MAX = 32

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LITERALS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TEXT = "tag:yaml.org,2002:str"
_BOOLEAN = "tag:yaml.org,2002:bool"
_RESOLVER = yaml.resolver.Resolver()


class YamlError(Exception):
    """What is wrong with the text, and where; lines count from 1."""

    def __init__(self, line: int, problem: str, path: Path = ()) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem
        self.path = path


class YamlFile:
    """The document in a YAML text, and the line of each of its parts. Raises YamlError."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._lines: dict[Path, int] = {(): 1}
        try:
            self.document = self._only_document()
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise YamlError(line, "there is a control or broken character: remove it") from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = f"this is no YAML ({error.problem}): check indentation (spaces, no tabs), colons and quotes"
            raise YamlError(1 if mark is None else mark.line + 1, problem) from None

    def line(self, path: Path) -> int:
        """The line of what is at the path, or else of the nearest thing around it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _only_document(self) -> Any:
        document: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlError(_line(event), "one document per file: remove the `---`")
                document = self._value(next(self._events), ())
        return document

    def _value(self, event: yaml.Event, path: Path) -> Any:
        if len(path) > DEPTH_MAX:
            raise YamlError(_line(event), f"this is nested more than {DEPTH_MAX} deep", path[:4])
        self._lines.setdefault(path, _line(event))
        before = self._nodes
        self._count(1, event)
        match event:
            case yaml.AliasEvent():
                return self._aliased(event, path)
            case yaml.MappingStartEvent(tag=None):
                value: Any = self._mapping(path)
            case yaml.SequenceStartEvent(tag=None):
                value = self._sequence(path)
            case yaml.ScalarEvent(tag=None):
                value = _scalar(event, path)
            case _:
                raise YamlError(_line(event), "tags (`!...`) are not understood: remove it", path)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._key(event, path)
            if name in mapping:
                raise YamlError(_line(event), f"`{name}` is here twice: keep one", (*path, name))
            self._lines[(*path, name)] = _line(event)
            mapping[name] = self._value(next(self._events), (*path, name))
        return mapping

    def _key(self, event: yaml.Event, path: Path) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlError(_line(event), "a field's name must be plain text", path)
        if event.value == "<<" and not event.style:
            raise YamlError(_line(event), "`<<` (merge) is not understood: write the fields out", path)
        name = _scalar(event, (*path, event.value))
        if not isinstance(name, str):
            raise YamlError(_line(event), f'a field\'s name must be text: write "{event.value}" in quotes', path)
        return name

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _aliased(self, event: yaml.AliasEvent, path: Path) -> Any:
        if event.anchor not in self._anchors:
            raise YamlError(
                _line(event), f"`*{event.anchor}` stands for nothing above it: define `&{event.anchor}`", path
            )
        value, nodes = self._anchors[event.anchor]
        self._count(nodes, event)
        return value

    def _count(self, nodes: int, event: yaml.Event) -> None:
        self._nodes += nodes
        if self._nodes > NODES_MAX:
            raise YamlError(_line(event), f"this has more than {NODES_MAX} parts, aliases counted in full: shorten it")


def _scalar(event: yaml.ScalarEvent, path: Path) -> Any:
    """Text, or what both YAML versions and JSON agree on."""
    text = event.value
    if _SURROGATE.search(text):
        raise YamlError(_line(event), "this holds half a character (a surrogate): write the character itself", path)
    if event.style:
        return text
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    is_number = _JSON_NUMBER.fullmatch(text) is not None
    if tag == _TEXT and not _looks_numeric(text):
        return text
    if tag != _TEXT and is_number:
        return float(text) if "." in text else int(text)
    if tag != _TEXT and text.lower() in _LITERALS:
        return _LITERALS[text.lower()]
    other = "true or false" if tag == _BOOLEAN else "a plain number"
    raise YamlError(
        _line(event),
        f'programs disagree on what `{text}` is: write "{text}" in quotes if it is text, else {other}',
        path,
    )


def _looks_numeric(text: str) -> bool:
    """A number to YAML 1.2 or JSON, but text to YAML 1.1: `1e3`, `0o17`."""
    return re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+|0o[0-7]+", text) is not None


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else mark.line + 1
