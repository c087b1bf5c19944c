"""Who is who in a history: exactly as the deployed system has it."""

import random

import pytest

from leadscore.adapters.memory import MemoryStore
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.use_cases.messages import events_body
from leadscore.use_cases.people import find_person, people_in
from tests.leads import HOUR, NOON, event
from tests.use_cases.world import World


def names_of(*events: LeadEvent) -> list[list[str]]:
    return [[name.value for name in person.identifiers] for person in people_in(events)]


def test_anonymous_history_joins_the_person_who_turns_up_with_it() -> None:
    people = people_in(
        [
            event(anonymous="cookie", at=NOON),
            event(anonymous="cookie", user="ada", at=NOON + 1),
            event(anonymous="cookie", at=NOON + 2),
            event(user="ada", email="ada@x.example", at=NOON + 3),
        ]
    )

    (ada,) = people
    assert (ada.lead, len(ada.events)) == ("ada", 4)
    assert ada.external_ids == {"user_id": "ada", "email": "ada@x.example"}


def test_an_anonymous_lead_is_called_by_its_cookie_and_one_with_an_address_by_that() -> None:
    assert names_of(event(anonymous="cookie")) == [["cookie"]]
    assert names_of(event(anonymous="cookie", email="ada@x.example")) == [["ada@x.example", "cookie"]]


def test_two_people_at_one_computer_stay_two() -> None:
    shared = [event(anonymous="cookie", user="ada"), event(anonymous="cookie", user="ben", at=NOON + 1)]
    assert names_of(*shared, event(anonymous="cookie", at=NOON + 2)) == [["ada", "cookie"], ["ben"]]


def test_two_known_people_are_never_made_one_by_an_event_that_names_both() -> None:
    two = [event(user="ada"), event(email="ben@x.example", at=NOON + 1)]
    assert names_of(*two, event(user="ada", email="ben@x.example", at=NOON + 2)) == [["ada"], ["ben@x.example"]]


def test_an_id_of_another_system_is_stronger_than_a_cookie_and_names_nobody() -> None:
    crm = [event(external={"crm": "c1"}, anonymous="a1"), event(external={"crm": "c1"}, anonymous="a2", at=NOON + 1)]
    assert names_of(*crm) == [["c1", "a1", "a2"]]
    named = event(external={"crm": "c1"}, email="ada@x.example", at=NOON + 2)
    assert names_of(*crm, named) == [["ada@x.example", "c1", "a1", "a2"]]
    assert names_of(named, event(external={"crm": "c1"}, email="ben@x.example", at=NOON + 3)) == [
        ["ada@x.example", "c1"],
        ["ben@x.example"],
    ]


def test_the_order_of_lines_makes_no_difference() -> None:
    events = [
        event(anonymous="a", at=NOON),
        event(anonymous="a", user="u1", at=NOON + 1),
        event(anonymous="a", user="u2", email="e@x.example", at=NOON + 2),
        event(anonymous="b", email="e@x.example", at=NOON + 3),
    ]
    expected = names_of(*events)
    for seed in range(10):
        random.Random(seed).shuffle(events)
        assert names_of(*events) == expected


def test_somebody_is_found_by_any_of_their_names_the_strongest_first() -> None:
    people = people_in([event(user="x"), event(anonymous="x", at=NOON + 1), event(email="e@x.example", at=NOON + 2)])
    names = [Identifier("user_id", "x"), Identifier("anonymous_id", "x")]

    assert find_person(people, names) is people[0]
    assert find_person(people, names[1:]) is people[1]
    assert find_person(people, [Identifier("email", "nobody@x.example")]) is None


@pytest.mark.parametrize("seed", range(150))
def test_the_deployed_system_finds_the_same_people(seed: int) -> None:
    rng = random.Random(seed)
    events = _history(rng)
    store = MemoryStore()
    world = World(store, store, now=NOON + 10 * HOUR)
    for number, item in enumerate(sorted(events, key=lambda item: item.order)):
        world.send(events_body(f"token{number}", [item]))
        world.drain()
    states = store.all_states()
    deployed = {
        frozenset(item.short for item in store.read_history(lead))
        for lead, state in states.items()
        if not state.merged_into
    }

    people = people_in(events)

    assert {frozenset(item.short for item in person.events) for person in people} == deployed
    known = [store.read_known(lead) for lead, state in states.items() if not state.merged_into]
    assert sorted(map(str, (dict(sorted(ids.items())) for ids in known))) == sorted(
        str(dict(sorted(person.external_ids.items()))) for person in people
    )


def _history(rng: random.Random) -> list[LeadEvent]:
    """Few names for many events, so that they meet in every way there is."""
    events = []
    for number in range(rng.randint(2, 14)):
        names = {
            "user": rng.choice([None, None, "u1", "u2", "u3"]),
            "email": rng.choice([None, None, "e1@x.example", "e2@x.example"]),
            "anonymous": rng.choice([None, "a1", "a2", "a3"]),
            "external": rng.choice(
                [None, None, {"crm": "c1"}, {"crm": "c2"}, {"ads": "x1"}, {"ads": "x1", "crm": "c1"}]
            ),
        }
        if not any(names.values()):
            names["anonymous"] = "a1"
        events.append(event(at=NOON + rng.randint(0, 20), message=f"e{number}", **names))
    return events
