"""Calls in the address of a picture, as Segment and RudderStack take them."""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import Trust, event_id
from leadscore.ingest.http import Response
from tests.ingest.door import PUBLIC_KEY, SERVER_KEY, Door, identifiers

VISITOR = "8c2f4a6e-1b3d-4e5f-8a9b-0c1d2e3f4a5b"
OPENED: dict[str, Any] = {
    "writeKey": PUBLIC_KEY,
    "userId": "025pikachu025",
    "event": "Email Opened",
    "messageId": "m-1",
    "properties": {"subject": "The Electric Daily >>> ???", "campaign_id": "c-7"},
}
PATHS = st.sampled_from(["/v1/pixel/", "/pixel/v1/"])
CALLS = st.sampled_from(["identify", "track", "page", "screen", "group", "alias"])


def ask(door: Door, path: str, query: str) -> Response:
    response = door.get(path, query, headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"})
    assert (response.status, response.content_type) == (200, "image/gif")
    return response


def look(door: Door, call: str, **parameters: str) -> None:
    ask(door, f"/pixel/v1/{call}", urlencode({"writeKey": PUBLIC_KEY, **parameters}))


def packed(document: Any) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


def test_a_picture_is_a_page_view_with_dotted_parameters() -> None:
    door = Door()
    parameters = {
        "anonymousId": f'"{VISITOR}"',
        "name": "Home",
        "properties.path": "/home",
        "properties.url": "https://www.example.com/home",
        "context.page.title": "Home",
        "context.library.name": "Rudderstack AMP SDK",
    }
    look(door, "page", **parameters)
    event = door.event
    assert (event.name, event.trust, identifiers(event)) == ("Page Viewed", Trust.PUBLIC, {"anonymous_id": VISITOR})
    assert event.properties == {"name": "Home", "path": "/home", "url": "https://www.example.com/home"}
    assert event.context["page"] == {"title": "Home"}
    assert event.context["library"] == {"name": "Rudderstack AMP SDK"}


def test_a_picture_may_be_any_event_and_is_public_whatever_its_key() -> None:
    door = Door()
    look(door, "track", writeKey=SERVER_KEY, userId="u-1", event="Demo Requested")
    assert (door.event.name, door.event.trust) == ("Demo Requested", Trust.PUBLIC)


@pytest.mark.parametrize(
    "parameters",
    [
        {"anonymousId": "v", "context.traits.email": "ada@example.org"},
        {"anonymousId": "v", "properties.url": "https://x.example/?email=ada%40x.example"},
        {"anonymousId": "v", "ada@example.org": "1"},
        {"anonymousId": ""},
        {"anonymousId": "v", "writeKey": "unknown"},
        {"anonymousId": "v", "event": ""},
        {"anonymousId": "v", "properties": "none"},
        {"anonymousId": "v", "context": "none"},
    ],
)
def test_a_picture_that_cannot_be_taken_is_counted_and_shown(parameters: dict[str, str]) -> None:
    door = Door()
    look(door, "track", **{"event": "Demo Requested", **parameters})
    assert door.events == []
    assert door.metrics == {"pixel.dropped": 1}


@given(st.dictionaries(st.text(alphabet="ab.c", max_size=300), st.text(max_size=9), max_size=8))
def test_any_parameters_get_a_picture(parameters: dict[str, str]) -> None:
    look(Door(), "page", anonymousId="v", **parameters)


@pytest.mark.parametrize(
    "data",
    [
        quote(packed(OPENED), safe=""),
        packed(OPENED),  # Its pluses arrive as spaces.
        packed(OPENED).rstrip("="),
        base64.urlsafe_b64encode(json.dumps(OPENED).encode()).decode().rstrip("="),
        quote(json.dumps(OPENED)),
    ],
    ids=["escaped", "as it is", "unpadded", "for addresses", "plain JSON"],
)
def test_a_picture_may_hold_the_whole_call(data: str) -> None:
    assert {"+", "/"} & set(packed(OPENED))
    door = Door()
    ask(door, "/v1/pixel/track", f"data={data}")
    event = door.event
    assert (event.id, event.name, event.trust) == (event_id("website", "m-1"), "Email Opened", Trust.PUBLIC)
    assert identifiers(event) == {"user_id": "025pikachu025"}
    assert event.properties == OPENED["properties"]
    assert event.context["userAgent"] == "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"


def test_a_picture_may_say_the_same_call_in_dotted_parameters() -> None:
    door = Door()
    dotted = {f"properties.{name}": value for name, value in OPENED["properties"].items()}
    rest = {name: value for name, value in OPENED.items() if name != "properties"}
    ask(door, "/v1/pixel/track", urlencode(rest | dotted))
    ask(door, "/v1/pixel/track", f"data={quote(packed(OPENED))}")
    first, second = door.events
    assert (first.id, first.properties, first.identifiers) == (second.id, second.properties, second.identifiers)


def test_the_key_may_stand_beside_the_call() -> None:
    door = Door()
    said = {name: value for name, value in OPENED.items() if name != "writeKey"}
    ask(door, "/v1/pixel/track", urlencode({"data": packed(said), "writeKey": PUBLIC_KEY}))
    assert door.event.name == "Email Opened"


@pytest.mark.parametrize(
    ("call", "said", "name"),
    [
        ("identify", {"traits": {"title": "CTO"}}, "Identified"),
        ("group", {"groupId": "northwind"}, "Grouped"),
        ("screen", {"name": "Home"}, "Screen Viewed"),
        ("page", {"properties": {"url": "https://www.example.com/pricing"}}, "Page Viewed"),
        ("alias", {"previousId": VISITOR}, "Aliased"),
    ],
)
def test_a_picture_may_be_any_call(call: str, said: dict[str, Any], name: str) -> None:
    door = Door()
    ask(door, f"/v1/pixel/{call}", urlencode({"data": packed({"writeKey": PUBLIC_KEY, "userId": "u-1", **said})}))
    assert (door.event.name, door.event.trust) == (name, Trust.PUBLIC)


@pytest.mark.parametrize(
    "data",
    [
        packed({**OPENED, "properties": {"email": "ada@example.org"}}),
        packed({**OPENED, "properties": {"url": "https://x.example/?email=ada%40x.example"}}),
        base64.b64encode(json.dumps({**OPENED, "userId": "ada@example.org"}).replace("@", "\\u0040").encode()).decode(),
        packed([OPENED]),
        packed("text"),
        packed({**OPENED, "event": 7}),
        "not base64!",
        "{",
        "e",
    ],
)
def test_a_whole_call_that_cannot_be_taken_is_counted_and_shown(data: str) -> None:
    door = Door()
    ask(door, "/v1/pixel/track", urlencode({"data": data, "writeKey": PUBLIC_KEY}))
    assert door.events == []
    assert door.metrics == {"pixel.dropped": 1}


@given(PATHS, CALLS, st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: base64.b64encode(raw).decode()))
def test_any_data_is_a_picture(path: str, call: str, data: str) -> None:
    door = Door()
    ask(door, path + call, urlencode({"data": data, "writeKey": PUBLIC_KEY}))
    assert door.reports == []
