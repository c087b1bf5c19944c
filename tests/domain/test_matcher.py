"""Generated matchers: what they find is what the closures of `matching` find, condition by condition."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadscore.domain.matcher import ALTERNATIVES_MAX, SELECTIONS_MAX, compile_matcher
from leadscore.domain.matching import PatternError, compile_pattern
from leadscore.domain.model import VISIT_STARTED
from tests.domain.patterns import EXTENSIONS, JSON, LISTS, MATCHERS, NAMES, SCALARS, documents, patterns
from tests.leads import SMALL_MODEL, event, small_model

type Pattern = dict[str, Any]

ODD_NUMBERS = st.sampled_from([float("inf"), float("-inf"), float("nan"), 10**400])


def found(conditions: list[Pattern], document: dict[str, Any], parts: tuple[str, ...] = NAMES) -> list[int]:
    match = compile_matcher([(pattern, place) for place, pattern in enumerate(conditions)], parts, tuple)
    return list(match(*(document.get(part, {}) for part in parts)))


def found_by_closures(conditions: list[Pattern], document: dict[str, Any]) -> list[int]:
    document = {part: document.get(part, {}) for part in NAMES}
    return [place for place, pattern in enumerate(conditions) if compile_pattern(pattern)(document)]


CONDITIONS = st.lists(
    patterns((*NAMES, "d"), depth=1, matchers=MATCHERS | EXTENSIONS, overlapping=True) | st.just({}),
    min_size=1,
    max_size=5,
)

few_but_large = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few_but_large
@given(CONDITIONS, st.lists(documents(SCALARS | ODD_NUMBERS), min_size=1, max_size=4))
def test_conditions_on_values_hold_as_one_by_one(conditions: list[Pattern], events: list[dict[str, Any]]) -> None:
    for said in events:
        assert found(conditions, said) == found_by_closures(conditions, said)


@few_but_large
@given(CONDITIONS, st.lists(documents(SCALARS | LISTS | JSON, depth=1), min_size=1, max_size=4))
def test_conditions_on_lists_and_objects_hold_as_one_by_one(
    conditions: list[Pattern], events: list[dict[str, Any]]
) -> None:
    for said in events:
        assert found(conditions, said) == found_by_closures(conditions, said)


VALUES = ["", "a", "A", "ab", "abc", "cab", "1", "é", 0, 1, 1.0, 1.5, 2, -1, 10**400, True, False, None]
VALUES += [float("inf"), float("-inf"), float("nan"), [], {}, [1, "a"], {"a": 1}, [{"a": 1}]]
EACH_MATCHER: list[list[Any]] = [
    *([value] for value in ["", "a", "1", 0, 1, 1.5, True, False, None]),
    *([{"anything-but": value}] for value in ["a", 1, True, None, ["a", "ab"], [1, 1.5], ["a", 1, None, False]]),
    *([{"anything-but": {name: ["a", "ab"]}}] for name in ["prefix", "suffix", "equals-ignore-case", "wildcard"]),
    *([{name: "ab"}] for name in ["prefix", "suffix", "equals-ignore-case", "wildcard"]),
    *([{name: {"equals-ignore-case": "A"}}] for name in ["prefix", "suffix"]),
    *([{"wildcard": text}] for text in ["*", "a*", "*b", "*b*", "a*c", "*a*b*", "\\**", "a\\*"]),
    *([{"numeric": [sign, 1]}] for sign in ["=", "<", "<=", ">", ">="]),
    *([{"numeric": operand}] for operand in [[">", 0, "<", 1.5], [">=", 1, "<=", 1.5], [">", 10**399]]),
    [{"exists": True}],
    [{"exists": False}],
    ["a", {"exists": False}],
    [1, True, {"prefix": "a"}, {"numeric": ["<", 0]}],
    [{"prefix": "a"}, {"suffix": "b"}, {"anything-but": {"prefix": "a"}}],
]


@pytest.mark.parametrize("value", [*VALUES, "absent"], ids=lambda value: repr(value)[:20])
def test_each_matcher_takes_of_each_value_what_its_closure_takes(value: Any) -> None:
    document = {"a": {} if value == "absent" else {"field": value}}
    conditions: list[Pattern] = [{"a": {"field": matchers}} for matchers in EACH_MATCHER]
    conditions += [{"$or": [condition, {"a": {"other": [1]}}]} | conditions[0] for condition in conditions]
    assert found(conditions, document) == found_by_closures(conditions, document)
    for condition in conditions:
        assert found([condition], document) == found_by_closures([condition], document)


PAGES: list[tuple[Pattern, str]] = [
    ({"event": ["Page Viewed"]}, "any page"),
    ({"properties": {"path": [{"prefix": "/pricing"}, {"wildcard": "*/plans/*"}]}}, "pricing"),
    ({"properties": {"path": [{"anything-but": {"prefix": "/jobs"}}], "seconds": [{"numeric": [">", 30]}]}}, "read"),
    ({"$or": [{"properties": {"plan": ["team"]}}, {"context": {"campaign": {"name": ["team"]}}}]}, "team"),
    ({"context": {"campaign": {"name": [{"exists": False}]}}}, "direct"),
]


@pytest.mark.parametrize(
    ("properties", "context", "expected"),
    [
        ({}, {}, ["any page", "direct"]),
        ({"path": "/pricing", "seconds": 31}, {}, ["any page", "pricing", "read", "direct"]),
        ({"path": "/de/plans/", "seconds": 30.5}, {"campaign": {"name": "x"}}, ["any page", "pricing", "read"]),
        ({"path": "/jobs", "seconds": 31}, {"campaign": "x"}, ["any page", "direct"]),
        ({"plan": "team"}, {"campaign": {"name": "team"}}, ["any page", "team"]),
        ({"plan": ["x", "team"]}, {"campaign": {"name": None}}, ["any page", "team"]),
        ({"seconds": True, "path": None}, {"campaign": [{"name": "team"}]}, ["any page", "team"]),
    ],
)
def test_what_holds_is_given_in_the_order_of_the_conditions(
    properties: Pattern, context: Pattern, expected: list[str]
) -> None:
    match = compile_matcher(PAGES, ("event", "properties", "context"), tuple)
    assert list(match("Page Viewed", properties, context)) == expected


def test_a_field_that_is_in_no_part_is_absent() -> None:
    match = compile_matcher([({"a": {"b": [{"exists": False}]}}, 1), ({"c": [{"exists": True}]}, 2)], ("event",), tuple)
    assert list(match("x")) == [1]


def test_text_of_a_condition_is_never_part_of_the_source() -> None:
    hostile = "\"'''\n\\\n    raise SystemExit  # {v!r}"
    conditions: list[Pattern] = [
        {"a": {hostile: [hostile]}},
        {"a": {hostile: [{"prefix": hostile}]}, hostile: [{"exists": False}]},
        {"a": {hostile: [{"anything-but": hostile}, {"wildcard": "*"}]}},
    ]
    assert found(conditions, {"a": {hostile: hostile}}) == [0, 1, 2]
    assert found(conditions, {"a": {hostile: 1}}) == [2]
    assert compile_matcher([({hostile: [hostile]}, "it")], (hostile,), tuple)(hostile) == ("it",)


def test_a_condition_that_is_none_is_refused() -> None:
    with pytest.raises(PatternError, match=r"properties\.form"):
        compile_matcher([({"properties": {"form": "demo"}}, 1)], ("properties",), tuple)


def test_what_has_too_many_alternatives_is_judged_one_by_one() -> None:
    names = [f"f{number}" for number in range(ALTERNATIVES_MAX.bit_length() + 20)]
    condition = {name: {"$or": [{"x": [1]}, {"y": [1]}]} for name in names}
    started = time.process_time()
    match = compile_matcher([({"a": condition}, "all"), ({"a": {"f0": {"y": [1]}}}, "one")], ("a",), tuple)
    assert match({name: {"y": 1} for name in names}) == ("all", "one")
    assert match({"f0": {"y": 1}}) == ("one",)
    assert time.process_time() - started < 1


def test_more_sets_of_matches_than_are_remembered_are_found_all_the_same() -> None:
    names = [f"f{number}" for number in range(SELECTIONS_MAX.bit_length() + 1)]
    match = compile_matcher([({"a": {name: [True]}}, name) for name in names], ("a",), tuple)
    for number in range(2 * SELECTIONS_MAX):
        expected = tuple(name for place, name in enumerate(names) if number >> place & 1)
        assert match(dict.fromkeys(expected, True)) == expected


def test_names_that_no_rule_mentions_share_what_is_made_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def compiled(*parts: Any) -> Any:
        made.append(parts)
        return compile_matcher(*parts)

    monkeypatch.setattr("leadscore.domain.model.compile_matcher", compiled)
    any_name = {"rule": "From the pricing page", "points": 3, "when": {"context": {"page": {"path": ["/pricing"]}}}}
    rules = small_model(engagement=[*SMALL_MODEL["engagement"], any_name]).engagement
    from_pricing = replace(event("Page Viewed"), context={"page": {"path": "/pricing"}})
    for number in range(50):
        (rule,) = rules.matching(replace(from_pricing, name=f"Made up {number}"), {}).rules
        assert rule.name == "From the pricing page"
    # The start of a visit is no event: only rules that name it see it.
    assert not rules.matching(replace(from_pricing, name=VISIT_STARTED), {}).rules
    assert {rule.name for rule in rules.matching(from_pricing, {}).rules} == {"Page", "From the pricing page"}
    assert len(made) == 3
