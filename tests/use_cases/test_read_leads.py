"""What a person reads of a lead: scores of this moment, the stage as committed, and an explanation that adds up."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.adapters.memory import FixedModels
from leadscore.contracts.leads import Lead, TimelineEvent, TimelineTransition
from leadscore.contracts.moments import moment
from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.fold import fold
from leadscore.domain.reading import explain, read_state
from leadscore.domain.state import LeadState
from leadscore.use_cases import read_leads
from leadscore.use_cases.ports import Commit, ModelBehind
from leadscore.use_cases.read_leads import UnknownStage
from tests.leads import DAY, HOUR, NOON, event, small_model
from tests.use_cases.office import ADA, Office


class LaggingIndex:
    """Still lists leads that left the stage."""

    def leads_in(self, _stage: str, *, limit: int) -> list[str]:
        return ["lead1", "lead2", "gone"][:limit]


def explained(lead: Lead) -> dict[str, int]:
    return {line.rule: line.points for line in lead.explanation}


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_lead_is_its_score_stage_and_reasons(office: Office) -> None:
    office.receive(
        event("White Paper Read", at=NOON),
        event("White Paper Read", at=NOON + HOUR),
        event("Blog Subscribed", at=NOON, traits={"title": "Director of Things"}),
    )

    lead = office.ada()
    assert (lead.lead, lead.total, lead.scores) == ("lead1", 67, {"fit": 15, "engagement": 52})
    assert (lead.stage, lead.lists, lead.model, lead.version) == ("mql", ["mql"], "small", 1)
    assert lead.external_ids == {"user_id": "ada"}
    assert lead.as_of == moment(NOON + HOUR)
    assert lead.next_change_at == moment(NOON + HOUR + 30 * DAY)
    assert [line.model_dump() for line in lead.explanation] == [
        {"score": "engagement", "rule": "White paper", "points": 50, "times": 2, "last_at": moment(NOON + HOUR)},
        {"score": "fit", "rule": "Director", "points": 15, "times": 1, "last_at": moment(NOON)},
        {"score": "engagement", "rule": "Blog", "points": 2, "times": 1, "last_at": moment(NOON)},
    ]


def test_scores_are_those_of_the_moment_of_reading_and_the_stage_is_the_committed_one(office: Office) -> None:
    office.receive(event("White Paper Read", at=NOON), event("Webinar Attended", at=NOON))
    office.now = NOON + 31 * DAY

    lead = office.ada()
    assert (lead.total, lead.stage) == (15, "mql")
    assert explained(lead) == {"Quiet for 30 days": -50, "Webinar": 40, "White paper": 25}
    assert lead.as_of == moment(office.now)


def test_reading_changes_nothing(office: Office) -> None:
    office.receive(event("White Paper Read", at=NOON))
    office.now = NOON + 91 * DAY
    before = office.store.all_states()
    office.ada()
    office.reading.in_stage("warm", limit=10)

    assert office.store.all_states() == before


@pytest.mark.parametrize("activation", [1, 2])
def test_a_slow_clock_never_shows_a_lead_younger_than_it_was_committed(office: Office, activation: int) -> None:
    office.receive(event("White Paper Read", at=NOON - DAY))
    office.receive(event(at=NOON))
    office.store.commit(Commit(replace(office.store.all_states()["lead1"], version=3, as_of=NOON + DAY)))
    office.models = FixedModels(activation, small_model())

    assert office.ada().as_of == moment(NOON + DAY)


def test_a_lead_outside_the_ladder_is_on_no_list(office: Office) -> None:
    office.receive(event("White Paper Read", at=NOON), event("Unsubscribed", at=NOON + 1))

    lead = office.ada()
    assert (lead.stage, lead.lists, lead.total) == ("out", [], 0)
    assert explained(lead) == {"Unsubscribed": -25, "White paper": 25}


def test_a_lead_has_all_that_its_model_has_and_every_score_of_its_own_is_explained(office: Office) -> None:
    office.models = FixedModels(
        1,
        small_model(
            scores=[{"score": "security", "stages": [{"stage": "interested", "at": 20}]}],
            grade={"start": "C", "criteria": [{"rule": "Leads", "thirds": 4, "when": {"title": ["Director"]}}]},
            matrix={"grade": ["B", "C"], "engagement": [50, 25]},
            priority={"hot": ["A1", "A2"]},
            engagement=[
                {"rule": "White paper", "event": "White Paper Read", "points": 25},
                {"rule": "Security paper", "event": "White Paper Read", "points": 30, "score": ["security"]},
                {"rule": "Careers page", "event": "Page Viewed", "points": -5, "score": ["security"]},
            ],
        ),
    )
    office.receive(event("White Paper Read", at=NOON, traits={"title": "Director"}), event(at=NOON + HOUR))

    lead = office.ada()
    assert (lead.total, lead.scores) == (40, {"fit": 15, "engagement": 25, "security": 25})
    assert (lead.grade, lead.matrix, lead.priority) == ("B+", "A2", "hot")
    assert (lead.stage, lead.lists, lead.activity) == ("warm", ["warm", "security/interested"], "active")
    assert explained(lead) == {"White paper": 25, "Director": 15}
    assert {score: {line.rule: line.points for line in lines} for score, lines in lead.explanations.items()} == {
        "security": {"Security paper": 30, "Careers page": -5},
        "grade": {"Leads": 4},
    }
    (summary,) = office.reading.in_stage("warm", limit=10).leads
    assert summary.model_dump() == lead.model_dump(include=set(type(summary).model_fields))


@pytest.mark.parametrize(
    ("events", "after", "activity"),
    [
        ([event("Consent Given")], DAY, "never"),
        ([event("White Paper Read")], DAY, "active"),
        ([event("White Paper Read")], 31 * DAY, "quiet"),
    ],
)
def test_never_active_and_gone_quiet_are_told_apart(
    office: Office, events: list[LeadEvent], after: int, activity: str
) -> None:
    office.receive(*events)
    office.now = NOON + after

    assert office.ada().activity == activity


@settings(max_examples=60, deadline=None)
@given(
    events=st.lists(
        st.builds(
            event,
            st.sampled_from(["Page Viewed", "White Paper Read", "Unsubscribed", "Form Submitted", "Lead Disqualified"]),
            at=st.integers(NOON - 100 * DAY, NOON),
            message=st.uuids().map(str),
            properties=st.sampled_from([{}, {"path": "/careers/now"}]),
            traits=st.sampled_from([{}, {"title": "Director"}, {"email": "x@competitor.example"}]),
        ),
        min_size=1,
        max_size=12,
    ),
    later=st.integers(0, 100 * DAY),
    other_model=st.booleans(),
)
def test_the_explanation_always_adds_up_to_the_total(events: list[LeadEvent], later: int, other_model: bool) -> None:
    office = Office()
    office.receive(*events)
    office.now = NOON + later
    if other_model:
        rules = [{"rule": "Other paper", "event": "White Paper Read", "points": 7}]
        office.models = FixedModels(2, small_model(engagement=rules))

    lead = office.ada()
    assert sum(line.points for line in lead.explanation) == lead.total == sum(lead.scores.values())


# -- the timeline ------------------------------------------------------------------------------------------------------


def test_the_timeline_tells_events_and_transitions_newest_first(office: Office) -> None:
    office.receive(event("Blog Subscribed", at=NOON, source="website", trust=Trust.PUBLIC))
    office.receive(event("Demo Requested", at=NOON + HOUR, properties={"form": "demo", "seats": 40}))

    assert [entry.model_dump() for entry in office.ada().timeline] == [
        {
            "type": "transition",
            "at": moment(NOON + HOUR),
            "from": "new",
            "to": "sql",
            "entered": [],
            "left": [],
            "cause": "event",
        },
        {
            "type": "event",
            "at": moment(NOON + HOUR),
            "name": "Demo Requested",
            "source": "backend",
            "trust": "server",
            "properties": {"form": "demo", "seats": 40},
        },
        {
            "type": "transition",
            "at": moment(NOON),
            "from": None,
            "to": "new",
            "entered": [],
            "left": [],
            "cause": "event",
        },
        {
            "type": "event",
            "at": moment(NOON),
            "name": "Blog Subscribed",
            "source": "website",
            "trust": "public",
            "properties": {},
        },
    ]


def test_the_timeline_tells_the_lists_that_a_lead_came_into_and_fell_out_of(office: Office) -> None:
    ladder = [{"stage": "interested", "at": 20}]
    security = {"rule": "Security paper", "event": "White Paper Read", "points": 30, "score": ["security"]}
    office.models = FixedModels(
        1, small_model(scores=[{"score": "security", "stages": ladder}], engagement=[security], fit=[])
    )
    office.receive(event("Blog Subscribed", at=NOON))
    office.receive(event("White Paper Read", at=NOON + HOUR))
    office.receive(event("Unsubscribed", at=NOON + 2 * HOUR))

    told = [entry for entry in office.ada().timeline if isinstance(entry, TimelineTransition)]
    assert [(entry.from_stage, entry.to_stage, entry.entered, entry.left) for entry in told] == [
        ("new", "out", [], ["security/interested"]),
        ("new", "new", ["security/interested"], []),
        (None, "new", [], []),
    ]


def test_the_timeline_shows_the_latest_hundred_and_says_that_there_were_more(office: Office) -> None:
    office.receive(*(event(at=NOON + number, message=f"view {number}") for number in range(120)))

    lead = office.ada()
    assert len(lead.timeline) == 100
    assert not lead.timeline_complete
    times = [entry.at for entry in lead.timeline]
    assert times == sorted(times, reverse=True)
    assert times[0] == moment(NOON + 119)


def test_a_short_timeline_says_that_it_is_complete(office: Office) -> None:
    office.receive(event())

    assert office.ada().timeline_complete


def test_the_events_of_a_lead_with_too_many_are_not_read_and_the_timeline_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.receive(*(event(at=NOON + number, message=f"view {number}") for number in range(6)))
    monkeypatch.setattr(read_leads, "TIMELINE_EVENTS_READ_MAX", 5)
    calls: list[str] = []
    office.store.before_call = calls.append

    lead = office.ada()
    assert [type(entry) for entry in lead.timeline] == [TimelineTransition]
    assert not lead.timeline_complete
    assert lead.total == 6
    assert "read" not in calls


def test_the_timeline_takes_an_excerpt_of_an_events_properties(office: Office) -> None:
    properties = {"text": "x" * 5_000, "items": [1, 2], "nested": {"a": 1}, "nothing": None, "ok": True}
    properties |= {f"number {number}": number for number in range(50)}
    office.receive(event(properties=properties))

    told = next(entry for entry in office.ada().timeline if isinstance(entry, TimelineEvent)).properties
    assert len(told) == 20
    assert told["text"] == "x" * 200
    assert told["ok"] is True
    assert told["number 0"] == 0
    assert not {"items", "nested", "nothing"} & told.keys()


# -- models and merges -------------------------------------------------------------------------------------------------


def test_a_lead_that_still_waits_for_a_new_model_is_shown_under_it_in_its_committed_stage(office: Office) -> None:
    office.receive(event("White Paper Read", at=NOON))
    rules = [{"rule": "Valuable paper", "event": "White Paper Read", "points": 60}]
    office.models = FixedModels(2, small_model(model="second", engagement=rules))
    office.now = NOON + HOUR

    lead = office.ada()
    assert (lead.total, lead.stage, lead.model, lead.version) == (60, "warm", "second", 1)
    assert explained(lead) == {"Valuable paper": 60}
    assert lead.as_of == moment(NOON + HOUR)


def test_a_lead_scored_by_a_newer_model_than_is_seen_here_is_not_shown_wrong(office: Office) -> None:
    office.store.commit(Commit(LeadState("lead1", version=1, activation=9, stage="new")))

    with pytest.raises(ModelBehind):
        office.reading.read("lead1")
    with pytest.raises(ModelBehind):
        office.reading.in_stage("new", limit=10)


def test_a_merged_lead_shows_the_lead_that_it_became_part_of(office: Office) -> None:
    office.receive(event(at=NOON, anonymous="browser"))
    office.receive(event("White Paper Read", at=NOON + 1))
    office.receive(event("Blog Subscribed", at=NOON + 2, user="ada", anonymous="browser"))

    former = office.reading.read("lead1")
    assert former is not None
    assert (former.lead, former.total) == ("lead2", 28)
    assert former == office.ada() == office.reading.find(Identifier("anonymous_id", "browser"))


def test_what_nobody_knows_is_no_lead(office: Office) -> None:
    assert office.reading.read("nobody") is None
    assert office.reading.find(Identifier("email", "nobody@x.example")) is None


def test_an_identifier_whose_lead_has_no_score_yet_is_no_lead_yet(office: Office) -> None:
    office.store.link(ADA, "lead1", is_new=True)

    assert office.reading.find(ADA) is None


# -- lists -------------------------------------------------------------------------------------------------------------


def people(count: int, *, event_name: str = "White Paper Read") -> Iterable[LeadEvent]:
    for number in range(count):
        yield event(event_name, user=f"user {number}", at=NOON)
        for view in range(number):
            yield event(user=f"user {number}", at=NOON + view, message=f"{number}/{view}")


def test_a_stage_lists_its_leads_by_total(office: Office) -> None:
    office.receive(*people(5), event("Demo Requested", user="elsewhere", at=NOON))

    listed = office.reading.in_stage("warm", limit=3)
    assert [summary.total for summary in listed.leads] == [29, 28, 27]
    assert (listed.stage, listed.truncated) == ("warm", False)
    assert {summary.stage for summary in listed.leads} == {"warm"}


def test_a_list_shows_the_same_scores_as_the_leads_themselves(office: Office) -> None:
    office.receive(*people(3))
    office.now = NOON + 31 * DAY

    for summary in office.reading.in_stage("warm", limit=10).leads:
        lead = office.reading.read(summary.lead)
        assert lead is not None
        assert summary.model_dump() == lead.model_dump(include=set(type(summary).model_fields))


def test_a_stage_with_more_leads_than_are_looked_at_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_leads, "STAGE_LEADS_MAX", 4)
    office.receive(*people(5))

    listed = office.reading.in_stage("warm", limit=100)
    assert len(listed.leads) == 4
    assert listed.truncated


def test_a_list_shows_leads_of_another_activation_with_their_committed_scores_as_the_model_at_hand_shows_them(
    office: Office,
) -> None:
    office.models = FixedModels(1, small_model(scores=[{"score": "security", "decay": {"half_life": "1d"}}]))
    office.receive(event("White Paper Read", at=NOON))
    changes = {"scores": [{"score": "engagement", "cap": 20}], "matrix": {"fit": [50], "engagement": [20]}}
    office.models = FixedModels(2, small_model(engagement=[], **changes))
    office.now = NOON + 31 * DAY

    (summary,) = office.reading.in_stage("warm", limit=10).leads
    assert (summary.total, summary.scores) == (20, {"fit": 0, "engagement": 20})
    assert (summary.matrix, summary.next_change_at) == ("B1", None)


def test_a_list_makes_no_explanation(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.receive(*people(3))
    monkeypatch.setattr("leadscore.domain.reading.shown_lines", None)

    assert len(office.reading.in_stage("warm", limit=10).leads) == 3


def test_what_another_model_gave_is_left_out_of_an_explanation_under_this_one() -> None:
    state, _ = fold([event("White Paper Read")], small_model(), activation=1, lead="L", as_of=NOON)
    other = small_model(engagement=[])

    assert explain(state, other) == []
    assert read_state(state, other).total == 25


def test_the_index_may_lag_behind_and_the_list_still_has_the_stage_only(office: Office) -> None:
    office.receive(event("White Paper Read", at=NOON), event("Demo Requested", user="bo", at=NOON))
    reading = replace(office.reading, index=LaggingIndex())

    assert [summary.lead for summary in reading.in_stage("sql", limit=10).leads] == ["lead2"]


@pytest.mark.parametrize("stage", ["new", "sql", "out", "disqualified"])
def test_an_empty_stage_is_an_empty_list(office: Office, stage: str) -> None:
    assert office.reading.in_stage(stage, limit=10).leads == []


def test_a_stage_that_the_model_does_not_have_is_an_error(office: Office) -> None:
    with pytest.raises(UnknownStage):
        office.reading.in_stage("hot", limit=10)


def test_a_stage_that_only_leads_of_an_older_model_are_in_is_listed(office: Office) -> None:
    office.receive(event("White Paper Read", at=NOON))
    office.models = FixedModels(2, small_model(stages=[{"stage": "new"}], set_stage=[], fast_track=[]))

    assert len(office.reading.in_stage("warm", limit=10).leads) == 1
