"""Where one millisecond, one point or one more match makes the difference.

Every history is folded at once, backwards and event by event, which must come to the same.
"""

from typing import Any

import pytest
import yaml

from leadscore.contracts.model_file import load_model
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import OutOfOrder, advance, extend, fold
from leadscore.domain.model import Model
from leadscore.domain.reading import Reading, read_state
from leadscore.domain.state import LeadState, Profile
from tests.leads import DAY, HOUR, NOON, event

#: 2026-03-01 was a Sunday: the next midnight begins a day and a week.
MIDNIGHT = NOON + 12 * HOUR
MINUTE = HOUR // 60


def model_of(rule: dict[str, Any] | None = None, **parts: Any) -> Model:
    """One rule of 10 points for `Done`, or these parts."""
    document = {
        "model": "m",
        "stages": [{"stage": "new"}],
        "engagement": [{"rule": "Rule", "event": "Done", "points": 10, **(rule or {})}],
        **parts,
    }
    return compile_model(load_model(yaml.safe_dump(document), name="m.yaml"))


def read(model: Model, events: list[LeadEvent], *, at: int = NOON) -> Reading:
    as_of = max([at, *(one.occurred_at for one in events)])
    state, _ = fold(events, model, activation=0, lead="L", as_of=as_of)
    backwards, _ = fold(events[::-1], model, activation=0, lead="L", as_of=as_of)
    reading = read_state(state, model)
    assert reading == read_state(backwards, model)
    if (stepped := in_steps(model, events, as_of)) is not None:
        assert reading == read_state(stepped, model)
    assert sum(line.points for line in reading.explanation) == reading.total
    return reading


def in_steps(model: Model, events: list[LeadEvent], as_of: int) -> LeadState | None:
    """The same, event by event; None where that asks for a full fold."""
    state, profile = LeadState("L", spilled=frozenset()), dict[str, Any]()
    known: Profile | None = profile
    for one in sorted(events, key=lambda one: one.order):
        try:
            state, known = extend(state, [one], model, profile=known, as_of=one.occurred_at)
        except OutOfOrder:
            return None
    return advance(state, model, to=as_of)


def total(model: Model, events: list[LeadEvent], *, at: int = NOON) -> int:
    return read(model, events, at=at).total


def done(*times: int, **said: Any) -> list[LeadEvent]:
    return [event("Done", at=at, message=f"{n} {at} {said}", **said) for n, at in enumerate(times)]


# -- first only, once per value ----------------------------------------------------------------------------------------


def test_the_first_time_only_is_the_first_in_time_whenever_it_arrives() -> None:
    reading = read(model_of({"once": True}), done(NOON + 5, NOON, NOON + 9))
    assert [(line.points, line.times, line.last_at) for line in reading.explanation] == [(10, 1, NOON)]


def test_of_two_first_times_at_the_same_millisecond_one_counts() -> None:
    assert total(model_of({"once": True}), done(NOON, NOON)) == 10


@pytest.mark.parametrize(
    ("values", "points"),
    [
        (["a", "a"], 10),
        (["a", "b", "a"], 20),
        (["1", 1], 20),
        ([None, None], 10),
        (["", None], 20),
        ([["a"], ["a"]], 10),
    ],
    ids=str,
)
def test_once_per_value_goes_by_the_very_value_and_absence_is_one(values: list[Any], points: int) -> None:
    events = [
        event("Done", at=NOON + n, properties={} if value is None else {"asset_id": value})
        for n, value in enumerate(values)
    ]
    assert total(model_of({"once_per": "properties.asset_id"}), events) == points


def test_a_value_that_a_limit_stopped_counts_on_another_day() -> None:
    model = model_of({"once_per": "properties.asset_id", "at_most": {"times": 1, "per": "day"}})
    one, other = {"asset_id": "one"}, {"asset_id": "other"}
    days = [(NOON, one), (NOON + 1, other), (NOON + DAY, other), (NOON + 2 * DAY, other)]
    assert total(model, [event("Done", at=at, properties=said) for at, said in days]) == 20


# -- limits and their periods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("per", ["day", "week"])
@pytest.mark.parametrize(("second", "points"), [(MIDNIGHT - 1, 10), (MIDNIGHT, 20)])
def test_a_day_ends_at_midnight_and_a_week_with_sunday(per: str, second: int, points: int) -> None:
    model = model_of({"at_most": {"times": 1, "per": per}})
    assert total(model, done(MIDNIGHT - 2, second)) == points


def test_a_week_does_not_end_with_any_other_day() -> None:
    model = model_of({"at_most": {"times": 1, "per": "week"}})
    assert total(model, done(MIDNIGHT, MIDNIGHT + 7 * DAY - 1)) == 10
    assert total(model, done(MIDNIGHT, MIDNIGHT + 7 * DAY)) == 20


@pytest.mark.parametrize(("gap", "points"), [(30 * MINUTE - 1, 10), (30 * MINUTE, 20)])
def test_half_an_hour_without_a_page_ends_a_visit(gap: int, points: int) -> None:
    model = model_of({"at_most": {"times": 1, "per": "visit"}}, visits={"event": "Done"})
    assert total(model, done(NOON, NOON + gap)) == points


def test_a_visit_lasts_as_long_as_pages_follow_each_other() -> None:
    model = model_of({"event": "Visit Started"}, visits={"event": "Done"})
    assert total(model, done(*(NOON + n * 29 * MINUTE for n in range(10)))) == 10


@pytest.mark.parametrize(("limit", "given"), [(9, 9), (10, 10), (11, 11), (20, 20), (25, 25), (30, 30), (31, 30)])
def test_of_points_above_a_limit_the_rest_is_given(limit: int, given: int) -> None:
    assert total(model_of({"at_most": {"points": limit}}), done(NOON, NOON + 1, NOON + 2)) == given


@pytest.mark.parametrize(("limit", "given"), [(9, -9), (25, -25), (31, -30)])
def test_a_limit_on_what_is_taken_goes_by_its_size(limit: int, given: int) -> None:
    model = model_of({"points": -10, "at_most": {"points": limit}})
    assert total(model, done(NOON, NOON + 1, NOON + 2)) == given


def test_times_and_points_limit_together_and_what_comes_first_counts() -> None:
    assert total(model_of({"at_most": {"times": 2, "points": 100}}), done(*range(NOON, NOON + 5))) == 20
    assert total(model_of({"at_most": {"times": 5, "points": 15}}), done(*range(NOON, NOON + 5))) == 15


def test_a_limit_of_the_group_is_shared_in_the_order_of_the_file() -> None:
    rules = [{"rule": name, "event": "Done", "points": 6, "group": "Both"} for name in ("First", "Second")]
    model = model_of(engagement=rules, groups=[{"group": "Both", "at_most": {"points": 10}}])
    assert {line.rule: line.points for line in read(model, done(NOON)).explanation} == {"First": 6, "Second": 4}


def test_what_browsers_tell_is_limited_and_what_servers_tell_is_not() -> None:
    model = model_of({}, public={"at_most": {"points": 15, "per": "day"}})
    browsers = done(NOON, NOON + 1, NOON + 2, trust=Trust.PUBLIC)
    assert total(model, browsers) == 15
    assert total(model, [*browsers, *done(NOON + 3, trust=Trust.SERVER)]) == 25
    assert total(model, [*browsers, *done(MIDNIGHT, trust=Trust.PUBLIC)]) == 25


# -- counts and sequences ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "points"), [(2, 0), (3, 10), (4, 10), (9, 10)])
def test_at_least_gives_once_with_the_one_that_reaches_it(times: int, points: int) -> None:
    assert total(model_of({"count": {"at_least": 3}}), done(*range(NOON, NOON + times))) == points


@pytest.mark.parametrize(("times", "points"), [(2, 0), (3, 10), (5, 10), (6, 20), (9, 30)])
def test_every_gives_again_with_each_multiple(times: int, points: int) -> None:
    assert total(model_of({"count": {"every": 3}}), done(*range(NOON, NOON + times))) == points


@pytest.mark.parametrize(("last", "points"), [(DAY, 10), (DAY + 1, 0)])
def test_a_rolling_window_includes_its_end(last: int, points: int) -> None:
    model = model_of({"count": {"at_least": 2, "within": "1d"}})
    assert total(model, done(NOON, NOON + last)) == points


def test_a_rolling_window_that_was_full_starts_anew() -> None:
    model = model_of({"count": {"at_least": 2, "within": "1d"}})
    assert [total(model, done(*range(NOON, NOON + times))) for times in range(1, 7)] == [0, 10, 10, 20, 20, 30]


@pytest.mark.parametrize(("second", "points"), [(MIDNIGHT - 1, 10), (MIDNIGHT, 0)])
def test_a_count_within_a_day_starts_anew_at_midnight(second: int, points: int) -> None:
    model = model_of({"count": {"at_least": 2, "within": "day"}})
    assert total(model, done(MIDNIGHT - 2, second)) == points


@pytest.mark.parametrize(
    ("amounts", "points"),
    [
        ([59.999], 0),
        ([60], 10),
        ([30, 29.9999], 0),
        ([0.1] * 600, 10),
        ([30, -30, 30], 10),
        ([30, "30"], 0),
        ([30, True], 0),
        ([120, 60], 10),
    ],
    ids=lambda said: str(said)[:20],
)
def test_a_sum_adds_numbers_in_thousandths_and_nothing_else(amounts: list[Any], points: int) -> None:
    model = model_of({"count": {"at_least": 60, "of": "properties.seconds"}})
    events = [event("Done", at=NOON + n, properties={"seconds": amount}) for n, amount in enumerate(amounts)]
    assert total(model, events) == points


def test_one_sum_can_reach_several_multiples_at_once() -> None:
    model = model_of({"count": {"every": 100, "of": "properties.total"}})
    assert total(model, done(NOON, properties={"total": 350})) == 30
    assert total(model, done(NOON, NOON + 1, properties={"total": 350})) == 70


@pytest.mark.parametrize(("opened_after", "points"), [(1, 0), (2, 0), (3, -10)])
def test_an_event_that_sets_a_count_back_sets_it_back_to_nothing(opened_after: int, points: int) -> None:
    model = model_of({"points": -10, "count": {"every": 3, "without": {"event": "Opened"}}})
    sent = done(NOON, NOON + 10, NOON + 20)
    assert total(model, [*sent, event("Opened", at=NOON + 10 * opened_after - 5)]) == points


@pytest.mark.parametrize(("later", "points"), [(-1, 0), (1, 10), (DAY, 10), (DAY + 1, 0)])
def test_after_looks_back_so_far_and_never_ahead(later: int, points: int) -> None:
    model = model_of({"after": {"event": "Before", "within": "1d"}})
    assert total(model, [event("Before", at=NOON), *done(NOON + later)]) == points


def test_no_event_comes_after_itself() -> None:
    model = model_of({"after": {"event": "Done", "within": "1d"}})
    assert total(model, done(NOON)) == 0
    assert total(model, done(NOON, NOON)) == 10


# -- time --------------------------------------------------------------------------------------------------------------

STEPS = [{"rule": "Idle", "after": "30d", "take": 4}]


@pytest.mark.parametrize(("passed", "points"), [(30 * DAY - 1, 10), (30 * DAY, 6), (60 * DAY, 6)])
def test_a_step_happens_at_its_instant(passed: int, points: int) -> None:
    assert total(model_of(inactivity=STEPS), done(NOON), at=NOON + passed) == points


@pytest.mark.parametrize(("passed", "points"), [(30 * DAY - 1, 20), (30 * DAY, 16), (30 * DAY + 1, 16)])
def test_an_event_at_the_instant_of_a_step_comes_too_late_for_it(passed: int, points: int) -> None:
    assert total(model_of(inactivity=STEPS), done(NOON, NOON + passed)) == points


@pytest.mark.parametrize(("only", "points"), [("never-active", [0, 10]), ("went-quiet", [5, 6])])
def test_never_active_and_gone_quiet_are_two_things(only: str, points: list[int]) -> None:
    rules = [
        {"rule": "Rule", "event": "Done", "points": 10},
        {"rule": "Sent", "event": "Sent", "points": 5, "activity": False},
    ]
    steps = [{"rule": "Idle", "after": "30d", "take": 10 if only == "never-active" else 4, "only": only}]
    model = model_of(engagement=rules, inactivity=steps)
    later = NOON + 30 * DAY
    assert [total(model, [event("Sent")], at=later), total(model, done(NOON), at=later)] == points


@pytest.mark.parametrize(
    ("passed", "points"),
    [(30 * DAY - 1, 10), (30 * DAY, 7), (37 * DAY - 1, 7), (37 * DAY, 4), (44 * DAY, 3), (365 * DAY, 3)],
)
def test_a_repeated_step_takes_at_its_instants_and_up_to_its_limit(passed: int, points: int) -> None:
    steps = [{"rule": "Idle", "after": "30d", "every": "7d", "take": 3, "at_most": 7}]
    assert total(model_of(inactivity=steps), done(NOON), at=NOON + passed) == points


@pytest.mark.parametrize(("passed", "points"), [(90 * DAY - 1, 10), (90 * DAY, 0)])
def test_points_are_gone_at_the_instant_when_they_expire(passed: int, points: int) -> None:
    assert total(model_of({"decay": {"expire_after": "90d"}}), done(NOON), at=NOON + passed) == points


def test_points_of_one_day_expire_with_the_last_of_them() -> None:
    model = model_of({"decay": {"expire_after": "90d"}})
    same_day, other_days = done(NOON, NOON + HOUR), done(MIDNIGHT - 1, MIDNIGHT)
    assert [total(model, same_day, at=NOON + 90 * DAY + passed) for passed in (0, HOUR - 1, HOUR)] == [20, 20, 0]
    assert [total(model, other_days, at=MIDNIGHT + 90 * DAY - 1 + passed) for passed in (-1, 0, 1)] == [20, 10, 0]


@pytest.mark.parametrize(("passed", "points"), [(3 * DAY - 1, 10), (3 * DAY, 10), (3 * DAY + 1, 9), (60 * DAY - 1, 0)])
def test_an_even_decay_is_rounded_to_the_nearest_point_halves_up(passed: int, points: int) -> None:
    """Of 10 points over 60 days 9.5 are left after three, to the millisecond."""
    model = model_of({"decay": {"percent": 50, "every": "30d"}})
    assert total(model, done(NOON), at=NOON + passed) == points


@pytest.mark.parametrize(
    ("passed", "points"),
    [(HOUR - 1, 10), (HOUR, 5), (2 * HOUR - 1, 5), (2 * HOUR, 3), (3 * HOUR, 1), (4 * HOUR, 1), (5 * HOUR, 0)],
)
def test_half_lives_run_from_hour_to_hour(passed: int, points: int) -> None:
    model = model_of({"decay": {"half_life": "1h"}})
    assert total(model, done(NOON), at=NOON + passed) == points
    assert total(model, done(NOON + 59 * MINUTE), at=NOON + max(passed, 59 * MINUTE)) == points


# -- caps, floors, stages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gained", "lost", "shown"), [(90, 0, 60), (90, 10, 60), (90, 30, 60), (90, 40, 50)])
def test_what_a_cap_hides_goes_first(gained: int, lost: int, shown: int) -> None:
    rules = [{"rule": "Gain", "event": "Done", "points": gained}]
    rules += [{"rule": "Loss", "event": "Lost", "points": -lost or -1}]
    model = model_of(engagement=rules, scores=[{"score": "engagement", "cap": 60}])
    assert total(model, done(NOON) + [event("Lost", at=NOON + 1)] * bool(lost)) == shown


@pytest.mark.parametrize(("lost", "shown"), [(9, 1), (10, 0), (11, -1), (15, -5), (16, -5)])
def test_a_floor_shows_no_less(lost: int, shown: int) -> None:
    rules = [
        {"rule": "Gain", "event": "Done", "points": 10},
        {"rule": "Loss", "event": "Lost", "points": -lost},
    ]
    model = model_of(engagement=rules, scores=[{"score": "engagement", "floor": -5}])
    assert total(model, [*done(NOON), event("Lost", at=NOON + 1)]) == shown


LADDER = [{"stage": "new"}, {"stage": "mql", "at": 50, "drop_below": 40}]


@pytest.mark.parametrize(
    ("changes", "stage"),
    [((49,), "new"), ((50,), "mql"), ((50, -1), "mql"), ((50, -10), "mql"), ((50, -11), "new"), ((50, -11, 5), "new")],
    ids=str,
)
def test_who_is_in_stays_until_the_score_is_below_the_bound(changes: tuple[int, ...], stage: str) -> None:
    rules = [{"rule": f"Rule {n}", "event": f"Done {n}", "points": points} for n, points in enumerate(changes)]
    model = model_of(engagement=rules, stages=LADDER)
    assert read(model, [event(f"Done {n}", at=NOON + n) for n in range(len(changes))]).stage == stage


@pytest.mark.parametrize(("rules", "stage"), [(1, "new"), (2, "new"), (3, "mql")])
def test_signals_are_different_rules_that_have_given_points(rules: int, stage: str) -> None:
    named = [{"rule": f"Rule {n}", "event": f"Done {n}", "points": 50} for n in range(rules)]
    named += [{"rule": "Nothing", "event": "Done 0", "points": 0}]
    model = model_of(engagement=named, stages=[{"stage": "new"}, {"stage": "mql", "at": 50, "signals": 3}])
    events = [event(f"Done {n}", at=NOON + n + 10 * again) for n in range(rules) for again in range(3)]
    assert read(model, events).stage == stage


# -- machines ----------------------------------------------------------------------------------------------------------

BURSTS = [{"event": "Done", "each": "properties.link_url", "at_least": 5, "within": "1s"}]


@pytest.mark.parametrize(
    ("links", "last", "points"), [(5, 1000, 0), (5, 1001, 50), (4, 1, 50), (1, 1, 50)], ids=["in", "long", "few", "one"]
)
def test_a_burst_is_so_many_different_links_within_so_short_a_time(links: int, last: int, points: int) -> None:
    moments = [0, 1, 2, 3, last]
    clicks = [
        event("Done", at=NOON + moment, message=str(n), properties={"link_url": str(n % links)})
        for n, moment in enumerate(moments)
    ]
    assert total(model_of(bursts=BURSTS), clicks) == points


# -- ties in time ------------------------------------------------------------------------------------------------------


def test_at_one_millisecond_the_id_decides_whatever_arrives_first() -> None:
    """A reset and a match at the same moment: which comes first is the same in every fold."""
    model = model_of(reset=[{"rule": "Bad sale", "event": "Bad Sale"}])
    events = [*done(NOON), event("Bad Sale", at=NOON)]
    in_order = sorted(events, key=lambda one: one.order)
    assert total(model, events) == (10 if in_order[0].name == "Bad Sale" else 0)


def test_decay_comes_before_inactivity_at_one_instant() -> None:
    steps = [{"rule": "Idle", "after": "30d", "take": 10}]
    model = model_of({"points": 20, "decay": {"expire_after": "30d"}}, inactivity=steps)
    lines = {line.rule: line.points for line in read(model, done(NOON), at=NOON + 30 * DAY).explanation}
    assert lines == {"Rule": 20, "Decay of Rule": -20}


def test_at_one_instant_the_shorter_step_comes_first_then_the_order_of_the_file() -> None:
    steps = [
        {"rule": "All", "after": "60d", "reset": True},
        {"rule": "Again", "after": "30d", "every": "30d", "take": 3},
        {"rule": "Some", "after": "60d", "take": 2},
    ]
    lines = {
        line.rule: line.points for line in read(model_of(inactivity=steps), done(NOON), at=NOON + 60 * DAY).explanation
    }
    assert lines == {"Rule": 10, "Again": -6, "All": -4}
