"""What scoring a message does: to the lead, to the transitions that are told, and at what cost."""

import json
from collections.abc import Iterable, Mapping

import pytest

from leadscore.adapters.memory import FixedModels, MemoryStore
from leadscore.domain.cause import Cause
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.model import Model
from leadscore.domain.state import LeadState
from leadscore.domain.transition import Transition
from leadscore.use_cases.messages import events_body, ticks_body
from tests.leads import DAY, HOUR, NOON, event, small_model, total
from tests.use_cases.world import World, run_in_turn

LATER = NOON + HOUR
ONE, TWO = Identifier("user_id", "one"), Identifier("user_id", "two")


class Desk:
    """A world with one worker, and what a test wants to see of it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.store = MemoryStore(before_call=self.calls.append)
        self.world = World(self.store, self.store)
        self.tokens = 0

    def record(self, *events: LeadEvent, token: str = "", cause: Cause = Cause.EVENT) -> list[str]:
        """Score one message with these events; gives the calls that it took."""
        self.tokens += 1
        return self._score(events_body(token or f"t{self.tokens}", events, cause))

    def tick(self, cause: Cause = Cause.TIME) -> list[str]:
        return self._score(ticks_body("tick", list(self.store.all_states()), cause))

    def _score(self, body: str) -> list[str]:
        self.calls.clear()
        assert self.world.score([("m", body)]) == frozenset()
        return list(self.calls)

    @property
    def leads(self) -> dict[str, LeadState]:
        return {lead: state for lead, state in self.store.all_states().items() if not state.merged_into}

    @property
    def lead(self) -> LeadState:
        (state,) = self.leads.values()
        return state

    def transitions(self, lead: str = "") -> list[Transition]:
        newest_first = self.store.read_transitions(lead or self.lead.lead, limit=100)
        return list(reversed(newest_first))

    def told(self) -> list[tuple[str, str, Cause]]:
        return [(item.from_stage, item.to_stage, item.cause) for item in self.store.stream if item.publish]


@pytest.fixture
def desk() -> Desk:
    return Desk()


# -- what is written ---------------------------------------------------------------------------------------------------


def test_an_event_of_a_known_lead_costs_two_reads_one_put_and_one_commit(desk: Desk) -> None:
    desk.record(event(at=NOON))
    assert desk.record(event(at=NOON + 1)) == ["find", "find_states", "put", "commit"]


def test_a_redelivery_of_a_folded_event_writes_nothing_and_reads_no_log(desk: Desk) -> None:
    desk.record(event(), event(at=NOON + 1), token="t")
    version = desk.lead.version
    assert desk.record(event(), event(at=NOON + 1), token="t") == ["find", "find_states", "put", "put"]
    assert desk.lead.version == version


def test_a_copy_under_another_message_changes_nothing(desk: Desk) -> None:
    desk.record(event())
    desk.record(event())
    assert (total(desk.lead), desk.lead.version) == (1, 1)


def test_the_same_id_with_another_content_is_kept_aside_and_not_scored(desk: Desk) -> None:
    desk.record(event("Page Viewed", message="same"))
    desk.record(event("Demo Requested", message="same"))
    assert desk.lead.stage == "new"
    (kept,) = desk.world.failed_events.kept.values()
    assert (kept.code, "Demo Requested" in kept.raw) == ("event_id_reused", True)


def test_an_unreadable_event_is_kept_aside_and_its_neighbours_count(desk: Desk) -> None:
    good = events_body("t", [event()])
    desk._score(good.replace('"events":[', '"events":[{"id":"broken"},'))
    assert total(desk.lead) == 1
    assert [kept.code for kept in desk.world.failed_events.kept.values()] == ["unreadable_event"]


def _ruling(lead: str) -> str:
    return f'{{"v":3,"token":"t","cause":"merge","named_rulings":[{{"lead":{lead},"into":{{"crm":"c1"}},"at":1}}]}}'


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[]", "null", '{"v":1}', '{"v":5,"token":"t","cause":"event"}', "[" * 10_000),
        *(_ruling(lead) for lead in ("{}", "[]", '{"crm":"c1","email":"a@b"}', '{"no kind":"x"}', '{"crm":""}')),
    ],
)
def test_an_unreadable_message_fails_alone(desk: Desk, body: str) -> None:
    with pytest.raises(ValueError, match="message"):
        desk.world.score([("bad", body), ("good", events_body("t", [event()]))])
    assert total(desk.lead) == 1


def test_traits_are_written_only_when_they_change(desk: Desk) -> None:
    desk.record(event("Identified", traits={"title": "Director"}))
    said = desk.store.read_profile(desk.lead.lead)["title"]
    assert (said.value, said.said_at) == ("Director", NOON)


def test_a_lead_whose_state_cannot_be_read_stops_no_other(desk: Desk) -> None:
    class Unreadable(Exception):
        pass

    desk.record(event(user="bad"))
    bad = desk.lead.lead
    read_states = desk.store.read_states

    def fails_for_one(leads: Iterable[str]) -> Mapping[str, LeadState]:
        if bad in (leads := list(leads)):
            raise Unreadable
        return read_states(leads)

    desk.store.read_states = fails_for_one  # type: ignore[method-assign]
    desk.store.find_states = fails_for_one  # type: ignore[method-assign]
    desk.world.expected_errors = (Unreadable,)
    messages = [
        (user, events_body(user, [event("Webinar Attended", user=user, at=NOON + 1)])) for user in ("bad", "good")
    ]
    assert desk.world.score(messages) == {"bad"}
    assert sorted(total(state) for state in desk.leads.values()) == [1, 40]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"}, {"id": 7}, {"trust": "root"}, {"occurred_at": "soon"}, {"traits": 7}, {"identifiers": {}},
        {"identifiers": {"user_id": ""}}, {"identifiers": {"email": "x" * 257}}, {"identifiers": {"user_id": 7}},
    ],
)  # fmt: skip
def test_an_event_that_no_collector_made_is_kept_aside(desk: Desk, change: dict[str, object]) -> None:
    body = json.loads(events_body("t", [event(), event(at=NOON + 1)]))
    body["events"][0] |= change
    desk._score(json.dumps(body))
    assert (total(desk.lead), len(desk.world.failed_events.kept)) == (1, 1)


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_tick_that_comes_too_early_writes_nothing(desk: Desk) -> None:
    desk.record(event())
    assert desk.tick() == ["read_states"]


def test_a_tick_after_activity_only_sets_the_timer_anew(desk: Desk) -> None:
    desk.record(event("Webinar Attended"))
    desk.record(event("Webinar Attended", at=NOON + 10 * DAY))
    assert desk.lead.due_at == NOON + 30 * DAY
    before = desk.lead
    desk.world.now = NOON + 30 * DAY
    assert desk.tick().count("commit") == 1
    assert (desk.lead.due_at, total(desk.lead)) == (NOON + 40 * DAY, total(before))
    assert desk.tick().count("commit") == 0


def test_ordinary_activity_leaves_the_keys_of_every_index_alone(desk: Desk) -> None:
    desk.record(event("Webinar Attended"))
    before = desk.lead
    for hour in range(1, 10):
        desk.record(event("Page Viewed", at=NOON + hour * HOUR))
    assert (desk.lead.stage, desk.lead.due_at) == (before.stage, before.due_at)


def test_a_lead_that_goes_quiet_is_told_to_have_dropped(desk: Desk) -> None:
    desk.record(event("Webinar Attended"), event("Webinar Attended", at=NOON + 1))
    desk.world.now = NOON + 31 * DAY
    desk.tick()
    last = desk.transitions()[-1]
    assert (last.from_stage, last.to_stage, last.direction, last.cause) == ("mql", "warm", "down", Cause.TIME)
    assert (last.occurred_at, last.as_of) == (NOON + 1 + 30 * DAY, NOON + 31 * DAY)
    assert last.reasons[0] == ("Quiet for 30 days", -50)


def test_a_late_event_may_undo_a_decay_and_says_when_it_happened(desk: Desk) -> None:
    desk.record(event("Webinar Attended"), event("Webinar Attended", at=NOON + 1))
    desk.world.now = NOON + 31 * DAY
    desk.tick()
    desk.record(event("Blog Subscribed", at=NOON + 29 * DAY))
    last = desk.transitions()[-1]
    assert (last.from_stage, last.to_stage, last.cause) == ("warm", "mql", Cause.EVENT)
    assert last.occurred_at < desk.world.now == last.as_of


# -- what is told ------------------------------------------------------------------------------------------------------


def test_a_birth_is_kept_and_not_told(desk: Desk) -> None:
    desk.record(event())
    (birth,) = desk.transitions()
    assert (birth.from_stage, birth.to_stage, birth.publish) == ("", "new", False)


def test_a_lead_born_by_a_demo_request_is_told_with_its_reason(desk: Desk) -> None:
    desk.record(event("Demo Requested"))
    (birth,) = desk.transitions()
    assert (birth.publish, birth.passed, birth.routes) == (True, ("new", "warm", "mql"), ("sales",))
    assert birth.reasons[0] == ("Demo requested", 0)


def test_a_jump_names_the_stages_that_it_passed_in_either_direction(desk: Desk) -> None:
    desk.record(event())
    desk.record(event("Demo Requested", at=NOON + 1))
    desk.world.now = NOON + 91 * DAY
    desk.tick()
    up, down = desk.transitions()[1:]
    assert (up.passed, up.direction, up.routes) == (("warm", "mql"), "up", ("sales",))
    assert (down.passed, down.direction, down.routes) == (("mql", "warm"), "down", ("sales",))


def test_whoever_had_the_lead_and_whoever_gets_it_are_both_concerned(desk: Desk) -> None:
    desk.record(event("Content Downloaded"))
    desk.record(event("Demo Requested", at=NOON + 1))
    assert desk.transitions()[-1].routes == ("sales", "nurture")


def test_an_unsubscribe_leaves_the_ladder_without_passing_anything(desk: Desk) -> None:
    desk.record(event("Demo Requested"))
    desk.record(event("Unsubscribed", at=NOON + 1))
    desk.record(event("Form Submitted", at=NOON + 2))
    _, out, back = desk.transitions()
    assert (out.to_stage, out.direction, out.passed, out.routes) == ("out", "down", (), ("sales",))
    assert (back.from_stage, back.to_stage, back.direction, back.passed) == ("out", "new", "up", ())


def test_an_anonymous_lead_is_told_when_it_gets_a_name_as_one_from_nothing(desk: Desk) -> None:
    desk.record(event("Content Downloaded", anonymous="a1"))
    desk.record(event("Webinar Attended", at=NOON + 1, anonymous="a1"))
    assert desk.told() == []
    desk.record(event("Identified", at=NOON + 2, anonymous="a1", email="ada@x.example"))
    (told,) = [item for item in desk.transitions() if item.publish]
    assert (told.introduces, told.to_stage, told.passed) == (True, "mql", ("new", "warm"))


def test_an_anonymous_lead_that_stands_at_the_entry_is_no_news_when_it_gets_a_name(desk: Desk) -> None:
    desk.record(event(anonymous="a1"))
    desk.record(event("Identified", at=NOON + 2, anonymous="a1", email="ada@x.example"))
    assert desk.told() == []


def test_an_import_is_quiet(desk: Desk) -> None:
    desk.record(event("Demo Requested"), cause=Cause.IMPORT)
    assert (desk.lead.stage, desk.told()) == ("sql", [])


def test_an_import_is_quiet_when_time_takes_back_what_it_brought_and_its_lead_is_news_with_its_next_rise(
    desk: Desk,
) -> None:
    read = event("Webinar Attended"), event("White Paper Read", at=NOON + 1)
    desk.record(*read, cause=Cause.IMPORT)
    assert desk.lead.stage == "mql"
    desk.world.now = NOON + 31 * DAY
    desk.tick()
    assert [(change.cause, change.to_stage) for change in desk.transitions()][-1] == (Cause.TIME, "new")
    assert desk.told() == []

    desk.record(event("Demo Requested", at=NOON + 31 * DAY))
    (told,) = [item for item in desk.transitions() if item.publish]
    assert (told.told_from, told.to_stage, told.version) == ("", "sql", desk.lead.version)


# -- a new model -------------------------------------------------------------------------------------------------------


def activate(desk: Desk, **changes: object) -> None:
    desk.world.models.activation += 1
    desk.world.models.model = small_model(**changes)


CHEAPER = [
    {"stage": "new"},
    {"stage": "mql", "at": 10, "route": "nurture"},
    {"stage": "sql", "at": 90, "route": "sales"},
]


def test_a_model_moves_leads_quietly_and_the_next_event_is_news_of_its_own(desk: Desk) -> None:
    desk.record(
        event("White Paper Read"), event("White Paper Read", at=NOON + 1), event("Webinar Attended", at=NOON + 2)
    )
    activate(desk, stages=CHEAPER)
    desk.record(event("Page Viewed", at=NOON + 3))
    assert [(item.to_stage, item.cause) for item in desk.transitions()] == [("mql", Cause.EVENT), ("sql", Cause.MODEL)]
    assert desk.told() == [("", "mql", Cause.EVENT)]
    assert (desk.lead.activation, total(desk.lead)) == (2, 91)


def test_a_tick_brings_a_lead_to_the_new_model_and_a_second_one_finds_nothing(desk: Desk) -> None:
    desk.record(event("White Paper Read"))
    activate(desk, stages=CHEAPER)
    desk.tick(Cause.MODEL)
    assert (desk.lead.stage, desk.lead.activation) == ("mql", 2)
    assert "commit" not in desk.tick(Cause.MODEL)


def test_an_event_that_lies_unfolded_in_the_log_makes_the_catching_up_its_own_news(desk: Desk) -> None:
    desk.record(event())
    desk.store.put(event("Demo Requested", at=NOON + 1), token="of a worker that died")
    activate(desk)
    desk.tick(Cause.MODEL)
    assert desk.told() == [("new", "sql", Cause.EVENT)]


# -- whose event it is -------------------------------------------------------------------------------------------------


def test_an_anonymous_visit_joins_the_person_it_turns_out_to_be(desk: Desk) -> None:
    desk.record(event("Webinar Attended", anonymous="a1"))
    desk.record(event("Form Submitted", at=NOON + 1, anonymous="a1", email="ada@x.example"))
    desk.record(event("White Paper Read", at=NOON + 2, email="ada@x.example"))
    desk.record(event("Page Viewed", at=NOON + 3, anonymous="a1"))
    assert total(desk.lead) == 66


def test_a_second_device_is_merged_into_the_known_lead_which_keeps_its_id(desk: Desk) -> None:
    desk.record(event("White Paper Read", email="ada@x.example"))
    known = desk.lead.lead
    desk.record(event("Webinar Attended", at=NOON + 1, anonymous="a2"))
    anonymous = next(lead for lead in desk.leads if lead != known)
    desk.record(event("Form Submitted", at=NOON + 2, anonymous="a2", email="ada@x.example"))
    assert (desk.lead.lead, total(desk.lead), desk.lead.stage) == (known, 65, "mql")
    assert desk.store.all_states()[anonymous].merged_into == known
    closing = desk.transitions(anonymous)[-1]
    assert (closing.to_stage, closing.routes, closing.publish) == ("", ("nurture",), False)
    assert desk.told()[-1] == ("warm", "mql", Cause.MERGE)


def test_an_event_for_a_merged_lead_goes_to_the_one_that_it_became(desk: Desk) -> None:
    test_a_second_device_is_merged_into_the_known_lead_which_keeps_its_id(desk)
    desk.store.is_stale = lambda _: True
    desk.record(event("Page Viewed", at=NOON + 9, anonymous="a2"))
    assert total(desk.lead) == 66


def test_a_copy_of_an_event_from_before_the_merge_changes_nothing_after_it(desk: Desk) -> None:
    test_a_second_device_is_merged_into_the_known_lead_which_keeps_its_id(desk)
    desk.record(event("Webinar Attended", at=NOON + 1, anonymous="a2"))
    assert total(desk.lead) == 65


@pytest.mark.parametrize("kind", ["user", "email"])
@pytest.mark.parametrize("trust", list(Trust))
def test_two_people_at_one_computer_stay_two_leads(desk: Desk, kind: str, trust: Trust) -> None:
    desk.record(event("Identified", anonymous="a1", trust=trust, **{kind: "one@x.example"}))
    desk.record(event("Webinar Attended", at=NOON + 1, anonymous="a1", trust=trust, **{kind: "two@x.example"}))
    assert sorted(total(state) for state in desk.leads.values()) == [0, 40]


def test_a_call_that_comes_again_with_one_more_name_stops_nothing(desk: Desk) -> None:
    desk.record(event("Demo Requested", message="m", anonymous="a1"))
    desk.record(event("Demo Requested", message="m", anonymous="a1", user="ada"))
    desk.record(event(at=NOON + 1, user="ada"))
    assert (desk.lead.stage, desk.lead.folded_count) == ("sql", 3)


def test_two_people_at_one_computer_in_one_batch_stay_two_leads(desk: Desk) -> None:
    desk.record(
        event(anonymous="a1"),
        event("Identified", at=NOON + 1, anonymous="a1", user="one"),
        event("Identified", at=NOON + 2, anonymous="a1", user="two"),
    )
    assert len(desk.leads) == 2


def test_a_visit_is_the_first_ones_of_a_batch_whichever_lead_is_worked_on_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.record(event(user="one"), event(user="two"), event("Webinar Attended", anonymous="a1"))
    monkeypatch.setattr("tests.use_cases.world.run_in_turn", lambda tasks: run_in_turn(tasks[::-1])[::-1])
    desk.record(
        event("Identified", at=NOON + 1, anonymous="a1", user="one"),
        event("Identified", at=NOON + 2, anonymous="a1", user="two"),
    )
    points = {name.value: total(desk.leads[desk.store.find([name])[name]]) for name in (ONE, TWO)}
    assert points == {"one": 41, "two": 1}


@pytest.mark.parametrize("trust", list(Trust))
def test_two_known_people_are_not_merged_by_an_event_that_names_both(desk: Desk, trust: Trust) -> None:
    desk.record(event(user="one"))
    desk.record(event(email="two@x.example"))
    desk.record(event("Identified", at=NOON + 1, user="one", email="two@x.example", trust=trust))
    assert len(desk.leads) == 2


def test_a_user_who_gives_an_address_for_the_first_time_is_known_by_both(desk: Desk) -> None:
    desk.record(event(user="one"))
    desk.record(event("Identified", at=NOON + 1, user="one", email="one@x.example"))
    desk.record(event("Webinar Attended", at=NOON + 2, email="one@x.example"))
    assert total(desk.lead) == 41


@pytest.mark.parametrize("lead", ["nobody", ""])
def test_a_tick_for_a_lead_that_is_not_there_does_nothing(desk: Desk, lead: str) -> None:
    desk._score(ticks_body("t", [lead], Cause.TIME))
    assert desk.leads == {}


def test_two_names_given_at_once_on_two_devices_do_not_wait_for_each_other(desk: Desk) -> None:
    desk.record(event(anonymous="a1"))
    desk.record(event(anonymous="a2"))
    desk.record(
        event("Identified", at=NOON + 1, user="ada", anonymous="a1"),
        event("Identified", at=NOON + 2, email="ada@x.example", anonymous="a2"),
        event("Identified", at=NOON + 3, email="ada@x.example", anonymous="a1"),
        event("Identified", at=NOON + 4, user="ada", anonymous="a2"),
    )
    assert sum(state.folded_count for state in desk.leads.values()) == 6


def test_a_name_that_was_given_and_never_heard_of_again_blocks_nobody_at_that_computer(desk: Desk) -> None:
    desk.record(event(anonymous="a1"))
    desk.store.link(Identifier("email", "eve@x.example"), desk.lead.lead, is_new=False)
    desk.record(event("Webinar Attended", at=NOON + 1, email="ada@x.example", anonymous="a1"))
    assert sorted(total(state) for state in desk.leads.values()) == [1, 40]


def test_a_merge_waits_for_the_first_event_where_two_workers_have_only_linked(desk: Desk) -> None:
    desk.store.link(Identifier("anonymous_id", "a1"), "A", is_new=True)
    desk.store.link(Identifier("user_id", "ada"), "K", is_new=True)
    desk.record(event("Identified", at=NOON + 2, user="ada", anonymous="a1"))
    desk.record(event("Webinar Attended", anonymous="a1"))
    desk.record(event("Signed Up", at=NOON + 1, user="ada"))
    assert (desk.lead.lead, desk.lead.engagement) == ("K", 40)


def test_a_lead_of_an_older_and_longer_model_can_be_merged(desk: Desk) -> None:
    desk.record(event("Webinar Attended", anonymous="a1"))
    desk.record(event("Page Viewed", at=NOON + 1, user="ada"))
    desk.world.models.activation = 2
    desk.world.models.model = compile_model({"model": "short", "stages": [{"stage": "new"}]})
    desk.record(event("Page Viewed", at=NOON + 2, user="ada", anonymous="a1"))
    assert (total(desk.lead), desk.lead.folded_count) == (0, 3)


def test_an_imported_merge_is_quiet(desk: Desk) -> None:
    desk.record(event("Content Downloaded", anonymous="a1"))
    desk.record(event("Page Viewed", at=NOON + 1, user="ada"))
    desk.record(event("Identified", at=NOON + 2, user="ada", anonymous="a1"), cause=Cause.IMPORT)
    assert (desk.lead.stage, desk.told()) == ("mql", [])


def test_nobody_is_told_to_let_go_of_a_lead_that_was_never_told_of(desk: Desk) -> None:
    desk.record(event("Content Downloaded", anonymous="a1"))
    desk.record(event("Demo Requested", at=NOON + 1, anonymous="a1", email="ada@x.example"))
    (told,) = [item for item in desk.store.stream if item.publish]
    assert (told.introduces, told.routes, told.direction) == (True, ("sales",), "up")


def test_a_second_address_is_tried_once_for_a_batch_and_not_with_every_event(desk: Desk) -> None:
    desk.record(event(user="ada", email="old@x.example"))
    desk.record(event(at=NOON + 1, user="ada", email="new@x.example"))
    again = [event(at=NOON + 2 + number, user="ada", email="new@x.example") for number in range(5)]
    assert desk.record(*again).count("link") == 1


class Flipping(FixedModels):
    """Another model is activated just before the n-th time that somebody asks."""

    def __init__(self, first: Model, second: Model) -> None:
        super().__init__(1, first)
        self.second = second
        self.asked_before: int | None = None

    def active(self, *, at_least: int = 0) -> tuple[int, Model]:
        if self.asked_before is not None:
            if self.asked_before == 0:
                self.activation, self.model = 2, self.second
            self.asked_before -= 1
        return super().active(at_least=at_least)


@pytest.mark.parametrize("asked_before", range(5))
def test_a_model_that_is_activated_in_the_middle_moves_leads_quietly(desk: Desk, asked_before: int) -> None:
    dear = small_model(engagement=[{"rule": "Page", "event": "Page Viewed", "points": 60}])
    models = Flipping(small_model(), dear)
    desk.world.models = desk.world.rescoring.models = models
    desk.record(event())
    models.asked_before = asked_before
    desk.record(event("Nothing", at=NOON + 1))
    assert desk.told() == []


@pytest.mark.parametrize("asked_before", range(5))
def test_a_transition_is_told_in_the_words_of_the_model_that_made_it(desk: Desk, asked_before: int) -> None:
    models = Flipping(small_model(), compile_model({"model": "short", "stages": [{"stage": "new"}]}))
    desk.world.models = desk.world.rescoring.models = models
    desk.record(event())
    models.asked_before = asked_before
    desk.record(event("Demo Requested", at=NOON + 1))
    for transition in desk.store.stream:
        assert transition.model == {1: "small", 2: "short"}[transition.activation]
        assert transition.to_stage != "sql" or transition.routes == ("sales",)


@pytest.mark.parametrize("change", ['"occurred_at":Infinity', '"occurred_at":1e999'])
def test_a_number_beyond_all_bounds_fails_alone(desk: Desk, change: str) -> None:
    body = events_body("t", [event(), event(at=NOON + 1)]).replace(f'"occurred_at":{NOON},', f"{change},")
    desk._score(body)
    assert (total(desk.lead), len(desk.world.failed_events.kept)) == (1, 1)


# -- how often a stage is told -----------------------------------------------------------------------------------------

QUIET = [{"stage": "new"}, {"stage": "mql", "at": 20, "quiet": "7d", "route": "nurture"}]


def told_stages(desk: Desk) -> list[tuple[str, bool]]:
    return [(item.to_stage, item.publish) for item in desk.store.stream]


@pytest.fixture
def mql_and_back(desk: Desk) -> Desk:
    """A desk that has told of a lead that it is an MQL, and that it is none any more."""
    activate(desk, stages=QUIET)
    desk.record(event("White Paper Read"))
    desk.record(event("Page Viewed", at=NOON + DAY, properties={"path": "/careers"}))
    assert told_stages(desk) == [("mql", True), ("new", True)]
    return desk


def test_a_stage_is_told_once_within_its_quiet_time(mql_and_back: Desk) -> None:
    mql_and_back.record(event("White Paper Read", at=NOON + 2 * DAY))
    assert told_stages(mql_and_back)[2:] == [("mql", False)]


def test_what_was_told_outlives_a_full_fold(mql_and_back: Desk) -> None:
    desk = mql_and_back
    desk.record(event("Identified", at=NOON + HOUR, traits={"title": "Director"}))
    assert "read" in desk.record(event("Identified", at=NOON, traits={"company": "Acme"}))
    desk.record(event("White Paper Read", at=NOON + 2 * DAY))
    assert told_stages(desk)[-1] == ("mql", False)


def test_what_was_told_outlives_another_model(mql_and_back: Desk) -> None:
    desk = mql_and_back
    activate(desk, stages=QUIET, engagement=[{"rule": "Paper", "event": "White Paper Read", "points": 19}])
    assert "commit" in desk.tick(Cause.MODEL)
    desk.record(event("White Paper Read", at=NOON + 2 * DAY))
    assert told_stages(desk)[2:] == [("mql", False)]


def test_what_was_told_is_forgotten_with_the_stage(mql_and_back: Desk) -> None:
    desk = mql_and_back
    activate(desk, engagement=[{"rule": "Paper", "event": "White Paper Read", "points": 19}])
    desk.tick(Cause.MODEL)
    assert desk.lead.notices == {}


# -- what is kept beside the state -------------------------------------------------------------------------------------


def test_a_full_fold_that_makes_the_same_profile_writes_none(desk: Desk) -> None:
    written = []
    commit = desk.store.commit
    desk.store.commit = lambda made: (written.append(made.profile), commit(made))[1]  # type: ignore[method-assign, assign]
    desk.record(event("Identified", at=NOON + HOUR, traits={"title": "Director"}))
    desk.record(event("Unsubscribed", at=NOON), token="late")
    assert "read_profile" in desk.record(event("Unsubscribed", at=NOON - 1))
    assert [profile is None for profile in written] == [False, True, True]


def test_a_full_fold_of_a_lead_of_whom_nobody_said_anything_reads_no_profile(desk: Desk) -> None:
    desk.record(event(at=NOON + HOUR))
    assert "read_profile" not in desk.record(event("Unsubscribed", at=NOON))


def test_what_another_model_takes_for_machine_made_is_not_in_the_profile_any_more(desk: Desk) -> None:
    desk.record(event("Link Clicked", properties={"url": "a"}, traits={"title": "Bot"}))
    desk.record(event("Link Clicked", at=NOON + 1, properties={"url": "b"}))
    bursts = [{"event": ["Link Clicked"], "each": "properties.url", "at_least": 2, "within": "1s"}]
    activate(desk, bursts=bursts)
    desk.tick(Cause.MODEL)
    assert desk.store.read_profile(desk.lead.lead) == {}


TOPIC = {"rule": "Article", "event": "Article Read", "points": 1, "once_per": "properties.topic"}


def article(topic: int, *, at: int = 0, **who: str) -> LeadEvent:
    return event("Article Read", at=NOON + (at or topic), message=f"{topic} {at}", properties={"topic": topic}, **who)


class TestMarks:
    @pytest.fixture(autouse=True)
    def _topics_count_once(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("leadscore.domain.repetition.MARKS_MAX", 2)
        activate(desk, engagement=[TOPIC])

    def outside(self, desk: Desk) -> int:
        return len(desk.store.read_marks(desk.lead.lead))

    def test_they_leave_the_state_together_and_are_read_only_where_the_state_does_not_know(self, desk: Desk) -> None:
        desk.record(article(1), article(2))
        assert "read_marks" not in desk.record(article(3))
        assert (desk.lead.marks, desk.lead.spilled_count, self.outside(desk)) == ((), 3, 3)

        assert "read_marks" in desk.record(article(1, at=10))
        assert "read_marks" in desk.record(article(4))
        assert "read_marks" not in desk.record(article(4, at=11))
        assert "read_marks" not in desk.record(event(at=NOON + 12))
        assert (total(desk.lead), desk.lead.spilled_count, self.outside(desk)) == (4, 3, 3)

    def test_further_ones_join_them(self, desk: Desk) -> None:
        for topic in range(1, 8):
            desk.record(article(topic))
        assert (len(desk.lead.marks), desk.lead.spilled_count, self.outside(desk)) == (1, 6, 6)
        desk.record(*(article(topic, at=20 + topic) for topic in range(1, 8)))
        assert total(desk.lead) == 7

    def test_a_merge_brings_those_of_both(self, desk: Desk) -> None:
        desk.record(*(article(topic, user="ada") for topic in range(1, 4)))
        desk.record(*(article(topic, anonymous="a1") for topic in range(3, 6)))
        desk.record(event("Identified", at=NOON + 9, user="ada", anonymous="a1"))
        assert (total(desk.lead), len(desk.lead.marks), self.outside(desk)) == (5, 2, 3)
        desk.record(*(article(topic, at=20 + topic, user="ada") for topic in range(1, 6)))
        assert total(desk.lead) == 5

    def test_a_full_fold_writes_them_only_where_they_differ(self, desk: Desk) -> None:
        written = []
        commit = desk.store.commit
        desk.store.commit = lambda made: (written.append(made.marks), commit(made))[1]  # type: ignore[method-assign, assign]
        desk.record(*(article(topic) for topic in range(1, 4)))
        desk.record(event("Unsubscribed", at=NOON))
        desk.record(article(9, at=-1))
        assert [marks if marks is None else len(marks) for marks in written] == [3, None, 3]
        assert (total(desk.lead), len(desk.lead.marks)) == (3, 1)

    def test_those_of_another_version_are_a_conflict_and_not_a_score(self, desk: Desk) -> None:
        desk.record(*(article(topic) for topic in range(1, 4)))
        read_marks, read = desk.store.read_marks, []

        def first_of_an_earlier_version(lead: str) -> frozenset[int]:
            read.append(lead)
            return frozenset() if len(read) == 1 else read_marks(lead)

        desk.store.read_marks = first_of_an_earlier_version  # type: ignore[method-assign]
        desk.record(article(1, at=10))
        assert (total(desk.lead), len(read), desk.world.tally.conflicts) == (3, 2, 1)


# -- reads -------------------------------------------------------------------------------------------------------------


def test_a_name_that_the_lead_keeps_in_mind_costs_no_look(desk: Desk) -> None:
    desk.record(event(anonymous="cookie"))
    desk.record(event(at=NOON + 1, user="ada", anonymous="cookie"))
    asked: list[Identifier] = []
    find = desk.store.find

    def noted(identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        asked.extend(identifiers := list(identifiers))
        return find(identifiers)

    desk.store.find = noted  # type: ignore[method-assign]
    desk.record(event(at=NOON + 2, user="ada", anonymous="cookie"))
    assert asked == [Identifier("user_id", "ada")]
    desk.record(event(at=NOON + 3, user="ada", anonymous="another"))
    assert asked[1:] == [Identifier("user_id", "ada"), Identifier("anonymous_id", "another")]


def test_a_state_that_is_old_news_costs_another_try_and_counts_nothing_twice(desk: Desk) -> None:
    desk.record(event(), token="first")
    desk.record(event("Webinar Attended", at=NOON + 1), token="second")
    desk.store.is_stale = lambda name: isinstance(name, str)
    calls = desk.record(event("White Paper Read", at=NOON + 2), token="third")
    assert (total(desk.lead), calls.count("commit")) == (66, 2)
    assert desk.record(event("White Paper Read", at=NOON + 2), token="third").count("commit") <= 1
    assert total(desk.lead) == 66
