"""Published cases of lead scoring, through the fold."""

from random import Random

import pytest

from leadscore.contracts.model_file import load_model, read_model
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import extend, fold, stage_changes
from leadscore.domain.model import Model
from leadscore.domain.reading import read_state
from leadscore.domain.state import LeadState, Profile
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form import read_form
from leadscore.ingest.segment import read_call
from tests.golden.cases import Case, Expected, Lead, Play, Request, all_cases, shipped
from tests.leads import DAY, NOON, event

CASES = all_cases()
TRUST = {"server": Trust.SERVER, "public": Trust.PUBLIC}
LEADS = [pytest.param(case, lead, id=f"{case.id}: {lead.name}") for case in CASES for lead in case.leads]
#: G8 and G9 are about models and thresholds: below. G15 is about what becomes of leads: tests/use_cases.
IN_FILES = (*(f"G{number}" for number in (*range(1, 8), *range(10, 15), 16)), "frappe/crm", "Lead Liaison")


@pytest.mark.parametrize(("case", "lead"), LEADS)
def test_a_published_case_comes_out_as_published(case: Case, lead: Lead) -> None:
    model = compile_model(case.model or load_model(shipped("b2b"), name="b2b.yaml"))
    events: list[LeadEvent] = []
    for play in lead.plays(user_id="ada", now=NOON):
        events += [event_of(request) for request in play.requests]
        assert scored(events, model, play) == play.expected


@pytest.mark.parametrize(("case", "lead"), LEADS)
def test_a_published_case_comes_out_the_same_step_by_step(case: Case, lead: Lead) -> None:
    """What the deployed stack does: it goes on from where it was."""
    model = compile_model(case.model or load_model(shipped("b2b"), name="b2b.yaml"))
    state = LeadState("L", spilled=frozenset())
    profile: Profile | None = {}
    events: list[LeadEvent] = []
    for play in lead.plays(user_id="ada", now=NOON):
        told = [event_of(request) for request in play.requests]
        events += told
        state, profile = extend(state, told, model, profile=profile, as_of=play.as_of)
        anew, _ = fold(events, model, activation=0, lead="L", as_of=play.as_of)
        assert read_state(state, model) == read_state(anew, model)


def test_no_case_is_missing() -> None:
    assert {case.id for case in CASES} >= set(IN_FILES)
    assert {case.id.split(":")[0] for case in CASES} >= {"Pardot", "Marketo", "HubSpot"}


def test_every_case_says_where_it_was_published() -> None:
    assert all(case.source for case in CASES)


# -- G8: with a threshold of 50, a rule above 25 is one to look at again ---------------------------------------------


@pytest.mark.parametrize(("points", "warned"), [(25, False), (26, True), (50, True)])
def test_a_rule_above_half_of_what_makes_an_mql_is_doubted(points: int, warned: bool) -> None:
    file = read_model(one_rule(points, mql=50), name="m.yaml")
    assert [problem.path for problem in file.warnings] == ["engagement[0].points"] * warned


@pytest.mark.parametrize(("times", "stage"), [(1, "new"), (2, "mql")])
def test_two_times_half_of_what_makes_an_mql_make_an_mql(times: int, stage: str) -> None:
    model = compile_model(load_model(one_rule(25, mql=50), name="m.yaml"))
    happened = [event("Asset Read", at=NOON + n) for n in range(times)]
    state, _ = fold(happened, model, activation=1, lead="L", as_of=NOON + times)
    assert state.stage == stage


def one_rule(points: int, *, mql: int) -> str:
    stages = f"stages: [stage: new, {{stage: mql, at: {mql}}}]"
    return f"model: m\n{stages}\nengagement: [{{rule: Asset, event: Asset Read, points: {points}}}]"


# -- G9: the higher the threshold, the fewer are MQL, and whoever is would be by a lower one -------------------------


def test_a_higher_threshold_never_makes_more_mqls() -> None:
    rng = Random(9)
    names = ["Page Viewed", "Email Link Clicked", "Webinar Attended", "Trial Started", "Meeting Canceled"]
    histories = [
        [event(rng.choice(names), at=NOON + n * DAY, properties={"webinar_id": n}) for n in range(rng.randrange(12))]
        for _ in range(200)
    ]
    found = [mqls(histories, threshold) for threshold in (50, 75, 100)]
    assert found[0] > found[1] > found[2] > set()


def mqls(histories: list[list[LeadEvent]], threshold: int) -> set[int]:
    document = load_model(shipped("b2b"), name="b2b.yaml")
    stages = [{"stage": "new"}, {"stage": "mql", "at": threshold}]
    model = compile_model({**document, "stages": stages, "fast_track": [], "set_stage": []})
    return {
        number
        for number, events in enumerate(histories)
        if any(change.to_stage == "mql" for change in stage_changes(events, model, as_of=NOON + 20 * DAY))
    }


def scored(events: list[LeadEvent], model: Model, play: Play) -> Expected:
    """What the fold says, in as much detail as is expected."""
    state, _ = fold(events, model, activation=1, lead="L", as_of=play.as_of)
    reading = read_state(state, model)
    assert sum(line.points for line in reading.explanation) == reading.total
    expected = play.expected
    return Expected(
        total=reading.total,
        stage=reading.stage,
        lines={line.rule: line.points for line in reading.explanation if line.points},
        fit=None if expected.fit is None else reading.scores["fit"],
        engagement=None if expected.engagement is None else reading.scores["engagement"],
        scores=None if expected.scores is None else {name: reading.scores[name] for name in expected.scores},
        grade=None if expected.grade is None else reading.grade,
        lists=None if expected.lists is None else list(reading.lists),
    )


def event_of(request: Request) -> LeadEvent:
    arrival = Arrival(request.source, TRUST[request.source], request.occurred_at, new_id=lambda: "never asked")
    kind, name = request.path.strip("/").split("/")
    if kind == "forms":
        return read_form(name, request.body, arrival, visitor=None, page_url="", user_agent="")
    event = read_call(request.body, name, arrival)
    assert event is not None
    return event
