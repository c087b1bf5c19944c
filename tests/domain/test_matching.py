"""Conditions: EventBridge's documented examples, and what its rule engine does beyond them."""

import itertools
import json
import time
from typing import Any

import pytest

from leadscore.domain.matching import PatternError, compile_pattern


def matches(pattern: Any, document: Any) -> bool:
    return compile_pattern(pattern)(document)


# -- what AWS documents --------------------------------------------------------------------------------------------

INSTANCE = {
    "version": "0",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "time": "2017-10-02T16:24:49Z",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000"],
    "detail": {"c-count": 5, "d-count": 3, "x-limit": 301.8, "instance-id": "i-00", "state": "running"},
}


@pytest.mark.parametrize(
    "pattern",
    [
        {"detail-type": ["EC2 Instance State-change Notification"], "detail": {"state": ["initializing", "running"]}},
        {"resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000", "another"]},
        {"time": [{"prefix": "2017-10-02"}]},
        {"source": [{"suffix": "ec2"}]},
        {"source": [{"equals-ignore-case": "AWS.EC2"}]},
        {"source": [{"prefix": {"equals-ignore-case": "AWS."}}]},
        {"source": [{"suffix": {"equals-ignore-case": "EC2"}}]},
        {"source": [{"wildcard": "aws.*2"}]},
        {"detail": {"state": [{"anything-but": "initializing"}]}},
        {"detail": {"x-limit": [{"anything-but": 123}]}},
        {"detail": {"state": [{"anything-but": ["stopped", "overloaded"]}]}},
        {"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}},
        {"detail": {"state": [{"anything-but": {"prefix": "init"}}]}},
        {"detail": {"state": [{"anything-but": {"suffix": "ing."}}]}},
        {"detail": {"state": [{"anything-but": {"equals-ignore-case": ["STOPPED", "overloaded"]}}]}},
        {"detail": {"state": [{"anything-but": {"wildcard": ["*init*", "*.png"]}}]}},
        {"detail": {"c-count": [{"numeric": [">", 0, "<=", 5]}], "d-count": [{"numeric": ["<", 10]}]}},
        {"detail": {"x-limit": [{"numeric": ["=", 3.018e2]}]}},
        {"detail": {"c-count": [{"exists": True}], "b-count": [{"exists": False}]}},
        {"nothing": {"here": [{"exists": False}]}},
        {"source": ["aws.ec2"], "$or": [{"version": ["0"]}, {"b": [2]}]},
        {"detail": {"$or": [{"c-count": [{"numeric": [">", 9]}]}, {"x-limit": [301.8], "state": ["running"]}]}},
        {"$or": [{"version": ["1"]}, {"source": ["aws.ec2"], "$or": [{"time": ["never"]}, {"version": ["0"]}]}]},
    ],
    ids=json.dumps,
)
def test_a_documented_pattern_matches_the_documented_event(pattern: dict[str, Any]) -> None:
    assert matches(pattern, INSTANCE)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.s3"]},
        {"source": ["AWS.EC2"]},
        {"source": ["aws.ec2"], "version": ["1"]},
        {"time": [{"prefix": "2018"}]},
        {"detail": {"c-count": [{"prefix": "5"}]}},
        {"detail": {"c-count": [{"wildcard": "*"}]}},
        {"detail": {"state": [{"anything-but": "running"}]}},
        {"detail": {"state": [{"anything-but": {"suffix": ["ping", "ning"]}}]}},
        {"detail": {"c-count": [{"numeric": [">", 5]}]}},
        {"detail": {"state": [{"numeric": [">", 0]}]}},
        {"detail": {"state": [{"exists": False}]}},
        {"detail": [{"exists": True}]},
        {"detail": {"state": {"name": ["running"]}}},
        {"$or": [{"version": ["1"]}, {"source": ["aws.s3"]}]},
    ],
    ids=json.dumps,
)
def test_a_documented_pattern_does_not_match_another_event(pattern: dict[str, Any]) -> None:
    assert not matches(pattern, INSTANCE)


def test_no_condition_at_all_matches_every_document() -> None:
    assert matches({}, {})
    assert matches({}, INSTANCE)


@pytest.mark.parametrize(
    "matcher",
    [
        "a",
        1,
        None,
        {"prefix": ""},
        {"suffix": "a"},
        {"equals-ignore-case": "a"},
        {"anything-but": "a"},
        {"anything-but": {"prefix": "a"}},
        {"numeric": ["<", 5]},
        {"wildcard": "*"},
        {"exists": True},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("document", [{}, {"field": []}, {"field": {}}, {"field": {"deeper": "a"}}, {"field": [{}]}])
def test_an_absent_field_fails_everything_but_exists_false(matcher: Any, document: dict[str, Any]) -> None:
    assert not matches({"field": [matcher]}, document)
    assert matches({"field": [matcher, {"exists": False}]}, document)


@pytest.mark.parametrize(
    ("one", "another"), list(itertools.permutations(["1", 1, True, "true", None, "null", "", 0, False], 2)), ids=repr
)
def test_text_numbers_truth_and_null_are_different_things(one: Any, another: Any) -> None:
    assert matches({"field": [one]}, {"field": one})
    assert not matches({"field": [one]}, {"field": another})
    assert matches({"field": [{"anything-but": one}]}, {"field": another})


def test_numbers_compare_as_numbers() -> None:
    assert matches({"employees": [300]}, {"employees": 300.0})
    assert matches({"employees": [{"numeric": [">=", 0.1, "<", 0.3]}]}, {"employees": 0.1})
    assert not matches({"employees": [{"numeric": ["<", 2**53]}]}, {"employees": 2**53})
    assert matches({"employees": [{"numeric": ["<", 1e300]}]}, {"employees": 10**299})
    assert not matches({"employees": [{"numeric": [">", 0]}]}, {"employees": True})
    assert not matches({"employees": [{"numeric": [">", 0]}]}, {"employees": float("inf")})


STAFF = {
    "employees": [
        {"firstName": "John", "lastName": "Doe"},
        {"firstName": "Anna", "lastName": "Smith"},
        [{"firstName": "Peter", "lastName": "Jones"}],
    ]
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"employees": {"firstName": ["Anna"]}}, True),
        ({"employees": {"firstName": ["Peter"]}}, True),
        ({"employees": {"firstName": ["Anna"], "lastName": ["Smith"]}}, True),
        ({"employees": {"firstName": ["Anna"], "lastName": ["Jones"]}}, False),
        ({"employees": {"firstName": [{"anything-but": "Anna"}]}}, True),
        ({"employees": {"middleName": [{"exists": False}], "lastName": ["Jones"]}}, True),
        ({"employees": {"firstName": [{"exists": False}]}}, False),
        ({"employees": [{"exists": False}]}, True),
    ],
    ids=json.dumps,
)
def test_what_is_asked_of_an_object_in_a_list_holds_within_one_element(pattern: dict[str, Any], expected: bool) -> None:
    assert matches(pattern, STAFF) is expected


def test_a_list_matches_if_one_of_its_elements_does_at_any_depth() -> None:
    assert matches({"tags": ["vip"]}, {"tags": ["new", [["vip"]]]})
    assert not matches({"tags": ["vip"]}, {"tags": ["new", {"vip": True}]})
    assert matches({"tags": [{"anything-but": "vip"}]}, {"tags": ["vip", "new"]})


@pytest.mark.parametrize(
    ("wildcard", "text", "expected"),
    [
        ("*", "", True),
        ("/docs/*", "/docs/", True),
        ("/docs/*", "/doc", False),
        ("*/lib/*", "/usr/lib/x", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*ab*ab*", "ab", False),
        ("*aba*aba*", "ababa", False),
        ("*aba*aba*", "abaxaba", True),
        ("a*b*c", "a\nb\nc", True),
        ("a*b*c", "acb", False),
        ("a*bc*c", "abc", False),
        ("5\\*", "5*", True),
        ("5\\*", "55", False),
        ("\\\\*", "\\x", True),
        ("plain", "plain", True),
        ("a.c", "abc", False),
    ],
)
def test_a_star_stands_for_any_text(wildcard: str, text: str, expected: bool) -> None:
    assert matches({"path": [{"wildcard": wildcard}]}, {"path": text}) is expected


def test_a_hostile_wildcard_takes_linear_time() -> None:
    match = compile_pattern({"path": [{"wildcard": "a*" * 200 + "b"}]})
    started = time.process_time()
    assert not match({"path": "a" * 200_000})
    assert time.process_time() - started < 1


def test_a_list_nested_beyond_reason_is_judged_all_the_same() -> None:
    nested: Any = "deep"
    for _ in range(100_000):
        nested = [nested]
    assert matches({"field": ["deep"]}, {"field": nested})
    assert matches({"field": {"x": [{"exists": False}]}}, {"field": nested})


# -- what is no pattern --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "problem"),
    [
        ({"kind": "white-paper"}, "kind", "write a list: [white-paper]"),
        ({"kind": 5}, "kind", "write a list: [5]"),
        ({"kind": None}, "kind", "write a list: [null]"),
        ({"a": {"b": True}}, "a.b", "write a list: [true]"),
        ({"kind": []}, "kind", "an empty list"),
        ({"kind": {}}, "kind", "name at least one field"),
        ({"kind": [["a"]]}, "kind[0]", "a list inside a list"),
        ({"kind": [float("nan")]}, "kind", "neither text, a number"),
        ({1: ["a"]}, "[1]", "a field's name is text"),
        ({"kind": ["a", {"prefx": "a"}]}, "kind[1]", "`prefx` is no matcher; there are anything-but,"),
        ({"kind": [{"prefix": "a", "suffix": "b"}]}, "kind[0]", "one matcher per list entry"),
        ({"kind": [{}]}, "kind[0]", "one matcher per list entry"),
        ({"kind": [{"prefix": ["a"]}]}, "kind[0].prefix", "this takes one text"),
        ({"kind": [{"suffix": {"wildcard": "a"}}]}, "kind[0].suffix", "equals-ignore-case: text"),
        ({"kind": [{"equals-ignore-case": 5}]}, "kind[0].equals-ignore-case", "this takes one text"),
        ({"kind": [{"exists": "yes"}]}, "kind[0].exists", "exists: true"),
        ({"kind": [{"numeric": 5}]}, "kind[0].numeric", "write an operator and a number"),
        ({"kind": [{"numeric": []}]}, "kind[0].numeric", "write an operator and a number"),
        ({"kind": [{"numeric": [">", "5"]}]}, "kind[0].numeric", "write an operator and a number"),
        ({"kind": [{"numeric": [">", True]}]}, "kind[0].numeric", "write an operator and a number"),
        ({"kind": [{"numeric": [">", float("inf")]}]}, "kind[0].numeric", "write an operator and a number"),
        ({"kind": [{"numeric": [[], 5]}]}, "kind[0].numeric", "write an operator and a number"),
        ({"kind": [{"numeric": ["<", 5, ">", 1]}]}, "kind[0].numeric", "a range"),
        ({"kind": [{"numeric": [">", 5, "<", 5]}]}, "kind[0].numeric", "the lower bound"),
        ({"kind": [{"anything-but": []}]}, "kind[0].anything-but", "name at least one value"),
        ({"kind": [{"anything-but": {"prefix": []}}]}, "kind[0].anything-but.prefix", "name at least one value"),
        ({"kind": [{"anything-but": {"numeric": ["=", 1]}}]}, "kind[0].anything-but", "one of equals-ignore-case"),
        ({"kind": [{"wildcard": "a**b"}]}, "kind[0].wildcard", "two `*` in a row"),
        ({"kind": [{"wildcard": "a\\b"}]}, "kind[0].wildcard", "a backslash"),
        ({"kind": [{"wildcard": "a\\"}]}, "kind[0].wildcard", "a backslash"),
        ({"$or": [{"kind": ["a"]}]}, "$or", "two or more alternatives"),
        ({"$or": {"kind": ["a"]}}, "$or", "two or more alternatives"),
        ({"a": {"$or": [{"kind": ["a"]}, {}]}}, "a.$or[1]", "name at least one field"),
        ({"a": {"$or": [{"kind": ["a"]}, {"kind": "b"}]}}, "a.$or[1].kind", "write a list: [b]"),
        (["a"], "", "a condition names fields"),
    ],
    ids=str,
)
def test_what_is_no_pattern_is_refused_with_its_place_and_the_remedy(pattern: Any, path: str, problem: str) -> None:
    with pytest.raises(PatternError) as refused:
        compile_pattern(pattern)
    assert problem in refused.value.problem
    assert str(refused.value).startswith(f"{path}: " if path else "a condition")
