"""What Segment's spec calls otherwise than we is read all the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.ingest.segment_spec import VIDEO_EVENTS, flat, watched
from tests.ingest.door import SERVER_KEY, Door

SPEC = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "address": {"street": "6th St", "city": "San Francisco", "state": "CA", "country": "USA"},
    "company": {"name": "Initech", "industry": "Software", "employee_count": "500", "plan": "enterprise"},
}
OURS = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "city": "San Francisco",
    "state": "CA",
    "country": "USA",
    "company_name": "Initech",
    "industry": "Software",
    "company_size": 500,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
HUGE = 10**400


def test_what_stands_in_objects_stands_under_our_names_too() -> None:
    assert flat(SPEC) == {**SPEC, **OURS}


def test_clients_for_apps_have_spellings_of_their_own() -> None:
    said = {"firstname": "Ada", "lastname": "Lovelace", "company": {"employeeCount": 500}}
    assert flat(said) == {**said, "first_name": "Ada", "last_name": "Lovelace", "company_size": 500}


def test_what_is_said_under_our_names_stays() -> None:
    assert flat({**SPEC, "country": "France", "industry": "", "company_size": None}) == {
        **SPEC,
        **OURS,
        "country": "France",
    }


@pytest.mark.parametrize("company", ["Initech", ["Initech"], {"name": {"x": 1}, "industry": None}, None, 5])
def test_what_is_no_object_of_the_spec_says_nothing_more(company: Any) -> None:
    assert flat({"company": company}) == {"company": company}


def test_an_identify_calls_rules_may_read_them() -> None:
    door = Door()
    door.post("/v1/identify", {"userId": "u", "traits": SPEC}, key=SERVER_KEY)
    assert {name: door.event.traits[name] for name in OURS} == OURS
    assert (door.event.traits["company"], door.event.traits["company_size_band"]) == (SPEC["company"], "201-500")


@pytest.mark.parametrize(
    ("event", "properties", "share"),
    [
        ("Video Content Playing", {"position": 30, "total_length": 120}, 25),
        ("Video Content Playing", {"position": 130.5, "total_length": 120}, 100),
        ("Video Content Playing", {"position": -1, "total_length": 120}, 0),
        ("Video Content Playing", {"position": 30, "total_length": None}, None),
        ("Video Content Playing", {"position": 30, "total_length": 0}, None),
        ("Video Content Playing", {"position": True, "total_length": 1}, None),
        ("Video Content Playing", {"position": "30", "total_length": 120}, None),
        ("Video Content Playing", {"position": HUGE, "total_length": HUGE * 2}, 50),
        ("Video Playback Paused", {"position": 60, "total_length": 120}, 50),
        ("Video Playback Exited", {}, None),
        ("Video Playback Completed", {"position": 60, "total_length": 120}, 50),
        ("Video Playback Completed", {}, 100),
        ("Video Content Completed", {"total_length": 120}, 100),
    ],
)
def test_a_videos_share_is_how_far_somebody_is(event: str, properties: dict[str, Any], share: int | None) -> None:
    assert watched(event, properties).get("share") == share


def test_each_event_of_a_viewing_tells_the_same_video() -> None:
    door = Door()
    for at, event in enumerate(sorted(VIDEO_EVENTS)):
        said = {"content_asset_id": "v-1", "position": 60, "total_length": 120, "kind": "demo"}
        door.post(
            "/v1/track", {"userId": "u", "messageId": str(at), "event": event, "properties": said}, key=SERVER_KEY
        )
    assert {event.name for event in door.events} == {"Video Watched"}
    assert {(event.properties["video_id"], event.properties["share"]) for event in door.events} == {("v-1", 50)}
    assert {event.properties["kind"] for event in door.events} == {"demo"}


def test_our_own_words_for_a_video_count_before_the_specs() -> None:
    said = {"video_id": "ours", "share": 10, "content_asset_id": "v-1", "position": 60, "total_length": 120}
    assert watched("Video Content Playing", said) == said


def test_of_several_videos_in_a_player_none_is_the_one() -> None:
    assert watched("Video Playback Completed", {"content_asset_ids": ["a"]})["video_id"] == "a"
    assert "video_id" not in watched("Video Playback Completed", {"content_asset_ids": ["a", "b"]})


@given(
    event=st.sampled_from(sorted(VIDEO_EVENTS)),
    said=st.dictionaries(
        st.sampled_from(["position", "total_length", "content_asset_id", "content_asset_ids", "address", "company"]),
        JSON,
    ),
)
def test_whatever_they_say_is_read(event: str, said: dict[str, Any]) -> None:
    assert watched(event, said).items() >= {}.items()
    assert set(flat(said)) >= set(said)


@pytest.mark.parametrize(
    ("properties", "context", "campaign"),
    [
        (
            {"provider": "Adjust", "campaign": {"source": "Ads", "name": "spring", "content": None, "ad_group": "b"}},
            {},
            {"source": "Ads", "name": "spring"},
        ),
        ({"campaign": {"source": "Ads"}}, {"campaign": {"source": "newsletter"}}, {"source": "newsletter"}),
        ({"campaign": "spring"}, {}, None),
        ({}, {}, None),
    ],
)
def test_an_app_tells_the_campaign_it_was_installed_for_among_the_properties(
    properties: Any, context: Any, campaign: Any
) -> None:
    call = {"type": "track", "anonymousId": "a", "event": "Install Attributed", "properties": properties}
    door = Door()
    door.post("/v1/batch", {"batch": [{**call, "context": context}]}, key=SERVER_KEY)
    event = door.event
    assert event.name == "Install Attributed"
    assert event.context.get("campaign") == campaign
    assert event.properties == properties
