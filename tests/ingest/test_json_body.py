"""What Python's JSON parser lets through ends at the door."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.ingest.json_body import DEPTH_MAX, EVENT_BYTES_MAX, checked, fingerprint, parse
from leadscore.ingest.rejection import Rejected


def nested(depth: int) -> Any:
    document: Any = 1
    for _ in range(depth):
        document = {"a": document}
    return document


def code_of(document: Any) -> str:
    with pytest.raises(Rejected) as refused:
        checked(document)
    return refused.value.code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a':1}",
        b'{"a":1,}',
        b"\xff\xfe{",
        b'"\xe4"',
        b"[" * 200_000 + b"]" * 200_000,
        b"1" * 5_000,
        b"nil",
    ],
)
def test_what_is_no_json_has_one_answer(body: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        parse(body)
    assert refused.value.code == "invalid_json"
    assert refused.value.status == 400


def test_a_byte_order_mark_is_no_trouble() -> None:
    assert parse(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_of_a_repeated_key_the_last_counts() -> None:
    assert parse(b'{"a":1,"a":2}') == {"a": 2}


def test_half_an_emoji_is_replaced_and_a_whole_one_is_kept() -> None:
    assert parse(b'{"title":"cut \\ud83d","whole":"\\ud83d\\ude00"}') == {"title": "cut \ufffd", "whole": "\U0001f600"}


@pytest.mark.parametrize(
    "body",
    [b'"\\uffff"', b'"\\uFFFF"', b'"\\ufffe"', b'"\\uFfFE"', b'"\\uDFFF"', '"\uffff"'.encode(), '"\ufffe"'.encode()],
)
def test_characters_that_the_queue_refuses_are_replaced(body: bytes) -> None:
    assert parse(body) == "\ufffd"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400"])
def test_numbers_that_json_does_not_have_are_refused_where_they_stand(number: bytes) -> None:
    document = parse(b'{"a":{"b":[' + number + b"]}}")
    assert code_of(document) == "invalid_number"


def test_long_numbers_are_kept_to_the_last_digit() -> None:
    assert checked(parse(b'{"n":' + b"7" * 60 + b"}")) == '{"n":' + "7" * 60 + "}"


def test_depth_has_a_bound() -> None:
    assert checked(nested(DEPTH_MAX))
    assert code_of(nested(DEPTH_MAX + 1)) == "event_too_deep"
    assert code_of([nested(DEPTH_MAX)]) == "event_too_deep"
    assert code_of(parse(b"[" * 4_000 + b"]" * 4_000)) == "event_too_deep"


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert checked([{"sku": number} for number in range(200)])


def test_size_has_a_bound_in_bytes() -> None:
    assert checked("x" * (EVENT_BYTES_MAX - 2))
    assert code_of("x" * (EVENT_BYTES_MAX - 1)) == "event_too_large"
    assert code_of("\u20ac" * (EVENT_BYTES_MAX // 3 + 1)) == "event_too_large"


def test_a_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint(checked({"a": 1, "b": 2})) == fingerprint(checked({"b": 2, "a": 1}))
    assert fingerprint(checked({"a": 1})) != fingerprint(checked({"a": "1"}))
    assert len(fingerprint("")) == 22


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_document_or_the_declared_error(body: bytes) -> None:
    try:
        document = parse(body)
    except Rejected:
        return
    json.dumps(document, ensure_ascii=False).encode()


JSON_TEXT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_TEXT, st.booleans())
def test_any_json_can_be_encoded_afterwards_or_is_refused(document: Any, ascii_only: bool) -> None:
    body = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        text = checked(parse(body))
    except Rejected:
        return
    text.encode()
    assert "\uffff" not in text
    assert checked(parse(text.encode())) == text
