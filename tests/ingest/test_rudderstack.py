"""RudderStack's own paths: merges, beacons, and what its browser client asks for before it starts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import event_id
from tests.ingest.door import NOON, PUBLIC_KEY, SERVER_KEY, Door, basic, document, identifiers

VISITOR = "8c2f4a6e-1b3d-4e5f-8a9b-0c1d2e3f4a5b"
LEAF = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20)
JSON = st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=10)


def merge(*named: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "merge", "mergeProperties": [{"type": kind, "value": value} for kind, value in named], **more}


# Merges


@pytest.mark.parametrize("key", [PUBLIC_KEY, SERVER_KEY])
def test_a_merge_makes_a_visitor_the_person_of_an_address(key: str) -> None:
    door = Door()
    assert document(
        door.post("/v1/merge", merge(("email", "Ada@example.org"), ("anonymous_id", VISITOR)), key=key)
    ) == {"success": True}
    assert (door.event.name, door.event.call) == ("Aliased", "alias")
    assert identifiers(door.event) == {"email": "ada@example.org", "anonymous_id": VISITOR}


def test_two_user_ids_are_not_merged() -> None:
    door = Door()
    door.post("/v1/merge", merge(("userId", "u-1"), ("user_id", "u-2")), key=SERVER_KEY)
    assert identifiers(door.event) == {"user_id": "u-1"}
    assert [entry["value"] for entry in door.event.properties["mergeProperties"]] == ["u-1", "u-2"]


@pytest.mark.parametrize(("key", "kinds"), [(PUBLIC_KEY, {"email"}), (SERVER_KEY, {"email", "hubspot"})])
def test_only_a_server_merges_the_ids_of_other_systems(key: str, kinds: set[str]) -> None:
    door = Door()
    door.post("/v1/merge", merge(("email", "ada@example.org"), ("hubspot", "201")), key=key)
    assert identifiers(door.event).keys() == kinds


def test_a_merge_that_is_sent_twice_is_one_event_of_its_own_time() -> None:
    door = Door()
    ids = ("email", "ada@example.org"), ("anonymous_id", VISITOR)
    for sent_at in ("2026-03-01T12:00:00Z", "2026-03-01T12:00:30Z"):
        body = merge(*ids, messageId="m-1", originalTimestamp="2026-03-01T11:59:00Z", sentAt=sent_at)
        door.post("/v1/merge", body)
    first, second = door.events
    assert first.id == second.id == event_id("website", "m-1")
    assert first.fingerprint == second.fingerprint
    assert first.occurred_at == NOON - 60_000


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "invalid_event"),
        ({}, "invalid_event"),
        (merge(), "invalid_event"),
        ({"mergeProperties": "email"}, "invalid_event"),
        ({"mergeProperties": ["email"]}, "invalid_event"),
        (merge(("", "x")), "invalid_event"),
        (merge(*[("email", f"{number}@example.org") for number in range(11)]), "invalid_event"),
        (merge(("email", "nobody")), "no_user_anon_id"),
        (merge(("user_id", ["u"])), "invalid_id"),
    ],
)
def test_a_merge_of_nobody_is_refused(body: Any, code: str) -> None:
    door = Door()
    response = door.post("/v1/merge", body)
    assert (response.status, document(response)["code"]) == (400, code)
    assert door.events == []


@given(JSON, JSON)
def test_any_merge_is_taken_or_refused(entries: Any, time: Any) -> None:
    raw = json.dumps({"mergeProperties": entries, "userId": "u", "timestamp": time})
    assert Door().post("/v1/merge", raw).status in {200, 400}


# Beacons and the control plane


def test_a_refused_key_is_called_by_the_words_that_apps_look_for() -> None:
    response = Door().post("/v1/batch", {"batch": []}, key="unknown")
    assert response.status == 401
    assert b"invalid write key" in response.body.lower()


def test_a_beacon_is_a_batch_with_its_key_in_the_address() -> None:
    door = Door()
    item = {"type": "page", "anonymousId": VISITOR, "originalTimestamp": "2026-03-01T11:59:59Z"}
    body = {"sentAt": "2026-03-01T12:00:00Z", "batch": [item, {"type": "page"}]}
    headers = {"content-type": "text/plain"}
    response = door.post("/beacon/v1/batch", body, key=None, headers=headers, query=f"writeKey={PUBLIC_KEY}")
    assert (response.status, document(response)["failed"]) == (200, 1)
    assert (door.event.name, door.event.occurred_at) == ("Page Viewed", NOON - 1_000)
    assert door.failed_items == [{"type": "page"}]


@pytest.mark.parametrize("path", ["/sourceConfig", "/sourceConfig/"])
def test_the_control_plane_knows_an_enabled_source_without_destinations(path: str) -> None:
    by_header = Door().get(path, "p=npm&v=2.52.21", headers={"authorization": basic(PUBLIC_KEY)})
    by_query = Door().get(path, f"p=npm&v=3.34.1&writeKey={PUBLIC_KEY}")
    assert by_header.body == by_query.body
    source = document(by_query)["source"]
    assert (source["id"], source["enabled"], source["destinations"]) == ("website", True, [])
    # Else the client would report on itself to RudderStack.
    assert source["config"]["statsCollection"] == {"errors": {"enabled": False}, "metrics": {"enabled": False}}


def test_the_control_plane_knows_no_other_key() -> None:
    assert Door().get("/sourceConfig/", "writeKey=unknown").status == 401
    assert Door().get("/sourceConfig/").status == 401
