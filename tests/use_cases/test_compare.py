"""Models on the same history: where leads are, when they got there, and which rule pushed them over."""

import random
from itertools import pairwise
from typing import Any

import pytest

from leadscore.domain.event import LeadEvent
from leadscore.domain.model import Model
from leadscore.use_cases.compare import MOVERS_KEPT, Compared, Course, Reached, compare, follow, summarise
from leadscore.use_cases.people import people_in
from leadscore.use_cases.simulation import simulate
from tests.leads import DAY, HOUR, NOON, event, small_model

LATER = NOON + 10 * DAY


def course(*events: LeadEvent, model: Model | None = None, as_of: int = LATER) -> Course:
    return follow("ada", events, model or small_model(), as_of=as_of)


def with_mql_at(points: int) -> Model:
    stages = [{"stage": "new"}, {"stage": "mql", "at": points}, {"stage": "sql", "at": 200}]
    return small_model(model=f"mql-{points}", stages=stages)


def test_a_course_says_when_each_stage_was_first_reached_and_by_which_rule() -> None:
    found = course(
        event("White Paper Read", at=NOON),
        event("Webinar Attended", at=NOON + DAY),
        event(at=NOON + 2 * DAY),
    )

    assert (found.total, found.stage) == (66, "mql")
    assert found.reached == {
        "warm": Reached(NOON, 0, ("White paper",)),
        "mql": Reached(NOON + DAY, DAY, ("Webinar",)),
    }


def test_a_stage_that_was_passed_through_was_reached_too() -> None:
    found = course(event(at=NOON), event("Demo Requested", at=NOON + HOUR))

    assert {stage: there.rule for stage, there in found.reached.items()} == dict.fromkeys(
        ("warm", "mql", "sql"), "Demo requested"
    )


def test_an_effect_is_the_reason_before_points_of_the_same_event_and_only_if_it_did_it() -> None:
    fast = {"rule": "Webinar to sales", "event": "Webinar Attended", "stage": "warm"}
    model = small_model(fast_track=[fast])

    assert course(event("Webinar Attended"), model=model).reached["warm"].rules == ("Webinar to sales", "Webinar")
    twice = course(event("Webinar Attended"), event("Webinar Attended", at=NOON + 1), model=model)
    assert twice.reached["mql"].rule == "Webinar"


def test_losing_a_stage_is_no_unreaching_it() -> None:
    found = course(event("White Paper Read"), as_of=NOON + 31 * DAY)

    assert (found.total, found.stage) == (0, "new")
    assert list(found.reached) == ["warm"]


def alone(*courses: Course) -> list[Compared]:
    """Leads under one model only."""
    return [Compared(f"lead {number}", (each,)) for number, each in enumerate(courses)]


def test_stages_are_counted_now_and_ever_with_what_pushed_over_and_how_long_it_took() -> None:
    courses = [
        course(event("White Paper Read", at=NOON), as_of=NOON + 31 * DAY),
        course(event(at=NOON), event("White Paper Read", at=NOON + 2 * HOUR)),
        course(event(at=NOON), event("Demo Requested", at=NOON + HOUR)),
    ]

    ((warm, mql, sql),) = summarise(alone(*courses), [small_model()]).stages
    assert (warm.stage, warm.now, warm.ever, warm.median_after) == ("warm", 2, 3, HOUR)
    assert warm.pushed_by == {"White paper": 2, "Demo requested": 1}
    assert (mql.now, mql.ever, sql.now, sql.ever) == (1, 1, 1, 1)


def test_who_is_out_is_in_no_stage_now() -> None:
    out = course(event("White Paper Read"), event("Unsubscribed", at=NOON + 1))

    assert out.stage == "out"
    (counts,) = summarise(alone(out), [small_model()]).stages
    assert [(count.now, count.ever) for count in counts] == [(0, 1), (0, 0), (0, 0)]


def test_moves_pair_the_stages_under_both_models() -> None:
    histories = [("ada", [event("White Paper Read", user="ada")]), ("ben", [event(user="ben")])]
    leads = list(compare(histories, [small_model(), with_mql_at(25)], as_of=LATER))

    assert [lead.moves for lead in leads] == [True, False]
    found = summarise(iter(leads), [small_model(), with_mql_at(25)])
    assert (found.leads, found.moves) == (2, {("warm", "mql"): 1, ("new", "new"): 1})
    assert [lead.lead for lead in found.movers] == ["ada"]


def test_of_those_who_move_the_largest_differences_are_kept() -> None:
    stays = [Compared("stays", (Course(0, "new", {}), Course(900, "new", {})))]
    leads = [Compared(f"{n}", (Course(0, "new", {}), Course(-n, "warm", {}))) for n in range(2 * MOVERS_KEPT)]
    found = summarise(stays + leads, [small_model(), small_model()])
    assert [lead.difference for lead in found.movers] == [-n for n in range(2 * MOVERS_KEPT - 1, MOVERS_KEPT - 1, -1)]


@pytest.mark.parametrize("seed", range(10))
def test_the_higher_the_threshold_the_fewer_mqls_and_each_has_a_rule_that_pushed_it_over(seed: int) -> None:
    people = people_in(_crowd(random.Random(seed)))
    counts = []
    for points in (50, 75, 100):
        simulation = simulate(people, [with_mql_at(points)], as_of=LATER)
        mql = simulation.comparison.stages[0][0]
        assert mql.pushed_by.total() == mql.ever
        assert set(mql.pushed_by) <= {
            "Webinar",
            "White paper",
            "Page",
            "Blog",
            "Director",
            "Content downloaded",
            "Demo requested",
        }
        counts.append((mql.ever, mql.now))

    assert all(more[0] >= less[0] and more[1] >= less[1] for more, less in pairwise(counts))
    assert counts[0][0] > counts[2][0]


def _crowd(rng: random.Random) -> list[LeadEvent]:
    names = ["Page Viewed", "White Paper Read", "Webinar Attended", "Blog Subscribed"]
    events = []
    for number in range(200):
        traits: dict[str, Any] = rng.choice([{}, {"title": "Director"}])
        user = f"u{rng.randint(1, 40)}"
        at = NOON + rng.randint(0, 9 * DAY)
        events.append(event(rng.choice(names), at=at, user=user, message=f"e{number}", traits=traits))
    return events
