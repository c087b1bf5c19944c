"""Ids that other systems gave: only a server may name them, and whatever is none is passed over."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import EXTERNAL_IDS_MAX, Identifier, LeadEvent, is_external_type
from leadscore.ingest.external_ids import external_ids
from tests.ingest.door import PUBLIC_KEY, SERVER_KEY, Door

HUBSPOT = {"id": "51", "type": "hubspot", "collection": "users", "encoding": "none"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def named(*entries: Any) -> dict[str, str]:
    return external_ids({"externalIds": list(entries)})


def event_of(call: str, key: str, **said: Any) -> LeadEvent:
    door = Door()
    assert door.post(f"/v1/{call}", {"event": "Signed Up", **said}, key=key).status == 200
    (event,) = door.events
    return event


def test_an_id_is_known_by_its_type() -> None:
    assert named(HUBSPOT) == {"hubspot": "51"}
    assert named({"id": 51, "type": "crm_2"}) == {"crm_2": "51"}


@pytest.mark.parametrize(
    "change",
    [
        {"encoding": "sha256"}, {"encoding": 7}, {"collection": "accounts"}, {"collection": []},
        {"type": "user_id"}, {"type": "email"}, {"type": "anonymous_id"},
        {"type": "ios.idfa"}, {"type": "HubSpot"}, {"type": ""}, {"type": "x" * 33}, {"type": "a#b"}, {"type": 7},
        {"type": "hubspot\n"},
        {"id": None}, {"id": ""}, {"id": "null"}, {"id": "undefined"}, {"id": " "}, {"id": "anonymous"}, {"id": 0},
        {"id": "a\0b"}, {"id": "x" * 257}, {"id": ["51"]}, {"id": True},
    ],
)  # fmt: skip
def test_what_is_no_id_of_somebody_is_passed_over_and_its_neighbours_are_not(change: dict[str, Any]) -> None:
    assert named({**HUBSPOT, **change}, {"id": "m-1", "type": "mautic"}) == {"mautic": "m-1"}


def test_the_first_of_each_type_counts_and_no_more_than_five_types_do() -> None:
    many = [{"id": f"{number}", "type": f"crm_{number % 9}"} for number in range(1, 40)]
    assert named(*many) == {f"crm_{number}": f"{number}" for number in range(1, EXTERNAL_IDS_MAX + 1)}


@given(JSON | st.lists(st.fixed_dictionaries({"id": JSON, "type": st.text(max_size=5)}, optional={"encoding": JSON})))
def test_whatever_is_sent_gives_ids_that_may_be_kept_or_none(sent: Any) -> None:
    found = external_ids({"externalIds": sent})
    assert len(found) <= EXTERNAL_IDS_MAX
    assert all(is_external_type(kind) and Identifier(kind, value).key for kind, value in found.items())


@pytest.mark.parametrize("call", ["track", "identify", "page", "screen", "group"])
def test_a_server_names_them_with_any_call_between_address_and_anonymous_id(call: str) -> None:
    said = {"anonymousId": "a1", "traits": {"email": "ada@x.example"}, "context": {"externalIds": [HUBSPOT]}}
    kinds = [identifier.kind for identifier in event_of(call, SERVER_KEY, **said).identifiers]
    assert kinds == (["email"] if call == "identify" else []) + ["hubspot", "anonymous_id"]


def test_a_server_may_send_an_event_of_somebody_who_has_nothing_else() -> None:
    event = event_of("track", SERVER_KEY, context={"externalIds": [HUBSPOT]})
    assert event.home == Identifier("hubspot", "51")
    assert LeadEvent.from_json(json.loads(json.dumps(event.to_json()))) == event


@pytest.mark.parametrize("call", ["track", "identify", "page", "screen", "group", "alias"])
def test_a_public_key_claims_none_with_any_call(call: str) -> None:
    said = {
        "userId": "u1",
        "previousId": "a1",
        "anonymousId": "a1",
        "externalIds": [HUBSPOT],
        "hubspot": "51",
        "traits": {"externalIds": [HUBSPOT], "hubspot": "51"},
        "properties": {"externalIds": [HUBSPOT], "hubspot": "51"},
        "context": {"externalIds": [HUBSPOT], "hubspot": "51"},
    }
    kinds = {identifier.kind for identifier in event_of(call, PUBLIC_KEY, **said).identifiers}
    assert kinds == {"user_id", "anonymous_id"}


@pytest.mark.parametrize("key", [PUBLIC_KEY, SERVER_KEY])
def test_what_a_batch_says_once_for_all_its_items_is_nobodys_id(key: str) -> None:
    door = Door()
    items = [{"type": "track", "event": "Signed Up", "anonymousId": name} for name in ("a1", "a2")]
    door.post("/v1/batch", {"batch": items, "context": {"externalIds": [HUBSPOT]}}, key=key)
    assert [[each.value for each in event.identifiers] for event in door.events] == [["a1"], ["a2"]]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("alias", {"userId": "mallory", "previousId": "ada"}),
        ("identify", {"userId": "mallory", "anonymousId": "ada", "traits": {"user_id": "ada", "id": "ada"}}),
        ("group", {"userId": "mallory", "groupId": "ada", "traits": {"email": "ada@x.example"}}),
        ("track", {"userId": "mallory", "properties": {"email": "ada@x.example", "user_id": "ada"}}),
        ("track", {"userId": "mallory", "traits": {"email": "ada@x.example"}}),
        ("page", {"userId": "mallory", "context": {"traits": {"email": "ada@x.example", "userId": "ada"}}}),
    ],
)
def test_with_a_public_key_nobody_names_somebody_else_by_the_way(call: str, said: dict[str, Any]) -> None:
    event = event_of(call, PUBLIC_KEY, **said)
    assert event.home == Identifier("user_id", "mallory")
    assert set(event.identifiers[1:]) <= {Identifier("anonymous_id", "ada")}
