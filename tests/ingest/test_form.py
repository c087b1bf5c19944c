"""A form's post is a lead: however it is encoded, whatever the fields are called."""

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.attribution import attribution
from leadscore.domain.durations import DAY_MS
from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form import read_form
from leadscore.ingest.form_body import VALUE_BYTES_MAX, read_fields
from leadscore.ingest.http import Response
from leadscore.ingest.rejection import Rejected
from tests.ingest.door import NOON, PUBLIC_KEY, SERVER_KEY, Door, document, identifiers, told

URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = "multipart/form-data; boundary=xYz"
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
    "fields",
    [
        {"utm_source": "google", "utm_medium": "cpc", "gclid": "Cj0K"},
        {"UTM-Source": " google ", "utmMedium": "cpc", "hs_google_click_id": "Cj0K"},
        {"form_fields[utm_source]": "google", "fields[utm_medium]": "cpc", "GCLID": "Cj0K"},
        {"utm_source": ["google", "other"], "utm_medium": "cpc", "gclid": "Cj0K"},
    ],
)
@pytest.mark.parametrize("content_type", [URLENCODED["content-type"], "application/json"])
def test_what_hidden_fields_carry_along_is_a_touch(fields: dict[str, Any], content_type: str) -> None:
    door = Door()
    said = {**fields, "email": "ada@example.org", "writeKey": PUBLIC_KEY}
    body = json.dumps(said) if content_type == "application/json" else urlencode(said, doseq=True)
    door.post("/forms/contact", body, key=None, headers={"content-type": content_type, "referer": "https://a.example/"})
    touch = attribution(door.events).last
    assert touch is not None
    assert (touch.channel, touch.source, touch.medium) == ("paid-search", "google", "cpc")
    assert touch.click_ids == (("gclid", "Cj0K"),)


def test_an_ad_networks_mark_in_a_hidden_field_is_enough_for_a_touch() -> None:
    door = Door()
    submit(door, {"email": "ada@example.org", "ScCid": "abc"})
    assert door.event.context["channel"] == "paid-social"


@pytest.mark.parametrize(
    "unfilled", ["{{utm_source}}", "%utm_source%", "[utm_source]", "xxxxx", "null", "(not set)", "(direct)"]
)
def test_a_hidden_field_that_nobody_filled_says_nothing(unfilled: str) -> None:
    door = Door()
    page = {**URLENCODED, "referer": "https://www.example.com/contact?utm_source=newsletter"}
    submit(door, {"email": "ada@example.org", "utm_source": unfilled, "gclid": unfilled}, headers=page)
    assert door.event.context["campaign"] == {"source": "newsletter"}
    assert "click_ids" not in door.event.context


@pytest.mark.parametrize(
    ("field", "trait"),
    [
        ("E-Mail", "email"),
        ("emailAddress", "email"),
        ("your-email", "email"),
        ("your-company", "company"),
        ("your-phone", "phone"),
        ("names[last_name]", "last_name"),
        ("E-mail Address", "email"),
        ("Primary email", "email"),
        ("Email 1", "email"),
        ("contact[email]", "email"),
        ("form_fields[firstName]", "first_name"),
        ("fields[email][value]", "email"),
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


@pytest.mark.parametrize("holder", ["contact", "data", "form_data", "Lead"])
def test_a_person_may_be_an_object_in_a_forms_json(holder: str) -> None:
    door = Door()
    person = {"email": "Ada@example.org", "jobTitle": "CTO", "wish": {"when": "soon"}}
    assert door.post("/forms/contact", {holder: person, "plan": {"seats": 3}}).status == 200
    assert identifiers(door.event) == {"email": "ada@example.org"}
    assert told(door.event.traits) == {"email": "ada@example.org", "title": "CTO"}
    assert door.event.properties == {"form": "contact", f"{holder}[wish]": {"when": "soon"}, "plan": {"seats": 3}}


def test_the_address_of_a_company_in_json_is_nobodys() -> None:
    door = Door()
    assert door.post("/forms/contact", {"company": {"email": "info@example.org"}}).status == 400
    assert door.events == []


def test_an_address_that_a_form_asks_for_twice_is_one() -> None:
    door = Door()
    submit(door, {"email": ["ada@example.org", "Ada@Example.org"]})
    assert identifiers(door.event) == {"email": "ada@example.org"}
    assert told(door.event.traits) == {"email": "ada@example.org"}


@pytest.mark.parametrize("field", ["company[email]", "billing[email]", "email_2", "contact[a][email]", "email_consent"])
def test_a_field_that_may_be_somebody_elses_is_no_trait(field: str) -> None:
    door = Door()
    submit(door, {field: "x", "anonymousId": "v"})
    assert told(door.event.traits) == {}
    assert door.event.properties == {"form": "contact", field: "x"}


def test_a_second_answer_for_the_same_trait_is_kept_beside_it() -> None:
    door = Door()
    submit(door, {"email": "ada@example.org", "phone": "1", "mobile": "2", "contact_email": "grace@example.org"})
    assert identifiers(door.event) == {"email": "ada@example.org"}
    assert (door.event.traits["phone"], door.event.properties["mobile"]) == ("1", "2")
    assert door.event.properties["contact_email"] == "grace@example.org"


def test_an_address_comes_before_what_is_none() -> None:
    door = Door()
    submit(door, {"email": "none of yours", "work_email": "ada@example.org", "email_1": "n/a"})
    assert identifiers(door.event) == {"email": "ada@example.org"}


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
    response = door.post("/forms/jobs", body, key=None, headers={"content-type": MULTIPART})
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


def sent_at(times: Iterable[int], *fields: Mapping[str, str], visitors: Iterable[str] = ("",)) -> set[str]:
    """The ids of the events of these fields, by these visitors, sent at each of these times."""
    found = set()
    for visitor, said, received_at in itertools.product(visitors, fields, times):
        arrival = Arrival("website", Trust.PUBLIC, received_at, lambda: "new")
        found.add(read_form("demo", said, arrival, visitor=visitor or None, page_url="", user_agent="").id)
    return found


def test_a_form_that_somebody_sends_again_within_ten_minutes_counts_once() -> None:
    minute = 60_000
    ada = {"email": "a@b.org", "message": "Call me"}
    assert len(sent_at([NOON, NOON + 1, NOON + 10 * minute - 1], ada)) == 1
    assert len(sent_at([NOON, NOON + 10 * minute], ada)) == 2
    assert len(sent_at([NOON], ada, {**ada, "message": "Call me now"}, {**ada, "email": "c@b.org"})) == 3
    assert len(sent_at([NOON], {"note": "x"}, visitors=("v-1", "v-2"))) == 2


def test_who_says_which_submission_it_is_is_believed() -> None:
    ada = {"email": "a@b.org"}
    assert len(sent_at([NOON, NOON + DAY_MS], {**ada, "messageId": "m-1"})) == 1
    assert len(sent_at([NOON], {**ada, "messageId": "m-1"}, {**ada, "messageId": "m-2"})) == 2


@pytest.mark.parametrize("address", ["asdf@asdf.com", "null@null"])
def test_a_made_up_address_names_nobody_and_stays_to_be_judged(address: str) -> None:
    door = Door()
    for visitor in ("v-1", "v-2"):
        assert submit(door, {"email": address, "anonymousId": visitor}).status == 200
    assert [identifiers(event) for event in door.events] == [{"anonymous_id": "v-1"}, {"anonymous_id": "v-2"}]
    assert [event.traits["email"] for event in door.events] == [address] * 2


def test_a_form_with_a_made_up_address_alone_is_nobodys_and_kept() -> None:
    door = Door()
    assert submit(door, {"email": "asdf@asdf.com"}).status == 400
    assert door.failed_items == [{"form": "contact", "fields": {"email": "asdf@asdf.com"}}]


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


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("email=nobody", URLENCODED["content-type"], 400, "no_user_anon_id"),
        ("message=hello", URLENCODED["content-type"], 400, "no_user_anon_id"),
        ("", "", 400, "no_user_anon_id"),
        ("&".join(f"f{n}=1" for n in range(501)), URLENCODED["content-type"], 400, "too_many_fields"),
        ("email=a@b.org&" + "&".join(f"f{n}=" + "x" * 4_000 for n in range(300)), "", 413, "body_too_large"),
        ("email=a@b.org&" + "&".join(f"f{n}=" + "x" * 1_000 for n in range(400)), "", 400, "event_too_large"),
        ("email=a@b.org&userId=a%00b", "", 400, "invalid_id"),
        ("email=a@b.org&event=" + "x" * 300, "", 400, "invalid_event"),
        ("email=a@b.org&event=A&event=B", "", 400, "invalid_event"),
        ("email=a@b.org&messageId=" + "x" * 300, "", 400, "invalid_message_id"),
        ("[]", "application/json", 400, "invalid_form"),
        ("{", "application/json", 400, "invalid_json"),
        ("{", "text/plain", 400, "invalid_json"),
        ('{"email":"a@b.org","n":NaN}', "application/json", 400, "invalid_number"),
        ('{"email":"a@b.org","n":' + "[" * 4_000 + "]" * 4_000 + "}", "application/json", 400, "event_too_deep"),
        ("x", "multipart/form-data", 400, "invalid_form"),
        ("x", MULTIPART, 400, "invalid_form"),
        (multipart(*[("f", None, b"1")] * 501), MULTIPART, 400, "too_many_fields"),
        ("email: a@b.org", "text/plain", 400, "no_user_anon_id"),
        ("<email>a@b.org</email>", "text/xml", 415, "unsupported_media_type"),
    ],
)
def test_a_form_that_cannot_be_taken_is_refused_and_kept_with_the_reason(
    body: str | bytes, content_type: str, status: int, code: str
) -> None:
    door = Door()
    response = door.post("/forms/contact", body, headers={"content-type": content_type})
    assert (response.status, document(response)["code"]) == (status, code)
    assert door.events == []
    if status == 413:
        assert door.failed.kept == {}
        return
    (kept,) = door.failed.kept.values()
    assert (kept.code, kept.reason) == (code, document(response)["message"])
    assert door.failed_items[0]["form"] == "contact"
    assert door.metrics == {"event.failed": 1}


def test_a_refused_form_is_kept_as_it_was_read_and_without_its_key() -> None:
    door = Door()
    submit(door, {"email": "ada at example.org", "message": "Call me", "topics[]": ["a", "b"]})
    fields = {"email": "ada at example.org", "message": "Call me", "topics": ["a", "b"]}
    assert door.failed_items == [{"form": "contact", "fields": fields}]
    assert PUBLIC_KEY not in str(door.failed.kept)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f"<form><writeKey>{PUBLIC_KEY}</writeKey><email>ada@example.org</email></form>", "text/xml"),
        (f'{{"email": "ada@example.org", "writeKey": "{PUBLIC_KEY}"', "text/plain"),
        (multipart(("writeKey", None, PUBLIC_KEY.encode()), ("email", None, b"ada@example.org"))[:-9], MULTIPART),
    ],
)
def test_a_form_that_cannot_be_read_is_kept_as_it_came_but_for_the_key_in_it(
    body: str | bytes, content_type: str
) -> None:
    door = Door()
    assert door.post("/forms/contact", body, key=None, headers={"content-type": content_type}).status in {400, 415}
    (item,) = door.failed_items
    assert item["contentType"] == content_type.partition(";")[0]
    assert "ada@example.org" in item["body"]
    assert PUBLIC_KEY not in str(door.failed.kept)


def test_an_empty_key_in_a_form_that_cannot_be_read_leaves_the_one_in_its_address() -> None:
    door = Door()
    body = '{"writeKey": "", "email": "ada@example.org"'
    assert door.post("/forms/contact", body, key=None, query=f"writeKey={PUBLIC_KEY}").status == 400
    assert [item["body"] for item in door.failed_items] == [body]


@pytest.mark.parametrize("key", [None, "website_0123456789abcdef0123456789abcdef"])
@pytest.mark.parametrize(
    ("fields", "content_type", "status"),
    [({"email": "a@b.org"}, URLENCODED["content-type"], 401), ({"email": "a@b.org"}, "text/xml", 415)],
)
def test_what_comes_without_a_valid_key_is_kept_nowhere(
    key: str | None, fields: dict[str, str], content_type: str, status: int
) -> None:
    door = Door()
    assert submit(door, fields, key=key, headers={"content-type": content_type}).status == status
    assert (door.events, door.failed.kept) == ([], {})


def test_a_form_whose_refusal_cannot_be_kept_is_to_be_sent_again() -> None:
    door = Door()
    door.failed.put = failing
    assert submit(door, {"message": "hello"}).status == 503


def failing(**_: Any) -> None:
    raise OSError


def test_a_long_message_is_cut_and_the_lead_is_kept() -> None:
    door = Door()
    message = "\u00e4" * 5_000
    assert submit(door, {"email": "a@b.org", "message": message, "notes[]": ["x" * 5_000, "y"]}).status == 200
    said = door.event.properties
    assert len(said["message"].encode()) <= VALUE_BYTES_MAX
    assert message.startswith(said["message"].removesuffix("\u2026"))
    assert said["message"].endswith("\u00e4\u2026")
    assert said["notes"] == ["x" * (VALUE_BYTES_MAX - 3) + "\u2026", "y"]


def test_many_long_answers_are_cut_until_they_are_one_event() -> None:
    for count, length in ((20, 4_000), (60, 4_000)):
        door = Door()
        fields = {"email": "a@b.org", **{f"essay_{number}": "x" * length for number in range(count)}}
        assert submit(door, fields).status == 200
        assert identifiers(door.event) == {"email": "a@b.org"}
        assert all(door.event.properties[f"essay_{number}"].endswith("x\u2026") for number in range(count))


def test_a_form_may_have_hundreds_of_fields() -> None:
    door = Door()
    assert submit(door, {"email": "a@b.org", **{f"f{number}": "x" for number in range(400)}}).status == 200
    assert door.event.properties["f399"] == "x"


@pytest.mark.parametrize(
    "content_type", ["text/plain;charset=UTF-8", "", "application/vnd.api+json", *URLENCODED.values()]
)
def test_json_is_json_whatever_its_label(content_type: str) -> None:
    door = Door()
    body = {"writeKey": PUBLIC_KEY, "email": "a@b.org", "company": "Zo\u00eb & Co"}
    assert door.post("/forms/contact", body, key=None, headers={"content-type": content_type}).status == 200
    assert told(door.event.traits) == {"email": "a@b.org", "company": "Zo\u00eb & Co"}


def test_a_script_that_sends_pairs_as_text_is_understood() -> None:
    door = Door()
    body = f"writeKey={PUBLIC_KEY}&email=a%40b.org&city=K%C3%B6ln"
    assert (
        door.post("/forms/contact", body, key=None, headers={"content-type": "text/plain;charset=UTF-8"}).status == 200
    )
    assert told(door.event.traits) == {"email": "a@b.org", "city": "K\u00f6ln"}


@pytest.mark.parametrize(
    ("content_type", "body", "city"),
    [
        ("; charset=iso-8859-1", b"city=K%F6ln", "K\u00f6ln"),
        ('; charset="ISO-8859-1"', b"city=K\xf6ln", "K\u00f6ln"),
        ("; charset=windows-1252", b"city=%80uroville", "\u20acuroville"),
        ("; charset=iso-8859-1", b"city=%80uroville", "\u20acuroville"),
        ("; charset=iso-8859-2", b"city=%A3%F3d%BC", "\u0141\u00f3d\u017a"),
        ("; charset=shift_jis", b"city=%93%8C%8B%9E", "\u6771\u4eac"),
        ("; charset=utf-8", b"city=K%C3%B6ln", "K\u00f6ln"),
        ("", b"city=K%C3%B6ln", "K\u00f6ln"),
        ("", b"_charset_=windows-1251&city=%CC%EE%F1%EA%E2%E0", "\u041c\u043e\u0441\u043a\u0432\u0430"),
        ("; charset=utf-8", b"_charset_=windows-1252&city=K%F6ln", "K\u00f6ln"),
        ("", b"city=K%F6ln", "K\u00f6ln"),
        ("; charset=idna", b"city=K%C3%B6ln", "K\u00f6ln"),
        ("; charset=utf-8", b"city=K%F6ln", "K\ufffdln"),
    ],
)
def test_a_form_is_read_in_the_charset_that_its_page_was_written_in(content_type: str, body: bytes, city: str) -> None:
    door = Door()
    headers = {"content-type": URLENCODED["content-type"] + content_type}
    assert door.post("/forms/contact", b"email=a@b.org&" + body, headers=headers).status == 200
    assert door.event.traits["city"] == city
    assert door.event.properties == {"form": "contact"}


def test_multipart_and_json_of_old_pages_are_read_in_their_charset() -> None:
    parts = ("email", None, b"a@b.org"), ("_charset_", None, b"iso-8859-1"), ("city", None, b"K\xf6ln")
    door = Door()
    assert door.post("/forms/contact", multipart(*parts), headers={"content-type": MULTIPART}).status == 200
    json_type = {"content-type": "application/json; charset=iso-8859-1"}
    assert door.post("/forms/contact", b'{"email":"a@b.org","city":"K\xf6ln"}', headers=json_type).status == 200
    assert [event.traits["city"] for event in door.events] == ["K\u00f6ln", "K\u00f6ln"]


def test_the_fields_of_an_old_pages_multipart_are_called_as_there() -> None:
    body = b'--xYz\r\nContent-Disposition: form-data; name="Gr\xf6\xdfe"\r\n\r\n12\r\n--xYz--\r\n'
    door = Door()
    query = "writeKey=" + PUBLIC_KEY
    headers = {"content-type": MULTIPART, "cookie": f"ls_aid={VISITOR}"}
    assert door.post("/forms/contact", body, key=None, query=query, headers=headers).status == 200
    assert door.event.properties == {"form": "contact", "Gr\u00f6\u00dfe": "12"}


@given(
    st.sampled_from(
        ["", "text/plain", "application/json", *URLENCODED.values(), MULTIPART, "text/xml", "text/plain;charset=gbk"]
    ),
    st.binary(max_size=60)
    | st.text(alphabet='{}[]":,=&%+ae1\n', max_size=60).map(str.encode)
    | st.binary(max_size=30).map(lambda content: multipart(("a", None, content))),
)
def test_any_body_is_read_or_refused(content_type: str, body: bytes) -> None:
    try:
        read_fields(content_type, body)
    except Rejected:
        return


def test_bytes_that_are_no_text_are_replaced_and_the_lead_is_kept() -> None:
    door = Door()
    door.post("/forms/contact", b"email=a@b.org&note=%EF%BF%BF&other=%81", headers=URLENCODED)
    assert (door.event.properties["note"], door.event.properties["other"]) == ("\ufffd", "\ufffd")
    json.dumps(door.event.to_json(), ensure_ascii=False).encode()
