"""One of Segment's calls becomes one event, with what the sender's trust allows."""

import json
from typing import Any

import pytest

from leadscore.domain.event import Trust, event_id
from leadscore.ingest.ids import JUNK
from tests.ingest.door import NOON, PUBLIC_KEY, SERVER_KEY, Door, document, identifiers, told


def taken(call: str, body: dict[str, Any], *, key: str = SERVER_KEY) -> Any:
    door = Door()
    response = door.post(f"/v1/{call}", body, key=key)
    assert document(response) == {"success": True}
    return door.event


def refused(call: str, body: Any, *, key: str = SERVER_KEY) -> str:
    door = Door()
    response = door.post(f"/v1/{call}", body, key=key)
    assert response.status == 400
    assert door.events == []
    assert door.failed.kept == {}
    return str(document(response)["code"])


@pytest.mark.parametrize(
    ("call", "extra", "name"),
    [
        ("identify", {}, "Identified"),
        ("track", {"event": "  Demo Requested "}, "Demo Requested"),
        ("page", {}, "Page Viewed"),
        ("screen", {}, "Screen Viewed"),
        ("group", {"groupId": "c-1"}, "Grouped"),
        ("alias", {"previousId": "v"}, "Aliased"),
        ("i", {}, "Identified"),
        ("t", {"event": "Signed Up"}, "Signed Up"),
    ],
)
def test_each_call_has_its_event(call: str, extra: dict[str, Any], name: str) -> None:
    event = taken(call, {"userId": "u", **extra})
    assert event.name == name
    assert event.call == {"i": "identify", "t": "track"}.get(call, call)
    assert event.source == "backend"
    assert event.received_at == event.occurred_at == NOON


def test_the_path_says_what_a_single_call_is() -> None:
    assert taken("page", {"userId": "u", "type": "track", "event": "Demo Requested"}).name == "Page Viewed"


def test_traits_of_an_identify_call_come_from_both_places_and_its_own_win() -> None:
    event = taken(
        "identify",
        {
            "userId": "u",
            "traits": {"title": "CTO"},
            "context": {"traits": {"title": "old", "email": "Ada@Example.org"}},
        },
    )
    assert told(event.traits) == {"title": "CTO", "email": "ada@example.org"}
    assert identifiers(event) == {"user_id": "u", "email": "ada@example.org"}
    assert "traits" not in event.context


def test_what_is_no_address_stays_a_trait_and_names_nobody() -> None:
    event = taken("identify", {"userId": "u", "traits": {"email": "ask me"}})
    assert identifiers(event) == {"user_id": "u"}
    assert told(event.traits) == {"email": "ask me"}


def test_an_address_alone_is_enough_for_an_identify_call() -> None:
    assert identifiers(taken("identify", {"traits": {"email": "a@b.org"}}, key=PUBLIC_KEY)) == {"email": "a@b.org"}


def test_only_a_server_may_name_a_person_by_an_events_address() -> None:
    body = {"anonymousId": "v", "event": "Email Opened", "properties": {"email": "Ada@Example.org"}}
    assert identifiers(taken("track", body)) == {"email": "ada@example.org", "anonymous_id": "v"}
    event = taken("track", body, key=PUBLIC_KEY)
    assert identifiers(event) == {"anonymous_id": "v"}
    assert event.traits == {}
    assert event.trust is Trust.PUBLIC


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        ("track", {"event": "E"}),
        ("page", {}),
        ("screen", {}),
        ("group", {"groupId": "g"}),
        ("alias", {"previousId": "v"}),
    ],
)
def test_traits_that_come_along_with_any_call_name_a_servers_person_and_fill_nothing(
    call: str, extra: dict[str, Any]
) -> None:
    body = {"userId": "u", "context": {"traits": {"email": "Ada@Example.org", "title": "CTO"}}, **extra}
    told_by_server = taken(call, body)
    assert identifiers(told_by_server)["email"] == "ada@example.org"
    assert told_by_server.traits.keys() <= {"account"}
    assert "email" not in identifiers(taken(call, body, key=PUBLIC_KEY))


@pytest.mark.parametrize("key", [PUBLIC_KEY, SERVER_KEY])
def test_an_identify_call_may_tell_all_in_the_context(key: str) -> None:
    event = taken(
        "identify", {"anonymousId": "v", "context": {"traits": {"email": "a@b.org", "title": "CTO"}}}, key=key
    )
    assert identifiers(event) == {"email": "a@b.org", "anonymous_id": "v"}
    assert told(event.traits) == {"email": "a@b.org", "title": "CTO"}


@pytest.mark.parametrize("traits", [{}, [], None, "", {"email": "nobody"}, {"email": 7}, "ada@example.org", 5])
def test_an_events_own_address_counts_where_the_traits_that_come_along_have_none(traits: Any) -> None:
    body = {"userId": "u", "event": "E", "properties": {"email": "a@b.org"}, "context": {"traits": traits}}
    assert identifiers(taken("track", body)) == {"user_id": "u", "email": "a@b.org"}


def test_the_address_of_whoever_acts_is_not_that_of_whom_the_event_is_about() -> None:
    body = {
        "userId": "u",
        "event": "Invite Sent",
        "properties": {"email": "ken@example.org"},
        "context": {"traits": {"email": "rob@example.org"}},
    }
    assert identifiers(taken("track", body)) == {"user_id": "u", "email": "rob@example.org"}


@pytest.mark.parametrize("empty", [[], "", None, {}])
def test_an_empty_object_may_come_as_something_else_that_is_empty(empty: Any) -> None:
    assert taken("track", {"userId": "u", "event": "E", "properties": empty, "context": empty}).properties == {}
    body = {"userId": "u", "traits": {"title": "CTO"}, "context": {"traits": empty}}
    assert told(taken("identify", body).traits) == {"title": "CTO"}
    assert told(taken("identify", {"userId": "u", "traits": empty}).traits) == {}


def test_a_companys_traits_are_not_the_persons() -> None:
    event = taken(
        "group", {"userId": "u", "groupId": 7, "traits": {"email": "office@example.org", "industry": "Software"}}
    )
    assert event.traits == {"account": "7"}
    assert event.properties == {"groupId": 7, "traits": {"email": "office@example.org", "industry": "Software"}}
    assert identifiers(event) == {"user_id": "u"}


@pytest.mark.parametrize(
    ("group_id", "traits"),
    [
        ("Acme-1", {"account": "Acme-1"}),
        (" Acme-1 ", {"account": "Acme-1"}),
        (7, {"account": "7"}),
        ("null", {}),
        ("", {}),
        (None, {}),
        ("x" * 300, {}),
        ("two\nlines", {}),
        (1.5, {}),
        ({"id": "Acme-1"}, {}),
    ],
)
def test_a_group_call_says_of_which_account_somebody_is_where_it_names_one(
    group_id: Any, traits: dict[str, Any]
) -> None:
    event = taken("group", {"userId": "u", "groupId": group_id, "traits": {"plan": "pro"}})
    assert event.traits == traits
    assert event.properties["traits"] == {"plan": "pro"}


def test_a_page_has_its_name_category_and_path() -> None:
    event = taken(
        "page",
        {"userId": "u", "name": "Start", "category": "Docs", "properties": {"url": "https://www.example.com/docs?x=1"}},
    )
    assert event.properties == {
        "name": "Start",
        "category": "Docs",
        "url": "https://www.example.com/docs?x=1",
        "path": "/docs",
    }


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ({"url": "https://www.example.com/pricing?x=1"}, "/pricing"),
        ({"path": "/pricing", "url": "https://www.example.com/en/pricing"}, "/pricing"),
        ("/pricing", None),
        ({"path": None}, None),
    ],
)
def test_a_page_that_only_the_context_names_has_its_path(page: Any, path: str | None) -> None:
    event = taken("page", {"userId": "u", "context": {"page": page}, "properties": {"theme": "dark"}})
    assert (event.properties.get("path"), event.properties["theme"]) == (path, "dark")


def test_what_a_page_call_says_of_its_path_outweighs_the_context() -> None:
    call = {"userId": "u", "properties": {"path": "/cart"}, "context": {"page": {"path": "/pricing"}}}
    assert taken("page", call).properties == {"path": "/cart"}


@pytest.mark.parametrize("url", ["https://[bad", "not a url", "https://", 7, "https://exa\u2100mple.com/x"])
def test_a_page_with_an_odd_url_is_a_page_all_the_same(url: Any) -> None:
    assert "path" not in taken("page", {"userId": "u", "properties": {"url": url}}).properties


@pytest.mark.parametrize(
    ("context", "campaign"),
    [
        (
            {"page": {"url": "https://shop.example/?utm_source=news&utm_campaign=may&x=1"}},
            {"source": "news", "name": "may"},
        ),
        ({"page": {"url": "https://shop.example/?utm_source=a"}, "campaign": {"source": "b"}}, {"source": "b"}),
        ({"page": {"url": "https://shop.example/?utm_source="}}, None),
        ({"page": {"url": "https://[shop/?utm_source=a"}}, None),
        ({"page": {"url": 7}}, None),
        ({"page": "utm_source=a"}, None),
    ],
)
def test_a_campaign_that_no_client_names_is_read_from_the_pages_address(context: Any, campaign: Any) -> None:
    assert taken("track", {"userId": "u", "event": "E", "context": context}).context.get("campaign") == campaign


def test_context_is_kept_but_for_the_address_and_what_is_empty() -> None:
    context = {
        "ip": "203.0.113.9",
        "page": {"path": "/x"},
        "locale": "",
        "campaign": {},
        "userAgent": "UA",
        "timezone": None,
    }
    assert taken("track", {"userId": "u", "event": "E", "context": context}).context == {
        "page": {"path": "/x"},
        "userAgent": "UA",
    }


@pytest.mark.parametrize("junk", [*sorted(JUNK), None, 0, "NULL"])
def test_an_event_of_nobody_is_refused(junk: Any) -> None:
    assert refused("track", {"userId": junk, "anonymousId": junk, "event": "E"}) == "no_user_anon_id"


def test_junk_beside_an_id_does_not_matter() -> None:
    assert identifiers(taken("track", {"userId": "null", "anonymousId": "v", "event": "E"})) == {"anonymous_id": "v"}


def test_the_strongest_identifier_comes_first() -> None:
    event = taken("identify", {"anonymousId": "v", "userId": "u", "traits": {"email": "a@b.org"}})
    assert [identifier.kind for identifier in event.identifiers] == ["user_id", "email", "anonymous_id"]


def test_an_alias_joins_what_it_names() -> None:
    assert identifiers(taken("alias", {"userId": "u", "previousId": "v"})) == {"user_id": "u", "anonymous_id": "v"}


def test_an_alias_to_oneself_is_a_success_without_an_event() -> None:
    door = Door()
    assert door.post("/v1/alias", {"userId": 7, "previousId": " 7 "}).status == 200
    assert door.events == []


@pytest.mark.parametrize("body", [{"userId": "u"}, {"previousId": "v"}, {"userId": "u", "previousId": "null"}])
def test_half_an_alias_is_refused(body: dict[str, Any]) -> None:
    assert refused("alias", body) == "no_user_anon_id"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"userId": "u"}, "invalid_event"),
        ({"userId": "u", "event": ""}, "invalid_event"),
        ({"userId": "u", "event": 7}, "invalid_event"),
        ({"userId": "u", "event": "x" * 201}, "invalid_event"),
        ({"userId": "u", "event": "E", "properties": ["p"]}, "invalid_event"),
        ({"userId": "u", "event": "E", "context": "x"}, "invalid_event"),
        ({"userId": "a\0b", "event": "E"}, "invalid_id"),
        ({"userId": 1.5, "event": "E"}, "invalid_id"),
        ({"userId": "x" * 300, "event": "E"}, "invalid_id"),
        ({"userId": "u", "event": "E", "messageId": "m" * 101}, "invalid_message_id"),
        ({"userId": "u", "event": "E", "messageId": {}}, "invalid_message_id"),
        ({"userId": "u", "event": "E", "timestamp": "soon"}, "invalid_timestamp"),
        ({"userId": "u", "event": "E", "timestamp": "1969-07-20T20:17:00Z"}, "invalid_timestamp"),
        ({"userId": "u", "event": "E", "properties": {"trait": "x" * 100_000}}, "event_too_large"),
        ({"userId": "u", "event": "E", "properties": {"n": float("nan")}}, "invalid_number"),
        ([], "invalid_event"),
        ('"x"', "invalid_event"),
        (None, "invalid_event"),
    ],
)
def test_a_bad_call_is_refused_and_nothing_kept(body: Any, code: str) -> None:
    assert refused("track", body) == code


def test_an_event_is_known_by_its_message_id_in_its_own_source() -> None:
    body = {"userId": "u", "event": "E", "messageId": "m-1"}
    assert taken("track", body).id == event_id("backend", "m-1") != taken("track", body, key=PUBLIC_KEY).id


def test_a_dated_event_without_a_message_id_is_known_by_its_content() -> None:
    body = {"userId": "u", "event": "E", "timestamp": "2026-03-01T11:00:00Z"}
    assert taken("track", body).id == taken("track", {**body, "sentAt": "2026-03-01T11:59:00Z"}).id
    assert taken("track", body).id != taken("track", {**body, "event": "F"}).id
    assert taken("track", body).id != taken("page", body).id


def test_two_equal_events_without_date_and_message_id_are_two() -> None:
    door = Door()
    for _ in range(2):
        door.post("/v1/track", {"userId": "u", "event": "E"})
    first, second = door.events
    assert first.id != second.id
    assert first.fingerprint == second.fingerprint


def test_another_content_under_the_same_id_shows_in_the_fingerprint() -> None:
    body = {"userId": "u", "event": "E", "messageId": "m-1"}
    assert taken("track", body).fingerprint != taken("track", {**body, "properties": {"x": 1}}).fingerprint
    assert taken("track", body).fingerprint == taken("track", {**body, "writeKey": SERVER_KEY}).fingerprint


def batch(*items: Any, **envelope: Any) -> Door:
    door = Door()
    response = door.post("/v1/batch", {"batch": list(items), **envelope}, key=SERVER_KEY)
    assert response.status == 200
    return door


def test_a_batch_says_some_things_once() -> None:
    door = batch(
        {
            "type": "track",
            "event": "E",
            "userId": "u",
            "timestamp": "2026-03-01T11:58:00Z",
            "context": {"locale": "de-DE"},
        },
        {
            "type": "track",
            "event": "F",
            "userId": "u",
            "timestamp": "2026-03-01T11:58:00Z",
            "sentAt": "2026-03-01T11:58:00Z",
        },
        sentAt="2026-03-01T11:59:00Z",
        context={"locale": "en-US", "userAgent": "UA"},
        integrations={"All": True},
    )
    first, second = door.events
    assert (first.occurred_at, second.occurred_at) == (NOON - 60_000, NOON)
    assert first.context == {"locale": "de-DE", "userAgent": "UA"}
    assert second.context == {"locale": "en-US", "userAgent": "UA"}


@pytest.mark.parametrize("many", [False, True])
def test_whoever_passes_events_on_may_send_them_without_a_batch_around_them(many: bool) -> None:
    event = {"type": "track", "event": "Signed Up", "userId": "u", "messageId": "m", "writeKey": "of Segment's source"}
    door = Door()
    assert document(door.post("/v1/batch", [event, event] if many else event, key=SERVER_KEY)) == {"success": True}
    assert [(told.name, identifiers(told)) for told in door.events] == [("Signed Up", {"user_id": "u"})] * (1 + many)


def test_events_that_are_passed_on_may_have_a_public_key_in_their_address() -> None:
    door = Door()
    event = {"type": "page", "anonymousId": "v", "properties": {"url": "https://www.example.com/pricing"}}
    assert door.post("/beacon/v1/batch", event, key=None, query=f"writeKey={PUBLIC_KEY}").status == 200
    assert (door.event.name, door.event.properties["path"]) == ("Page Viewed", "/pricing")


def test_an_event_that_is_passed_on_and_cannot_be_taken_is_kept() -> None:
    door = Door()
    answer = document(door.post("/v1/batch", {"type": "delete", "userId": "u", "context": {"a": 1}}, key=SERVER_KEY))
    assert (answer["failed"], answer["failures"][0]["code"]) == (1, "invalid_type")
    assert door.failed_items == [{"type": "delete", "userId": "u", "context": {"a": 1}}]


@pytest.mark.parametrize("body", [{}, [], 5, None, "x", {"batch": {}}, {"batch": None, "type": "track"}])
def test_what_is_no_batch_is_refused(body: Any) -> None:
    assert document(Door().post("/v1/batch", body, key=SERVER_KEY))["code"] in {"invalid_batch", "invalid_json"}


@pytest.mark.parametrize("path", ["//v1/batch", "/v1/batch/", "//v1/import/"])
def test_a_slash_too_many_loses_nothing(path: str) -> None:
    door = Door()
    assert door.post(path, {"batch": [{"type": "page", "userId": "u"}]}, key=SERVER_KEY).status == 200
    assert door.event.name == "Page Viewed"


def test_a_batch_as_large_as_clients_make_them_is_taken() -> None:
    event = {"type": "track", "event": "E", "userId": "u", "properties": {"text": "x" * 5_000}}
    each = len(json.dumps(event)) + len(", ")
    door = Door()
    batch = {
        "batch": [event] * (512 * 1024 // each),
        "sentAt": "2026-03-01T12:00:00.000Z",
        "context": {"a": "b" * 1_000},
    }
    assert len(json.dumps(batch)) > 510 * 1024
    assert door.post("/v1/batch", batch, key=SERVER_KEY).status == 200
    assert len(door.events) == 512 * 1024 // each


def test_a_time_that_was_corrected_where_it_was_received_first_is_believed() -> None:
    body = {"userId": "u", "event": "E", "timestamp": NOON - 86_400_000, "sentAt": NOON - 86_000_000}
    assert taken("track", body).occurred_at == NOON - 400_000
    assert taken("track", {**body, "receivedAt": "2026-02-28T12:00:01Z"}).occurred_at == NOON - 86_400_000


def test_a_batch_is_no_part_of_its_events_fingerprints() -> None:
    item = {"type": "track", "event": "E", "userId": "u", "messageId": "m"}
    alone, together = batch(item).event, batch(item, sentAt="2026-03-01T12:00:00Z", context={"locale": "de"}).event
    assert alone.fingerprint == together.fingerprint == taken("track", item).fingerprint


def test_what_a_batch_says_once_cannot_become_many_megabytes() -> None:
    items = [{"type": "track", "event": "E", "userId": "u"}] * 400
    door = Door()
    refused = door.post("/v1/batch", {"batch": items, "context": {"x": "z" * 20_000}}, key=SERVER_KEY)
    assert (refused.status, document(refused)["code"]) == (413, "body_too_large")
    assert door.queue.bodies == []
    assert len(batch(*items, context={"x": "z" * 1_000}).events) == 400


def test_an_envelope_cannot_blow_up_every_event() -> None:
    item = {"type": "track", "event": "E", "userId": "u", "properties": {"x": "y" * 20_000}}
    door = batch(item, context={"page": {"title": "z" * 20_000}})
    assert door.events == []
    assert {kept.code for kept in door.failed.kept.values()} == {"event_too_large"}


def test_an_empty_date_is_none_so_two_equal_events_are_two() -> None:
    door = Door()
    for _ in range(2):
        door.post("/v1/track", {"event": "Trial Started", "userId": "u", "originalTimestamp": ""})
    first, second = door.events
    assert first.id != second.id
