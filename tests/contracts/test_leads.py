"""What the leads API takes: one identifier, in the one form in which events carry it."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadscore.contracts.leads import LEAD_ID, InvalidRequest, LeadLookup, StageQuery
from leadscore.domain.event import IDENTIFIER_BYTES_MAX, Identifier
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.rejection import Rejected


def looked_up(**named: Any) -> Identifier:
    return LeadLookup.of(json.dumps(named)).identifier


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"user_id": " u-1 "}, ("user_id", "u-1")),
        ({"user_id": 42}, ("user_id", "42")),
        ({"email": "Ada@X.example"}, ("email", "ada@x.example")),
        ({"anonymous_id": "e\u0301"}, ("anonymous_id", "\u00e9")),
        ({"external_id": {"type": "hubspot", "id": " 51 "}}, ("hubspot", "51")),
        ({"external_id": {"type": "crm_2", "id": 51}}, ("crm_2", "51")),
    ],
)
def test_an_identifier_is_normalised(named: dict[str, Any], found: tuple[str, str]) -> None:
    assert looked_up(**named) == Identifier(*found)


@given(st.text(max_size=80))
@example("\u0130@x.example")
@example("\u1e9b\u0323")
def test_whatever_an_event_names_a_lead_by_a_lookup_finds_it_by(text: str) -> None:
    try:
        user_id = identifier("user_id", text)
    except Rejected:
        user_id = None
    if user_id is not None:
        assert looked_up(user_id=text).value == user_id
        assert looked_up(anonymous_id=user_id).value == user_id


@given(st.text(min_size=1, max_size=30).map(lambda text: f"{text}@x.example"))
@example(" \u0130\u0301A@X.example")
def test_whatever_address_an_event_names_a_lead_by_a_lookup_finds_it_by(text: str) -> None:
    address = email_address(text)
    if address is not None:
        assert looked_up(email=text).value == address
        assert looked_up(email=address).value == address


@pytest.mark.parametrize("kind", ["user_id", "email", "anonymous_id", "HubSpot", "", "a b", "x" * 33, "a:b"])
def test_an_external_id_is_of_a_type_that_events_have(kind: str) -> None:
    with pytest.raises(InvalidRequest, match=r"external_id.*type of an external id"):
        looked_up(external_id={"type": kind, "id": "51"})


def test_an_identifier_longer_than_any_event_has_is_refused() -> None:
    assert looked_up(user_id="x" * IDENTIFIER_BYTES_MAX)
    with pytest.raises(InvalidRequest, match="user_id: an identifier has 1 to 256 bytes"):
        looked_up(user_id="x" * (IDENTIFIER_BYTES_MAX + 1))


@pytest.mark.parametrize("named", [{}, {"email": None}, {"user_id": "u", "email": "a@x.example"}])
def test_exactly_one_identifier_is_given(named: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="give exactly one of user_id, email, anonymous_id"):
        looked_up(**named)


def test_an_unknown_field_is_named_nowhere() -> None:
    with pytest.raises(InvalidRequest) as refused:
        looked_up(**{"user_id": "u", "ada@x.example": "secret"})

    assert str(refused.value) == "unknown field: see docs/api.md for the known ones"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_stage_is_listed_by_a_hundred_unless_said_otherwise() -> None:
    assert StageQuery.of({"stage": "mql"}).limit == 100
    assert StageQuery.of({"stage": "mql", "limit": "7"}).limit == 7


@pytest.mark.parametrize("lead", ["9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d", "lead-1", "A_b"])
def test_a_leads_id_fits_a_path(lead: str) -> None:
    assert LEAD_ID.fullmatch(lead)
