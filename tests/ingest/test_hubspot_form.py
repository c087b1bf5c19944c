"""HubSpot's Forms API, as its clients send to it: at its own path and as any form's JSON."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import Trust
from leadscore.ingest.http import Response
from leadscore.ingest.hubspot_form import read_hubspot_post, read_older_hubspot_post
from leadscore.ingest.rejection import Rejected
from tests.ingest.door import NOON, PUBLIC_KEY, Door, document, identifiers, told

FORM = "2b8ac4f1-9c3e-4d5b-8a7f-6e5d4c3b2a10"
PATH = f"/submissions/v3/integration/submit/62515/{FORM}"
POST: dict[str, Any] = {
    "submittedAt": str(NOON - 60_000),
    "fields": [
        {"objectTypeId": "0-1", "name": "email", "value": "Ada@Northwind.example"},
        {"objectTypeId": "0-1", "name": "firstname", "value": "Ada"},
        {"objectTypeId": "0-1", "name": "jobtitle", "value": "CTO"},
        {"objectTypeId": "0-2", "name": "name", "value": "Northwind"},
        {"objectTypeId": "0-2", "name": "numberofemployees", "value": "250"},
        {"name": "what_to_see", "value": "The reports"},
    ],
    "context": {
        "hutk": "60c2ccdfe4892f0fa0593940b12c11aa",
        "pageUri": "https://www.example.com/demo?utm_source=newsletter",
        "pageName": "Request a demo",
        "ipAddress": "203.0.113.9",
    },
    "legalConsentOptions": {
        "consent": {
            "consentToProcess": True,
            "text": "I agree.",
            "communications": [{"value": False, "subscriptionTypeId": 999, "text": "News"}],
        }
    },
}


def test_hubspots_hidden_fields_are_a_touch() -> None:
    hidden = [{"name": "utm_source", "value": "linkedin"}, {"name": "hs_facebook_click_id", "value": "fb.1"}]
    door = Door()
    door.post(PATH, {**POST, "fields": [*POST["fields"], *hidden]}, key=None, query=f"writeKey={PUBLIC_KEY}")
    assert (door.event.context["channel"], door.event.context["campaign"]) == ("social", {"source": "linkedin"})
    assert door.event.context["click_ids"] == {"fbclid": "fb.1"}


def test_a_page_whose_address_is_longer_than_any_is_left_out_of_the_event() -> None:
    door = Door()
    address = "https://www.example.com/?utm_source=" + "x" * 400_000
    door.post(PATH, {**POST, "context": {"pageUri": address}}, key=None, query=f"writeKey={PUBLIC_KEY}")
    assert "page" not in door.event.properties
    assert "campaign" not in door.event.context
    assert door.event.traits["first_name"] == "Ada"


def test_a_page_of_hubspots_sends_here_as_it_is() -> None:
    door = Door()
    response = door.post(PATH, POST, key=None, query=f"writeKey={PUBLIC_KEY}")
    assert (response.status, document(response)) == (200, {"success": True, "inlineMessage": ""})
    event = door.event
    assert (event.name, event.trust, event.occurred_at) == ("Form Submitted", Trust.DECLARED, NOON - 60_000)
    assert identifiers(event) == {
        "email": "ada@northwind.example",
        "anonymous_id": "60c2ccdfe4892f0fa0593940b12c11aa",
    }
    assert told(event.traits) == {
        "email": "ada@northwind.example",
        "first_name": "Ada",
        "title": "CTO",
        "company": "Northwind",
        "company_size": 250,
    }
    assert event.properties == {
        "form": FORM,
        "what_to_see": "The reports",
        "page": "https://www.example.com/demo?utm_source=newsletter",
    }
    assert event.context["consent"] == {"process": True, "999": False}
    assert event.context["campaign"] == {"source": "newsletter"}
    assert "203.0.113.9" not in json.dumps(event.to_json())


@pytest.mark.parametrize("path", [PATH, PATH.replace("/submit/", "/secure/submit/"), PATH.replace(FORM, FORM.upper())])
def test_the_key_may_be_a_bearer_token(path: str) -> None:
    door = Door()
    assert door.post(path, POST, key=None, headers={"authorization": f"Bearer {PUBLIC_KEY}"}).status == 200
    assert door.event.properties["form"] == FORM


@pytest.mark.parametrize("path", [PATH, PATH.replace("/submit/", "/secure/submit/")])
def test_a_key_in_the_address_comes_before_a_token_of_hubspots(path: str) -> None:
    door = Door()
    headers = {"authorization": "Bearer pat-eu1-secret"}
    assert door.post(path, POST, key=None, query=f"writeKey={PUBLIC_KEY}", headers=headers).status == 200
    assert door.event.source == "website"


def test_without_a_key_nobody_is_believed() -> None:
    door = Door()
    for headers in ({}, {"authorization": "Bearer pat-eu1-secret"}):
        assert door.post(PATH, POST, key=None, headers=headers).status == 401
    assert door.events == []


def test_any_form_may_be_sent_so_under_a_name_of_its_own() -> None:
    door = Door()
    assert door.post("/forms/demo-request", POST).status == 200
    assert door.event.properties["form"] == "demo-request"


def test_the_pixels_cookie_is_a_better_visitor_than_hubspots() -> None:
    door = Door()
    cookie = {"cookie": f"ls_aid={'ab' * 16}"}
    assert door.post("/forms/demo-request", POST, headers=cookie).status == 200
    assert identifiers(door.event)["anonymous_id"] == "ab" * 16


def test_a_post_that_comes_again_with_its_time_counts_once() -> None:
    door = Door()
    for _ in range(2):
        door.post(PATH, POST, key=None, query=f"writeKey={PUBLIC_KEY}")
    assert len({event.id for event in door.events}) == 1


def test_a_form_with_a_field_called_fields_is_still_a_form() -> None:
    door = Door()
    assert door.post("/forms/farm", {"email": "ada@northwind.example", "fields": ["north", "south"]}).status == 200
    assert door.event.properties["fields"] == ["north", "south"]


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "", "application/x-www-form-urlencoded"])
def test_what_fetch_sends_without_a_label_is_understood(content_type: str) -> None:
    door = Door()
    query, headers = f"writeKey={PUBLIC_KEY}", {"content-type": content_type}
    assert door.post(PATH, POST, key=None, query=query, headers=headers).status == 200
    assert identifiers(door.event)["email"] == "ada@northwind.example"


def test_a_form_may_have_many_fields_and_long_ones() -> None:
    door = Door()
    many = [{"name": f"f{number}", "value": "x" * 100} for number in range(64)]
    long = {"name": "message", "value": "x" * 50_000}
    assert door.post(PATH, {**POST, "fields": [*POST["fields"], *many, long]}, query="").status == 200
    assert door.event.properties["f63"] == "x" * 100
    assert door.event.properties["message"].endswith("x\u2026")


def test_a_post_that_is_refused_is_kept_with_its_fields() -> None:
    door = Door()
    post = {**POST, "fields": [{"name": "phone", "value": "1"}], "context": {}}
    assert door.post(PATH, post, key=None, query=f"writeKey={PUBLIC_KEY}").status == 400
    assert door.failed_items == [
        {"form": FORM, "fields": {"phone": "1", "consent_process": True, "consent_999": False}}
    ]


@pytest.mark.parametrize(
    "options",
    [
        None,
        [],
        "yes",
        {"consent": []},
        {"consent": {"communications": {}}},
        {"legitimateInterest": {"value": True, "subscriptionTypeId": 5, "legalBasis": "CUSTOMER"}},
    ],
)
def test_consent_in_any_shape_is_read_as_far_as_it_says_something(options: Any) -> None:
    door = Door()
    assert door.post("/forms/f", {**POST, "legalConsentOptions": options}).status == 200
    expected = {"5": True} if isinstance(options, dict) and "legitimateInterest" in options else None
    assert door.event.context.get("consent") == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["fields", "name", "value", "context", "hutk", "pageUri", "consent"]), inner
            )
        ),
        max_leaves=10,
    )
)
def test_any_json_is_read_or_refused(body: Any) -> None:
    try:
        read_hubspot_post("", json.dumps(body).encode())
    except Rejected:
        return


# The older API

OLDER_PATH = f"/uploads/form/v2/62515/{FORM}"
CONTEXT = {
    "hutk": "60c2ccdfe4892f0fa0593940b12c11aa",
    "ipAddress": "203.0.113.9",
    "pageUrl": "https://www.example.com/demo?utm_source=newsletter",
    "pageName": "Request a demo",
}


def posted(door: Door, path: str = OLDER_PATH, *, context: Any = CONTEXT, **fields: str) -> Response:
    said = {"email": "Ada@Northwind.example", "firstname": "Ada", "numberofemployees": "250", **fields}
    body = urlencode(said | {"hs_context": context if isinstance(context, str) else json.dumps(context)})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return door.post(path, body, key=None, query=f"writeKey={PUBLIC_KEY}", headers=headers)


@pytest.mark.parametrize("path", [OLDER_PATH, f"/submissions/v2/post/upload/secure/62515/{FORM}"])
def test_a_server_that_sends_to_hubspots_older_api_sends_here_as_it_is(path: str) -> None:
    door = Door()
    response = posted(door, path, what_to_see="The reports")
    assert (response.status, response.body) == (204, b"")
    event = door.event
    assert (event.name, event.trust) == ("Form Submitted", Trust.DECLARED)
    assert identifiers(event) == {
        "email": "ada@northwind.example",
        "anonymous_id": "60c2ccdfe4892f0fa0593940b12c11aa",
    }
    assert told(event.traits) == {"email": "ada@northwind.example", "first_name": "Ada", "company_size": 250}
    assert event.properties == {"form": FORM, "what_to_see": "The reports", "page": CONTEXT["pageUrl"]}
    assert event.context["campaign"] == {"source": "newsletter"}
    assert "203.0.113.9" not in json.dumps(event.to_json())


def test_its_consent_is_the_newer_ones() -> None:
    door = Door()
    posted(door, **{"LEGAL_CONSENT.processing": "true", "LEGAL_CONSENT.subscription_type_999": "false"})
    assert door.event.context["consent"] == {"process": "true", "999": "false"}


def test_it_answers_with_a_page_of_our_own_sites_only() -> None:
    thanks = "https://www.example.com/thanks"
    response = posted(Door(), context={**CONTEXT, "redirectUrl": thanks})
    assert (response.status, response.headers["location"]) == (302, thanks)
    assert posted(Door(), context={**CONTEXT, "redirectUrl": "https://evil.example/"}).status == 204


@pytest.mark.parametrize("context", ["", "{", "[]", "null", '"text"', "7"])
def test_a_page_that_cannot_be_read_loses_no_form(context: str) -> None:
    door = Door()
    assert posted(door, context=context).status == 204
    assert identifiers(door.event) == {"email": "ada@northwind.example"}


def test_half_an_emoji_in_its_page_is_no_reason_to_lose_a_form() -> None:
    door = Door()
    assert posted(door, context='{"pageUrl": "https://www.example.com/?q=\\ud83d"}').status == 204
    assert door.event.properties["page"] == "https://www.example.com/?q=\ufffd"


def test_a_refused_key_is_refused_at_the_older_path_too() -> None:
    door = Door()
    body, headers = "email=ada%40northwind.example", {"content-type": "application/x-www-form-urlencoded"}
    assert door.post(OLDER_PATH, body, key=None, headers=headers).status == 401
    assert door.events == []


@given(
    st.text(max_size=30) | st.dictionaries(st.sampled_from(sorted(CONTEXT)), st.integers() | st.text()).map(json.dumps)
)
def test_any_page_is_read_or_refused(context: str) -> None:
    try:
        read_older_hubspot_post("", urlencode({"email": "ada@northwind.example", "hs_context": context}).encode())
    except Rejected:
        return
