"""The public door: success means kept, every error says what to do, and a bad event takes no neighbour along."""

import json
import string
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.adapters.memory import MemoryFailedEvents, MemoryQueue
from leadscore.domain.event import LeadEvent
from leadscore.ingest.arrival import find_source
from leadscore.ingest.http import Request, Response
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import BATCH_EVENTS_MAX
from leadscore.use_cases.collecting.routes import broken
from leadscore.use_cases.collecting.segment import NAMED_FAILURES_MAX
from leadscore.use_cases.messages import BODY_BYTES_MAX, EVENTS_MAX, read_message
from tests.ingest.door import NOON, PUBLIC_KEY, ROOT, SERVER_KEY, SOURCES, Door, basic, document, zipped

GOOD = {"type": "track", "event": "Demo Requested", "userId": "u-1"}
NOBODY = {"type": "track", "event": "Demo Requested"}


def out_of_order(_call: str) -> None:
    raise ConnectionError("user ada@example.org could not be reached")


def code(response: Response) -> str:
    error = document(response)
    assert error.keys() == {"code", "message"}
    assert error["message"]
    return str(error["code"])


# Success


def test_success_is_exactly_200_and_a_small_json_body() -> None:
    response = Door().post("/v1/track", GOOD)
    assert (response.status, response.body) == (200, b'{"success": true}')
    assert response.to_gateway()["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("beside", ["", json.dumps(GOOD) + ","])
def test_no_depth_of_an_event_makes_its_sender_come_again(beside: str) -> None:
    """Somewhere there, what can just be read cannot be written any more among the failed events."""
    for depth in range(9_950, 10_010):
        deep = f'{{"type": "track", "event": "E", "userId": "u-1", "properties": {"[" * depth}{"]" * depth}}}'
        door = Door()
        status = door.post("/v1/batch", f"[{beside}{deep}]").status
        assert (status, len(door.failed_items)) in {(200, 1), (400, 0)}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/track",
        "/v1/track/",
        "/v1/t",
        "/v1/identify",
        "/v1/page",
        "/v1/screen",
        "/v1/group",
        "/sdk/track",
        "/sdk/page",
        "/api/s/track",
        "/api/s/s2s/page",
    ],
)
def test_calls_are_found_under_their_paths(path: str) -> None:
    assert Door().post(path, GOOD).status == 200


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/b", "/sdk/batch"])
def test_batches_are_found_under_their_paths(path: str) -> None:
    door = Door()
    assert door.post(path, {"batch": [GOOD]}).status == 200
    assert door.event.name == "Demo Requested"


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "image/png"]
)
def test_the_label_on_a_body_does_not_matter(content_type: str) -> None:
    door = Door()
    assert door.post("/v1/track", GOOD, headers={"content-type": content_type}).status == 200
    compressed = {"content-type": content_type, "content-encoding": "gzip"}
    assert door.post("/v1/track", zipped(GOOD), headers=compressed).status == 200
    assert len(door.events) == 2


@pytest.mark.parametrize(
    ("headers", "in_body", "status"),
    [
        ({"authorization": basic(PUBLIC_KEY)}, None, 200),
        ({"authorization": basic(PUBLIC_KEY)}, "wrong", 200),
        ({}, PUBLIC_KEY, 200),
        ({"authorization": basic("")}, PUBLIC_KEY, 200),
        ({"authorization": "Bearer token"}, PUBLIC_KEY, 200),
        ({"authorization": basic("wrong")}, PUBLIC_KEY, 401),
        ({}, None, 401),
        ({}, "wrong", 401),
        ({}, 42, 401),
        ({}, PUBLIC_KEY.replace("website", "backend"), 401),
        ({}, PUBLIC_KEY.replace("website", "removed"), 401),
        ({}, PUBLIC_KEY.upper(), 401),
        ({}, PUBLIC_KEY[:-1], 401),
        ({}, "website", 401),
        ({}, "\u20ac_\u0000", 401),
    ],
)
def test_a_key_is_looked_for_in_basic_then_in_the_body(headers: dict[str, str], in_body: Any, status: int) -> None:
    door = Door()
    response = door.post("/v1/track", {**GOOD, "writeKey": in_body}, key=None, headers=headers)
    assert response.status == status
    assert len(door.events) == (1 if status == 200 else 0)
    if status == 401:
        assert code(response) == "invalid_write_key"


@pytest.mark.parametrize(("header", "status"), [(PUBLIC_KEY, 200), (f"{PUBLIC_KEY}:x", 200), ("x", 401), ("", 401)])
def test_jitsus_clients_have_the_key_in_a_header_of_their_own(header: str, status: int) -> None:
    assert Door().post("/api/s/track", GOOD, key=None, headers={"x-write-key": header}).status == status


def test_every_key_is_compared_even_after_a_match() -> None:
    assert find_source(SERVER_KEY, root=ROOT, sources=SOURCES)[0] == "backend"
    assert find_source(PUBLIC_KEY, root=ROOT, sources=SOURCES)[0] == "website"
    with pytest.raises(Rejected):
        find_source(PUBLIC_KEY, root="another root", sources=SOURCES)


# What the queue gets


def bodies_of(door: Door) -> list[str]:
    return door.queue.bodies


def test_a_large_batch_travels_in_messages_of_their_own_tokens() -> None:
    door = Door()
    items = [{**GOOD, "messageId": f"m-{number}"} for number in range(BATCH_EVENTS_MAX)]
    assert door.post("/v1/batch", {"batch": items}).status == 200
    messages = [read_message(body) for body in bodies_of(door)]
    assert [len(message.events) for message in messages] == [EVENTS_MAX] * (BATCH_EVENTS_MAX // EVENTS_MAX)
    assert len({message.token for message in messages}) == len(messages)
    assert len({event.id for event in door.events}) == BATCH_EVENTS_MAX


def test_messages_stay_below_their_size() -> None:
    door = Door()
    items = [{**GOOD, "properties": {"text": "x" * 30_000}} for _ in range(15)]
    assert door.post("/v1/batch", {"batch": items}).status == 200
    sizes = [len(body.encode()) for body in bodies_of(door)]
    assert max(sizes) <= BODY_BYTES_MAX
    assert 2 < len(sizes) < len(items)
    assert len(door.events) == len(items)


def test_an_empty_batch_sends_nothing() -> None:
    door = Door()
    assert door.post("/v1/batch", {"batch": []}).status == 200
    assert bodies_of(door) == []


# A batch's bad items


def test_a_bad_item_is_kept_aside_and_its_neighbours_are_queued() -> None:
    door = Door()
    response = door.post("/v1/batch", {"batch": [GOOD, NOBODY, "text", GOOD], "writeKey": SERVER_KEY, "sentAt": "now"})
    assert response.status == 200
    assert document(response)["success"] is True
    assert [(failed["index"], failed["code"]) for failed in document(response)["failures"]] == [
        (1, "no_user_anon_id"),
        (2, "invalid_event"),
    ]
    assert len(door.events) == 2
    assert door.failed_items == [NOBODY, "text"]
    assert door.metrics == {"event.failed": 2}


def test_a_failed_item_keeps_what_it_takes_to_send_it_again_but_no_key() -> None:
    door = Door()
    envelope = {"sentAt": "2026-03-01T12:00:00Z", "context": {"locale": "de"}}
    item = {**NOBODY, "properties": {"n": 10**50}}
    door.post(
        "/v1/batch", {"batch": [{**item, "writeKey": SERVER_KEY}], "writeKey": SERVER_KEY, **envelope}, key=SERVER_KEY
    )
    (kept,) = door.failed.kept.values()
    assert (kept.code, kept.at) == ("no_user_anon_id", NOON)
    assert json.loads(kept.raw) == {"source": "backend", "batch": [item], **envelope}
    mended = json.loads(kept.raw)
    mended["batch"][0]["userId"] = "u-1"
    assert door.post("/v1/batch", mended, key=SERVER_KEY).status == 200
    assert door.event.properties == {"n": 10**50}


def test_a_batch_of_only_bad_items_is_kept_and_so_a_success() -> None:
    door = Door()
    response = door.post("/v1/batch", {"batch": [NOBODY] * BATCH_EVENTS_MAX})
    assert response.status == 200
    assert document(response)["failed"] == BATCH_EVENTS_MAX
    assert len(document(response)["failures"]) == NAMED_FAILURES_MAX
    assert len(door.failed_items) == BATCH_EVENTS_MAX
    assert len(door.failed.kept) == 1
    assert bodies_of(door) == []


@pytest.mark.parametrize(
    "item",
    [
        {**GOOD, "properties": {"n": float("nan")}},
        {**GOOD, "properties": {"n": float("inf")}},
        {**GOOD, "userId": "a\0b"},
        {**GOOD, "userId": "cut \ud83d"},
        {**GOOD, "type": "delete"},
        {**GOOD, "type": None},
        {**GOOD, "type": ["track"]},
        {**GOOD, "timestamp": "1999-01-01"},
        {**GOOD, "properties": {"trait": "x" * 100_000}},
        None,
        7,
        [GOOD],
    ],
)
def test_every_kind_of_bad_item_is_kept(item: Any) -> None:
    door = Door()
    assert door.post("/v1/batch", {"batch": [item, GOOD]}).status == 200
    assert len(door.events) == 1
    assert len(door.failed_items) == 1


def test_half_an_emoji_in_a_title_loses_no_event() -> None:
    door = Door()
    body = '{"userId":"u","event":"E","properties":{"title":"cut \\ud83d"}}'
    assert door.post("/v1/track", body).status == 200
    assert door.event.properties == {"title": "cut \ufffd"}


# When something is down


@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch", "/forms/contact"])
def test_without_the_queue_nothing_is_promised(path: str) -> None:
    door = Door(queue=MemoryQueue(before_call=out_of_order))
    response = door.post(path, {"batch": [GOOD], "email": "a@b.org", **GOOD})
    assert (response.status, code(response)) == (503, "unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert [type(error) for error in door.reports] == [ConnectionError]


@pytest.mark.parametrize(
    ("path", "headers", "is_readable"),
    [
        ("/v1/t", {}, False),
        ("/v1/t", {"authorization": basic(PUBLIC_KEY)}, False),
        ("/v1/track", {}, False),
        ("/v1/track/", {}, False),
        ("/sdk/page", {}, False),
        ("/v1/track", {"authorization": basic(PUBLIC_KEY)}, True),
        ("/v1/batch", {"authorization": basic(PUBLIC_KEY)}, True),
        ("/v1/batch", {}, True),
        ("/v1/b", {}, True),
        ("/forms/demo", {}, True),
    ],
)
def test_a_page_cannot_take_a_503_for_a_success_where_its_client_looks_at_no_status(
    path: str, headers: dict[str, str], is_readable: bool
) -> None:
    door = Door(queue=MemoryQueue(before_call=out_of_order))
    said = {"batch": [GOOD]} if path in {"/v1/batch", "/v1/b"} else {**GOOD, "email": "ada@example.org"}
    response = door.post(path, {"writeKey": PUBLIC_KEY, **said}, key=None, headers=headers)
    assert response.status == 503
    assert ("access-control-allow-origin" in response.to_gateway()["headers"]) is is_readable


@pytest.mark.parametrize(("path", "is_readable"), [("/v1/t", False), ("/sdk/track", False), ("/v1/track", True)])
def test_nor_can_it_where_this_program_breaks(path: str, is_readable: bool) -> None:
    assert ("access-control-allow-origin" in broken(path).to_gateway()["headers"]) is is_readable


@pytest.mark.parametrize("path", ["/v1/t", "/v1/track"])
def test_a_refusal_can_always_be_read(path: str) -> None:
    response = Door().post(path, NOBODY, key=None)
    assert response.status == 401
    assert response.to_gateway()["headers"]["access-control-allow-origin"] == "*"


def test_a_lost_answer_of_the_queue_is_no_success() -> None:
    door = Door(queue=MemoryQueue(after_call=out_of_order))
    assert door.post("/v1/track", {**GOOD, "messageId": "m"}).status == 503
    first = door.event
    door.queue.after_call = lambda _call: None
    assert door.post("/v1/track", {**GOOD, "messageId": "m"}).status == 200
    assert [event.id for event in door.events] == [first.id, first.id]


def test_without_the_failed_events_a_batch_is_not_taken_at_all() -> None:
    door = Door(failed=MemoryFailedEvents(before_call=out_of_order))
    assert door.post("/v1/batch", {"batch": [GOOD, NOBODY]}).status == 503
    assert bodies_of(door) == []


def test_bad_items_are_kept_before_the_good_ones_are_queued() -> None:
    door = Door(queue=MemoryQueue(before_call=out_of_order))
    assert door.post("/v1/batch", {"batch": [GOOD, NOBODY]}).status == 503
    assert door.failed_items == [NOBODY]


def test_without_the_secret_a_right_key_is_not_called_wrong() -> None:
    def fail() -> str:
        raise ConnectionError

    door = Door(read_root=fail)
    assert door.post("/v1/track", GOOD).status == 503
    assert door.get("/health").status == 200


def test_what_breaks_here_still_has_an_answer() -> None:
    assert (broken("/v1/batch").status, code(broken("/v1/batch"))) == (500, "internal_error")
    assert broken("/pixel.gif").body.startswith(b"GIF89a")


# Errors


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "expected"),
    [
        ("POST", "/v1/track", "{", 400, "invalid_json"),
        ("POST", "/v1/track", "", 400, "invalid_json"),
        ("POST", "/v1/track", "[" * 200_000, 400, "invalid_json"),
        ("POST", "/v1/track", "[]", 401, "invalid_write_key"),
        ("POST", "/v1/batch", "{}", 401, "invalid_write_key"),
        ("POST", "/v1/batch", json.dumps({"writeKey": PUBLIC_KEY}), 400, "invalid_batch"),
        ("POST", "/v1/batch", json.dumps({"writeKey": PUBLIC_KEY, "batch": {}}), 400, "invalid_batch"),
        (
            "POST",
            "/v1/batch",
            json.dumps({"writeKey": PUBLIC_KEY, "batch": [GOOD] * (BATCH_EVENTS_MAX + 1)}),
            400,
            "too_many_events",
        ),
        (
            "POST",
            "/v1/batch",
            json.dumps({"writeKey": PUBLIC_KEY, "batch": [GOOD], "context": 1}),
            400,
            "invalid_event",
        ),
        ("POST", "/v1/batch", " " * 532_481, 413, "body_too_large"),
        ("GET", "/v1/batch", "", 405, "method_not_allowed"),
        ("PUT", "/forms/contact", "", 405, "method_not_allowed"),
        ("POST", "/pixel.gif", "", 405, "method_not_allowed"),
        ("DELETE", "/health", "", 405, "method_not_allowed"),
        ("GET", "/", "", 404, "not_found"),
        ("POST", "/v1/delete", "", 404, "not_found"),
        ("POST", "/v1/tracking", "", 404, "not_found"),
        ("POST", "/forms/a/b", "", 404, "not_found"),
        ("POST", "/forms/", "", 404, "not_found"),
        ("GET", "/pixel.gif/x", "", 404, "not_found"),
        ("GET", "/v1/projects/unknown/settings", "", 401, "invalid_write_key"),
    ],
)
def test_every_error_has_a_code_a_remedy_and_the_right_status(
    method: str, path: str, body: str, status: int, expected: str
) -> None:
    door = Door()
    response = door.answer(Request(method, path, body=body))
    assert (response.status, code(response)) == (status, expected)
    assert response.to_gateway()["headers"]["content-type"] == "application/json"
    assert response.to_gateway()["headers"]["access-control-allow-origin"] == "*"
    assert door.events == []
    if status == 405:
        assert "OPTIONS" in response.headers["allow"]


def test_no_answer_quotes_what_was_sent() -> None:
    secret = "ada.lovelace@example.org"
    door = Door()
    answers = [
        door.post("/v1/track", {"userId": f"\0{secret}", "event": secret}),
        door.post("/v1/track", {"userId": "u", "event": secret, "timestamp": secret}),
        door.post("/v1/track", f'{{"userId": {secret}'),
        door.post("/v1/batch", {"batch": [{"type": secret, "userId": secret}, secret]}),
        door.post("/forms/contact", f"email={secret}&userId=%00{secret}", headers={"content-type": ""}),
        door.post(f"/forms/{secret}", f"email={secret}", headers={"content-type": ""}),
        door.post("/v1/track", GOOD, key=secret),
        door.get(f"/{secret}"),
        door.get("/pixel.gif", urlencode({"writeKey": PUBLIC_KEY, "userId": secret})),
    ]
    assert all("ada" not in json.dumps(answer.to_gateway()).lower() for answer in answers)
    assert "ada" not in json.dumps(door.metrics)


# Around it


def test_health_needs_nothing() -> None:
    assert document(Door().get("/health")) == {"status": "ok"}
    assert Door().get("/health", method="HEAD").body == b""


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/t", "/forms/contact", f"/v1/projects/{PUBLIC_KEY}/settings"])
def test_a_browser_may_ask_from_any_site(path: str) -> None:
    asked = {"origin": "https://elsewhere.example", "access-control-request-headers": "authorization,rsa-retry-attempt"}
    response = Door().get(path, method="OPTIONS", headers=asked)
    headers = response.to_gateway()["headers"]
    assert response.status == 204
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-headers"] == "authorization,rsa-retry-attempt"
    assert "POST" in headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("asked", ["", "x\r\nset-cookie: a=b", "x" * 2_000, "é"])
def test_a_preflight_repeats_only_names_of_headers(asked: str) -> None:
    response = Door().get("/v1/t", method="OPTIONS", headers={"access-control-request-headers": asked})
    assert response.headers["access-control-allow-headers"] == "Authorization, Content-Type"


def test_analytics_js_finds_its_settings() -> None:
    headers = {"host": "collect.example.com", "x-forwarded-proto": "https"}
    response = Door().get(f"/v1/projects/{PUBLIC_KEY}/settings", headers=headers)
    settings = document(response)
    ours = {"apiKey": PUBLIC_KEY, "apiHost": "collect.example.com/v1", "protocol": "https"}
    assert settings["integrations"] == {"Segment.io": ours}
    assert settings["plan"]["track"]["__default"]["enabled"] is True
    assert settings["metrics"] == {"sampleRate": 0}


# Anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
IDS = st.sampled_from(["u-1", "null", "", "a\0b", "x#y", 7]) | JSON
ITEMS = (
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["identify", "track", "page", "screen", "group", "alias"]) | JSON,
            "event": st.sampled_from(["Demo Requested", ""]) | JSON,
            "userId": IDS,
            "anonymousId": IDS,
            "previousId": IDS,
            "messageId": st.text(max_size=120) | JSON,
            "timestamp": st.sampled_from(["2026-03-01T11:00:00Z", 1_772_366_400]) | JSON,
            "sentAt": JSON,
            "properties": st.dictionaries(st.sampled_from(["url", "email", "path"]), JSON) | JSON,
            "traits": st.dictionaries(st.sampled_from(["email", "title"]), JSON) | JSON,
            "context": st.dictionaries(st.sampled_from(["ip", "page", "traits"]), JSON) | JSON,
            "name": JSON,
        },
    )
    | JSON
)


def self_aliases(items: Sequence[Any], events: Sequence[LeadEvent], failed: int) -> int:
    """Items that are neither queued nor kept, which only an alias to oneself may be."""
    missing = len(items) - len(events) - failed
    possible = sum(isinstance(item, dict) and item.get("type") == "alias" for item in items)
    assert 0 <= missing <= possible
    return missing


@settings(max_examples=300, deadline=None)
@given(st.lists(ITEMS, max_size=5), st.sampled_from([PUBLIC_KEY, SERVER_KEY]), JSON, st.booleans())
def test_a_200_means_that_every_item_is_queued_or_kept(
    items: list[Any], key: str, sent_at: Any, ascii_only: bool
) -> None:
    door = Door()
    text = json.dumps({"batch": items, "sentAt": sent_at}, ensure_ascii=ascii_only)
    response = door.post("/v1/batch", text.encode("utf-8", "surrogatepass"), key=key)
    if response.status == 200:
        self_aliases(items, door.events, len(door.failed_items))
        for event in door.events:
            assert event.occurred_at <= event.received_at == NOON
            json.dumps(event.to_json(), ensure_ascii=False, allow_nan=False).encode()
            assert LeadEvent.from_json(event.to_json()) == event
    else:
        assert code(response) == "invalid_json"
        assert bodies_of(door) == []
        assert door.failed.kept == {}


@settings(max_examples=200, deadline=None)
@given(st.lists(ITEMS, min_size=1, max_size=3), st.booleans())
def test_what_is_passed_on_without_a_batch_around_it_is_queued_or_kept(items: list[Any], as_list: bool) -> None:
    door = Door()
    sent = items if as_list else items[0]
    response = door.post("/v1/batch", json.dumps(sent), key=SERVER_KEY)
    if response.status == 200:
        self_aliases(sent if isinstance(sent, list) else [sent], door.events, len(door.failed_items))
    else:
        assert code(response) == "invalid_batch"
        assert not as_list


@settings(max_examples=200, deadline=None)
@given(ITEMS, st.sampled_from(["identify", "track", "page", "screen", "group", "alias"]))
def test_a_single_call_is_queued_or_refused(item: Any, call: str) -> None:
    door = Door()
    response = door.post(f"/v1/{call}", json.dumps(item))
    assert response.status in {200, 400}
    assert len(door.events) == 1 or response.status == 400 or call == "alias"
    assert door.failed.kept == {}


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
    | st.text(string.printable, max_size=40),
    st.binary(max_size=200)
    | st.text(st.sampled_from("email=a@b.org&%00\xff[]{}:,\"'1"), max_size=60).map(str.encode)
    | st.binary(max_size=60).map(
        lambda content: b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + content
    ),
    st.text(max_size=20),
    st.text(max_size=60),
)
def test_any_form_is_queued_or_refused(content_type: str, body: bytes, form: str, header: str) -> None:
    door = Door()
    headers = {
        "content-type": content_type,
        "referer": header,
        "user-agent": header,
        "cookie": header,
        "accept": header,
    }
    response = door.post(f"/forms/{form}", body, headers=headers)
    assert response.status in {200, 303, 400, 404, 413, 415}
    assert len(door.events) == (1 if response.status in {200, 303} else 0)
    json.dumps(response.to_gateway())


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["anonymousId", "userId", "event", "url", "title", "referrer", "utm_source"]),
        st.text() | st.sampled_from(["https://[", "https://www.example.com/x?utm_source=a", "a@b.org"]),
    ),
    st.text(max_size=40),
)
def test_any_pixel_gets_its_picture_and_is_queued_or_counted(parameters: dict[str, str], header: str) -> None:
    door = Door()
    query = urlencode({"writeKey": PUBLIC_KEY, **parameters}, errors="replace")
    response = door.get("/pixel.gif", query, headers={"referer": header, "cookie": header, "user-agent": header})
    assert (response.status, len(response.body)) == (200, 43)
    assert len(door.events) + door.metrics.get("pixel.dropped", 0) == 1
    assert not any(
        "@" in identifier.value and "a@b.org" in identifier.value
        for event in door.events
        for identifier in event.identifiers
    )


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PATCH", "\u20ac"]), st.text(max_size=40), st.text(max_size=40)
)
def test_any_request_has_an_answer(method: str, path: str, text: str) -> None:
    door = Door()
    for candidate in (path, f"/{path}", f"/v1/{path}", f"/v1/projects/{path}/settings"):
        response = door.answer(
            Request(method, candidate, text, {"authorization": text, "host": text}, text, is_base64=True)
        )
        assert response.status in {200, 204, 400, 401, 404, 405}
        json.dumps(response.to_gateway())
    assert door.reports == []
