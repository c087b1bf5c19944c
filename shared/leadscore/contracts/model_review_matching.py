"""Doubts about conditions: what can never match, and what reads as something else than was meant."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

from leadscore.contracts.model_review_names import Finding
from leadscore.contracts.model_schema import (
    Condition,
    Criterion,
    EngagementRule,
    FitRule,
    ModelDocument,
    outermost_fields,
)
from leadscore.contracts.yaml_file import Path
from leadscore.domain.event import Trust
from leadscore.domain.matching import MATCHERS, OR, compile_pattern, show_path

#: Every kind of call that becomes an event. A form is believed at least as a form.
CALLS = ("track", "page", "screen", "identify", "group", "alias", "form")
_CALLS_AND_TRUST = [
    (call, trust) for call, trust in product(CALLS, Trust) if call != "form" or trust is not Trust.PUBLIC
]
#: Whom an effect believes.
EFFECT_TRUST = {
    "fast_track": Trust.DECLARED,
    "set_stage": Trust.DECLARED,
    "return": Trust.DECLARED,
    "escape": Trust.SERVER,
    "disqualify": Trust.SERVER,
    "requalify": Trust.SERVER,
    "reset": Trust.SERVER,
}
#: Of a condition with more alternatives than this nothing is said.
_ALTERNATIVES_MAX = 256


def doubts_of_conditions(model: ModelDocument) -> Iterator[Finding]:
    for path, rule in model.rules():
        if isinstance(rule, FitRule | Criterion):
            yield from _event_fields_in_a_fit_rule(rule.when, (*path, "when"))
            yield from _matchers_read_as_fields(rule.when, (*path, "when"))
            if (reason := _never(rule.when, _of_traits)) is not None:
                yield (*path, "when"), f"this never matches: {reason}"
    for path, condition in model.conditions():
        if condition.when is None:
            continue
        yield from _matchers_read_as_fields(condition.when, (*path, "when"))
        if (reason := _never(condition.when, _of_events(condition, path))) is not None:
            yield (*path, "when"), f"this never matches: {reason}"


# -- what never matches --------------------------------------------------------------------------------------------


class _Leaf(NamedTuple):
    """What a condition asks of one field."""

    path: tuple[str, ...]
    matchers: Sequence[Any]


#: All that must hold at once, and why it cannot, if it cannot.
type _Judge = Callable[[Sequence[_Leaf]], str | None]


def _never(pattern: Mapping[str, Any], contradiction: _Judge) -> str | None:
    """Why no document matches, if that is certain: every alternative contradicts itself."""
    alternatives = list(islice(_alternatives(pattern, ()), _ALTERNATIVES_MAX + 1))
    if len(alternatives) > _ALTERNATIVES_MAX:
        return None
    reasons = [contradiction(leaves) for leaves in alternatives]
    return reasons[0] if all(reasons) else None


def _alternatives(pattern: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[_Leaf, ...]]:
    """A condition without its `$or`s: of each of these, everything must hold."""
    fields = [_options(name, condition, path) for name, condition in pattern.items()]
    for chosen in product(*fields):
        yield tuple(leaf for leaves in chosen for leaf in leaves)


def _options(name: str, condition: Any, path: tuple[str, ...]) -> list[tuple[_Leaf, ...]]:
    if name == OR:
        return [leaves for alternative in condition for leaves in _bounded(_alternatives(alternative, path))]
    if isinstance(condition, Mapping):
        return _bounded(_alternatives(condition, (*path, name)))
    return [(_Leaf((*path, name), condition),)]


def _bounded[T](items: Iterator[T]) -> list[T]:
    return list(islice(items, _ALTERNATIVES_MAX + 1))


def _of_traits(leaves: Sequence[_Leaf]) -> str | None:
    """A list of values can hold two at once, but nothing is there and not there."""
    absent = {leaf.path for leaf in leaves if all(matcher == {"exists": False} for matcher in leaf.matchers)}
    present = {leaf.path for leaf in leaves if {"exists": False} not in leaf.matchers}
    both = min(absent & present, default=None)
    return None if both is None else f"`{show_path(both)}` cannot be absent and have a value"


def _of_events(condition: Condition, path: Path) -> _Judge:
    trust_min = EFFECT_TRUST.get(str(path[0]), Trust.PUBLIC) if len(path) == 2 else Trust.PUBLIC
    if isinstance(condition, EngagementRule) and condition.trust is not None:
        trust_min = Trust[condition.trust.upper()]

    def contradiction(leaves: Sequence[_Leaf]) -> str | None:
        if not _some_name_fits(leaves, condition.event):
            return "no event has such a name"
        if not _some_call_fits(leaves, trust_min):
            believed = f" that is believed as `{trust_min.name.lower()}`" if trust_min else ""
            return f"no event{believed} has such a `call` and `trust`"
        return _of_traits(leaves)

    return contradiction


def _some_name_fits(leaves: Sequence[_Leaf], names: Sequence[str] | None) -> bool:
    """Decided where the names are written out: in the rule's `event`, or in the condition."""
    asked = [leaf.matchers for leaf in leaves if leaf.path == ("event",)]
    written = [matchers for matchers in asked if all(isinstance(matcher, str) for matcher in matchers)]
    candidates = names if names is not None else next(iter(written), None)
    if candidates is None:
        return True
    tests = [compile_pattern({"event": matchers}) for matchers in asked]
    return any(all(test({"event": name}) for test in tests) for name in candidates)


def _some_call_fits(leaves: Sequence[_Leaf], trust_min: Trust) -> bool:
    tests = [compile_pattern({leaf.path[0]: leaf.matchers}) for leaf in leaves if leaf.path in {("call",), ("trust",)}]
    return any(
        all(test({"call": call, "trust": trust.name.lower()}) for test in tests)
        for call, trust in _CALLS_AND_TRUST
        if trust >= trust_min
    )


# -- what reads as something else ----------------------------------------------------------------------------------


def _event_fields_in_a_fit_rule(when: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    for place in outermost_fields(when):
        if place[-1] in ("traits", "properties", "context"):
            text = f"a fit rule names traits directly: write the fields without `{place[-1]}`"
            yield (*path, *place), text


def _matchers_read_as_fields(pattern: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    for name, condition in pattern.items():
        if isinstance(condition, dict):
            if condition.keys() <= MATCHERS:
                matcher = next(iter(condition))
                text = f"`{matcher}` is read as a field's name here: for the matcher write a list, [{{{matcher}: ...}}]"
                yield (*path, name), text
            yield from _matchers_read_as_fields(condition, (*path, name))
        elif name == OR:
            for place, alternative in enumerate(condition):
                yield from _matchers_read_as_fields(alternative, (*path, OR, place))
