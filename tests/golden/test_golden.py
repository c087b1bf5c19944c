"""Published cases of lead scoring, through the fold."""

import pytest

from leadscore.adapters.models import shipped_text
from leadscore.contracts.model_file import load_model
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import fold
from leadscore.domain.model import Model, compile_model
from leadscore.domain.reading import read_state
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form import read_form
from leadscore.ingest.segment import read_call
from tests.golden.cases import Case, Expected, Lead, Request, cases
from tests.leads import NOON

CASES = cases()
TRUST = {"server": Trust.SERVER, "public": Trust.PUBLIC}
LEADS = [pytest.param(case, lead, id=f"{case.id}: {lead.name}") for case in CASES for lead in case.leads]


@pytest.mark.parametrize(("case", "lead"), LEADS)
def test_a_published_case_comes_out_as_published(case: Case, lead: Lead) -> None:
    model = compile_model(case.model or load_model(shipped_text(), name="b2b.yaml"))
    events: list[LeadEvent] = []
    for requests, expected in lead.requests(user_id="ada", now=NOON):
        events += [event_of(request) for request in requests]
        assert scored(events, model, expected) == expected


def test_no_case_is_missing() -> None:
    assert {case.id for case in CASES} >= {"G1", "G2", "G3", "G4", "G5", "G6", "G7", "G10", "G11", "G12", "G13"}


def scored(events: list[LeadEvent], model: Model, expected: Expected) -> Expected:
    """What the fold says, in as much detail as is expected."""
    state, _ = fold(events, model, activation=1, lead="L", as_of=NOON)
    reading = read_state(state, model)
    assert sum(line.points for line in reading.explanation) == reading.total
    return Expected(
        total=reading.total,
        stage=reading.stage,
        lines={line.rule: line.points for line in reading.explanation if line.points},
        fit=None if expected.fit is None else reading.scores["fit"],
        engagement=None if expected.engagement is None else reading.scores["engagement"],
    )


def event_of(request: Request) -> LeadEvent:
    arrival = Arrival(request.source, TRUST[request.source], request.occurred_at, new_id=lambda: "never asked")
    kind, name = request.path.strip("/").split("/")
    if kind == "forms":
        return read_form(name, request.body, arrival, visitor=None, page_url="", user_agent="")
    event = read_call(request.body, name, arrival)
    assert event is not None
    return event
