"""Conditions of the scoring model: event patterns as Amazon EventBridge defines them (without `cidr`), as closures.

A field holds a list of matchers, any of which may match; fields are ANDed; `$or` holds alternatives. A field of the
document is present if it has at least one value that is no object: a list counts as its elements, at any depth, so an
empty list is absent. What a pattern asks of an object inside a list must hold within one element. An absent field
fails every matcher but `exists: false`. Numbers compare as numbers (300 is 300.0), and `"1"`, `1` and `true` are
three different things. Documents are plain JSON, as `json.loads` makes it.
"""

import json
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from leadscore.domain.event import Json

type Path = tuple[str | int, ...]
#: Judges one value that is neither an object nor a list.
type Test = Callable[[Any], bool]
#: Judges one object of the document; the whole document comes along, since absence is a property of the whole.
type _Node = Callable[[Json, Json], bool]

OR = "$or"
_NO_FIELDS: dict[str, Any] = {}


class PatternError(ValueError):
    """A condition is none. `path` leads to the place inside the pattern, `problem` says what to write instead."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{show_path(path)}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def show_path(path: Path) -> str:
    """`properties.form[0]`"""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def compile_pattern(pattern: Mapping[str, Any]) -> Callable[[Json], bool]:
    """The pattern as a function of a document. An empty pattern matches everything. Raises PatternError."""
    if not isinstance(pattern, Mapping):
        raise PatternError((), f"a condition names fields, each with a list of values, but this is {_shown(pattern)}")
    matches = _all_of([_field(name, condition, (name,)) for name, condition in pattern.items()])
    return lambda document: matches(document, document)


def _field(name: str, condition: Any, path: Path) -> _Node:
    """What the pattern says of one field; `path` ends with it."""
    if not isinstance(name, str):
        raise PatternError(path, "a field's name is text: put it in quotes")
    if name == OR:
        return _any_of(condition, path)
    if isinstance(condition, Mapping):
        return _nested(name, condition, path)
    if isinstance(condition, Sequence) and not isinstance(condition, str):
        return _leaf(name, condition, path)
    raise PatternError(path, f"write a list: [{_shown(condition)}]")


def _all_of(nodes: Sequence[_Node]) -> _Node:
    if len(nodes) == 1:
        return nodes[0]

    def matches(fields: Json, document: Json) -> bool:
        for node in nodes:  # noqa: SIM110  a generator would double the time of the most frequent call there is
            if not node(fields, document):
                return False
        return True

    return matches


def _any_of(alternatives: Any, path: Path) -> _Node:
    if not _is_list(alternatives) or len(alternatives) < 2:
        raise PatternError(path, "`$or` takes a list of two or more alternatives, each with fields of its own")
    nodes = [_object(alternative, (*path, place)) for place, alternative in enumerate(alternatives)]
    return lambda fields, document: any(node(fields, document) for node in nodes)


def _object(pattern: Any, path: Path) -> _Node:
    """A pattern inside a pattern. `$or` and list indices are steps of the error's path, not of the document's."""
    if not isinstance(pattern, Mapping) or not pattern:
        raise PatternError(path, "name at least one field here, with a list of values")
    return _all_of([_field(name, condition, (*path, name)) for name, condition in pattern.items()])


def _nested(name: str, pattern: Mapping[str, Any], path: Path) -> _Node:
    matches = _object(pattern, path)

    def judge(fields: Json, document: Json) -> bool:
        value = fields.get(name)
        if isinstance(value, dict):
            return matches(value, document)
        if isinstance(value, list):
            objects = [element for element in _elements(value) if isinstance(element, dict)]
            if objects:
                return any(matches(element, document) for element in objects)
        # Nothing is present below this field; a pattern of `exists: false` alone still holds.
        return matches(_NO_FIELDS, document)

    return judge


def _leaf(name: str, matchers: Sequence[Any], path: Path) -> _Node:
    test, may_be_absent = compile_leaf(matchers, path)
    present = _present(name, test)
    if not may_be_absent:
        return present
    place_in_document = _document_path(path)
    return lambda fields, document: not _is_present(document, place_in_document) or present(fields, document)


def compile_leaf(matchers: Sequence[Any], path: Path) -> tuple[Test, bool]:
    """What a field's list of matchers asks of one value, and whether the field may be absent instead."""
    if not matchers:
        raise PatternError(path, "an empty list matches nothing: name at least one value")
    exact: list[Any] = []
    tests: list[Test] = []
    for place, matcher in enumerate(matchers):
        if _is_list(matcher):
            raise PatternError((*path, place), "a list inside a list: write one list of values")
        if isinstance(matcher, Mapping):
            tests.append(_matcher(matcher, (*path, place)))
        else:
            exact.append(matcher)
    may_be_absent = _is_absent in tests
    tests = [test for test in tests if test is not _is_absent]
    return _any_test([_one_of(exact, path), *tests] if exact else tests), may_be_absent


def _any_test(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def any_test(value: Any) -> bool:
        for test in tests:  # noqa: SIM110  as above
            if test(value):
                return True
        return False

    return any_test


def _present(name: str, test: Test) -> _Node:
    def judge(fields: Json, _document: Json) -> bool:
        value = fields.get(name, _NO_FIELDS)
        if isinstance(value, list):
            return any(test(element) for element in _elements(value) if not isinstance(element, dict))
        return not isinstance(value, dict) and test(value)

    return judge


def _elements(values: list[Any]) -> Iterator[Any]:
    """The elements of a list and of the lists in it, without recursion: an event may nest them as it likes."""
    pending = [values]
    while pending:
        for value in pending.pop():
            if isinstance(value, list):
                pending.append(value)
            else:
                yield value


def _document_path(path: Path) -> tuple[str, ...]:
    """Alternatives are about the object that they stand in: `a.$or[1].b` is `a.b`."""
    return tuple(step for step in path if isinstance(step, str) and step != OR)


def _is_present(document: Json, path: tuple[str, ...]) -> bool:
    level: list[Any] = [document]
    for name in path:
        values = [item[name] for item in level if isinstance(item, dict) and name in item]
        level = list(_elements(values))
    return any(not isinstance(value, dict) for value in level)


# Matchers. Each takes its operand and the path to it, and gives the test of one value.


def _matcher(matcher: Mapping[str, Any], path: Path) -> Test:
    if len(matcher) != 1:
        raise PatternError(path, "one matcher per list entry, like {prefix: abc}: split this into several")
    name, operand = next(iter(matcher.items()))
    if name not in _MATCHERS:
        raise PatternError(path, f"`{name}` is no matcher; there are {', '.join(sorted(_MATCHERS))}")
    return _MATCHERS[name](operand, (*path, name))


def _one_of(values: Sequence[Any], path: Path) -> Test:
    for value in values:
        if not (value is None or isinstance(value, str | bool | int | float)) or not _is_finite(value):
            raise PatternError(path, f"{_shown(value)} is neither text, a number, true, false nor null")
    if all(isinstance(value, str) for value in values):
        return frozenset(values).__contains__
    # Python holds True equal to 1; a score must not.
    tagged = frozenset((isinstance(value, bool), value) for value in values)
    return lambda value: (isinstance(value, bool), value) in tagged


def _prefix(operand: Any, path: Path) -> Test:
    if isinstance(operand, Mapping):
        folded = _ignoring_case(operand, path)
        return lambda value: isinstance(value, str) and value.casefold().startswith(folded)
    text = _text(operand, path)
    return lambda value: isinstance(value, str) and value.startswith(text)


def _suffix(operand: Any, path: Path) -> Test:
    if isinstance(operand, Mapping):
        folded = _ignoring_case(operand, path)
        return lambda value: isinstance(value, str) and value.casefold().endswith(folded)
    text = _text(operand, path)
    return lambda value: isinstance(value, str) and value.endswith(text)


def _ignoring_case(operand: Mapping[str, Any], path: Path) -> str:
    if set(operand) != {"equals-ignore-case"}:
        raise PatternError(path, "write text, or {equals-ignore-case: text}")
    return _text(operand["equals-ignore-case"], (*path, "equals-ignore-case")).casefold()


def _equals_ignore_case(operand: Any, path: Path) -> Test:
    folded = _text(operand, path).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _exists(operand: Any, path: Path) -> Test:
    if not isinstance(operand, bool):
        raise PatternError(path, "write `exists: true` or `exists: false`")
    return _is_any if operand else _is_absent


def _is_any(_value: Any) -> bool:
    return True


def _is_absent(_value: Any) -> bool:
    """Stands for `exists: false` until the leaf that holds it puts the look at the document in its place."""
    return False


def _anything_but(operand: Any, path: Path) -> Test:
    """What is present and fails the operand; of a list, it is enough that one element fails it."""
    if isinstance(operand, Mapping):
        refused = _refused_by_matcher(operand, path)
    else:
        values = operand if _is_list(operand) else [operand]
        if not values:
            raise PatternError(path, "name at least one value")
        refused = _one_of(values, path)
    return lambda value: not refused(value)


def _refused_by_matcher(matcher: Mapping[str, Any], path: Path) -> Test:
    name, operand = next(iter(matcher.items()), ("", None))
    if len(matcher) != 1 or name not in _REFUSABLE:
        raise PatternError(path, f"write a value, a list of values, or one of {', '.join(sorted(_REFUSABLE))}")
    if not _is_list(operand):
        return _REFUSABLE[name](operand, (*path, name))
    if not operand:
        raise PatternError((*path, name), "name at least one value")
    tests = [_REFUSABLE[name](one, (*path, name, place)) for place, one in enumerate(operand)]
    return _any_test(tests)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _numeric(operand: Any, path: Path) -> Test:
    """`[">", 5]`, or a range with its lower bound first: `[">=", 5, "<", 10]`."""
    problem = 'write an operator and a number, like [">=", 50], or a range, like [">=", 50, "<", 200]'
    if not _is_list(operand) or len(operand) not in (2, 4):
        raise PatternError(path, problem)
    signs, bounds = operand[::2], operand[1::2]
    if not all(isinstance(sign, str) and sign in _COMPARE for sign in signs) or not all(
        _is_number(bound) for bound in bounds
    ):
        raise PatternError(path, problem)
    compare, bound = _COMPARE[signs[0]], bounds[0]
    if len(signs) == 1:
        return lambda value: _is_number(value) and compare(value, bound)
    if signs[0] not in (">", ">=") or signs[1] not in ("<", "<="):
        raise PatternError(path, problem)
    if bounds[0] >= bounds[1]:
        raise PatternError(path, "the lower bound must be below the upper one")
    compare_upper, upper = _COMPARE[signs[1]], bounds[1]
    return lambda value: _is_number(value) and compare(value, bound) and compare_upper(value, upper)


def _wildcard(operand: Any, path: Path) -> Test:
    """`*` stands for any text. The pieces between are found from left to right, each once, so the time is linear."""
    first, *rest = wildcard_pieces(_text(operand, path), path)
    if not rest:
        return lambda value: isinstance(value, str) and value == first
    *middle, last = rest
    length_min = len(first) + len(last)

    def matches(value: Any) -> bool:
        if not isinstance(value, str) or len(value) < length_min:
            return False
        if not value.startswith(first) or not value.endswith(last):
            return False
        position, end = len(first), len(value) - len(last)
        for piece in middle:
            found = value.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return matches


def wildcard_pieces(text: str, path: Path) -> list[str]:
    """The texts between the `*`; a backslash makes `*` and itself ordinary."""
    pieces = [""]
    characters = iter(text)
    previous_is_star = False
    for character in characters:
        if character == "*":
            if previous_is_star:
                raise PatternError(path, "two `*` in a row: one is enough")
            pieces.append("")
        elif character == "\\":
            escaped = next(characters, "")
            if escaped not in ("*", "\\"):
                raise PatternError(path, "a backslash may only stand before `*` or another backslash")
            pieces[-1] += escaped
        else:
            pieces[-1] += character
        previous_is_star = character == "*"
    return pieces


_REFUSABLE: dict[str, Callable[[Any, Path], Test]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
}
_MATCHERS: dict[str, Callable[[Any, Path], Test]] = {
    **_REFUSABLE,
    "anything-but": _anything_but,
    "exists": _exists,
    "numeric": _numeric,
}
MATCHERS = frozenset(_MATCHERS)


def _text(operand: Any, path: Path) -> str:
    if not isinstance(operand, str):
        raise PatternError(path, f"this takes one text in quotes, but here is {_shown(operand)}")
    return operand


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
