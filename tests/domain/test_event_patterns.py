"""Conditions against other implementations of event patterns, on thousands of generated cases, the same ones each time.

MiniStack's TestEventPattern judges all that AWS documents. What is left to other tests, because AWS documents nothing
of it, or MiniStack does otherwise than AWS:

- `exists: false` of a field of objects in a list. MiniStack holds it absent if one element lacks it; AWS's published
  engine looks at all elements, or only at the one that matched so far, as the fields' names happen to sort.
- An alternative of `$or` that talks of a field that is named beside it. MiniStack, like the published engine, lets the
  latter of the two win; here both must hold.
- Names with a dot, which the published engine cannot tell from nested names and warns of.
- Numbers beyond a float's precision (AWS: five thousand million, with six decimals), which MiniStack rounds.
- Ignoring the case of letters that are longer in the other case (ß, SS), which MiniStack takes letter by letter.
- What `EXTENSIONS` holds: AWS refuses it.

moto is a third opinion on single values. It holds true and 1 equal, and its `*` does not match a newline.
"""

import http.client
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern

from infra.local.ministack import running_ministack
from leadscore.domain.matching import compile_pattern
from tests.domain.patterns import JSON, LISTS, MATCHERS, SCALARS, documents, leaves, patterns

type Judge = Callable[[dict[str, Any], dict[str, Any]], bool]

#: Always the same examples. Each pattern meets several documents, which cost less to make.
compared = settings(
    max_examples=600, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
DOCUMENTS_PER_PATTERN = 4


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=DOCUMENTS_PER_PATTERN, max_size=DOCUMENTS_PER_PATTERN)


ENVELOPE = {
    "version": "0",
    "id": "0",
    "account": "000000000000",
    "source": "leads",
    "detail-type": "lead",
    "region": "us-east-1",
    "time": "2026-01-01T00:00:00Z",
    "resources": [],
}


def matches(pattern: dict[str, Any], document: dict[str, Any]) -> bool:
    return compile_pattern(pattern)(document)


@pytest.fixture(scope="module")
def ministack_matches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with running_ministack(tmp_path_factory.mktemp("event-patterns")) as ministack:
        # One connection, without an SDK: it would take three times as long.
        connection = http.client.HTTPConnection(urlsplit(ministack.endpoint_url).netloc)
        headers = {"X-Amz-Target": "AWSEvents.TestEventPattern", "Content-Type": "application/x-amz-json-1.1"}

        def judge(pattern: dict[str, Any], document: dict[str, Any]) -> bool:
            event = ENVELOPE | {"detail": document}
            body = {"EventPattern": json.dumps({"detail": pattern}), "Event": json.dumps(event)}
            connection.request("POST", "/", json.dumps(body), headers)
            answer = json.load(connection.getresponse())
            # AWS's limit, and no matter of what a pattern means.
            assume("rule combinations" not in answer.get("message", ""))
            assert isinstance(answer.get("Result"), bool), answer
            return bool(answer["Result"])

        yield judge
        connection.close()


def without_absence(matcher: Any) -> bool:
    return matcher != {"exists": False}


ANY_LIST = st.lists(SCALARS | st.lists(SCALARS, max_size=2), max_size=3)


@pytest.mark.ministack
@compared
@given(leaf=leaves(), values=several(SCALARS | ANY_LIST))
def test_values_match_as_in_ministack(ministack_matches: Judge, leaf: list[Any], values: list[Any]) -> None:
    for document in ({"x": 0}, *({"field": value} for value in values)):
        assert matches({"field": leaf}, document) == ministack_matches({"field": leaf}, document)


@pytest.mark.ministack
@compared
@given(pattern=patterns(), several_documents=several(documents(SCALARS | st.lists(SCALARS, max_size=2))))
def test_structure_matches_as_in_ministack(
    ministack_matches: Judge, pattern: dict[str, Any], several_documents: list[dict[str, Any]]
) -> None:
    for document in several_documents:
        assert matches(pattern, document) == ministack_matches(pattern, document)


@pytest.mark.ministack
@compared
@given(
    pattern=patterns(depth=1, matchers=MATCHERS.filter(without_absence)),
    several_documents=several(documents(SCALARS | LISTS, depth=1)),
)
def test_lists_of_objects_match_as_in_ministack(
    ministack_matches: Judge, pattern: dict[str, Any], several_documents: list[dict[str, Any]]
) -> None:
    for document in several_documents:
        assert matches(pattern, document) == ministack_matches(pattern, document)


# -- what MiniStack does otherwise ---------------------------------------------------------------------------------


def test_a_field_is_absent_only_if_no_element_of_the_list_has_it() -> None:
    """AWS documents `exists` for a field of the event; its engine, asked for this alone, looks at all elements."""
    pattern = {"items": {"discount": [{"exists": False}]}}
    assert matches(pattern, {"items": [{"price": 1}, {"price": 2}]})
    assert not matches(pattern, {"items": [{"price": 1}, {"price": 2, "discount": 0.1}]})


@pytest.mark.parametrize("first", ["field", "$or"])
def test_what_stands_beside_alternatives_must_hold_as_well(first: str) -> None:
    """AWS documents that fields are ANDed, and no exception for a field that alternatives name, too."""
    parts = {"field": [{"prefix": "a"}], "$or": [{"field": ["ab"]}, {"other": [1]}]}
    pattern = {first: parts[first]} | parts
    assert matches(pattern, {"field": "ab"})
    assert matches(pattern, {"field": "ac", "other": 1})
    assert not matches(pattern, {"field": "b", "other": 1})
    assert not matches(pattern, {"field": "ac"})


def test_a_dot_in_a_name_is_a_character_like_any_other() -> None:
    assert matches({"utm.source": ["ad"]}, {"utm.source": "ad"})
    assert not matches({"utm.source": ["ad"]}, {"utm": {"source": "ad"}})


def test_whole_numbers_compare_exactly_however_long_they_are() -> None:
    assert not matches({"id": [2**53]}, {"id": 2**53 + 1})
    assert not matches({"id": [{"numeric": ["<=", 2**53]}]}, {"id": 2**53 + 1})


def test_letters_that_are_longer_in_the_other_case_are_the_same_either_way() -> None:
    assert matches({"street": [{"equals-ignore-case": "STRASSE"}]}, {"street": "straße"})
    assert matches({"street": [{"equals-ignore-case": "straße"}]}, {"street": "STRASSE"})


@pytest.mark.parametrize("refused", [True, None, [True, "a"], ["a", 1], {"prefix": ""}], ids=json.dumps)
def test_anything_but_takes_more_than_eventbridge_takes(refused: Any) -> None:
    assert matches({"field": [{"anything-but": refused}]}, {"field": 2})
    assert not matches({"field": [{"anything-but": refused}]}, {})


# -- moto ----------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(leaf=leaves(), value=SCALARS | st.lists(SCALARS, min_size=1, max_size=3))
def test_values_match_as_in_moto(leaf: list[Any], value: Any) -> None:
    shown = json.dumps([leaf, value])
    assume("true" not in shown and "false" not in shown.replace('{"exists": false}', "") and "\\n" not in shown)
    assert matches({"field": leaf}, {"field": value}) == EventPattern(None, {"field": leaf}).matches_event(
        {"field": value}
    )


# -- the published engine's way ------------------------------------------------------------------------------------
#
# The other way round from closures: the document becomes a list of (path, value, which element of which list), the
# pattern an alternative of sets of paths, and a match is a choice of one field per path that never names two elements
# of one list. Single values are left to the tests above.

type Field = tuple[tuple[str, ...], Any, dict[int, int]]


@settings(max_examples=300, deadline=None)
@given(pattern=patterns(), value=JSON)
def test_lists_of_objects_match_as_in_a_rule_engine_that_flattens(pattern: dict[str, Any], value: Any) -> None:
    document = {"a": value, "b": [value, {"a": 2, "c": "a"}]}
    assert matches(pattern, document) == flattened_matches(pattern, document)


def flattened_matches(pattern: dict[str, Any], document: dict[str, Any]) -> bool:
    fields = list(flatten(document, (), {}, itertools.count()))
    return any(conjunction_matches(conjunction, fields) for conjunction in conjunctions(pattern, ()))


def flatten(node: Any, path: tuple[str, ...], membership: dict[int, int], lists: Iterator[int]) -> Iterator[Field]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from flatten(value, (*path, name), membership, lists)
    elif isinstance(node, list):
        number = next(lists)
        for place, element in enumerate(node):
            yield from flatten(element, path, membership | {number: place}, lists)
    else:
        yield path, node, membership


def conjunctions(pattern: dict[str, Any], path: tuple[str, ...]) -> list[dict[tuple[str, ...], list[Any]]]:
    result: list[dict[tuple[str, ...], list[Any]]] = [{}]
    for name, condition in pattern.items():
        if name == "$or":
            parts = [part for alternative in condition for part in conjunctions(alternative, path)]
        elif isinstance(condition, dict):
            parts = conjunctions(condition, (*path, name))
        else:
            parts = [{(*path, name): condition}]
        result = [one | part for one in result for part in parts]
    return result


def conjunction_matches(conjunction: dict[tuple[str, ...], list[Any]], fields: list[Field]) -> bool:
    choices: list[list[dict[int, int]]] = []
    for path, leaf in conjunction.items():
        if {"exists": False} in leaf and not any(field[0] == path for field in fields):
            continue
        present = [matcher for matcher in leaf if matcher != {"exists": False}]
        choices.append([m for p, value, m in fields if p == path and present and matches({"v": present}, {"v": value})])
    return any(is_consistent(memberships) for memberships in itertools.product(*choices))


def is_consistent(memberships: tuple[dict[int, int], ...]) -> bool:
    return all(
        one[number] == another[number]
        for one, another in itertools.combinations(memberships, 2)
        for number in one.keys() & another.keys()
    )
