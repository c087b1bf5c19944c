"""The oracle and the fold, held to numbers worked out by hand."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from leadscore.domain.compiler import compile_model
from leadscore.domain.event import SIGNED_LINKS, LeadEvent, Trust
from leadscore.domain.fold import fold
from leadscore.domain.reading import read_state
from leadscore.domain.state import MARKS_MAX
from tests.domain.reference import WITHDRAWN, Outcome, reference, reference_next_change_at
from tests.leads import DAY, HOUR, NOON, event

MINUTE = 60_000
STAGES = [{"stage": "new"}]


def model(*engagement: Mapping[str, Any], **sections: Any) -> dict[str, Any]:
    return {"model": "m", "stages": STAGES, "engagement": list(engagement), **sections}


def rule(points: int, event: Any = "Page Viewed", **words: Any) -> dict[str, Any]:
    return {"rule": "Act", "event": event, "points": points, **words}


def acts(*times: int, name: str = "Page Viewed", **said: Any) -> list[LeadEvent]:
    return [event(name, at=at, message=f"{name} {number}", **said) for number, at in enumerate(times)]


def links(*times: int, of: int = 5, **said: Any) -> list[LeadEvent]:
    return [
        event("Email Link Clicked", at=at, message=f"{number} {said}", properties={"url": f"/{number % of}"}, **said)
        for number, at in enumerate(times)
    ]


def read(document: Mapping[str, Any], events: list[LeadEvent], after: int = 0) -> Outcome:
    """The lead `after` ms after its last event, its lines adding up, and the fold of one mind with the oracle."""
    as_of = max(event.occurred_at for event in events) + after
    outcome = reference(document, events, as_of)
    compiled = compile_model(document)
    reading = read_state(fold(events, compiled, activation=1, lead="x", as_of=as_of)[0], compiled)
    assert (reading.total, reading.scores) == (outcome.total, dict(outcome.scores))
    assert (reading.grade, reading.matrix, reading.stage) == (outcome.grade, outcome.matrix, outcome.stage)
    for score, shown in outcome.scores.items():
        assert sum(points for (of, _), (points, _, _) in outcome.lines.items() if of == score) == shown
    return outcome


def points(outcome: Outcome, score: str = "engagement") -> dict[str, int]:
    return {name: points for (of, name), (points, _, _) in outcome.lines.items() if of == score}


# -- decay ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "total"),
    [(0, 100), (HOUR - 1, 100), (7 * HOUR, 99), (15 * DAY, 71), (30 * DAY - 1, 50), (30 * DAY, 50), (60 * DAY, 25)],
)
def test_a_hundred_points_with_a_half_life_of_thirty_days(after: int, total: int) -> None:
    document = model(rule(100, decay={"half_life": "30d"}))
    outcome = read(document, acts(NOON), after)
    assert outcome.total == total
    assert points(outcome).get("Decay of Act", 0) == total - 100


def test_a_half_life_goes_by_whole_hours_of_the_clock_and_rounds_the_pool_as_a_whole() -> None:
    document = model(rule(1), scores=[{"score": "engagement", "decay": {"half_life": "1h"}}])
    late_in_the_hour = acts(*[NOON + 59 * MINUTE] * 5)
    assert read(document, late_in_the_hour, MINUTE - 1).total == 5
    assert read(document, late_in_the_hour, MINUTE).total == 3  # 2.5, halves up; five of 0.5 each would be 5
    assert read(document, late_in_the_hour, MINUTE + HOUR).total == 1  # 1.25
    assert read(document, late_in_the_hour, MINUTE + 2 * HOUR).total == 1  # 0.625
    assert read(document, late_in_the_hour, MINUTE + 3 * HOUR).total == 0
    assert points(read(document, late_in_the_hour, DAY)) == {"Act": 5, "Decay of engagement": -5}


@pytest.mark.parametrize(
    ("after", "total"),
    [(0, 10), (15 * DAY, 8), (15 * DAY + 1, 7), (30 * DAY, 5), (45 * DAY, 3), (60 * DAY - 1, 0), (60 * DAY, 0)],
)
def test_ten_points_that_lose_half_of_themselves_every_thirty_days(after: int, total: int) -> None:
    document = model(rule(10, group="G"), groups=[{"group": "G", "decay": {"percent": 50, "every": "30d"}}])
    outcome = read(document, acts(NOON), after)
    assert (outcome.total, points(outcome).get("Decay of G", 0)) == (total, total - 10)


def test_linear_points_of_one_cell_age_together_from_the_last_of_them() -> None:
    document = model(rule(10, decay={"percent": 50, "every": "30m"}))
    assert read(document, acts(NOON), 30 * MINUTE).total == 5
    assert read(document, acts(NOON, NOON + 30 * MINUTE)).total == 20
    assert read(document, acts(NOON, NOON + 30 * MINUTE), 30 * MINUTE).total == 10
    assert read(document, acts(NOON, NOON + HOUR)).total == 10  # the first are gone


@pytest.mark.parametrize(("after", "total"), [(90 * DAY - 1, 7), (90 * DAY, 0), (90 * DAY + 1, 0)])
def test_points_expire_exactly_so_long_after_they_were_given(after: int, total: int) -> None:
    document = model(rule(7, decay={"expire_after": "90d"}))
    assert read(document, acts(NOON), after).total == total
    assert reference_next_change_at(document, acts(NOON), NOON) == NOON + 90 * DAY


def test_a_loss_takes_no_more_than_the_score_holds() -> None:
    document = model(rule(10, decay={"expire_after": "1d"}), {**rule(-4, "Email Opened"), "rule": "Bad"})
    outcome = read(document, [*acts(NOON), *acts(NOON + 1, name="Email Opened")], DAY)
    assert points(outcome) == {"Act": 10, "Bad": -4, "Decay of Act": -6}


def test_negative_points_decay_towards_zero() -> None:
    document = model(rule(-10, decay={"half_life": "1h"}))
    assert [read(document, acts(NOON), n * HOUR).total for n in range(6)] == [-10, -5, -2, -1, -1, 0]


# -- caps ----------------------------------------------------------------------------------------------------------


def test_group_caps_of_sixty_and_forty_give_a_hundred_at_most() -> None:
    document = model(
        {**rule(30), "group": "A"},
        {**rule(45, "Email Opened", group="B"), "rule": "Mail"},
        groups=[{"group": "A", "cap": 60}, {"group": "B", "cap": 40}],
    )
    outcome = read(document, acts(NOON, NOON, NOON))
    assert points(outcome) == {"Act": 90, "Cap of A": -30}
    outcome = read(document, [*acts(NOON, NOON, NOON), *acts(NOON, name="Email Opened")])
    assert (outcome.total, points(outcome)) == (100, {"Act": 90, "Mail": 45, "Cap of A": -30, "Cap of B": -5})


@pytest.mark.parametrize(("lost", "shown"), [(0, 60), (10, 60), (40, 50)])
def test_the_raw_sum_goes_on_under_a_cap(lost: int, shown: int) -> None:
    document = model(
        rule(90),
        {**rule(-lost, "Email Opened"), "rule": "Loss"},
        scores=[{"score": "engagement", "cap": 60}],
    )
    assert read(document, [*acts(NOON), *acts(NOON + 1, name="Email Opened")]).total == shown


def test_a_take_makes_a_caps_cut_final() -> None:
    document = model(
        rule(90),
        scores=[{"score": "engagement", "cap": 60}],
        inactivity=[{"rule": "Quiet", "after": "1d", "take": 10}],
    )
    assert points(read(document, acts(NOON), DAY)) == {"Act": 90, "Cap of engagement": -30, "Quiet": -10}


def test_a_take_shrinks_groups_and_pools_in_proportion() -> None:
    document = model(
        rule(10, group="G", decay={"expire_after": "2d"}),
        {**rule(5), "rule": "Loose"},
        groups=[{"group": "G"}],
        inactivity=[{"rule": "Quiet", "after": "1d", "take": 5}],
    )
    # Of 15 a take of 5 leaves two thirds: of the pool's 10 parcel points 7, rounded up, which expire a day later.
    assert points(read(document, acts(NOON), DAY)) == {"Act": 10, "Loose": 5, "Quiet": -5}
    assert points(read(document, acts(NOON), 2 * DAY)) == {"Act": 10, "Loose": 5, "Quiet": -5, "Decay of Act": -7}


# -- limits --------------------------------------------------------------------------------------------------------


def test_twenty_five_acts_of_a_day_capped_at_twenty() -> None:
    document = model(rule(1, at_most={"points": 20, "per": "day"}))
    midnight = NOON + 12 * HOUR
    assert read(document, acts(*range(NOON, NOON + 25))).total == 20
    assert read(document, acts(*range(NOON, NOON + 25), midnight - 1)).total == 20
    assert read(document, acts(*range(NOON, NOON + 25), midnight)).total == 21


def test_of_points_only_the_rest_is_given() -> None:
    document = model(rule(8, at_most={"points": 20}))
    outcome = read(document, acts(*[NOON] * 5))
    assert outcome.lines["engagement", "Act"] == (20, 3, NOON)


def test_a_week_begins_on_monday() -> None:
    document = model(rule(1, at_most={"times": 1, "per": "week"}))
    monday = NOON + 12 * HOUR  # 2026-03-01 is a Sunday
    assert read(document, acts(NOON, monday - 1)).total == 1
    assert read(document, acts(NOON, monday)).total == 2


def test_once_per_value_and_absent_is_a_value() -> None:
    document = model(rule(5, once_per="properties.asset_id"))
    seen = [{"asset_id": "a"}, {"asset_id": "a"}, {"asset_id": "b"}, {}, {}]
    events = [event(at=NOON, message=str(number), properties=said) for number, said in enumerate(seen)]
    assert read(document, events).total == 15


def test_values_that_browsers_make_up_keep_no_server_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadscore.domain.repetition.PUBLIC_MARKS_MAX", MARKS_MAX + 1)
    compiled = compile_model(model(rule(5, once_per="properties.asset_id")))

    def points_of(*events: LeadEvent) -> int:
        return fold(events, compiled, activation=1, lead="x", as_of=NOON + DAY)[0].engagement

    made_up = [
        event(at=NOON + number, message=str(number), trust=Trust.PUBLIC, properties={"asset_id": str(number)})
        for number in range(4 * MARKS_MAX)
    ]
    given = points_of(*made_up)
    assert MARKS_MAX < given // 5 < 3 * MARKS_MAX
    assert points_of(*made_up, event(at=NOON + HOUR, properties={"asset_id": "real"})) == given + 5


def test_public_events_give_so_many_points_in_a_day_over_all_rules() -> None:
    document = model(rule(8), {**rule(7), "rule": "Too"}, public={"at_most": {"points": 10, "per": "day"}})
    assert points(read(document, acts(NOON, NOON, trust=Trust.PUBLIC))) == {"Act": 8, "Too": 2}
    assert read(document, acts(NOON, NOON, trust=Trust.DECLARED)).total == 30


@pytest.mark.parametrize(
    ("per", "told_on", "total"), [("day", 1, 10), ("day", 3, 30), ("week", 1, 10), ("week", 8, 20)]
)
def test_whoever_tells_of_a_hundred_days_has_the_limit_of_the_days_on_which_they_tell(
    per: str, told_on: int, total: int
) -> None:
    document = model(rule(8), public={"at_most": {"points": 10, "per": per}})
    days = [event(at=NOON - day * DAY, message=str(day), trust=Trust.PUBLIC) for day in range(100)]
    told = [replace(item, received_at=NOON + place % told_on * DAY) for place, item in enumerate(days)]
    assert read(document, told).total == total


@pytest.mark.parametrize("words", [{"once": True}, {"once_per": "properties.asset_id"}, {"at_most": {"times": 1}}])
@pytest.mark.parametrize(("late", "total"), [(7 * DAY, 0), (7 * DAY + 1, 5)])
def test_a_browser_uses_up_nothing_with_what_it_says_to_have_been_long_ago(
    words: dict[str, Any], late: int, total: int
) -> None:
    document = model(rule(5, **words), inactivity=[{"rule": "Away", "after": "1d", "reset": True}])
    real = event(at=NOON, properties={"asset_id": "a"})
    fake = event(at=NOON - 30 * DAY, message="fake", trust=Trust.PUBLIC, properties={"asset_id": "a"})
    assert read(document, [real, replace(fake, received_at=fake.occurred_at + late)]).total == total


def test_a_browser_that_may_give_a_part_only_uses_up_nothing() -> None:
    document = model(rule(8), rule(7, "Trial Started", once=True), public={"at_most": {"points": 10, "per": "day"}})
    browser = [*acts(NOON, trust=Trust.PUBLIC), *acts(NOON + 1, name="Trial Started", trust=Trust.PUBLIC)]
    assert read(document, browser).total == 8
    assert read(document, [*browser, event("Trial Started", at=NOON + 2)]).total == 15


def test_what_a_browser_tells_late_counts_where_nothing_is_used_up() -> None:
    late = replace(event(at=NOON - 30 * DAY, trust=Trust.PUBLIC), received_at=NOON)
    assert read(model(rule(5, at_most={"times": 1, "per": "day"})), [late]).total == 5
    assert read(model(rule(5, once=True)), [replace(late, trust=Trust.SERVER)]).total == 5


def test_what_browsers_give_is_limited_over_all_scores() -> None:
    document = model(
        rule(8), rule(8, score="interest"), public={"at_most": {"points": 10}}, scores=[{"score": "interest"}]
    )
    outcome = read(document, acts(NOON, NOON + 1, trust=Trust.PUBLIC))
    assert (outcome.scores["engagement"], outcome.scores["interest"]) == (8, 2)


def test_forms_and_browsers_together_take_no_more_than_browsers_may() -> None:
    document = model(rule(8), rule(-8, "Page Closed"), public={"at_most": {"points": 10, "per": "day"}})
    bought = acts(*range(NOON, NOON + 9))
    closed = [
        event("Page Closed", at=NOON + 9 + number, message=str(number), trust=trust)
        for number, trust in enumerate([Trust.PUBLIC, Trust.DECLARED, Trust.DECLARED])
    ]
    assert read(document, [*bought, *closed]).total == 72 - 10
    assert read(document, [*bought, *acts(*range(NOON + 9, NOON + 12), name="Page Closed")]).total == 72 - 24


def test_what_browsers_take_is_limited_by_the_day_on_which_they_tell_too() -> None:
    document = model(rule(8), rule(-8, "Page Closed"), public={"at_most": {"points": 10, "per": "day"}})
    closed = [event("Page Closed", at=NOON - day * DAY, message=str(day), trust=Trust.PUBLIC) for day in range(100)]
    bought = [event(at=NOON - 200 * DAY, message=f"bought {number}") for number in range(9)]
    assert read(document, [*bought, *(replace(item, received_at=NOON) for item in closed)]).total == 72 - 10


# -- visits, counts, sequences -------------------------------------------------------------------------------------


def test_nine_pages_in_one_visit() -> None:
    document = model(rule(7, count={"at_least": 9, "within": "visit"}))
    assert read(document, acts(*range(NOON, NOON + 8))).total == 0
    assert read(document, acts(*range(NOON, NOON + 20))).total == 7
    gap = 30 * MINUTE
    assert read(document, acts(*range(NOON, NOON + 8), NOON + 7 + gap - 1)).total == 7
    assert read(document, acts(*range(NOON, NOON + 8), NOON + 7 + gap)).total == 0


@pytest.mark.parametrize(("gap", "visits"), [(30 * MINUTE - 1, 1), (30 * MINUTE, 2), (30 * MINUTE + 1, 2)])
def test_a_gap_of_exactly_thirty_minutes_starts_a_visit(gap: int, visits: int) -> None:
    assert read(model(rule(3, "Visit Started")), acts(NOON, NOON + gap)).total == 3 * visits


@pytest.mark.parametrize(("apart", "total"), [(7 * DAY, 8), (7 * DAY + 1, 0)])
def test_two_visits_in_a_week(apart: int, total: int) -> None:
    document = model(rule(8, "Visit Started", count={"at_least": 2, "within": "7d"}))
    assert read(document, acts(NOON, NOON + apart)).total == total


def test_after_a_count_in_a_time_is_reached_it_starts_anew() -> None:
    document = model(rule(1, count={"at_least": 2, "within": "1h"}))
    assert [read(document, acts(*range(NOON, NOON + n))).total for n in range(1, 6)] == [0, 1, 1, 2, 2]


def test_sixty_seconds_of_reading_and_every_further_sixty() -> None:
    document = model(rule(2, count={"every": 60, "of": "properties.seconds"}))
    said = [20.0, 39.9995, -60, "60", True, 0.001, 130]
    events = [event(at=NOON + n, message=str(n), properties={"seconds": value}) for n, value in enumerate(said)]
    assert [read(document, events[: n + 1]).total for n in range(len(said))] == [0, 0, 0, 0, 0, 2, 6]


def test_five_emails_of_which_none_was_opened() -> None:
    document = model(rule(-5, "Email Delivered", count={"at_least": 5, "without": {"event": "Email Opened"}}))
    delivered = acts(*range(NOON, NOON + 5), name="Email Delivered")
    assert read(document, delivered).total == -5
    assert read(document, [*delivered, *acts(NOON + 2, name="Email Opened")]).total == 0


@pytest.mark.parametrize(("apart", "total"), [(-1, 0), (1, 9), (7 * DAY, 9), (7 * DAY + 1, 0)])
def test_a_demo_page_and_then_within_a_week_the_prices(apart: int, total: int) -> None:
    document = model(rule(9, "Email Opened", after={"event": "Page Viewed", "within": "7d"}))
    assert read(document, [*acts(NOON), *acts(NOON + apart, name="Email Opened")]).total == total


# -- inactivity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "left"), [(31, 16), (30, 25)])
def test_what_a_quiet_month_takes_depends_on_the_band(before: int, left: int) -> None:
    bands = [{"from": 31, "take": 15}, {"from": 0, "take": 5}]
    document = model(rule(before), inactivity=[{"rule": "Quiet", "after": "30d", "bands": bands}])
    assert read(document, acts(NOON), 30 * DAY - 1).total == before
    assert read(document, acts(NOON), 30 * DAY).total == left


def test_five_for_every_idle_week_up_to_thirty() -> None:
    step = {"rule": "Idle", "after": "7d", "every": "7d", "take": 5, "at_most": 30}
    document = model(rule(100), inactivity=[step])
    weeks = [read(document, acts(NOON), week * 7 * DAY).total for week in range(9)]
    assert weeks == [100, 95, 90, 85, 80, 75, 70, 70, 70]
    assert read(document, acts(NOON, NOON + 50 * DAY), 7 * DAY).total == 165
    assert reference_next_change_at(document, acts(NOON), NOON + 42 * DAY) is None


def test_quiet_and_never_active_are_told_apart() -> None:
    steps = [
        {"rule": "Never", "after": "1d", "take": 1, "only": "never-active"},
        {"rule": "Quiet", "after": "1d", "take": 2, "only": "went-quiet"},
    ]
    document = model(rule(10), {**rule(10, "Email Opened", activity=False), "rule": "Mail"}, inactivity=steps)
    assert read(document, acts(NOON), DAY).total == 8
    assert read(document, acts(NOON, name="Email Opened"), DAY).total == 9


def test_of_thirty_points_a_take_of_fifty_takes_thirty_once_and_a_reset_takes_all() -> None:
    steps = [{"rule": "30", "after": "30d", "take": 50}, {"rule": "90", "after": "90d", "reset": True}]
    document = model(rule(30), inactivity=steps)
    assert read(document, acts(NOON), 60 * DAY).lines["engagement", "30"] == (-30, 1, NOON + 30 * DAY)
    assert read(model(rule(80), inactivity=steps), acts(NOON), 89 * DAY).total == 30
    assert read(model(rule(80), inactivity=steps), acts(NOON), 90 * DAY).total == 0


# -- stages, grade, matrix -----------------------------------------------------------------------------------------


LADDER = [{"stage": "new"}, {"stage": "mql", "at": 50, "drop_below": 40}]


def test_a_lead_comes_in_at_fifty_and_drops_out_under_forty() -> None:
    document = model(rule(50), {**rule(-10, "Email Opened"), "rule": "Loss"}, stages=LADDER)
    down = acts(NOON + 1, NOON + 2, name="Email Opened")
    assert [read(document, acts(NOON) + down[:n]).stage for n in range(3)] == ["mql", "mql", "new"]
    assert read(document, [*down[:1], *acts(NOON + 2)]).stage == "new"


def test_one_action_alone_is_no_three_signals() -> None:
    rules = [{**rule(20, name), "rule": name} for name in ("Page Viewed", "Email Opened", "Form Submitted")]
    document = model(*rules, stages=[{"stage": "new"}, {"stage": "mql", "at": 50, "signals": 3}])
    assert read(document, acts(*[NOON] * 5)).stage == "new"
    assert read(document, [event(entry["event"]) for entry in rules]).stage == "mql"


def test_ten_thirds_take_a_grade_from_d_to_a_plus() -> None:
    def graded(thirds: int) -> str | None:
        criteria = [{"rule": "All", "thirds": thirds, "when": {"title": [{"exists": True}]}}]
        return read(model(grade={"criteria": criteria}), [event(traits={"title": "CTO"})]).grade

    assert [graded(n) for n in (-9, -2, -1, 1, 2, 3, 10, 11)] == ["F", "F", "D-", "D+", "C-", "C", "A+", "A+"]


@pytest.mark.parametrize(("fit", "cell"), [(60, "A2"), (59, "B2"), (20, "C2"), (19, "D2")])
def test_the_matrix_sets_fit_against_engagement(fit: int, cell: str) -> None:
    document = model(
        rule(50),
        fit=[{"rule": "Fit", "points": fit, "when": {"title": ["CTO"]}}],
        matrix={"fit": [60, 40, 20], "engagement": [75, 50, 25]},
        priority={"high": ["A1", "A2"], "low": ["D2"]},
    )
    outcome = read(document, [event(traits={"title": "CTO"})])
    assert (outcome.matrix, outcome.priority) == (cell, {"A2": "high", "D2": "low"}.get(cell))


def test_a_topic_has_a_ladder_of_its_own_and_counts_in_the_total_if_asked_to() -> None:
    stages = [{"stage": "interested", "at": 20, "drop_below": 10}]
    topic = {"score": "topic", "cap": 100, "stages": stages}
    both = rule(20, score=["engagement", "topic"])
    outcome = read(model(both, scores=[topic]), acts(NOON))
    assert (outcome.total, outcome.scores["topic"], outcome.lists) == (20, 20, ["new", "topic/interested"])
    assert read(model(both, scores=[{**topic, "in_total": True}]), acts(NOON)).total == 40


# -- effects -------------------------------------------------------------------------------------------------------


def test_a_reset_by_a_person_takes_all_and_ends_a_set_stage() -> None:
    document = model(
        rule(10, decay={"expire_after": "1d"}),
        stages=LADDER,
        fast_track=[{"rule": "Demo", "event": "Demo Requested", "stage": "mql"}],
    )
    before = [*acts(NOON), event("Demo Requested", at=NOON)]
    assert read(document, before).stage == "mql"
    outcome = read(document, [*before, event("Score Reset", at=NOON + 1)], 2 * DAY)
    assert (outcome.stage, outcome.total, points(outcome)["Reset by a person"]) == ("new", 0, -10)
    assert read(document, [*before, event("Score Reset", at=NOON + 1, trust=Trust.DECLARED)]).total == 10


def test_a_reset_of_a_group_leaves_the_rest() -> None:
    document = model(
        rule(10, group="G"),
        {**rule(3), "rule": "Loose"},
        groups=[{"group": "G"}],
        reset=[{"rule": "Off", "event": "Email Opened", "group": "G"}],
    )
    assert points(read(document, [*acts(NOON), event("Email Opened", at=NOON + 1)])) == {
        "Act": 10,
        "Loose": 3,
        "Off": -10,
    }


# -- machines ------------------------------------------------------------------------------------------------------


CLICKS = model(rule(3, "Email Link Clicked"))


@pytest.mark.parametrize(
    ("clicks", "total"),
    [
        (links(*[NOON] * 4), 12),
        (links(*[NOON] * 5), 0),
        (links(*[NOON] * 8, of=4), 24),
        (links(NOON, NOON + 250, NOON + 500, NOON + 750, NOON + 1000), 0),
        (links(NOON, NOON + 250, NOON + 500, NOON + 750, NOON + 1001), 15),
        (links(NOON, NOON, NOON, NOON, NOON + 1000, NOON + 2000), 3),
    ],
)
def test_five_different_links_within_a_second_are_machine_made(clicks: list[LeadEvent], total: int) -> None:
    outcome = read(CLICKS, clicks)
    assert outcome.total == total
    assert points(outcome)["Act"] == 3 * len(clicks)
    assert points(outcome).get(WITHDRAWN, 0) == total - 3 * len(clicks)


BROWSER = {"source": "website", "trust": Trust.PUBLIC}
SIGNED = {"source": SIGNED_LINKS, "trust": Trust.PUBLIC}


@pytest.mark.parametrize("real", [{"trust": Trust.SERVER}, {"trust": Trust.DECLARED}, SIGNED])
def test_a_burst_of_a_browser_takes_back_nothing_that_others_told(real: dict[str, Any]) -> None:
    outcome = read(CLICKS, [*links(NOON, NOON + 1, **real), *links(*[NOON] * 5, **BROWSER)])
    assert (outcome.total, points(outcome)[WITHDRAWN]) == (6, -15)


def test_a_gateway_that_follows_signed_links_is_found() -> None:
    assert read(CLICKS, links(*[NOON] * 5, **SIGNED)).total == 0
