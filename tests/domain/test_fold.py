"""What a score is: each rule of the semantics, on the fold alone."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import OutOfOrder, advance, extend, fold, next_change_at
from leadscore.domain.profile import TRAITS_MAX
from leadscore.domain.reading import explain
from leadscore.domain.rules import DISQUALIFIED, OUT
from leadscore.domain.state import LeadState, same_fold
from tests.leads import DAY, HOUR, NOON, event, small_model, total

MODEL = small_model()


def folded(*events: LeadEvent, after: int = 0, model: Any = MODEL) -> LeadState:
    """The lead `after` ms after its last event."""
    as_of = max(item.occurred_at for item in events) + after
    return fold(events, model, activation=1, lead="L", as_of=as_of)[0]


def points(state: LeadState) -> dict[str, int]:
    return {line.rule: line.points for line in explain(state, MODEL)}


def test_points_add_up_over_events() -> None:
    state = folded(event("Blog Subscribed"), event("White Paper Read", at=NOON + 1))
    assert (total(state), points(state)) == (27, {"Blog": 2, "White paper": 25})


def test_an_event_takes_and_gives_where_both_rules_match() -> None:
    state = folded(event(properties={"path": "/careers/engineer"}))
    assert points(state) == {"Page": 1, "Careers page": -10}


# -- inactivity ----------------------------------------------------------------------------------------------------


def eighty(at: int = NOON) -> list[LeadEvent]:
    return [event("Webinar Attended", at=at, message="a"), event("Webinar Attended", at=at, message="b")]


@pytest.mark.parametrize(("after", "left"), [(30 * DAY - 1, 80), (30 * DAY, 30), (45 * DAY, 30), (89 * DAY, 30)])
def test_thirty_days_without_activity_take_fifty_at_that_instant_and_once(after: int, left: int) -> None:
    assert total(folded(*eighty(), after=after)) == left


def test_ninety_days_without_activity_leave_no_engagement_and_all_fit() -> None:
    said = event("Identified", traits={"title": "Director of Sales"}, at=NOON - 1)
    state = folded(said, *eighty(), after=90 * DAY)
    assert (state.engagement, state.fit) == (0, 15)


def test_decay_takes_at_most_what_is_there_and_says_what_it_took() -> None:
    webinar = event("White Paper Read"), event("Blog Subscribed", at=NOON + 1)
    later = event("Webinar Attended", at=NOON + 1 + 40 * DAY)
    state = folded(*webinar, later)
    assert (total(state), points(state)["Quiet for 30 days"]) == (40, -27)


def test_decay_leaves_a_negative_score_alone() -> None:
    state = folded(event(properties={"path": "/careers"}), after=31 * DAY)
    assert total(state) == -9


def test_a_negative_rule_goes_below_zero_and_stays_there() -> None:
    said = event("Identified", traits={"email": "eve@competitor.example"})
    state = folded(said, event("Webinar Attended", at=NOON + 1), event("White Paper Read", at=NOON + 2))
    assert total(state) == -35


def test_a_new_idle_spell_takes_fifty_again() -> None:
    spells = [*eighty(), *[event("Webinar Attended", at=NOON + 40 * DAY, message=str(n)) for n in range(2)]]
    assert total(folded(*spells, after=30 * DAY)) == 80 - 50 + 80 - 50


def test_the_step_comes_before_an_event_at_the_same_instant() -> None:
    state = folded(event("White Paper Read"), event("Webinar Attended", at=NOON + 30 * DAY))
    assert total(state) == 40


def test_an_identify_or_a_page_that_gives_no_points_does_not_restart_the_clock() -> None:
    sync = event("Identified", at=NOON + 29 * DAY, traits={"title": "Director"})
    careers = small_model(engagement=[{"rule": "Page", "event": "Page Viewed", "points": -1}])
    assert folded(*eighty(), sync, after=1 * DAY).engagement == 30
    assert folded(event(), event(at=NOON + 29 * DAY), after=DAY, model=careers).idle


def test_the_clock_of_a_lead_without_activity_starts_at_its_creation() -> None:
    state = folded(event("Content Downloaded"), event("Identified", at=NOON + DAY), after=89 * DAY)
    assert (state.stage, len(state.idle)) == ("new", 2)


# -- stages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "stage"), [(19, "new"), (20, "warm"), (49, "warm"), (50, "mql"), (100, "sql")])
def test_a_stage_begins_at_its_threshold(times: int, stage: str) -> None:
    assert folded(*[event(at=NOON + n) for n in range(times)]).stage == stage


def test_a_demo_request_is_sales_qualified_at_once_whatever_the_score() -> None:
    rival = event("Identified", traits={"email": "eve@competitor.example"}, at=NOON - 1)
    demo = folded(event("Demo Requested"))
    assert (demo.stage, total(demo), points(demo)) == ("sql", 0, {"Demo requested": 0})
    assert folded(rival, event("Demo Requested")).stage == "sql"


def test_a_content_download_sets_a_floor_that_points_rise_above() -> None:
    download = event("Content Downloaded")
    assert folded(download).stage == "mql"
    assert folded(download, *[event(at=NOON + n) for n in range(100)]).stage == "sql"


def test_a_set_stage_outlives_thirty_days_and_ends_with_ninety() -> None:
    assert folded(event("Content Downloaded"), after=89 * DAY).stage == "mql"
    assert folded(event("Content Downloaded"), after=90 * DAY).stage == "new"


def test_an_unsubscribe_resets_engagement_with_a_line_and_puts_the_lead_out() -> None:
    state = folded(event("Webinar Attended"), event("Unsubscribed", at=NOON + 1))
    assert (total(state), state.stage) == (0, OUT)
    assert points(state) == {"Webinar": 40, "Unsubscribed": -40}


def test_an_unsubscribe_ends_a_set_stage() -> None:
    state = folded(event("Demo Requested"), event("Unsubscribed", at=NOON + 1), event("Form Submitted", at=NOON + 2))
    assert state.stage == "new"


def test_activity_after_an_unsubscribe_counts_but_does_not_bring_back() -> None:
    state = folded(event("Unsubscribed"), *[event(at=NOON + 1 + n) for n in range(60)])
    assert (total(state), state.stage) == (60, OUT)


@pytest.mark.parametrize("name", ["Form Submitted", "Consent Given"])
def test_a_form_post_or_consent_brings_back(name: str) -> None:
    events = [event("Unsubscribed"), event("Webinar Attended", at=NOON + 1)]
    assert folded(*events, event(name, at=NOON + 2, trust=Trust.DECLARED)).stage == "warm"
    assert folded(*events, event(name, at=NOON + 2, trust=Trust.PUBLIC)).stage == OUT


def test_a_disqualified_lead_stays_out_of_every_other_stage_until_requalified() -> None:
    events = [event("Lead Disqualified"), event("Demo Requested", at=NOON + 1), event("Form Submitted", at=NOON + 2)]
    assert folded(*events).stage == DISQUALIFIED
    assert (
        folded(*events, event("Lead Requalified", at=NOON + 3), event("Webinar Attended", at=NOON + 4)).stage == "sql"
    )


def test_disqualifying_takes_precedence_over_escape_and_fast_track_in_one_event() -> None:
    every = {
        "disqualify": [{"rule": "D", "event": "X"}],
        "escape": [{"rule": "E", "event": "X"}],
        "fast_track": [{"rule": "F", "event": "X", "stage": "sql"}],
        "set_stage": [{"rule": "S", "event": "X", "stage": "mql"}],
    }
    expected = {"disqualify": DISQUALIFIED, "escape": OUT, "fast_track": "sql", "set_stage": "mql"}
    for kind, stage in expected.items():
        assert folded(event("X"), model=small_model(**every)).stage == stage
        every[kind] = []


def test_a_stage_may_ask_for_both_scores() -> None:
    stages = [{"stage": "new"}, {"stage": "mql", "at": {"fit": 10, "engagement": 20}}]
    both = small_model(stages=stages)
    said = event("Identified", traits={"title": "Director"}, at=NOON - 1)
    assert folded(event("Webinar Attended"), model=both).stage == "new"
    assert folded(said, event("Webinar Attended"), model=both).stage == "mql"


# -- trust ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trust", "stage"), [(Trust.PUBLIC, "new"), (Trust.DECLARED, "sql"), (Trust.SERVER, "sql")])
def test_a_browser_key_cannot_fast_track(trust: Trust, stage: str) -> None:
    assert folded(event("Demo Requested", trust=trust)).stage == stage


@pytest.mark.parametrize("name", ["Unsubscribed", "Lead Disqualified"])
@pytest.mark.parametrize("trust", [Trust.PUBLIC, Trust.DECLARED])
def test_only_a_trusted_source_unsubscribes_or_rules_out(name: str, trust: Trust) -> None:
    assert folded(event("Webinar Attended"), event(name, at=NOON + 1, trust=trust)).stage == "warm"


def title(value: str, trust: Trust, at: int) -> LeadEvent:
    return event("Identified", traits={"title": value}, trust=trust, at=at)


@pytest.mark.parametrize("trust", [Trust.PUBLIC, Trust.DECLARED])
def test_less_trusted_calls_fill_empty_traits_and_overwrite_no_trusted_one(trust: Trust) -> None:
    filled = fold([title("Director", trust, NOON)], MODEL, activation=1, lead="L", as_of=NOON)
    assert (filled[0].fit, filled[1]["title"].value) == (15, "Director")
    kept = fold(
        [title("Student", Trust.SERVER, NOON), title("Director", trust, NOON + 1)],
        MODEL, activation=1, lead="L", as_of=NOON + 1,
    )  # fmt: skip
    assert (kept[0].fit, kept[1]["title"].value) == (0, "Student")


MADE_UP = {"email": "asdf@asdf.com", "email_kind": "fake", "email_domain": "asdf.com"}
REAL = {"email": "ada@northwind.example", "email_kind": "business", "email_domain": "northwind.example"}


@pytest.mark.parametrize("trust", [Trust.PUBLIC, Trust.DECLARED])
def test_an_address_that_names_nobody_takes_no_better_ones_place(trust: Trust) -> None:
    """Who mistypes their address in a later form, or makes one up, is no worse a lead than before."""
    judging = small_model(fit=[{"rule": "Made up", "points": -50, "when": {"email_kind": ["fake"]}}])
    real = event("Identified", email=REAL["email"], traits=REAL, trust=trust)
    made_up = event("Form Submitted", user="ada", at=NOON + 1, traits=MADE_UP | {"title": "CTO"}, trust=trust)
    _, profile = fold([real, made_up], judging, activation=1, lead="L", as_of=NOON + 1)
    assert {name: trait.value for name, trait in profile.items()} == REAL | {"title": "CTO"}
    assert folded(real, made_up, model=judging).fit == 0
    assert folded(made_up, model=judging).fit == -50
    assert (
        folded(
            made_up, event("Identified", email=REAL["email"], traits=REAL, trust=trust, at=NOON + 2), model=judging
        ).fit
        == 0
    )


def test_a_server_may_say_that_an_address_is_none() -> None:
    real = event("Identified", email=REAL["email"], traits=REAL)
    _, profile = fold(
        [real, event("Identified", at=NOON + 1, traits=MADE_UP)], MODEL, activation=1, lead="L", as_of=NOON + 1
    )
    assert {name: trait.value for name, trait in profile.items()} == MADE_UP


def test_a_late_identify_overwrites_nothing_newer() -> None:
    newer, older = title("Director", Trust.SERVER, NOON), title("Student", Trust.SERVER, NOON - DAY)
    assert folded(newer, older).fit == 15


def test_a_fit_line_goes_when_the_trait_no_longer_matches() -> None:
    state = folded(title("Director", Trust.SERVER, NOON), title("Student", Trust.SERVER, NOON + 1))
    assert (state.fit, state.lines) == (0, {})


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_unset_trait_matches_nothing_not_even_what_excludes_values(nothing: str | None) -> None:
    picky = small_model(fit=[{"rule": "Abroad", "points": -10, "when": {"country": [{"anything-but": ["US"]}]}}])
    said = event("Identified", traits={"country": "FR"}), event("Identified", at=NOON + 1, traits={"country": nothing})
    assert folded(said[0], model=picky).fit == -10
    assert folded(*said, model=picky).fit == 0


def test_coming_back_leaves_a_line_only_where_there_is_something_to_come_back_from() -> None:
    form = event("Form Submitted", at=NOON + 1)
    assert points(folded(event(), form)) == {"Page": 1}
    assert points(folded(event("Unsubscribed"), form)) == {"Unsubscribed": 0, "Came back": 0}


def test_a_profile_takes_no_more_than_it_may_hold() -> None:
    crowd = [event("Identified", at=NOON + n, traits={f"trait {n}": n}) for n in range(TRAITS_MAX + 10)]
    huge = event("Identified", at=NOON - 1, traits={"title": "Director " + "x" * 100_000})
    state, profile = fold([huge, *crowd], MODEL, activation=1, lead="L", as_of=NOON + DAY)
    assert len(profile) == TRAITS_MAX
    assert (state.fit, "title" in profile) == (0, False)


@pytest.mark.parametrize(("trust", "kept"), [(Trust.PUBLIC, 16), (Trust.DECLARED, 16), (Trust.SERVER, 40)])
def test_of_what_anybody_may_say_a_profile_takes_a_few_kilobytes(trust: Trust, kept: int) -> None:
    long = [event("Identified", at=NOON + n, trust=trust, traits={f"trait {n}": "x" * 1_000}) for n in range(40)]
    _, profile = fold([*long, title("Director", Trust.SERVER, NOON)], MODEL, activation=1, lead="L", as_of=NOON + DAY)
    assert (len(profile), profile["title"].value) == (kept + 1, "Director")


def test_what_a_browser_says_does_not_keep_out_what_a_trusted_source_says() -> None:
    junk = event("Identified", trust=Trust.PUBLIC, traits={f"trait {n}": n for n in range(TRAITS_MAX)})
    assert folded(junk, title("Director", Trust.SERVER, NOON + 1)).fit == 15
    assert folded(junk, title("Director", Trust.PUBLIC, NOON + 1)).fit == 0


def test_a_trait_with_a_huge_name_is_left_out() -> None:
    said = event("Identified", traits={"x" * 20_000: 1, "title": "Director"})
    _, profile = fold([said], MODEL, activation=1, lead="L", as_of=NOON)
    assert list(profile) == ["title"]


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_form_fills_what_a_server_left_empty(nothing: str | None) -> None:
    unset = event("Identified", traits={"title": nothing})
    assert folded(unset, title("Director", Trust.DECLARED, NOON + 1)).fit == 15


def test_ruling_a_lead_in_again_does_not_undo_its_unsubscribing() -> None:
    out, ruled_out = event("Unsubscribed"), event("Lead Disqualified", at=NOON + 1)
    assert folded(out, ruled_out, event("Lead Requalified", at=NOON + 2)).stage == OUT
    assert folded(out, ruled_out, event("Form Submitted", at=NOON + 2)).stage == DISQUALIFIED


# -- late events ---------------------------------------------------------------------------------------------------


def test_a_late_event_undoes_a_decay_that_should_not_have_been() -> None:
    late = event("Blog Subscribed", at=NOON + 29 * DAY)
    as_of = NOON + 31 * DAY
    before, _ = fold(eighty(), MODEL, activation=1, lead="L", as_of=as_of)
    after, _ = fold([*eighty(), late], MODEL, activation=1, lead="L", as_of=as_of)
    assert (total(before), total(after)) == (30, 82)
    with pytest.raises(OutOfOrder):
        extend(before, [late], MODEL, profile=None, as_of=as_of)


# -- time ----------------------------------------------------------------------------------------------------------


def test_the_next_change_is_the_instant_of_the_next_step_that_changes_something() -> None:
    state = folded(*eighty())
    assert next_change_at(state, MODEL) == NOON + 30 * DAY
    quiet = advance(state, MODEL, to=NOON + 30 * DAY)
    assert next_change_at(quiet, MODEL) == NOON + 90 * DAY
    assert next_change_at(advance(quiet, MODEL, to=NOON + 90 * DAY), MODEL) is None


def test_a_lead_that_no_step_can_change_has_no_timer() -> None:
    state = folded(event("Identified", traits={"title": "Director"}))
    assert (next_change_at(state, MODEL), state.due_at) == (None, None)


def test_a_timer_that_activity_postponed_stays_and_an_earlier_one_replaces_it() -> None:
    first = folded(*eighty())
    assert first.due_at == NOON + 30 * DAY
    second, _ = extend(first, [event("Blog Subscribed", at=NOON + DAY)], MODEL, profile=None, as_of=NOON + DAY)
    assert second.due_at == NOON + 30 * DAY
    ticked = advance(second, MODEL, to=NOON + 30 * DAY)
    assert (total(ticked), ticked.due_at) == (82, NOON + 31 * DAY)


def test_a_slow_clock_never_undoes_a_decay() -> None:
    quiet = advance(folded(*eighty()), MODEL, to=NOON + 31 * DAY)
    assert advance(quiet, MODEL, to=NOON).as_of == NOON + 31 * DAY


# -- properties ----------------------------------------------------------------------------------------------------

NAMES = [
    "Page Viewed", "Webinar Attended", "White Paper Read", "Demo Requested", "Content Downloaded", "Unsubscribed",
    "Form Submitted", "Consent Given", "Lead Disqualified", "Lead Requalified", "Identified",
]  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[LeadEvent]:
    """Events with every effect, trust, ties in time, and gaps around the inactivity steps."""
    steps = st.sampled_from([0, 1, HOUR, DAY, 29 * DAY, 30 * DAY - 1, 30 * DAY, 30 * DAY + 1, 60 * DAY, 90 * DAY])
    at, events = NOON, []
    for number in range(draw(st.integers(1, 14))):
        at += draw(steps)
        traits = draw(
            st.sampled_from([{}, {}, {"title": "Director"}, {"title": "Student"}, {"email": "e@competitor.example"}])
        )
        path = draw(st.sampled_from(["/", "/careers/1"]))
        events.append(
            event(
                draw(st.sampled_from(NAMES)),
                at=at,
                message=str(number),
                trust=draw(st.sampled_from(list(Trust))),
                traits=traits,
                properties={"path": path},
                user=draw(st.sampled_from([None, "ada"])),
                anonymous="a1",
            )
        )
    return events


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 100 * DAY))
@settings(max_examples=300, deadline=None)
def test_steps_in_any_batches_equal_the_full_fold_in_any_order(
    history: list[LeadEvent], rng: random.Random, after: int
) -> None:
    ordered = sorted(history, key=lambda item: (item.order, item.home))
    state, profile = LeadState("L", activation=1), {}
    rest = list(ordered)
    while rest:
        size = rng.randint(1, len(rest))
        batch, rest = rest[:size], rest[size:]
        last = batch[-1].occurred_at
        until = rest[0].occurred_at if rest else last
        state, profile = extend(state, batch, MODEL, profile=profile, as_of=rng.randint(last, until))
    state = advance(state, MODEL, to=ordered[-1].occurred_at + after)
    rng.shuffle(history)
    full, full_profile = fold(history, MODEL, activation=1, lead="L", as_of=ordered[-1].occurred_at + after)
    assert same_fold(state, full)
    assert profile == full_profile


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=500, deadline=None)
def test_a_late_event_is_stepped_in_exactly_or_refused(history: list[LeadEvent], rng: random.Random) -> None:
    rng.shuffle(history)
    as_of = max(item.occurred_at for item in history)
    for split in range(1, len(history)):
        told, late = history[:split], history[split]
        if late.traits:
            continue
        state, _ = fold(told, MODEL, activation=1, lead="L", as_of=as_of)
        try:
            stepped, _ = extend(state, [late], MODEL, profile=None, as_of=as_of)
        except OutOfOrder:
            continue
        full, _ = fold([*told, late], MODEL, activation=1, lead="L", as_of=as_of)
        assert same_fold(stepped, full)


@pytest.mark.parametrize("name", ["Page Viewed", "Demo Requested", "Unsubscribed"])
def test_two_events_at_one_place_in_the_order_can_be_folded(name: str) -> None:
    twice = [event(name, message="m", anonymous="a1"), event(name, message="m", anonymous="a1", user="ada")]
    assert same_fold(folded(*twice), folded(*reversed(twice)))
    assert folded(*twice).folded_count == 2


def test_a_page_view_that_comes_late_needs_no_full_fold() -> None:
    pages = [event(at=NOON + n * HOUR) for n in range(10)]
    state, _ = fold([*pages[:5], *pages[6:]], MODEL, activation=1, lead="L", as_of=NOON + DAY)
    stepped, _ = extend(state, [pages[5]], MODEL, profile=None, as_of=NOON + DAY)
    assert same_fold(stepped, folded(*pages, after=15 * HOUR))


@given(histories(), st.integers(0, 100 * DAY))
@settings(max_examples=300, deadline=None)
def test_the_explanation_adds_up_and_the_scores_are_its_parts(history: list[LeadEvent], after: int) -> None:
    state = folded(*history, after=after)
    assert sum(line.points for line in explain(state, MODEL)) == total(state)
    fit_lines = {target.line for rule in MODEL.fit for target in rule.targets}
    assert state.fit == sum(line.points for number, line in state.lines.items() if number in fit_lines)


@given(histories())
@settings(max_examples=200, deadline=None)
def test_nothing_changes_before_the_next_change_and_something_does_at_it(history: list[LeadEvent]) -> None:
    state = folded(*history)
    change = next_change_at(state, MODEL)
    until = change - 1 if change is not None else state.as_of + 400 * DAY
    before = advance(state, MODEL, to=until)
    assert (total(before), before.stage) == (total(state), state.stage)
    assert state.due_at == change
    if change is not None:
        at = advance(state, MODEL, to=change)
        assert (total(at), at.stage) != (total(state), state.stage)


@given(histories(), st.integers(0, 100 * DAY))
@settings(max_examples=200, deadline=None)
def test_decay_alone_never_takes_a_score_below_zero(history: list[LeadEvent], after: int) -> None:
    now = folded(*history)
    later = advance(now, MODEL, to=now.as_of + after)
    assert later.engagement >= min(now.engagement, 0)
