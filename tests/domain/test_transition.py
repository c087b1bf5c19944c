"""What is told: the difference between two committed states, in the stage and in the lists of single scores."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from leadscore.domain.cause import Cause
from leadscore.domain.compiler import compile_model
from leadscore.domain.difference import difference, keep_told, remember_told
from leadscore.domain.event import LeadEvent
from leadscore.domain.fold import advance, extend, fold
from leadscore.domain.model import Model
from leadscore.domain.state import LeadState, Profile
from leadscore.domain.transition import Transition
from tests.leads import DAY, HOUR, NOON, event

MODEL: dict[str, Any] = {
    "model": "two-products",
    "scores": [
        {
            "score": "security",
            "stages": [
                {"stage": "interested", "at": 20, "drop_below": 10, "route": "security-team"},
                {"stage": "evaluating", "at": 40, "route": "security-experts"},
            ],
        },
        {"score": "cloud", "decay": {"expire_after": "30d"}, "stages": [{"stage": "curious", "at": 10}]},
    ],
    "stages": [
        {"stage": "new"},
        {"stage": "mql", "at": 50, "drop_below": 40, "quiet": "7d", "route": "nurture"},
        {"stage": "sql", "at": 100, "route": "sales"},
    ],
    "fit": [{"rule": "Director", "points": 5, "when": {"title": ["Director"]}}],
    "engagement": [
        {"rule": "Ten more", "event": "Ten More", "points": 10},
        {"rule": "Fifty more", "event": "Fifty More", "points": 50},
        {"rule": "Five less", "event": "Five Less", "points": -5},
        {"rule": "Twenty less", "event": "Twenty Less", "points": -20},
        {"rule": "Security page", "event": "Security Page Viewed", "points": 20, "score": ["security"]},
        {"rule": "Security off", "event": "Security Off", "points": -5, "score": ["security"]},
        {"rule": "Cloud page", "event": "Cloud Page Viewed", "points": 10, "score": ["cloud"]},
    ],
    "escape": [{"rule": "Unsubscribed", "event": "Unsubscribed"}],
}


def model(**changes: Any) -> Model:
    return compile_model({**MODEL, **changes})


@dataclass
class Told:
    """A lead, and what each of its commits tells. Names of events happen one second after another."""

    model: Model = field(default_factory=model)
    now: int = NOON
    who: dict[str, Any] = field(default_factory=lambda: {"user": "ada"})
    state: LeadState = field(default_factory=lambda: LeadState("L"))
    events: list[LeadEvent] = field(default_factory=list)
    _profile: Profile = field(default_factory=dict)

    def does(self, *names: str, cause: Cause = Cause.EVENT, **more: Any) -> Transition | None:
        """One commit of these events."""
        new = [event(name, at=self.now + place * 1_000, **self.who, **more) for place, name in enumerate(names)]
        self.now += len(new) * 1_000
        self.events += new
        following, profile = extend(self.state, new, self.model, profile=self._profile, as_of=self.now)
        self._profile = profile or self._profile
        return self._commits(following, cause)

    def waits(self, until: int) -> Transition | None:
        """One commit of a timer."""
        self.now = until
        return self._commits(advance(self.state, self.model, to=until), Cause.TIME)

    def is_rescored(self, under: Model, *, tells: bool = False) -> Transition | None:
        """One commit of another model."""
        self.model = under
        following, _ = fold(self.events, under, activation=2, lead="L", as_of=self.now)
        keep_told(following, self.state, under)
        return self._commits(following, Cause.MODEL, tells=tells)

    def _commits(self, following: LeadState, cause: Cause, *, tells: bool = False) -> Transition | None:
        following.version = self.state.version + 1
        transition = difference(self.state, following, self.model, activation=1, cause=cause, tells=tells)
        if transition is not None:
            remember_told(self.state, following, transition, self.model)
        self.state = following
        return transition


def told(transition: Transition | None) -> Transition:
    assert transition is not None
    return transition


def move(transition: Transition | None) -> tuple[str, str, bool]:
    """From where to where, and whether somebody hears of it."""
    change = told(transition)
    return change.from_stage, change.to_stage, change.publish


# -- the ladder --------------------------------------------------------------------------------------------------------


def test_a_lead_comes_in_at_one_score_and_drops_out_under_another() -> None:
    lead = Told()

    assert move(lead.does("Fifty More")) == ("", "mql", True)
    assert lead.does("Five Less") is None
    assert lead.does("Five Less") is None, "40 is where it still holds"
    assert move(lead.does("Five Less")) == ("mql", "new", True)
    assert lead.does("Ten More") is None, "45 would have held, and does not bring back"
    assert move(lead.does("Ten More"))[:2] == ("new", "mql")


def test_what_was_over_before_a_commit_is_told_to_nobody() -> None:
    lead = Told()
    lead.does("Ten More")

    assert lead.does("Fifty More", "Twenty Less", "Five Less") is None, "it was an MQL for a second"


def test_a_jump_passes_the_stages_between() -> None:
    lead = Told()
    lead.does("Ten More")

    up = told(lead.does("Fifty More", "Fifty More"))
    assert (up.passed, up.direction, up.routes) == (("mql",), "up", ("sales",))
    down = told(lead.does("Unsubscribed"))
    assert (down.passed, down.direction, down.routes) == ((), "down", ("sales",))


# -- the quiet time of a stage -----------------------------------------------------------------------------------------


def mql_and_back() -> Told:
    """A lead of whom it was told at NOON that it is an MQL, and that is none any more."""
    lead = Told()
    assert move(lead.does("Fifty More")) == ("", "mql", True)
    assert move(lead.does("Twenty Less")) == ("mql", "new", True), "the way down is told"
    return lead


def test_entering_a_stage_is_not_told_again_within_its_quiet_time_and_the_way_down_is() -> None:
    lead = mql_and_back()
    lead.now = NOON + 6 * DAY

    assert move(lead.does("Ten More", "Ten More")) == ("new", "mql", False)
    assert move(lead.does("Twenty Less")) == ("mql", "new", True)


@pytest.mark.parametrize(("after", "is_told"), [(7 * DAY - 1, False), (7 * DAY, True)])
def test_the_quiet_time_ends_to_the_millisecond(after: int, is_told: bool) -> None:
    lead = Told()
    told_at = told(lead.does("Fifty More")).as_of
    lead.does("Twenty Less")
    lead.now = told_at + after - 2_000

    assert move(lead.does("Ten More", "Ten More")) == ("new", "mql", is_told)


def test_what_was_not_told_does_not_make_the_quiet_time_longer() -> None:
    lead = mql_and_back()
    lead.now = NOON + 6 * DAY
    lead.does("Ten More", "Ten More")
    lead.does("Twenty Less")
    lead.now = NOON + 8 * DAY

    assert move(lead.does("Ten More", "Ten More")) == ("new", "mql", True)


def test_another_stage_is_told_within_the_quiet_time_of_the_first() -> None:
    lead = mql_and_back()

    assert move(lead.does("Fifty More", "Fifty More")) == ("new", "sql", True)


def test_a_stage_without_a_quiet_time_is_told_every_time() -> None:
    lead = Told()
    lead.does("Fifty More", "Fifty More")
    lead.does("Twenty Less")

    assert move(lead.does("Ten More", "Ten More")) == ("mql", "sql", True)


def test_what_a_model_did_in_silence_starts_no_quiet_time() -> None:
    lead = Told()
    lead.does("Ten More")
    assert move(lead.is_rescored(model(stages=[{"stage": "new"}, {**MODEL["stages"][1], "at": 10, "drop_below": 5}])))[
        1:
    ] == ("mql", False)
    lead.does("Twenty Less")

    assert move(lead.does("Ten More", "Ten More")) == ("new", "mql", True)


def test_an_anonymous_visit_starts_no_quiet_time() -> None:
    lead = Told(who={"anonymous": "browser"})
    assert move(lead.does("Fifty More")) == ("", "mql", False)
    lead.does("Twenty Less")
    lead.who = {"user": "ada", "anonymous": "browser"}

    assert move(lead.does("Ten More", "Ten More"))[1:] == ("mql", True)


def test_the_way_down_into_a_quiet_stage_is_told_and_makes_its_quiet_time_no_longer() -> None:
    lead = Told()
    up = told(lead.does("Fifty More"))
    lead.does("Fifty More")
    lead.now = NOON + 6 * DAY

    assert move(lead.does("Twenty Less")) == ("sql", "mql", True)
    lead.does("Twenty Less", "Twenty Less", "Twenty Less")
    lead.now = up.as_of + 7 * DAY - 3_000
    assert move(lead.does("Ten More", "Ten More", "Ten More")) == ("new", "mql", True)


def test_a_list_is_told_beside_a_stage_that_alone_would_not_be_and_makes_its_quiet_time_anew() -> None:
    lead = mql_and_back()
    lead.now = NOON + 6 * DAY

    both = told(lead.does("Ten More", "Ten More", "Security Page Viewed"))
    assert (move(both), both.entered) == (("new", "mql", True), ("security/interested",))
    lead.does("Twenty Less")
    lead.now = NOON + 8 * DAY
    assert move(lead.does("Ten More", "Ten More")) == ("new", "mql", False)


def test_a_list_that_changes_within_a_stage_starts_no_quiet_time_of_the_stage() -> None:
    lead = Told()
    lead.does("Fifty More")
    lead.now = NOON + 6 * DAY
    lead.does("Security Page Viewed")
    lead.does("Twenty Less")
    lead.now = NOON + 8 * DAY

    assert move(lead.does("Ten More", "Ten More")) == ("new", "mql", True)


# -- lists of single scores --------------------------------------------------------------------------------------------


def test_a_list_of_a_score_is_entered_and_left_while_the_stage_stays() -> None:
    lead = Told()
    lead.does("Ten More")

    entered = told(lead.does("Security Page Viewed"))
    assert move(entered) == ("new", "new", True)
    assert (entered.entered, entered.left, entered.routes) == (("security/interested",), (), ("security-team",))
    assert entered.passed == ()
    assert lead.does("Security Off", "Security Off") is None, "10 is where it still holds"
    left = told(lead.does("Security Off"))
    assert (left.entered, left.left, left.routes) == ((), ("security/interested",), ("security-team",))


def test_a_step_up_a_scores_ladder_concerns_who_had_the_lead_and_who_has_it_now() -> None:
    lead = Told()
    lead.does("Security Page Viewed")

    up = told(lead.does("Security Page Viewed"))
    assert (up.entered, up.left) == (("security/evaluating",), ("security/interested",))
    assert set(up.routes) == {"security-team", "security-experts"}


def test_the_stage_and_lists_of_one_commit_are_one_transition_of_all_their_routes() -> None:
    lead = Told()
    lead.does("Ten More")

    both = told(lead.does("Security Page Viewed", "Cloud Page Viewed", "Fifty More"))
    assert move(both) == ("new", "mql", True)
    assert both.entered == ("cloud/curious", "security/interested")
    assert both.routes == ("nurture", "security-team"), "the stage comes first, and a list may have no route"


def test_whoever_has_the_lead_hears_of_its_lists() -> None:
    lead = Told()
    lead.does("Fifty More")

    assert told(lead.does("Security Page Viewed")).routes == ("nurture", "security-team")


def test_a_persons_first_event_is_told_if_it_enters_a_list_and_not_if_it_enters_the_first_stage_only() -> None:
    assert move(Told().does("Ten More")) == ("", "new", False)
    assert move(Told().does("Security Page Viewed")) == ("", "new", True)


def test_a_list_that_time_alone_takes_a_lead_out_of_is_told() -> None:
    lead = Told()
    lead.does("Cloud Page Viewed")

    assert lead.waits(NOON + 29 * DAY) is None
    left = told(lead.waits(NOON + 32 * DAY))
    assert (left.cause, left.left, left.publish) == (Cause.TIME, ("cloud/curious",), True)


def test_a_lead_that_unsubscribes_leaves_its_lists() -> None:
    lead = Told()
    lead.does("Security Page Viewed")

    out = told(lead.does("Unsubscribed"))
    assert (out.to_stage, out.left, out.direction) == ("out", ("security/interested",), "down")
    assert out.routes == ("security-team",)


def test_a_lead_that_is_out_or_ruled_out_comes_into_no_list_until_it_is_back() -> None:
    away = model(
        disqualify=[{"rule": "Ruled out", "event": "Lead Disqualified"}],
        requalify=[{"rule": "Ruled in", "event": "Lead Requalified"}],
    )
    lead = Told(away)
    lead.does("Security Page Viewed", "Security Off")
    assert told(lead.does("Lead Disqualified")).left == ("security/interested",)
    assert lead.does("Cloud Page Viewed") is None

    back = told(lead.does("Lead Requalified"))
    assert back.entered == ("cloud/curious",), "15 would have held the other list, and does not bring back into it"


def test_a_list_that_time_ends_occurred_when_time_ended_it() -> None:
    lead = Told()
    lead.does("Ten More")
    lead.does("Cloud Page Viewed")

    left = told(lead.waits(NOON + 45 * DAY))
    assert (left.occurred_at, left.as_of) == (lead.state.ladder_since["cloud"], NOON + 45 * DAY)
    assert NOON + 30 * DAY <= left.occurred_at < NOON + 32 * DAY


def test_a_list_occurred_when_the_lead_came_into_it_whatever_followed() -> None:
    lead = Told()
    lead.does("Ten More")

    entered = told(lead.does("Security Page Viewed", "Ten More", "Ten More"))
    assert (entered.occurred_at, entered.as_of) == (NOON + 1_000, NOON + 4_000)


def test_where_only_lists_change_climbing_any_ladder_is_up_and_all_else_down() -> None:
    lead = Told()
    lead.does("Security Page Viewed", "Security Page Viewed")

    assert told(lead.does("Security Page Viewed", "Security Off", "Cloud Page Viewed")).direction == "up"
    a_step_down = told(lead.does("Security Off", "Security Off", "Security Off", "Security Off"))
    assert (a_step_down.entered, a_step_down.direction) == (("security/interested",), "down")
    assert told(lead.does(*["Security Off"] * 6)).direction == "down"


def test_a_list_is_explained_by_its_score_and_what_happened_then_comes_first() -> None:
    lead = Told()
    lead.does("Fifty More")
    lead.does("Security Off")

    entered = told(lead.does("Security Page Viewed", "Security Page Viewed"))
    assert entered.reasons == (("Security page", 40), ("Security off", -5))
    left = told(lead.does(*["Security Off"] * 6))
    assert left.reasons == (("Security off", -35), ("Security page", 40))


def test_a_stage_and_a_list_of_one_commit_are_both_explained() -> None:
    both = told(Told().does("Security Page Viewed", "Fifty More"))

    assert both.reasons == (("Fifty more", 50), ("Security page", 20))


def test_a_lead_that_a_merge_closes_leaves_its_lists_and_tells_nobody_but_of_a_person() -> None:
    lead = Told(who={"anonymous": "browser"})
    lead.does("Security Page Viewed")
    closed = replace(lead.state, version=lead.state.version + 1, stage="", merged_into="other")

    transition = told(difference(lead.state, closed, lead.model, activation=1, cause=Cause.MERGE))
    assert (transition.to_stage, transition.left, transition.merged_into) == ("", ("security/interested",), "other")
    assert transition.reasons == ()
    assert not transition.publish


def test_an_anonymous_visitors_lists_are_kept_and_told_to_nobody() -> None:
    lead = Told(who={"anonymous": "browser"})

    entered = told(lead.does("Security Page Viewed"))
    assert (entered.entered, entered.publish) == (("security/interested",), False)


# -- what a commit says ------------------------------------------------------------------------------------------------


def test_a_transition_says_every_score_the_grade_and_the_place_in_the_matrix() -> None:
    lead = Told(
        model(
            grade={"start": "C", "criteria": [{"rule": "Leads", "thirds": 4, "when": {"title": ["Director"]}}]},
            matrix={"grade": ["B", "C"], "engagement": [50, 20]},
            priority={"hot": ["A1", "A2"]},
        )
    )

    change = told(lead.does("Fifty More", "Security Page Viewed", traits={"title": "Director"}))
    assert (change.fit, change.engagement, change.total) == (5, 50, 55)
    assert change.other_scores == (("security", 20), ("cloud", 0))
    assert (change.grade, change.matrix, change.priority) == ("B+", "A1", "hot")


def test_a_model_without_grade_and_matrix_says_none() -> None:
    change = told(Told().does("Fifty More"))

    assert (change.grade, change.matrix, change.priority) == ("", "", "")


# -- who becomes a person ----------------------------------------------------------------------------------------------


def test_where_a_visitor_stands_is_told_when_it_gets_a_name() -> None:
    lead = Told(who={"anonymous": "browser"})
    lead.does("Ten More")
    lead.does("Fifty More")
    lead.who = {"user": "ada", "anonymous": "browser"}

    named = told(lead.does("Ten More"))
    assert (named.introduces, named.publish, named.to_stage) == (True, True, "mql")
    assert (named.direction, named.passed) == ("up", ("new",)), "as if it had come from nothing"


def test_a_visitor_that_gets_a_name_in_the_first_stage_is_no_news() -> None:
    lead = Told(who={"anonymous": "browser"})
    lead.does("Ten More")
    lead.who = {"user": "ada", "anonymous": "browser"}

    assert lead.does("Ten More") is None


def visitor() -> Told:
    return Told(who={"anonymous": "browser"})


def named(lead: Told) -> Told:
    lead.who = {"user": "ada", "anonymous": "browser"}
    return lead


@pytest.mark.parametrize(("points", "stage", "routes"), [("Ten More", "new", ()), ("Fifty More", "mql", ("nurture",))])
def test_an_introduction_tells_all_lists_that_the_visitor_is_in(
    points: str, stage: str, routes: tuple[str, ...]
) -> None:
    lead = visitor()
    lead.does(points, "Security Page Viewed")
    named(lead)

    introduced = told(lead.does("Cloud Page Viewed"))
    assert (introduced.introduces, introduced.publish, introduced.to_stage) == (True, True, stage)
    assert (introduced.entered, introduced.direction) == (("cloud/curious", "security/interested"), "up")
    assert introduced.routes == (*routes, "security-team")


def test_an_introduction_tells_nothing_of_lists_that_the_visitor_left() -> None:
    lead = visitor()
    lead.does("Security Page Viewed")
    named(lead)

    assert lead.does("Security Off", "Security Off", "Security Off") is None


def test_a_person_is_introduced_once() -> None:
    lead = Told()
    lead.does("Ten More")

    assert not told(lead.does("Fifty More")).introduces


def test_a_list_that_a_model_does_away_with_is_left_at_that_moment() -> None:
    lead = Told()
    lead.does("Ten More", "Security Page Viewed")
    lead.now = NOON + DAY

    gone = told(lead.is_rescored(model(scores=[], engagement=MODEL["engagement"][:4]), tells=True))
    assert (gone.left, gone.occurred_at, gone.direction) == (("security/interested",), NOON + DAY, "down")
    assert (gone.publish, gone.reasons, gone.routes) == (True, (), ())


# -- what a model does -------------------------------------------------------------------------------------------------

EASIER = [{"stage": "new"}, {"stage": "mql", "at": 10, "route": "nurture"}]


@pytest.mark.parametrize("tells", [True, False])
def test_what_a_model_moves_is_told_if_its_activation_says_so(tells: bool) -> None:
    lead = Told()
    lead.does("Ten More")

    moved = told(lead.is_rescored(model(stages=EASIER), tells=tells))
    assert (moved.cause, move(moved)) == (Cause.MODEL, ("new", "mql", tells))


def test_a_model_that_brings_a_list_tells_of_it_if_its_activation_says_so() -> None:
    lead = Told(model(scores=[], engagement=[rule for rule in MODEL["engagement"] if "score" not in rule]))
    lead.does("Ten More", "Security Page Viewed")

    moved = told(lead.is_rescored(model(), tells=True))
    assert (move(moved), moved.entered) == (("new", "new", True), ("security/interested",))


def test_no_model_tells_of_an_anonymous_visitor() -> None:
    lead = Told(who={"anonymous": "browser"})
    lead.does("Ten More")

    assert move(lead.is_rescored(model(stages=EASIER), tells=True)) == ("new", "mql", False)


@pytest.mark.parametrize("cause", [Cause.IMPORT, Cause.REPAIR])
def test_an_activation_that_tells_makes_no_news_of_imports_and_repairs(cause: Cause) -> None:
    lead = Told()
    lead.does("Ten More")
    following, _ = extend(lead.state, [event("Fifty More", at=NOON + HOUR)], lead.model, profile={}, as_of=NOON + HOUR)

    quiet = told(difference(lead.state, following, lead.model, activation=1, cause=cause, tells=True))
    assert not quiet.publish


# -- what was told to nobody -------------------------------------------------------------------------------------------


def imported(*names: str) -> Told:
    """A lead that came from a file, of which nobody is told."""
    lead = Told()
    assert not told(lead.does(*names, cause=Cause.IMPORT)).publish
    return lead


def test_nobody_hears_that_a_lead_leaves_a_stage_that_it_came_into_quietly() -> None:
    lead = imported("Fifty More")

    assert move(lead.does("Twenty Less")) == ("mql", "new", False)
    assert lead.does("Ten More") is None
    again = told(lead.does("Ten More"))
    assert (move(again), again.told_from) == (("new", "mql", True), "")


def test_a_lead_that_came_quietly_is_heard_of_as_from_nothing_with_all_that_it_is_in() -> None:
    lead = imported("Fifty More", "Security Page Viewed")

    assert lead.does("Ten More") is None, "it is where it was"
    up = told(lead.does("Fifty More", "Cloud Page Viewed"))
    assert (move(up), up.told_from, up.direction) == (("mql", "sql", True), "", "up")
    assert (up.passed, up.entered) == (("new", "mql"), ("cloud/curious", "security/interested"))
    assert up.routes == ("sales", "security-team"), "nurture was told nothing that it would have to let go of"
    down = told(lead.does("Twenty Less"))
    assert (move(down), down.told_from) == (("sql", "mql", True), "sql")


def test_nobody_hears_that_a_lead_leaves_a_list_that_it_came_into_quietly() -> None:
    lead = imported("Cloud Page Viewed")

    left = told(lead.waits(NOON + 32 * DAY))
    assert (left.left, left.publish) == (("cloud/curious",), False), "its history has it all the same"
    assert told(lead.does("Cloud Page Viewed")).publish


def test_a_list_that_was_told_is_left_for_everybody_whatever_quiet_changes_lie_between() -> None:
    lead = Told()
    lead.does("Security Page Viewed")
    assert not told(lead.does("Security Page Viewed", cause=Cause.IMPORT)).publish

    left = told(lead.does(*["Security Off"] * 7))
    assert (left.left, left.entered, left.publish) == (("security/interested",), (), True)


def test_a_quiet_rise_that_is_lost_again_is_no_news_and_what_was_told_is_left_from_there() -> None:
    lead = Told()
    lead.does("Fifty More")
    assert move(lead.does("Fifty More", cause=Cause.IMPORT)) == ("mql", "sql", False)

    assert move(lead.does("Twenty Less")) == ("sql", "mql", False)
    down = told(lead.does("Twenty Less", "Twenty Less", "Five Less"))
    assert (move(down), down.told_from, down.routes) == (("mql", "new", True), "mql", ("nurture",))


def test_a_quiet_rise_that_goes_on_is_told_from_where_it_was_told_last() -> None:
    lead = Told()
    lead.does("Ten More")
    lead.does("Fifty More", cause=Cause.IMPORT)

    up = told(lead.does("Fifty More"))
    assert (move(up), up.told_from, up.passed) == (("mql", "sql", True), "new", ("mql",))


def test_a_quiet_fall_is_made_good_quietly_and_a_further_one_is_told_from_where_it_was_told_last() -> None:
    lead = Told()
    lead.does("Fifty More", "Fifty More")
    assert move(lead.does("Twenty Less", cause=Cause.IMPORT)) == ("sql", "mql", False)
    assert move(lead.does("Ten More", "Ten More")) == ("mql", "sql", False)

    lead.does("Twenty Less", cause=Cause.IMPORT)
    down = told(lead.does("Twenty Less", "Twenty Less", "Five Less"))
    assert (move(down), down.told_from, down.routes) == (("mql", "new", True), "sql", ("sales",))


def test_what_a_model_moved_in_silence_is_no_news_when_it_falls_back() -> None:
    lead = Told()
    lead.does("Ten More", "Ten More")
    easier = model(stages=[{"stage": "new"}, {**MODEL["stages"][1], "at": 15, "drop_below": 10}])
    assert move(lead.is_rescored(easier)) == ("new", "mql", False)

    assert move(lead.does("Twenty Less")) == ("mql", "new", False)
    up = told(lead.does("Ten More", "Ten More"))
    assert (move(up), up.told_from) == (("new", "mql", True), "new")


def test_what_was_told_once_is_forgotten_by_no_fold_of_everything() -> None:
    lead = imported("Fifty More")
    anew, _ = fold(lead.events, lead.model, activation=1, lead="L", as_of=lead.now)
    keep_told(anew, lead.state, lead.model)
    lead.state = replace(anew, version=lead.state.version)

    assert move(lead.does("Twenty Less")) == ("mql", "new", False)


def test_a_visitor_whose_name_comes_from_a_file_is_heard_of_with_its_next_change() -> None:
    lead = named(visitor())
    lead.who = {"anonymous": "browser"}
    lead.does("Fifty More", "Security Page Viewed")
    named(lead)
    assert not told(lead.does("Ten More", cause=Cause.IMPORT)).publish

    up = told(lead.does("Fifty More"))
    assert (move(up), up.told_from, up.entered) == (("mql", "sql", True), "", ("security/interested",))


def test_nobody_hears_that_a_lead_is_gone_that_nobody_has_heard_of() -> None:
    lead = imported("Fifty More", "Security Page Viewed")
    closed = replace(lead.state, version=lead.state.version + 1, stage="", merged_into="other")

    gone = told(difference(lead.state, closed, lead.model, activation=1, cause=Cause.MERGE))
    assert (gone.publish, gone.merged_into) == (False, "other")


def test_a_lead_of_which_all_was_told_has_nothing_more_to_remember() -> None:
    lead = Told()
    for names in (["Ten More"], ["Fifty More"], ["Security Page Viewed"], ["Twenty Less"], ["Unsubscribed"]):
        lead.does(*names)
        assert lead.state.untold == {}
    assert imported("Ten More").state.untold == {}, "in the first stage there is nothing to tell"
    assert imported("Fifty More").state.untold == {"": ""}
