"""A form's post is a lead: however it is encoded, whatever the fields are called."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from leadscore.domain.event import Trust
from leadscore.ingest.http import Response
from tests.ingest.door import NOON, PUBLIC_KEY, SERVER_KEY, Door, document, identifiers, told

URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
BROWSER = {
    **URLENCODED,
    "accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "sec-fetch-mode": "navigate",
    "referer": "https://www.example.com/contact",
}
VISITOR = "0123456789abcdef0123456789abcdef"


def submit(
    door: Door,
    fields: Mapping[str, Any],
    *,
    form: str = "contact",
    key: str | None = PUBLIC_KEY,
    headers: Mapping[str, str] = URLENCODED,
    query: str = "",
) -> Response:
    own = {**fields, **({"writeKey": key} if key else {})}
    return door.post(f"/forms/{form}", urlencode(own, doseq=True), key=None, headers=headers, query=query)


def multipart(*parts: tuple[str, str | None, bytes]) -> bytes:
    body = b""
    for name, filename, content in parts:
        file = f'; filename="{filename}"' if filename else ""
        body += f'--xYz\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"
    return body + b"--xYz--\r\n"


def test_a_form_is_an_event_that_a_person_declared() -> None:
    door = Door()
    response = submit(
        door,
        {"email": "Ada@Example.org", "firstName": "Ada", "job_title": "CTO", "message": "Call me", "topic": "pricing"},
        headers={**URLENCODED, "referer": "https://www.example.com/contact?utm_source=ads", "user-agent": "UA"},
    )
    assert (response.status, document(response)) == (200, {"success": True})
    event = door.event
    assert (event.name, event.call, event.source, event.trust) == ("Form Submitted", "form", "website", Trust.DECLARED)
    assert event.occurred_at == event.received_at == NOON
    assert identifiers(event) == {"email": "ada@example.org"}
    assert told(event.traits) == {"email": "ada@example.org", "first_name": "Ada", "title": "CTO"}
    assert event.properties == {
        "form": "contact",
        "page": "https://www.example.com/contact?utm_source=ads",
        "message": "Call me",
        "topic": "pricing",
    }
    assert told(event.context) == {"campaign": {"source": "ads"}, "userAgent": "UA"}


def test_a_form_may_name_its_event() -> None:
    door = Door()
    submit(door, {"email": "a@b.org", "event": "Content Downloaded", "kind": "white paper", "asset_id": "wp-7"})
    assert door.event.name == "Content Downloaded"
    assert door.event.properties == {"form": "contact", "kind": "white paper", "asset_id": "wp-7"}


def test_a_server_that_passes_a_form_on_is_believed_as_a_server() -> None:
    door = Door()
    submit(door, {"email": "a@b.org"}, key=SERVER_KEY)
    assert door.event.trust is Trust.SERVER


@pytest.mark.parametrize(
    ("field", "trait"),
    [
        ("E-Mail", "email"),
        ("emailAddress", "email"),
        ("your-email", "email"),
        ("E-mail Address", "email"),
        ("Primary email", "email"),
        ("Email 1", "email"),
        ("contact[email]", "email"),
        ("form_fields[firstName]", "first_name"),
        ("firstName", "first_name"),
        ("first-name", "first_name"),
        ("First Name", "first_name"),
        ("lastname", "last_name"),
        ("full_name", "name"),
        ("jobTitle", "title"),
        ("position", "title"),
        ("companyName", "company"),
        ("organisation", "company"),
        ("number_of_employees", "company_size"),
        ("Phone Number", "phone"),
        ("country", "country"),
    ],
)
def test_fields_about_a_person_become_traits_whatever_they_are_called(field: str, trait: str) -> None:
    door = Door()
    submit(door, {field: "x", "anonymousId": "v"})
    assert told(door.event.traits) == {trait: "x"}
    assert door.event.properties == {"form": "contact"}


@pytest.mark.parametrize("field", ["company[email]", "billing[email]", "email_2", "contact[a][email]", "email_consent"])
def test_a_field_that_may_be_somebody_elses_is_no_trait(field: str) -> None:
    door = Door()
    submit(door, {field: "x", "anonymousId": "v"})
    assert told(door.event.traits) == {}
    assert door.event.properties == {"form": "contact", field: "x"}


def test_numbers_that_rules_compare_are_numbers() -> None:
    door = Door()
    submit(
        door, {"email": "a@b.org", "employees": "250", "annual_revenue": "1-5 M", "phone": "004912345", "state": "12"}
    )
    traits = door.event.traits
    assert (traits["company_size"], traits["annual_revenue"]) == (250, "1-5 M")
    assert (traits["phone"], traits["state"]) == ("004912345", "12")


def test_blank_fields_say_nothing_and_repeated_ones_are_a_list() -> None:
    door = Door()
    submit(door, {"email": " a@b.org ", "title": "  ", "topics[]": ["pricing", "", "security"], "note": ""})
    assert told(door.event.traits) == {"email": "a@b.org"}
    assert door.event.properties == {"form": "contact", "topics": ["pricing", "security"]}


def test_consent_is_kept_as_consent() -> None:
    door = Door()
    submit(door, {"email": "a@b.org", "consent_newsletter": "yes"})
    assert told(door.event.context) == {"consent": {"newsletter": "yes"}}
    assert "consent_newsletter" not in door.event.properties


def test_a_form_cannot_set_what_we_say_of_it() -> None:
    door = Door()
    submit(door, {"email": "a@b.org", "form": "other", "page": "https://evil.example"}, headers=BROWSER)
    assert door.event.properties == {"form": "contact", "page": "https://www.example.com/contact"}


def test_multipart_is_read_and_its_files_are_skipped() -> None:
    door = Door()
    body = multipart(
        ("email", None, b"ada@example.org"),
        ("company", None, "Zo\u00eb & S\u00f6hne".encode()),
        ("writeKey", None, PUBLIC_KEY.encode()),
        ("cv", "cv.pdf", b"\x00\xff" * 100_000),
    )
    response = door.post("/forms/jobs", body, key=None, headers={"content-type": "multipart/form-data; boundary=xYz"})
    assert response.status == 200
    assert told(door.event.traits) == {"email": "ada@example.org", "company": "Zo\u00eb & S\u00f6hne"}


def test_json_is_read() -> None:
    door = Door()
    body = {"writeKey": PUBLIC_KEY, "email": "a@b.org", "company_size": 12, "topics": ["x", "y"], "newsletter": True}
    assert door.post("/forms/contact", body, key=None).status == 200
    assert told(door.event.traits) == {"email": "a@b.org", "company_size": 12}
    assert door.event.properties == {"form": "contact", "topics": ["x", "y"], "newsletter": True}


def test_the_key_may_stand_in_the_forms_address() -> None:
    door = Door()
    assert submit(door, {"email": "a@b.org"}, key=None, query=f"writeKey={PUBLIC_KEY}").status == 200
    assert door.event.source == "website"


def test_the_visitors_cookie_ties_the_form_to_what_they_read() -> None:
    door = Door()
    submit(door, {"email": "a@b.org"}, headers={**URLENCODED, "cookie": f"ls_aid={VISITOR}"})
    assert identifiers(door.event) == {"email": "a@b.org", "anonymous_id": VISITOR}


def test_the_cookie_of_somebody_who_opts_out_is_not_read() -> None:
    door = Door()
    submit(door, {"email": "a@b.org"}, headers={**URLENCODED, "cookie": f"ls_aid={VISITOR}", "sec-gpc": "1"})
    assert identifiers(door.event) == {"email": "a@b.org"}


def test_a_form_sent_twice_with_its_message_id_is_one_event() -> None:
    door = Door()
    for _ in range(2):
        submit(door, {"email": "a@b.org", "messageId": "m-1"})
    first, second = door.events
    assert (first.id, first.fingerprint) == (second.id, second.fingerprint)


@pytest.mark.parametrize(
    ("headers", "redirect", "location"),
    [
        (BROWSER, "https://www.example.com/thanks", "https://www.example.com/thanks"),
        (BROWSER, "", "https://www.example.com/contact"),
        (URLENCODED, "https://www.example.com/thanks", "https://www.example.com/thanks"),
        (URLENCODED, "", None),
        ({**URLENCODED, "referer": "https://www.example.com/contact"}, "", None),
        (BROWSER, "https://evil.example/", None),
        (BROWSER, "//evil.example/", None),
        ({**BROWSER, "referer": "https://evil.example/"}, "", None),
        ({**BROWSER, "sec-fetch-mode": "cors"}, "https://www.example.com/thanks", None),
        ({**URLENCODED, "accept": "application/json"}, "https://www.example.com/thanks", None),
        ({**URLENCODED, "x-requested-with": "XMLHttpRequest"}, "https://www.example.com/thanks", None),
    ],
)
def test_a_browser_goes_back_to_an_allowed_site_and_the_lead_is_kept_in_any_case(
    headers: dict[str, str], redirect: str, location: str | None
) -> None:
    door = Door()
    response = submit(door, {"email": "a@b.org", "redirect": redirect}, headers=headers)
    assert response.headers.get("location") == location
    assert response.status == (303 if location else 200)
    assert document(response) == {"success": True}
    assert identifiers(door.event) == {"email": "a@b.org"}
    assert "redirect" not in door.event.properties


def test_the_answer_does_not_tell_whether_somebody_is_known() -> None:
    door = Door()
    answers = [submit(door, {"email": email}).to_gateway() for email in ("a@b.org", "a@b.org", "new@b.org")]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("form", ["Contact", "a b", "x" * 65, "a.b", "..", "%00", "f\u00f6rm", "a\n"])
def test_a_forms_name_is_plain(form: str) -> None:
    door = Door()
    response = submit(door, {"email": "a@b.org"}, form=form)
    assert (response.status, document(response)["code"]) == (400, "invalid_form_name")
    assert door.events == []


def refused(body: str | bytes, content_type: str) -> tuple[int, str]:
    door = Door()
    response = door.post("/forms/contact", body, headers={"content-type": content_type})
    assert door.events == []
    assert door.failed.kept == {}
    return response.status, document(response)["code"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("email=nobody", URLENCODED["content-type"], 400, "no_user_anon_id"),
        ("message=hello", URLENCODED["content-type"], 400, "no_user_anon_id"),
        ("", "", 400, "no_user_anon_id"),
        ("email=a@b.org&m=" + "x" * 5_000, URLENCODED["content-type"], 400, "field_too_large"),
        ("&".join(f"f{n}=1" for n in range(60)), URLENCODED["content-type"], 400, "too_many_fields"),
        ("email=a@b.org&" + "&".join(f"f{n}=" + "x" * 4_000 for n in range(20)), "", 400, "event_too_large"),
        ("email=a@b.org&userId=a%00b", "", 400, "invalid_id"),
        ("email=a@b.org&event=" + "x" * 300, "", 400, "invalid_event"),
        ("email=a@b.org&event=A&event=B", "", 400, "invalid_event"),
        ("email=a@b.org&messageId=" + "x" * 300, "", 400, "invalid_message_id"),
        ("[]", "application/json", 400, "invalid_form"),
        ("{", "application/json", 400, "invalid_json"),
        ('{"email":"a@b.org","n":NaN}', "application/json", 400, "invalid_number"),
        ('{"email":"a@b.org","n":' + "[" * 4_000 + "]" * 4_000 + "}", "application/json", 400, "event_too_deep"),
        ("x", "multipart/form-data", 400, "invalid_form"),
        ("x", "multipart/form-data; boundary=xYz", 400, "invalid_form"),
        (multipart(*[("f", None, b"1")] * 60), "multipart/form-data; boundary=xYz", 400, "too_many_fields"),
        (multipart(("m", None, b"x" * 5_000)), "multipart/form-data; boundary=xYz", 400, "field_too_large"),
        ("email: a@b.org", "text/plain", 415, "unsupported_media_type"),
        (b"x" * 600_000, "", 413, "body_too_large"),
    ],
)
def test_a_bad_form_is_refused_and_nothing_kept(body: str | bytes, content_type: str, status: int, code: str) -> None:
    assert refused(body, content_type) == (status, code)


def test_bytes_that_are_no_text_are_replaced_and_the_lead_is_kept() -> None:
    door = Door()
    door.post("/forms/contact", b"email=a@b.org&note=%FF%EF%BF%BF", headers=URLENCODED)
    assert door.event.properties["note"] == "\ufffd\ufffd"
    json.dumps(door.event.to_json(), ensure_ascii=False).encode()
