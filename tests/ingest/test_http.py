"""Requests as API Gateway hands them over, and bodies as clients encode them."""

import base64
import contextlib
import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.ingest.http import BODY_BYTES_MAX, Request, Response
from leadscore.ingest.rejection import Rejected


def gateway_event(**changes: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/v1/batch",
        "rawQueryString": "",
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/v1/batch"}, "stage": "$default"},
        "body": "{}",
        "isBase64Encoded": False,
        **changes,
    }


def with_body(raw: bytes, encoding: str = "") -> Request:
    return Request(
        "POST", "/", headers={"content-encoding": encoding}, body=base64.b64encode(raw).decode(), is_base64=True
    )


def refusal(request: Request) -> Rejected:
    with pytest.raises(Rejected) as refused:
        request.content()
    return refused.value


def test_a_gateway_event_becomes_a_request() -> None:
    request = Request.of_gateway(gateway_event(cookies=["a=1", "b=2"], rawQueryString="x=%40&y="))
    assert request.content() == b"{}"
    assert request.header("content-type") == "application/json"
    assert (request.cookie("a"), request.cookie("b"), request.cookie("c")) == ("1", "2", None)
    assert request.query_fields() == {"x": "@", "y": ""}


def test_cookies_may_come_as_a_header() -> None:
    assert Request.of_gateway(gateway_event(headers={"cookie": "a=1; b=2"})).cookie("b") == "2"


def test_what_the_edge_had_to_change_is_read_as_the_client_sent_it() -> None:
    request = Request.of_gateway(
        gateway_event(
            headers={
                "Host": "abc123.execute-api.eu-central-1.amazonaws.com",
                "X-Forwarded-Host": "collect.example.com",
                "Content-Type": "application/octet-stream",
                "X-Original-Content-Type": "application/x-www-form-urlencoded",
            }
        )
    )

    assert request.header("host") == "collect.example.com"
    assert request.header("content-type") == "application/x-www-form-urlencoded"


def test_a_clients_address_is_the_gateways_word_unless_a_cdn_stands_in_between() -> None:
    event = gateway_event(
        headers={"x-viewer-address": "203.0.113.7"},
        requestContext={"http": {"method": "POST", "path": "/", "sourceIp": "198.51.100.1"}, "stage": "$default"},
    )

    assert Request.of_gateway(event).address == "198.51.100.1"
    assert Request.of_gateway(event, behind_cdn=True).address == "203.0.113.7"
    assert Request.of_gateway(event | {"headers": {}}, behind_cdn=True).address == ""


def test_headers_that_the_queue_would_refuse_are_mended() -> None:
    assert (
        Request.of_gateway(gateway_event(headers={"user-agent": "a\uffff\ud800"})).header("user-agent")
        == "a\ufffd\ufffd"
    )


def test_a_request_without_a_body_headers_or_query_is_fine() -> None:
    event = gateway_event()
    for name in ("body", "headers", "rawQueryString"):
        del event[name]
    request = Request.of_gateway(event)
    assert request.content() == b""
    assert request.query_fields() == {}


def test_a_named_stage_is_no_part_of_the_path() -> None:
    context = {"http": {"method": "GET"}, "stage": "live"}
    assert Request.of_gateway(gateway_event(rawPath="/live/health", requestContext=context)).path == "/health"
    assert Request.of_gateway(gateway_event(rawPath="/live", requestContext=context)).path == "/"


def test_plain_text_and_base64_give_the_same_bytes() -> None:
    text = '{"name":"Zo\u00eb"}'
    assert Request("POST", "/", body=text).content() == with_body(text.encode()).content()


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " x-gzip "])
def test_gzip_is_undone(encoding: str) -> None:
    assert with_body(gzip.compress(b'{"a":1}'), encoding).content() == b'{"a":1}'


def test_a_label_that_outlived_its_compression_is_ignored() -> None:
    assert Request("POST", "/", headers={"content-encoding": "gzip"}, body='{"a":1}').content() == b'{"a":1}'


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused(encoding: str) -> None:
    refused = refusal(with_body(b"x", encoding))
    assert (refused.status, refused.code) == (415, "unsupported_encoding")


@pytest.mark.parametrize(
    "raw", [b"\x1f\x8b", gzip.compress(b"x" * 100, mtime=0)[:-9], b"\x1f\x8b" + b"\0" * 40, b"\x1f\xef\xbf\xbd\x08"]
)
def test_a_damaged_gzip_is_refused_with_the_remedy(raw: bytes) -> None:
    refused = refusal(with_body(raw, "gzip"))
    assert (refused.status, refused.code) == (415, "unsupported_encoding")
    assert "octet-stream" in refused.message


def test_a_body_has_a_limit() -> None:
    assert len(with_body(b"x" * BODY_BYTES_MAX).content()) == BODY_BYTES_MAX
    refused = refusal(with_body(b"x" * (BODY_BYTES_MAX + 1)))
    assert (refused.status, refused.code) == (413, "body_too_large")


def test_a_gzip_bomb_never_unfolds() -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(bytes(1_000_000)) for _ in range(200)) + squeeze.flush()
    assert len(bomb) < BODY_BYTES_MAX
    request = with_body(bomb, "gzip")
    tracemalloc.start()
    try:
        assert refusal(request).status == 413
        assert tracemalloc.get_traced_memory()[1] < 8 * BODY_BYTES_MAX
    finally:
        tracemalloc.stop()


def test_many_empty_members_end_soon() -> None:
    assert with_body(gzip.compress(b"") * 20_000, "gzip").content() == b""


def test_what_is_no_base64_is_refused() -> None:
    assert refusal(Request("POST", "/", body="%%%", is_base64=True)).code == "invalid_body"


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("Basic " + base64.b64encode(b"key:").decode(), "key"),
        ("basic " + base64.b64encode(b"key").decode(), "key"),
        ("Basic " + base64.b64encode(b"key:password").decode(), "key"),
        ("Basic " + base64.b64encode(b":").decode(), None),
        ("Basic !!!", None),
        ("Basic " + base64.b64encode(b"\xff:").decode(), None),
        ("Bearer abc", None),
        ("", None),
    ],
)
def test_the_write_key_is_the_basic_user(header: str, user: str | None) -> None:
    assert Request("POST", "/", headers={"authorization": header}).basic_user() == user


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(Rejected) as refused:
        Request("GET", "/", "&".join(f"p{n}=1" for n in range(200))).query_fields()
    assert refused.value.code == "invalid_query"


def test_a_picture_travels_as_base64_and_text_as_it_is() -> None:
    assert Response(200, b"\x89", "image/gif").to_gateway()["isBase64Encoded"] is True
    answer = Response(200, b"{}", cookie="a=b").to_gateway()
    assert (answer["body"], answer["isBase64Encoded"], answer["cookies"]) == ("{}", False, ["a=b"])


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "identity", "br", "\u20ac"]), st.text(max_size=50))
def test_any_body_gives_bytes_or_the_declared_error(raw: bytes, encoding: str, text: str) -> None:
    for request in (
        with_body(raw, encoding),
        with_body(b"\x1f\x8b\x08" + raw, encoding),
        Request("POST", "/", headers={"content-encoding": encoding, "authorization": f"Basic {text}"}, body=text),
        Request("POST", "/", text, headers={"cookie": text}, body=text, is_base64=True),
    ):
        with contextlib.suppress(Rejected):
            assert len(request.content()) <= BODY_BYTES_MAX
        request.basic_user()
        request.cookie(text)
        request.query_fields()
        json.dumps(Response(200, json.dumps(text).encode()).to_gateway())
