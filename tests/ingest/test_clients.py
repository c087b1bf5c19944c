"""What unmodified clients send is taken: bodies written after what they put on the wire, and one client itself."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import segment.analytics
import segment.analytics.request

from leadscore.domain.event import LeadEvent, Trust, event_id
from leadscore.domain.uncounted import INTERNAL, MACHINE, UNCONSENTED
from tests.ingest.door import NOON, PUBLIC_KEY, SERVER_KEY, Door, basic, document, identifiers, zipped

BODIES = Path(__file__).parent / "bodies"
VISITOR = "8c2f4a6e-1b3d-4e5f-8a9b-0c1d2e3f4a5b"


def send(client: str, key: str, door: Door) -> list[LeadEvent]:
    """Deliver a client's request as it would come, and give what was queued."""
    sent = json.loads((BODIES / f"{client}.json").read_text())
    body = json.loads(json.dumps(sent["body"]).replace('"KEY"', json.dumps(key)))
    headers = {name: basic(key) if value == "BASIC" else value for name, value in sent["headers"].items()}
    raw: Any = body
    if sent.get("gzip"):
        raw, headers["content-encoding"] = zipped(body), "gzip"
    before = len(door.events)
    response = door.post(sent["path"], raw, key=None, headers=headers)
    assert response.status == 200
    assert document(response) == {"success": True}
    return door.events[before:]


@pytest.mark.parametrize(
    ("client", "key", "expected"),
    [
        (
            "segment-python-2.4.0",
            SERVER_KEY,
            [
                ("Identified", {"user_id": "u-1042", "email": "ada.lovelace@example.org"}, NOON - 2_000),
                ("Content Downloaded", {"user_id": "u-1042"}, NOON - 1_000),
            ],
        ),
        ("segment-python-2.3.4", SERVER_KEY, [("Trial Started", {"user_id": "1042"}, NOON - 1_000)]),
        (
            "rudder-python-2.1.9",
            SERVER_KEY,
            [("Identified", {"user_id": "u-7", "email": "grace@example.org"}, NOON - 1_000)],
        ),
        ("segment-node-3.1.0", SERVER_KEY, [("Signed Up", {"user_id": "u-9"}, NOON - 500)]),
        ("rudder-node-3.0.13", SERVER_KEY, [("Invite Sent", {"user_id": "u-11"}, NOON - 2_000)]),
        ("rudder-js-3.34.1-page", PUBLIC_KEY, [("Page Viewed", {"anonymous_id": VISITOR}, NOON - 10)]),
        (
            "rudder-js-3.34.1-identify",
            PUBLIC_KEY,
            [("Identified", {"user_id": "u-1042", "email": "ada@example.org", "anonymous_id": VISITOR}, NOON - 10)],
        ),
        ("analytics-next-page", PUBLIC_KEY, [("Page Viewed", {"anonymous_id": VISITOR}, NOON - 10)]),
        (
            "analytics-next-track",
            PUBLIC_KEY,
            [("Demo Requested", {"user_id": "u-1042", "anonymous_id": VISITOR}, NOON - 10)],
        ),
        (
            "analytics-next-identify",
            PUBLIC_KEY,
            [
                (
                    "Identified",
                    {"user_id": "u-1042", "email": "ada.lovelace@example.org", "anonymous_id": VISITOR},
                    NOON - 10,
                )
            ],
        ),
        ("analytics-next-alias", PUBLIC_KEY, [("Aliased", {"user_id": "u-2", "anonymous_id": VISITOR}, NOON - 10)]),
        ("analytics-next-self-alias", PUBLIC_KEY, []),
        ("analytics-next-batch", PUBLIC_KEY, [("Grouped", {"user_id": "u-1042", "anonymous_id": VISITOR}, NOON - 10)]),
        (
            "segment-go",
            SERVER_KEY,
            [
                ("Identified", {"user_id": "u-21", "email": "mary@example.org"}, NOON - 1_877),
                ("Page Viewed", {"user_id": "u-21"}, NOON - 1_000),
            ],
        ),
        (
            "segment-ruby",
            SERVER_KEY,
            [
                ("Trial Started", {"user_id": "4711"}, NOON - 500),
                ("Screen Viewed", {"anonymous_id": VISITOR}, NOON - 500),
            ],
        ),
        (
            "segment-php",
            SERVER_KEY,
            [("Identified", {"user_id": "u-22"}, NOON - 2_000), ("Signed Up", {"user_id": "u-22"}, NOON - 1_000)],
        ),
        ("segment-java", SERVER_KEY, [("Grouped", {"user_id": "u-23", "anonymous_id": VISITOR}, NOON - 1_000)]),
        (
            "segment-net",
            SERVER_KEY,
            [
                (
                    "Identified",
                    {
                        "user_id": "u-24",
                        "email": "ada@example.net",
                        "anonymous_id": "f1e2d3c4-b5a6-4978-8796-a5b4c3d2e1f0",
                    },
                    NOON - 877,
                )
            ],
        ),
        (
            "segment-kotlin",
            PUBLIC_KEY,
            [
                ("Application Opened", {"anonymous_id": VISITOR}, NOON - 2_300),
                ("Screen Viewed", {"user_id": "u-25", "anonymous_id": VISITOR}, NOON - 1_877),
                ("Aliased", {"user_id": "u-25", "anonymous_id": VISITOR}, NOON - 1_000),
            ],
        ),
        (
            "segment-react-native",
            PUBLIC_KEY,
            [
                (
                    "Identified",
                    {"user_id": "u-26", "email": "ada@example.org", "anonymous_id": VISITOR},
                    NOON - 2_000,
                ),
                ("Content Downloaded", {"user_id": "u-26", "anonymous_id": VISITOR}, NOON - 1_000),
            ],
        ),
        ("segment-flutter", PUBLIC_KEY, [("Demo Requested", {"anonymous_id": VISITOR}, NOON - 750)]),
        (
            "rudder-android",
            PUBLIC_KEY,
            [
                (
                    "Identified",
                    {"user_id": "u-27", "email": "ada@example.org", "anonymous_id": VISITOR},
                    NOON - 2_000,
                ),
                ("Screen Viewed", {"user_id": "u-27", "anonymous_id": VISITOR}, NOON - 1_000),
            ],
        ),
        (
            "rudder-go",
            SERVER_KEY,
            [
                (
                    "Invite Sent",
                    {"user_id": "u-28", "email": "rob@example.org", "anonymous_id": "u-28"},
                    NOON - 13,
                )
            ],
        ),
        (
            "rudder-ruby",
            SERVER_KEY,
            [
                ("Identified", {"user_id": "u-29", "email": "matz@example.org"}, NOON - 1_000),
                ("Page Viewed", {"user_id": "u-29"}, NOON - 1_000),
            ],
        ),
        ("segment-webhook", SERVER_KEY, [("Page Viewed", {"anonymous_id": VISITOR}, NOON - 9_000)]),
    ],
)
def test_every_client_is_understood(client: str, key: str, expected: list[tuple[str, dict[str, str], int]]) -> None:
    events = send(client, key, Door())
    assert [(event.name, identifiers(event), event.occurred_at) for event in events] == expected
    assert {event.trust for event in events} <= {Trust.SERVER if key == SERVER_KEY else Trust.PUBLIC}


def test_every_body_on_file_is_tried() -> None:
    (clients,) = (mark for mark in test_every_client_is_understood.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    assert {case[0] for case in clients.args[1]} == {path.stem for path in BODIES.glob("*.json")}


@pytest.mark.parametrize("client", ["segment-react-native", "segment-kotlin", "segment-flutter", "rudder-android"])
def test_what_a_person_does_in_an_app_counts(client: str) -> None:
    for event in send(client, PUBLIC_KEY, Door()):
        assert not {MACHINE, INTERNAL, UNCONSENTED} & event.context.keys()
        assert (event.context["local_hour"], event.context["app"]["name"]) == (12, "Shop")


def test_what_an_app_says_of_its_user_stands_under_our_names() -> None:
    identified, viewed = send("rudder-android", PUBLIC_KEY, Door())
    assert {name: identified.traits[name] for name in ("first_name", "last_name", "title", "company_name", "city")} == {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "title": "CTO",
        "company_name": "Northwind",
        "city": "Berlin",
    }
    assert "traits" not in identified.context
    assert (viewed.traits, viewed.properties["name"]) == ({}, "Pricing")


def test_a_page_keeps_what_rules_read_and_not_the_visitors_address() -> None:
    (event,) = send("analytics-next-page", PUBLIC_KEY, Door())
    assert event.properties["path"] == "/pricing"
    assert event.context["campaign"] == {"name": "spring", "source": "newsletter", "medium": "email"}
    assert "203.0.113.9" not in json.dumps(event.to_json())


def test_who_comes_to_a_page_of_rudderstacks_from_nowhere_comes_directly() -> None:
    sent = json.loads((BODIES / "rudder-js-3.34.1-page.json").read_text())["body"]
    text = json.dumps(sent).replace("https://www.google.com/", "$direct").replace("www.google.com", "")
    body = json.loads(re.sub(r'\?utm_[^"]*', "", text))
    del body["context"]["campaign"]
    door = Door()
    assert door.post("/v1/page", body).status == 200
    assert door.event.context["channel"] == "direct"
    assert "$direct" not in json.dumps(door.event.to_json())


def test_a_retry_is_the_same_event_although_it_is_sent_later() -> None:
    sent = json.loads((BODIES / "analytics-next-page.json").read_text())["body"]
    again = copy.deepcopy(sent)
    again["sentAt"] = "2026-03-01T12:03:00.000Z"
    again["_metadata"]["retryCount"] = 3
    again["context"]["ip"] = "198.51.100.7"
    door = Door()
    for body in (sent, again):
        door.post("/v1/page", body)
    first, second = door.events
    assert (first.id, first.fingerprint) == (second.id, second.fingerprint)
    assert first.id == event_id("website", sent["messageId"])


class _Answer:
    """The part of requests' response that the client reads."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status_code = status
        self.headers = headers
        self.reason = ""
        self.text = body.decode()

    def json(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def running_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[segment.analytics.Client, Door, list[Exception]]]:
    """segment-analytics-python itself, with the collector in the place of its socket."""
    door = Door()
    errors: list[Exception] = []

    class Session:
        def post(self, url: str, *, data: str | bytes, headers: dict[str, str], **_: Any) -> _Answer:
            path = url.removeprefix("https://collect.example")
            lower = {name.lower(): value for name, value in headers.items()}
            response = door.post(path, data, key=None, headers=lower)
            return _Answer(response.status, response.body, dict(response.headers))

    monkeypatch.setattr(segment.analytics.request, "_session", Session())
    client = segment.analytics.Client(
        SERVER_KEY,
        host="https://collect.example",
        gzip=True,
        max_retries=0,
        on_error=lambda error, _items: errors.append(error),
    )
    yield client, door, errors
    client.shutdown()


def test_the_python_client_itself_gets_through(
    running_client: tuple[segment.analytics.Client, Door, list[Exception]],
) -> None:
    client, door, errors = running_client
    client.identify("u-1", {"email": "ada@example.org", "title": "Director"})
    client.track("u-1", "Demo Requested", {"seats": 10})
    client.page("u-1", "docs", "start", {"url": "https://www.example.com/docs"})
    client.group("u-1", "c-1", {"name": "Example Ltd"})
    client.alias("visitor-9", "u-1")
    client.screen("u-1", "app", "home")
    client.flush()
    assert errors == []
    assert sorted(event.name for event in door.events) == sorted(
        ["Identified", "Demo Requested", "Page Viewed", "Grouped", "Aliased", "Screen Viewed"]
    )


def test_the_python_client_loses_nothing_beside_a_bad_event(
    running_client: tuple[segment.analytics.Client, Door, list[Exception]],
) -> None:
    client, door, errors = running_client
    client.track("u-1", "Demo Requested")
    client.track("null", "Nobody Did This")
    client.track("u-2", "Not A Number", {"value": float("nan")})
    client.flush()
    assert errors == []
    assert [event.name for event in door.events] == ["Demo Requested"]
    assert {item["event"] for item in door.failed_items} == {"Nobody Did This", "Not A Number"}


def test_the_python_client_reads_our_errors(
    running_client: tuple[segment.analytics.Client, Door, list[Exception]],
) -> None:
    client, door, errors = running_client
    door.read_root = lambda: "another root: no key is known any more"
    client.track("u-1", "Demo Requested")
    client.flush()
    (error,) = errors
    assert isinstance(error, segment.analytics.request.APIError)
    assert (error.status, error.code) == (401, "invalid_write_key")
