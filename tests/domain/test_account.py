"""Which company a lead belongs to, and what its leads give a company."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.account import ACCOUNT_BYTES_MAX, account_of, account_of_lead, account_score, points_for_account
from leadscore.domain.event import Trust
from leadscore.domain.fold import extend, fold
from leadscore.domain.rules import Accounts, Combine
from leadscore.domain.state import LeadState, Trait
from tests.leads import NOON, event, small_model

MODEL = small_model(accounts={"score": "sum"})
ACME = {"email": "ada@acme.com", "email_domain": "acme.com", "email_kind": "business"}
FREE = {"email": "ada@gmail.com", "email_domain": "gmail.com", "email_kind": "free"}


def account(*said: tuple[dict[str, Any], Trust]) -> str:
    profile = {name: Trait(value, trust, NOON, "") for traits, trust in said for name, value in traits.items()}
    return account_of(profile)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], ""),
        ([({"account": "acme-1"}, Trust.SERVER)], "acme-1"),
        ([({"account": "acme-1"}, Trust.PUBLIC)], "acme-1"),
        ([(ACME, Trust.DECLARED)], "acme.com"),
        ([(ACME, Trust.DECLARED), ({"account": "acme-1"}, Trust.SERVER)], "acme-1"),
        ([(ACME, Trust.DECLARED), ({"account": "rival"}, Trust.PUBLIC)], "acme.com"),
        ([(FREE, Trust.DECLARED), ({"account": "acme-1"}, Trust.PUBLIC)], "acme-1"),
        ([(FREE, Trust.SERVER)], ""),
        ([({**ACME, "email_kind": "role"}, Trust.DECLARED)], "acme.com"),
        ([({**ACME, "email_kind": "disposable"}, Trust.DECLARED)], ""),
        ([({**ACME, "email_kind": "fake"}, Trust.DECLARED)], ""),
        ([(ACME, Trust.DECLARED), ({"account": None}, Trust.SERVER)], "acme.com"),
        ([(ACME, Trust.DECLARED), ({"account": ""}, Trust.SERVER)], "acme.com"),
        ([({"account": 42}, Trust.SERVER)], "42"),
        ([({"account": "  Acme, Inc. "}, Trust.SERVER)], "Acme, Inc."),
        ([({"account": "x" * ACCOUNT_BYTES_MAX}, Trust.SERVER)], "x" * ACCOUNT_BYTES_MAX),
        ([({"account": "x" * (ACCOUNT_BYTES_MAX + 1)}, Trust.SERVER), (ACME, Trust.DECLARED)], "acme.com"),
        ([({"account": "two\nlines"}, Trust.SERVER)], ""),
        ([({"account": "\ud800"}, Trust.SERVER)], ""),
        ([({"account": True}, Trust.SERVER)], ""),
        ([({"account": {"name": "Acme"}}, Trust.SERVER)], ""),
    ],
)  # fmt: skip
def test_a_servers_word_counts_before_the_address_and_that_before_anybody_elses(
    said: list[tuple[dict[str, Any], Trust]], expected: str
) -> None:
    assert account(*said) == expected


@given(
    st.dictionaries(st.sampled_from(["account", "email_domain", "email_kind"]), st.text() | st.integers() | st.none())
)
def test_an_account_is_a_short_printable_text_whatever_was_said(traits: dict[str, Any]) -> None:
    named = account((traits, Trust.SERVER))
    assert named.isprintable()
    assert len(named.encode()) <= ACCOUNT_BYTES_MAX


def folded(*events: Any, model: Any = MODEL) -> LeadState:
    return fold(events, model, activation=1, lead="L", as_of=NOON + 10)[0]


def test_the_state_keeps_the_account_only_where_the_model_has_accounts() -> None:
    said = event("Identified", traits=ACME)
    assert folded(said).account == "acme.com"
    assert folded(said, model=small_model()).account == ""


def test_a_step_finds_the_account_that_a_full_fold_finds() -> None:
    said = [event("Identified", traits=ACME), event(at=NOON + 1), event("Identified", at=NOON + 2, traits=FREE)]
    state, profile = fold(said[:1], MODEL, activation=1, lead="L", as_of=NOON)
    state, _ = extend(state, said[1:2], MODEL, profile=None, as_of=NOON + 1)
    assert state.account == "acme.com"
    state, _ = extend(state, said[2:], MODEL, profile=profile, as_of=NOON + 2)
    assert state.account == folded(*said).account == ""


def test_only_somebody_counts_for_an_account() -> None:
    visitor = event("Grouped", anonymous="v", traits={"account": "acme-1"})
    known = event("Page Viewed", at=NOON + 1, anonymous="v", user="ada")
    assert account_of_lead(folded(visitor)) == ""
    assert account_of_lead(folded(visitor, known)) == "acme-1"
    closed = folded(visitor, known)
    closed.merged_into = "W"
    assert account_of_lead(closed) == ""


def test_a_lead_brings_the_score_that_people_see() -> None:
    model = small_model(accounts={"score": "sum"}, scores=[{"score": "total", "cap": 30}])
    state = folded(event("Webinar Attended"), model=model)
    assert model.accounts is not None
    assert points_for_account(state, model, model.accounts) == 30
    assert points_for_account(state, model, model.accounts._replace(of="engagement")) == 40


@pytest.mark.parametrize(("combine", "expected"), [(Combine.SUM, 72), (Combine.MAXIMUM, 50), (Combine.TOP, 80)])
def test_an_accounts_score_is_the_sum_the_highest_or_the_sum_of_the_top_ones(combine: Combine, expected: int) -> None:
    accounts = Accounts(combine, 2, "total")
    assert account_score([-10, 30, 50, 2], accounts) == expected
    assert account_score([], accounts) == 0
