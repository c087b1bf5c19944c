"""Items: what goes in comes out, nothing gets larger than a write unit, and what is indexed stands still."""

import hashlib
import json
from dataclasses import fields, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.adapters.dynamodb_attributes import from_item, to_item
from leadscore.adapters.dynamodb_event import event_from, event_values
from leadscore.adapters.dynamodb_keys import (
    event_key,
    home_key,
    home_of,
    identifier_of,
    known_key,
    owner_key,
    stage_shard,
    state_key,
    transition_key,
)
from leadscore.adapters.dynamodb_profile import profile_from, profile_values
from leadscore.adapters.dynamodb_state import state_from, state_values
from leadscore.adapters.dynamodb_transition import transition_from_item, transition_values
from leadscore.adapters.packing import pack, unpack
from leadscore.adapters.packing_dictionary import DICTIONARY_1
from leadscore.domain.event import IDENTIFIER_BYTES_MAX, IDENTIFIER_KINDS, Identifier, LeadEvent, Trust, rank
from leadscore.domain.state import SCHEMA, LeadState, Line, Trait
from leadscore.use_cases.ports import ModelBehind
from tests.adapters.samples import (
    ANALYTICS_JS_PAGE,
    ANALYTICS_JS_TRACK,
    NOW,
    event,
    event_of,
    largest_state,
    transition,
)

WRITE_UNIT_BYTES = 1_024
OTHER_BROWSERS = {
    "iphone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.6 Mobile/15E148 Safari/604.1",
    "firefox": "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "android": "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Version/4.0 Chrome/129.0.6668.70 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/483.0.0.42.107;]",
}

IDENTIFIERS = st.builds(
    Identifier,
    st.sampled_from([*IDENTIFIER_KINDS, "hubspot", "a", "x" * 32, "crm_2"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SHORTS = st.integers(0, 2**64 - 1)
IDS = st.integers(0, 2**16 - 1)
MARKS = st.integers(0, 2**48 - 1)
TEXT = st.text(max_size=12)
STATES = st.builds(
    LeadState,
    lead=st.text(st.characters(codec="ascii", exclude_characters="#"), min_size=1, max_size=26),
    version=st.integers(1, 10**9),
    activation=st.integers(),
    as_of=st.integers(),
    stage=TEXT,
    stage_since=st.integers(),
    due_at=st.none() | st.integers(),
    created_at=st.integers(),
    last_event=st.tuples(st.integers(), TEXT),
    last_activity_at=st.integers(),
    settled_at=st.integers(),
    floor=TEXT,
    is_out=st.booleans(),
    is_disqualified=st.booleans(),
    identified=st.booleans(),
    scores=st.dictionaries(TEXT, st.integers(), max_size=3).flatmap(
        lambda others: st.tuples(st.integers(), st.integers()).map(
            lambda both: {**others, "fit": both[0], "engagement": both[1]}
        )
    ),
    lines=st.dictionaries(IDS, st.builds(Line, st.integers(), st.integers(), st.integers()), max_size=5),
    groups=st.dictionaries(IDS, st.integers(), max_size=3),
    pools=st.dictionaries(IDS, st.lists(st.integers(), max_size=5).map(tuple), max_size=3),
    memory=st.dictionaries(IDS, st.lists(st.integers(), max_size=5).map(tuple), max_size=3),
    idle=st.dictionaries(IDS, st.tuples(st.integers(), st.integers()), max_size=3),
    marks=st.lists(MARKS, max_size=5).map(tuple),
    spilled_count=st.integers(0, 10**6),
    visit=st.tuples(st.integers(), st.integers(), st.integers()),
    channels=st.tuples(TEXT, TEXT),
    notices=st.dictionaries(IDS, st.integers(), max_size=3),
    untold=st.dictionaries(TEXT, TEXT, max_size=3),
    folded_count=st.integers(),
    folded_xor=SHORTS,
    recent=st.lists(st.tuples(st.integers(), SHORTS), max_size=5).map(tuple),
    recent_since=st.integers(),
    homes=st.lists(SHORTS, max_size=4).map(tuple),
    merged_into=TEXT,
    account=TEXT,
    had_account=st.booleans(),
).flatmap(
    lambda state: st.dictionaries(TEXT, st.tuples(TEXT, st.integers()), max_size=3).map(
        lambda ladders: replace(
            state,
            ladders={score: stage for score, (stage, _) in ladders.items()},
            ladder_since={score: since for score, (_, since) in ladders.items()},
        )
    )
)


def size_of(item: dict[str, Any]) -> int:
    """An item's size as DynamoDB counts it: names and values."""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: Any) -> int:
    match value:
        case bool():
            return 1
        case int():
            # One byte for every two digits, zeros at the end left out, and one or two more.
            return 2 + (len(str(abs(value)).rstrip("0")) + 1) // 2 + (value < 0)
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case list() | tuple():
            return 3 + sum(1 + _size_of_value(element) for element in value)
        case dict():
            return 3 + len(value) + size_of(value)
    raise TypeError(type(value))


class TestState:
    @given(STATES)
    def test_comes_back_as_it_was(self, state: LeadState) -> None:
        assert state_from(from_item(to_item(state_values(state)))) == state

    def test_no_field_of_a_state_is_forgotten(self) -> None:
        """Each field, changed alone, changes what is read back: so a new field cannot be left out of the item."""
        blank = LeadState("L1", version=1, ladders={"topic": "warm"}, ladder_since={"topic": 3})
        for field in fields(LeadState):
            if field.name in ("wakes_at", "spilled", "unbooked", "is_stirred"):
                continue  # Found anew by whoever reads a state.
            before = getattr(blank, field.name)
            other: Any = {
                "scores": {"fit": 1, "engagement": 2, "topic": 3},
                "groups": {1: 2},
                "pools": {1: (2, 3)},
                "memory": {1: (2, 3)},
                "idle": {1: (2, 3)},
                "marks": (1, 2),
                "ladders": {"topic": "hot"},
                "ladder_since": {"topic": 4},
                "visit": (1, 2, 3),
                "channels": ("email", "direct"),
                "notices": {1: 2},
                "untold": {"": "new"},
                "due_at": 5,
                "last_event": (5, "id"),
                "lines": {1: Line(1, 2, 3)},
                "recent": ((1, 2),),
                "homes": (7,),
                "silenced": (7,),
            }.get(field.name, "x" if isinstance(before, str) else not before if isinstance(before, bool) else 5)
            changed = replace(blank, **{field.name: other})
            assert getattr(state_from(state_values(changed)), field.name) == other, field.name

    def test_fits_into_a_write_unit_whatever_the_lead_did(self) -> None:
        sizes = [size_of(state_values(largest_state(Random(seed)))) for seed in range(100)]
        assert max(sizes) < WRITE_UNIT_BYTES

    def test_shows_people_and_indexes_what_they_look_for(self) -> None:
        state = LeadState("L1", version=7, stage="mql", due_at=NOW, scores={"fit": 40, "engagement": -5})
        item = state_values(state)
        assert item | {"rest": b""} == {
            "pk": "LEAD#L1",
            "sk": "STATE",
            "v": 7,
            "stage": "mql",
            "fit": 40,
            "engagement": -5,
            "stage_shard": "mql#4",
            "due_shard": "4",
            "due_at": NOW,
            "rest": b"",
        }

    def test_is_in_no_index_that_it_does_not_belong_into(self) -> None:
        item = state_values(LeadState("L1", version=1, merged_into="L2"))
        assert not {"stage_shard", "due_shard", "due_at"} & set(item)
        assert item["merged_into"] == "L2"
        assert "merged_into" not in state_values(LeadState("L1", version=1))

    def test_ordinary_activity_changes_no_index_key(self) -> None:
        state = replace(largest_state(Random(1)), version=8)
        active = replace(
            state,
            version=9,
            as_of=NOW + 5,
            scores={**state.scores, "engagement": 7},
            last_event=(NOW + 5, "x"),
            lines={},
        )
        for key in ("pk", "sk", "stage_shard", "due_shard", "due_at"):
            assert state_values(active)[key] == state_values(state)[key]

    def test_a_layout_of_later_code_is_left_alone(self) -> None:
        item = state_values(LeadState("L1", version=1))
        later = bytes([(SCHEMA + 1) * 2]) + item["rest"][1:]
        with pytest.raises(ModelBehind, match=f"schema {SCHEMA + 1}"):
            state_from(item | {"rest": later})

    def test_a_state_cut_short_is_no_state(self) -> None:
        item = state_values(largest_state(Random(1)))
        with pytest.raises(ValueError, match="cut short"):
            state_from(item | {"rest": item["rest"][:-1]})


class TestEvent:
    @pytest.mark.parametrize("call", [ANALYTICS_JS_PAGE, ANALYTICS_JS_TRACK], ids=["page", "track"])
    def test_a_browsers_call_fits_into_a_write_unit(self, call: dict[str, Any]) -> None:
        assert len(json.dumps(call)) > 1_100
        assert size_of(event_values(event_of(call), "0" * 32)) < WRITE_UNIT_BYTES

    @pytest.mark.parametrize("user_agent", OTHER_BROWSERS.values(), ids=OTHER_BROWSERS)
    def test_so_does_one_that_the_dictionary_was_not_made_for(self, user_agent: str) -> None:
        page = {
            "path": "/de/ressourcen/leitfaden-einkauf-für-den-mittelstand",
            "referrer": "https://duckduckgo.com/",
            "search": "?mtm_campaign=q3&mtm_kwd=einkaufssoftware%20vergleich&ref=4711-0815",
            "title": "Leitfaden: Einkaufssoftware für den Mittelstand | Südwind GmbH",
            "url": "https://shop.suedwind.example/de/ressourcen/leitfaden-einkauf-f%C3%BCr-den-mittelstand"
            "?mtm_campaign=q3&mtm_kwd=einkaufssoftware%20vergleich&ref=4711-0815",
        }
        context = ANALYTICS_JS_PAGE["context"] | {"page": page, "userAgent": user_agent, "ip": "203.0.113.204"}
        call = ANALYTICS_JS_PAGE | {"properties": page, "context": context}
        assert size_of(event_values(event_of(call), "0" * 32)) < WRITE_UNIT_BYTES

    def test_shows_people_what_they_look_for(self) -> None:
        item = event_values(event_of(ANALYTICS_JS_TRACK), "token-1")
        logged = event_of(ANALYTICS_JS_TRACK)
        assert item | {"rest": b""} == {
            "pk": "user_id:usr_01J8Z3K4M5N6P7Q8R9S0T1V2W3",
            "sk": f"EVENT#{logged.id}",
            "name": "Content Downloaded",
            "occurred_at": NOW,
            "source": "website",
            "trust": "public",
            "fingerprint": logged.fingerprint,
            "token": "token-1",
            "rest": b"",
        }

    @given(JSON, st.lists(IDENTIFIERS, min_size=1, max_size=3, unique_by=lambda identifier: identifier.kind))
    def test_comes_back_as_it_was(self, value: Any, identifiers: list[Identifier]) -> None:
        strongest_first = tuple(sorted(identifiers, key=lambda identifier: rank(identifier.kind)))
        said: LeadEvent = event(
            strongest_first[0], identifiers=strongest_first, properties={"a": value}, traits={"b": value}
        )
        assert event_from(from_item(to_item(event_values(said, "t")))) == said


class TestTransition:
    def test_comes_back_from_the_stream_as_it_was(self) -> None:
        said = transition("L1", 7)
        image = json.loads(json.dumps(to_item(transition_values(said))))
        assert transition_from_item(image) == said

    def test_keeps_apart_from_what_later_code_added(self) -> None:
        image = to_item({**transition_values(transition("L1", 7)), "added_later": "x"})
        assert transition_from_item(image) == transition("L1", 7)

    def test_says_in_the_image_whether_to_publish_it(self) -> None:
        assert to_item(transition_values(transition("L1", 7)))["publish"] == {"BOOL": True}
        assert transition_values(transition("L1", 7))["sk"] == "TRANSITION#0000000007"

    def test_fits_into_a_write_unit(self) -> None:
        wordy = transition("L" * 26, 999_999, reasons=tuple(("r" * 60, -100_000 - place) for place in range(5)))
        assert size_of(transition_values(wordy)) < WRITE_UNIT_BYTES


@given(st.dictionaries(st.text(), st.builds(Trait, JSON, st.sampled_from(Trust), st.integers(), st.text()), max_size=4))
def test_a_profile_comes_back_as_it_was(profile: dict[str, Trait]) -> None:
    assert profile_from(from_item(to_item(profile_values("L1", profile)))) == profile


class TestKeys:
    @given(IDENTIFIERS, IDENTIFIERS)
    def test_two_identifiers_have_two_keys(self, one: Identifier, other: Identifier) -> None:
        assert (one == other) == (owner_key(one) == owner_key(other))
        assert (one == other) == (home_key("L1", one) == home_key("L1", other))
        assert (one == other) == (event_key(one, "id") == event_key(other, "id"))

    @given(IDENTIFIERS)
    def test_an_identifier_comes_back_from_its_keys(self, identifier: Identifier) -> None:
        assert identifier_of(owner_key(identifier)["pk"]) == identifier
        assert home_of(home_key("L1", identifier)["sk"]) == identifier

    @given(IDENTIFIERS)
    def test_no_identifier_forges_another_kind_of_item(self, identifier: Identifier) -> None:
        assert "#" not in identifier.key
        leads_keys = [state_key("L1"), known_key("L1", "email"), transition_key("L1", 1)]
        assert home_key("L1", identifier) not in leads_keys

    @pytest.mark.parametrize("value", ["x" * IDENTIFIER_BYTES_MAX, "\U0001f600" * (IDENTIFIER_BYTES_MAX // 4)])
    def test_the_longest_identifier_is_within_dynamodbs_bounds(self, value: str) -> None:
        longest = Identifier("anonymous_id", value)
        assert len(event_key(longest, "id")["pk"].encode()) <= 2_048
        assert len(home_key("L1", longest)["sk"].encode()) <= 1_024

    @given(TEXT, st.integers(0, 9), TEXT, st.integers(0, 9))
    def test_two_stages_share_no_shard(self, one: str, shard: int, other: str, other_shard: int) -> None:
        assert ((one, shard) == (other, other_shard)) == (stage_shard(one, shard) == stage_shard(other, other_shard))

    def test_transitions_sort_by_version(self) -> None:
        assert transition_key("L1", 9)["sk"] < transition_key("L1", 10)["sk"] < transition_key("L1", 10**9)["sk"]


class TestPacking:
    @given(JSON)
    def test_gives_back_what_it_took(self, document: Any) -> None:
        assert unpack(pack(document)) == document

    def test_the_dictionary_is_what_it_always_was(self) -> None:
        # Every event logged so far needs it, byte for byte. Another one gets another number.
        assert hashlib.sha256(DICTIONARY_1).hexdigest()[:32] == "660b71d189e17c9509aa856e4b4edd6e"

    def test_a_dictionary_of_later_code_is_left_alone(self) -> None:
        with pytest.raises(ModelBehind, match="dictionary 9"):
            unpack(b"\x09" + pack({})[1:])


class TestAttributes:
    def test_takes_nothing_that_it_could_not_give_back(self) -> None:
        for value in (None, 1.5, {1, 2}, object()):
            with pytest.raises(TypeError):
                to_item({"a": value})

    @given(st.integers(-(10**37), 10**37))
    def test_numbers_stay_whole(self, number: int) -> None:
        assert from_item(to_item({"a": number})) == {"a": number}
