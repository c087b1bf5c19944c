"""What is read of a company: its score at the moment of reading, and its leads, the best first."""

from typing import Any

import pytest

from leadscore.adapters.memory import FixedModels
from leadscore.domain.event import LeadEvent
from leadscore.use_cases import read_leads
from leadscore.use_cases.messages import events_body
from tests.leads import DAY, NOON, event, small_model
from tests.use_cases.office import ADA, Office

ACME = {"email_domain": "acme.com", "email_kind": "business"}


def office(**accounts: Any) -> Office:
    return Office(models=FixedModels(1, small_model(accounts=accounts or {"score": "sum"})))


def said(name: str, user: str, *, at: int = NOON, traits: dict[str, Any] | None = None) -> LeadEvent:
    return event(name, user=user, at=at, traits=ACME if traits is None else traits)


def test_a_company_is_shown_with_its_leads_those_first_that_bring_it_most() -> None:
    desk = office()
    desk.receive(said("Page Viewed", "ada"), said("Webinar Attended", "bob"), said("White Paper Read", "eve"))
    desk.receive(said("Webinar Attended", "dan", traits={"account": "initech"}))
    found = desk.reading.account("acme.com", limit=2)
    assert found is not None
    assert (found.score, found.leads, found.is_current, found.truncated) == (66, 3, True, True)
    assert [(lead.total, lead.stage) for lead in found.members] == [(40, "warm"), (25, "warm")]


def test_its_score_is_that_of_the_moment_and_a_lead_has_the_one_last_counted() -> None:
    desk = office()
    desk.receive(said("Webinar Attended", "ada"), said("Webinar Attended", "ada", at=NOON + 1))
    desk.now = NOON + 31 * DAY
    found, lead = desk.reading.account("acme.com", limit=10), desk.ada()
    assert found is not None
    assert (found.score, found.as_of) == (30, "2026-04-01T12:00:00.000Z")
    assert lead.account is not None
    assert (lead.total, lead.account.score, lead.account.as_of) == (30, 80, "2026-03-01T12:00:00.001Z")


def test_it_is_made_as_the_model_in_force_says() -> None:
    desk = office(score="top", leads=1, of="engagement")
    desk.receive(said("Page Viewed", "ada"), said("Webinar Attended", "bob"))
    found = desk.reading.account("acme.com", limit=10)
    assert found is not None
    assert found.score == 40


def test_of_a_very_large_company_the_score_is_as_last_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_leads, "ACCOUNT_LEADS_MAX", 2)
    desk = office()
    desk.receive(*(said(name, name) for name in ("Page Viewed", "Webinar Attended", "White Paper Read")))
    desk.now = NOON + 31 * DAY
    found = desk.reading.account("acme.com", limit=10)
    assert found is not None
    assert (found.score, found.leads, found.is_current, found.truncated) == (66, 3, False, True)
    assert found.as_of == "2026-03-01T12:00:00.000Z"
    assert len(found.members) == 2


def test_who_has_left_already_is_not_shown_though_nobody_counted_yet() -> None:
    desk = office()
    desk.receive(said("Page Viewed", "ada"), said("Page Viewed", "bob"))
    desk._score(events_body("t2", [said("Page Viewed", "ada", at=NOON + 1, traits={"account": "initech"})]))
    found = desk.reading.account("acme.com", limit=10)
    assert found is not None
    assert (found.score, found.leads) == (1, 1)
    assert desk.ada().account is None, "the other company is not counted yet"


def test_there_is_no_company_without_leads_or_without_accounts_in_the_model() -> None:
    desk = office()
    assert desk.reading.account("acme.com", limit=10) is None
    desk.receive(said("Page Viewed", "ada"))
    desk.receive(said("Page Viewed", "ada", at=NOON + 1, traits={"account": "initech"}))
    assert desk.reading.account("acme.com", limit=10) is None
    assert desk.reading.account("initech", limit=10) is not None
    desk.models.activation, desk.models.model = 2, small_model()
    assert desk.reading.account("initech", limit=10) is None
    assert desk.ada().account is None
    assert desk.reading.find(ADA) is not None
