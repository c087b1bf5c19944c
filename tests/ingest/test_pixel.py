"""The pixel: a picture whatever happens, an event where it may be one, and never an e-mail address."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from leadscore.adapters.memory import MemoryQueue
from leadscore.domain.event import Trust
from leadscore.ingest.http import Response
from tests.ingest.door import PUBLIC_KEY, SERVER_KEY, Door, identifiers, told

VISITOR = "0123456789abcdef0123456789abcdef"
PAGE = "https://www.example.com/pricing?utm_source=newsletter&utm_campaign=spring"


def look(door: Door, *, headers: dict[str, str] | None = None, method: str = "GET", **parameters: str) -> Response:
    response = door.get("/pixel.gif", urlencode({"writeKey": PUBLIC_KEY, **parameters}), headers=headers, method=method)
    assert response.status == 200
    assert response.content_type == "image/gif"
    assert "no-store" in response.headers["cache-control"]
    assert response.body == b"" if method == "HEAD" else response.body.startswith(b"GIF89a")
    return response


def test_the_picture_is_43_bytes() -> None:
    assert len(look(Door(), anonymousId="v").body) == 43


def test_a_view_is_an_event_of_the_page_that_shows_it() -> None:
    door = Door()
    look(
        door,
        anonymousId="v",
        title="Pricing",
        referrer="https://www.google.com/",
        headers={"referer": PAGE, "user-agent": "UA"},
    )
    event = door.event
    assert (event.name, event.call, event.trust) == ("Page Viewed", "page", Trust.PUBLIC)
    assert event.properties == {
        "url": PAGE,
        "path": "/pricing",
        "title": "Pricing",
        "referrer": "https://www.google.com/",
    }
    assert told(event.context) == {"campaign": {"source": "newsletter", "name": "spring"}, "userAgent": "UA"}
    assert identifiers(event) == {"anonymous_id": "v"}


def test_parameters_say_more_than_headers() -> None:
    door = Door()
    look(
        door,
        anonymousId="v",
        userId="u",
        event="Video Watched",
        url="https://www.example.com/video",
        utm_medium="email",
        headers={"referer": PAGE},
    )
    event = door.event
    assert (event.name, event.call, event.properties) == ("Video Watched", "track", {})
    assert told(event.context) == {
        "page": {"url": "https://www.example.com/video", "path": "/video"},
        "campaign": {"medium": "email"},
    }
    assert identifiers(event) == {"user_id": "u", "anonymous_id": "v"}


def test_a_secret_key_in_a_page_is_public() -> None:
    door = Door()
    door.get("/pixel.gif", urlencode({"writeKey": SERVER_KEY, "anonymousId": "v"}))
    assert door.event.trust is Trust.PUBLIC


def test_a_new_visitor_gets_a_cookie_and_is_known_by_it() -> None:
    door = Door()
    cookie = look(door).cookie
    assert cookie is not None
    value, *attributes = cookie.split("; ")
    assert attributes == ["Max-Age=31536000", "Path=/", "SameSite=Lax", "Secure", "HttpOnly"]
    assert look(door, headers={"cookie": f"other=1; {value}"}).cookie is None
    first, second = door.events
    assert first.identifiers == second.identifiers
    assert first.id != second.id


def test_a_parameter_needs_no_cookie() -> None:
    door = Door()
    assert look(door, anonymousId="v", headers={"cookie": f"ls_aid={VISITOR}"}).cookie is None
    assert identifiers(door.event) == {"anonymous_id": "v"}


@pytest.mark.parametrize("value", ["", "x", "u-1", "a@b.org", VISITOR.upper(), VISITOR + "0"])
def test_a_cookie_that_we_did_not_set_is_not_believed(value: str) -> None:
    door = Door()
    assert look(door, headers={"cookie": f"ls_aid={value}"}).cookie is not None
    assert door.event.identifiers[0].value != value


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
def test_who_does_not_want_to_be_followed_is_not(header: str) -> None:
    door = Door()
    assert look(door, headers={header: "1", "cookie": f"ls_aid={VISITOR}"}).cookie is None
    assert door.events == []
    assert look(door, anonymousId="v", headers={header: "1"}).cookie is None
    assert identifiers(door.event) == {"anonymous_id": "v"}


@pytest.mark.parametrize(
    "parameter", ["anonymousId", "userId", "event", "title", "email", "url", "referrer", "utm_source"]
)
@pytest.mark.parametrize("address", ["ada@example.org", " Ada@Example.ORG ", quote("ada@example.org")])
def test_an_address_in_any_parameter_is_dropped(parameter: str, address: str) -> None:
    door = Door()
    response = look(door, **{"anonymousId": "v", parameter: address})
    assert door.events == []
    assert door.metrics == {"pixel.dropped": 1}
    assert response.cookie is None
    assert "ada" not in json.dumps(response.to_gateway()).lower()


@pytest.mark.parametrize("parameter", ["url", "referrer", "title", "path", "utm_content", "event"])
@pytest.mark.parametrize(
    "value",
    [
        "https://x.example/?email=ada@x.example",
        "https://x.example/?email=ada%40x.example&next=1",
        "https://x.example/login?next=%2Fwelcome%3Femail%3Dada%2540x.example",
        "https://x.example/unsubscribe/Ada.L%2Bnews@Mail.X.example/now",
        "https://x.example/#ada@xn--bcher-kva.example",
        "Welcome back, ada@x.example!",
        "mailto:ada@bücher.example",
    ],
)
def test_an_address_inside_a_parameter_is_dropped_too(parameter: str, value: str) -> None:
    door = Door()
    assert look(door, **{"anonymousId": "v", parameter: value}).cookie is None
    assert door.events == []
    assert door.metrics == {"pixel.dropped": 1}


def test_an_address_for_a_parameters_name_is_dropped() -> None:
    door = Door()
    look(door, **{"anonymousId": "v", "ada@x.example": ""})
    assert door.events == []


def test_an_address_in_the_address_of_the_page_is_dropped() -> None:
    door = Door()
    look(door, anonymousId="v", headers={"referer": f"{PAGE}&email=ada%40x.example"})
    assert door.events == []
    look(door, anonymousId="v", url=PAGE, headers={"referer": f"{PAGE}&email=ada%40x.example"})
    assert door.event.properties["url"] == PAGE


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/@ada/posts",
        "https://unpkg.com/react@18.2.0/umd/react.js",
        "https://maps.example/@48.137154,11.576124,12z",
        "https://x.example/?price=5@10",
        "https://x.example/?note=100%25",
    ],
)
def test_an_at_sign_alone_is_no_address(url: str) -> None:
    door = Door()
    look(door, anonymousId="v", url=url)
    assert door.event.properties["url"] == url


@pytest.mark.parametrize(
    "parameters",
    [
        {"writeKey": "unknown"},
        {"writeKey": ""},
        {"anonymousId": "a\0b"},
        {"anonymousId": "x" * 300},
        {"event": "x" * 300},
        {"anonymousId": "null", "userId": "undefined"},
        {f"p{number}": "1" for number in range(200)},
    ],
)
def test_a_bad_view_is_dropped_counted_and_still_gets_its_picture(parameters: dict[str, str]) -> None:
    door = Door()
    look(door, **{**parameters, "writeKey": parameters.get("writeKey", PUBLIC_KEY)}, headers={"dnt": "1"})
    assert door.events == []
    assert door.metrics == {"pixel.dropped": 1}


@pytest.mark.parametrize(
    "headers", [{"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"}]
)
def test_what_is_fetched_in_advance_is_kept_as_a_machines(headers: dict[str, str]) -> None:
    door = Door()
    look(door, anonymousId="v", headers=headers)
    assert door.event.context["machine"] is True


def test_a_head_request_sees_nothing() -> None:
    door = Door()
    look(door, anonymousId="v", method="HEAD")
    assert door.events == []
    assert door.metrics == {}


def test_a_queue_that_fails_costs_a_metric_and_no_picture() -> None:
    def fail(_call: str) -> None:
        raise ConnectionError

    door = Door(queue=MemoryQueue(before_call=fail))
    assert look(door).cookie is None
    assert door.metrics == {"pixel.dropped": 1}
    assert [type(error) for error in door.reports] == [ConnectionError]


@pytest.mark.parametrize("secret", [RuntimeError("secret store is down")])
def test_a_missing_secret_costs_a_metric_and_no_picture(secret: Exception) -> None:
    def fail() -> Any:
        raise secret

    door = Door(read_root=fail)
    look(door, anonymousId="v")
    assert door.metrics == {"pixel.dropped": 1}
    assert door.reports == [secret]
