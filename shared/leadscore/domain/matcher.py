"""Many conditions against one event at once: what a model's rules for one event name become.

Every alternative of a condition (`$or` multiplied out) is one bit. Each field that the conditions ask for is looked up
once, and its value gives the bits that it leaves standing: those whose matchers take it, and those that do not ask for
it. Values that matchers name are in a table; each other matcher is judged once, for all the rules that have it.

This is written out as the source of one function, because that is worth it: of 36 rules over 14 fields, 12 matching,
the closures of `matching` took 34 microseconds per event, these very masks in loops 8.6, and generated 2.9. The source
holds names of constants and bits, never text of a model: that comes in through the function's namespace.

What the function does not handle, it leaves to the closures: an event with a list or an object where a condition asks
for a value (or a list where it asks for an object), and numbers that JSON does not have.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from leadscore.domain.matching import OR, compile_leaf, compile_pattern, wildcard_pieces

type _Path = tuple[str, ...]
#: Fields and what each must hold.
type _Alternative = list[tuple[_Path, Sequence[Any]]]
#: An expression about the value `v`, and the alternatives that it speaks for.
type _Tests = dict[str, int]
#: One alternative's bit, and its matchers of one field.
type _Leaf = tuple[int, Sequence[Any]]

#: More alternatives than this are judged by closures. (EventBridge takes no more of them in a pattern.)
ALTERNATIVES_MAX = 1_000
#: So many sets of matches are remembered, each as the one tuple that is given out every time.
SELECTIONS_MAX = 1_024

_SIGNS = {"=": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ABSENT = object()
_NAMESPACE = {
    "ABSENT": _ABSENT,
    "NO_FIELDS": {},
    "NO_OBJECT": frozenset({str, int, float, bool, type(None), type(_ABSENT)}),
    "TRUTH": frozenset({bool, type(None)}),
    "isfinite": math.isfinite,
}


def compile_matcher[T, R](
    conditions: Iterable[tuple[Mapping[str, Any], T]], parts: Sequence[str], gather: Callable[[Sequence[T]], R]
) -> Callable[..., R]:
    """A function that gives what `gather` makes of what belongs to the conditions that hold, in their order.

    The same conditions mostly hold again: what was made of them once is remembered.
    It takes the document in parts, each an argument, in the order of `parts`: so nobody has to build the document.
    A part without fields is an empty object. Raises PatternError.
    """
    pairs = list(conditions)
    closures = [(compile_pattern(pattern), item) for pattern, item in pairs]

    def one_by_one(*values: Any) -> R:
        document = dict(zip(parts, values, strict=True))
        return gather(tuple(item for matches, item in closures if matches(document)))

    if sum(_alternative_count(pattern) for pattern, _ in pairs) > ALTERNATIVES_MAX:
        return one_by_one
    alternatives: list[_Alternative] = []
    owners: list[tuple[int, T]] = []
    for pattern, item in pairs:
        first = len(alternatives)
        alternatives += _alternatives(pattern, ())
        owners.append(((1 << len(alternatives)) - (1 << first), item))

    @lru_cache(SELECTIONS_MAX)
    def selected(standing: int) -> R:
        return gather(tuple(item for bits, item in owners if standing & bits))

    function = _Function(parts, (1 << len(alternatives)) - 1)
    for path, leaves in _fields(alternatives):
        function.narrow(path, leaves)
    return function.compiled(one_by_one=one_by_one, selected=selected)


def _alternative_count(condition: Any) -> int:
    if not isinstance(condition, Mapping):
        return 1
    return math.prod(
        sum(map(_alternative_count, inner)) if name == OR else _alternative_count(inner)
        for name, inner in condition.items()
    )


def _alternatives(pattern: Mapping[str, Any], path: _Path) -> list[_Alternative]:
    result: list[_Alternative] = [[]]
    for name, condition in pattern.items():
        if name == OR:
            choices = [one for choice in condition for one in _alternatives(choice, path)]
        elif isinstance(condition, Mapping):
            choices = _alternatives(condition, (*path, name))
        else:
            choices = [[((*path, name), condition)]]
        result = [one + another for one in result for another in choices]
    return result


def _fields(alternatives: Sequence[_Alternative]) -> Iterator[tuple[_Path, list[_Leaf]]]:
    """Each field with all that is asked of it; one that an alternative asks for twice (by `$or`) comes twice."""
    fields: dict[tuple[_Path, int], list[_Leaf]] = {}
    for number, alternative in enumerate(alternatives):
        asked = [path for path, _ in alternative]
        for place, (path, matchers) in enumerate(alternative):
            fields.setdefault((path, asked[:place].count(path)), []).append((1 << number, matchers))
    return ((path, leaves) for (path, _), leaves in fields.items())


class _Function:
    """The source of the function as it grows, and the constants that it names."""

    def __init__(self, parts: Sequence[str], every: int) -> None:
        arguments = ", ".join(f"part{number}" for number in range(len(parts)))
        self._every = every
        self._give_up = f"return one_by_one({arguments})"
        self._lines = [f"def match({arguments}):", f"    standing = {every:#x}"]
        self._constants: dict[str, Any] = {}
        self._parts = {part: f"part{number}" for number, part in enumerate(parts)}
        self._objects: dict[_Path, str] = {}

    def compiled(self, **functions: Callable[..., Any]) -> Callable[..., Any]:
        source = "\n".join([*self._lines, "    return selected(standing)"])
        namespace: dict[str, Any] = {**_NAMESPACE, **self._constants, **functions}
        exec(compile(source, "<conditions>", "exec"), namespace)  # noqa: S102  words of this module and no others
        match: Callable[..., Any] = namespace["match"]
        return match

    def narrow(self, path: _Path, leaves: Sequence[_Leaf]) -> None:
        """Look at one field, and leave standing what its value allows."""
        judges = [(bit, *compile_leaf(matchers, path)) for bit, matchers in leaves]
        unasked = self._every - sum(bit for bit, _ in leaves)

        def allowed(value: Any) -> int:
            return unasked + sum(bit for bit, test, _ in judges if test(value))

        named = {value: allowed(value) for _, matchers in leaves for value in _named(matchers)}
        absent = unasked + sum(bit for bit, _, may_be_absent in judges if may_be_absent)
        truth = self._constant({value: allowed(value) for value in (None, True, False)})
        texts = {value: bits for value, bits in named.items() if isinstance(value, str)}
        numbers = {value: bits for value, bits in named.items() if not isinstance(value, str)}
        self._add(1, f"v = {self._value(path)}", "t = type(v)", "if t is str:")
        self._judge(texts, self._tests(leaves, self._on_text), unasked)
        self._add(1, f"elif v is ABSENT: standing &= {absent:#x}", "elif t is int or t is float and isfinite(v):")
        self._judge(numbers, self._tests(leaves, self._on_number), unasked)
        self._add(1, f"elif t in TRUTH: standing &= {truth}[v]", f"else: {self._give_up}")

    def _judge(self, named: Mapping[Any, int], tests: _Tests, unasked: int) -> None:
        """What a text, or a number, leaves standing."""
        any_other = unasked | tests.pop("True", 0)
        if not tests:
            allowed = f"{self._constant(named)}.get(v, {any_other:#x})" if named else f"{any_other:#x}"
            self._add(2, f"standing &= {allowed}")
            return
        self._add(2, f"m = {self._constant(named)}.get(v)" if named else "m = None", "if m is None:")
        self._add(3, f"m = {any_other:#x}", *(f"if {test}: m |= {bits:#x}" for test, bits in tests.items()))
        self._add(2, "standing &= m")

    def _tests(self, leaves: Sequence[_Leaf], expression: Callable[[Mapping[str, Any]], str]) -> _Tests:
        """What decides about values that no matcher names: each test once, with all the bits that it speaks for."""
        tests: _Tests = {}
        expressions: dict[str, str] = {}
        for bit, matcher in ((bit, matcher) for bit, matchers in leaves for matcher in matchers):
            if isinstance(matcher, Mapping):
                shown = repr(matcher)
                test = expressions.get(shown) or expressions.setdefault(shown, expression(matcher))
                tests[test] = tests.get(test, 0) | bit
        tests.pop("False", None)
        return tests

    def _on_number(self, matcher: Mapping[str, Any]) -> str:
        name, operand = next(iter(matcher.items()))
        if name == "numeric":
            pairs = zip(operand[::2], operand[1::2], strict=True)
            return " and ".join(f"v {_SIGNS[sign]} {self._constant(bound)}" for sign, bound in pairs)
        return str(operand if name == "exists" else name == "anything-but")

    def _on_text(self, matcher: Mapping[str, Any]) -> str:
        name, operand = next(iter(matcher.items()))
        if name in ("exists", "numeric") or (name == "anything-but" and not isinstance(operand, Mapping)):
            return str(operand if name == "exists" else name == "anything-but")
        match name, operand, wildcard_pieces(operand, ()) if name == "wildcard" else ():
            case ("prefix", str(text), _) | (_, _, [text, ""]):
                return f"v.startswith({self._constant(text)})"
            case ("suffix", str(text), _) | (_, _, ["", text]):
                return f"v.endswith({self._constant(text)})"
            case _, _, ["", text, ""]:
                return f"{self._constant(text)} in v"
        test, _ = compile_leaf([matcher], ())
        return f"{self._constant(test)}(v)"

    def _value(self, path: _Path) -> str:
        if len(path) == 1:
            return self._parts.get(path[0], "ABSENT")
        return f"{self._object(path[:-1])}.get({self._constant(path[-1])}, ABSENT)"

    def _object(self, path: _Path) -> str:
        """The variable of an object that fields are asked of: an empty one if a value stands there, or nothing."""
        if path not in self._objects:
            value, variable = self._value(path), f"o{len(self._objects)}"
            self._objects[path] = variable
            self._add(1, f"{variable} = {value}", f"if type({variable}) is not dict:")
            self._add(2, f"if type({variable}) not in NO_OBJECT: {self._give_up}", f"{variable} = NO_FIELDS")
        return self._objects[path]

    def _constant(self, value: Any) -> str:
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return name

    def _add(self, depth: int, *lines: str) -> None:
        self._lines += ["    " * depth + line for line in lines]


def _named(matchers: Sequence[Any]) -> Iterator[str | int | float]:
    """The texts and numbers that matchers name."""
    for matcher in matchers:
        named = matcher.get("anything-but") if isinstance(matcher, Mapping) else matcher
        for value in [named] if isinstance(named, str) or not isinstance(named, Sequence) else named:
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                yield value
