"""Every webhook on file, signed as its sender signs, through the whole door: what it becomes, and that once."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from leadscore.domain.attribution import attribution
from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.facts.uncounted import House
from leadscore.ingest.webhooks.ses import read_invocation
from tests.ingest.door import NOON, Door, document, identifiers, told
from tests.ingest.webhooks.senders import KINDS, SECRETS, Recorded, new_door, of, recorded, signed, signed_record

RECORDS = list(recorded())
BY_HTTP = [record for record in RECORDS if record.kind != "ses"]
IP = "203.0.113.9"


def taken(record: Recorded) -> list[LeadEvent]:
    if record.kind == "ses":
        arrival = Arrival("newsletter", Trust.SERVER, NOON, lambda: "new")
        reading = read_invocation(
            {"source": "aws.ses", "detail-type": record.more["detail_type"], "detail": record.body}, arrival
        )
        assert reading.failures == []
        return list(reading.events)
    door = new_door()
    response = signed_record(record).to(door)
    assert (response.status, document(response)) == (200, {"success": True})
    assert door.failed_items == []
    return door.events


def without_what_is_derived(event: LeadEvent) -> dict[str, Any]:
    return {name: value for name, value in told(event.context).items() if name not in {"machine", "userAgent"}}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_recorded_webhook_becomes_what_it_means(record: Recorded) -> None:
    events = taken(record)
    assert [(event.name, identifiers(event), dict(event.properties)) for event in events] == record.expected
    assert [place for place, event in enumerate(events) if event.context.get("machine")] == record.machine
    assert {event.trust for event in events} <= {
        Trust.DECLARED if record.kind in {"typeform", "calendly"} else Trust.SERVER
    }
    assert all(NOON - 500_000 <= event.occurred_at <= NOON for event in events)
    for event in events:
        if "traits" in record.more:
            assert told(event.traits) == record.more["traits"]
        if "context" in record.more:
            assert without_what_is_derived(event) == record.more["context"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_nobodys_network_address_is_kept(record: Recorded) -> None:
    assert IP not in json.dumps([event.to_json() for event in taken(record)])


@pytest.mark.parametrize("record", BY_HTTP, ids=lambda record: record.name)
def test_a_webhook_that_comes_again_is_the_same_event(record: Recorded) -> None:
    """Signed anew or not: senders repeat what they are not sure of, some of them for a day."""
    door = new_door()
    for attempt in range(3):
        body = copy.deepcopy(record.body)
        if record.kind == "hubspot":
            for item in body:
                item["attemptNumber"] = attempt
        assert signed(record.kind, body, at=NOON - 1_000 * attempt).to(door).status == 200
    events = door.events
    assert len(events) == 3 * len(record.expected)
    assert len({(event.id, event.fingerprint) for event in events}) == len(record.expected)


def test_every_kind_has_records() -> None:
    assert {record.kind for record in RECORDS} == set(KINDS.values()) | {"ses"}


def test_what_passes_nobody_is_counted_and_not_kept() -> None:
    door = new_door()
    signed("sendgrid", of("sendgrid").body).to(door)
    assert door.metrics == {"webhook.passed_over": 5}


def test_an_open_says_which_program_it_was() -> None:
    opened = taken(of("mailgun-opened"))[0]
    assert "Chrome" in opened.context["userAgent"]


def test_a_bad_event_of_an_array_is_kept_aside_and_loses_no_neighbour() -> None:
    door = new_door()
    good = of("sendgrid").body[5]
    bad = [{**good, "sg_event_id": "b1", "timestamp": "soon"}, "no object", {"event": "open", "timestamp": 1772366000}]
    response = signed("sendgrid", [bad[0], good, *bad[1:]]).to(door)
    assert response.status == 200
    assert door.event.name == "Email Opened"
    assert sorted(kept.code for kept in door.failed.kept.values()) == [
        "invalid_timestamp",
        "invalid_webhook",
        "no_user_anon_id",
    ]
    assert all(item in door.failed_items for item in bad)
    assert door.metrics == {"event.failed": 3}


def test_a_mailgun_signature_is_never_kept() -> None:
    door = new_door()
    body = copy.deepcopy(of("mailgun-opened").body)
    body["event-data"]["timestamp"] = "soon"
    sent = signed("mailgun", body)
    assert sent.to(door).status == 200
    (kept,) = door.failed.kept.values()
    assert json.loads(sent.body)["signature"]["token"] not in kept.raw
    assert json.loads(kept.raw)["batch"] == [body["event-data"]]


def test_hubspots_changes_may_come_in_any_order() -> None:
    change, *_ = (item for item in of("hubspot").body if item.get("propertyName") == "jobtitle")
    later = {**change, "eventId": 99, "occurredAt": change["occurredAt"] + 60_000, "propertyValue": "CEO"}
    door = new_door()
    for item in (later, change):
        signed("hubspot", [item]).to(door)
    by_time = sorted(door.events, key=lambda event: event.order)
    assert [event.traits["title"] for event in by_time] == ["CTO", "CEO"]


def test_a_contact_is_one_person_by_hubspots_id_and_the_address() -> None:
    door = new_door()
    signed("hubspot", of("hubspot").body).to(door)
    (named,) = (event for event in door.events if "email" in identifiers(event))
    assert identifiers(named) == {"email": "ada.lovelace@northwind.example", "hubspot": "1246965"}
    assert told(named.traits) == {"email": "ada.lovelace@northwind.example"}


def test_a_company_is_nobody_although_its_id_may_be_a_contacts() -> None:
    door = new_door()
    signed("hubspot", [item for item in of("hubspot").body if item["subscriptionType"].startswith("company")]).to(door)
    assert door.events == []


def test_calls_of_a_standard_webhook_are_known_by_its_id_and_their_place() -> None:
    door = new_door()
    for message in ("msg_1", "msg_1", "msg_2"):
        signed("standard-webhooks", of("standard-batch").body, message=message).to(door)
    assert len({event.id for event in door.events}) == 4


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("deal.won", "Deal Won"),
        ("opportunity.won", "Deal Won"),
        ("Opportunity Won", "Deal Won"),
        ("opportunity_closed_lost", "Deal Lost"),
        ("opportunity.created", "Deal Created"),
        ("opportunity.stalled", "Opportunity Stalled"),
    ],
)
def test_a_deal_that_is_won_has_one_name_whatever_a_crm_calls_it(theirs: str, ours: str) -> None:
    door = new_door()
    signed("standard-webhooks", {"type": theirs, "data": {"email": "ada@x.example", "value": 5}}).to(door)
    assert (door.event.name, door.event.properties["value"]) == (ours, 5)


def test_opting_out_at_hubspot_and_coming_back_is_told_and_known() -> None:
    door = new_door()
    changes = [item for item in of("hubspot").body if item.get("propertyName") == "hs_email_optout"]
    signed("hubspot", changes).to(door)
    assert [(event.name, event.call, event.trust, told(event.traits)) for event in door.events] == [
        ("Unsubscribed", "track", Trust.SERVER, {"email_opt_out": True}),
        ("Consent Given", "track", Trust.SERVER, {"email_opt_out": False}),
    ]


def test_a_merge_that_names_only_one_contact_is_kept_to_be_looked_at() -> None:
    (merged,) = (item for item in of("hubspot").body if item["subscriptionType"] == "contact.merge")
    door = new_door()
    signed("hubspot", [{**merged, "primaryObjectId": None, "newObjectId": None}]).to(door)
    assert [(kept.code, "leadscore merge" in kept.reason) for kept in door.failed.kept.values()] == [
        ("no_user_anon_id", True)
    ]


def test_a_mail_to_several_is_nobodys_click() -> None:
    body = copy.deepcopy(of("resend-clicked").body)
    body["data"]["to"].append("grace@northwind.example")
    door = new_door()
    assert signed("standard-webhooks", body).to(door).status == 200
    assert [kept.code for kept in door.failed.kept.values()] == ["ambiguous_recipient"]
    assert door.events == []


def test_a_visitors_id_comes_along_with_a_mail() -> None:
    mail = copy.deepcopy(of("postmark-open").body)
    mail["Metadata"]["anonymous_id"] = "visitor-1"
    door = new_door()
    signed("postmark", mail).to(door)
    assert identifiers(door.event)["anonymous_id"] == "visitor-1"


def test_what_brought_somebody_to_a_typeform_or_to_calendly_is_a_touch() -> None:
    response = copy.deepcopy(of("typeform").body)
    response["form_response"]["hidden"] |= {"utm_source": "google", "utm_medium": "xxxxx", "gclid": "Cj0K"}
    meeting = copy.deepcopy(of("calendly-booked").body)
    meeting["payload"]["tracking"] |= {"utm_source": "partner-x", "utm_medium": "webinar", "utm_campaign": None}
    door = new_door()
    signed("typeform", response).to(door)
    signed("calendly", meeting).to(door)
    ad, partner = (attribution([event]).last for event in door.events)
    assert ad is not None
    assert partner is not None
    assert (ad.channel, ad.source, ad.medium, ad.click_ids) == ("paid-search", "google", "", (("gclid", "Cj0K"),))
    assert (partner.channel, partner.source, partner.medium) == ("referral", "partner-x", "webinar")


@pytest.mark.parametrize("name", ["typeform", "calendly-booked"])
def test_a_senders_own_program_is_nobody_that_an_event_could_be_about(name: str) -> None:
    door = Door(kinds=KINDS, secrets=SECRETS, address="203.0.113.9", house=House.of({"addresses": ["203.0.113.9"]}, []))
    sent = signed_record(of(name))
    sent.headers |= {"dnt": "1", "purpose": "prefetch"}
    assert sent.to(door).status == 200
    assert door.event.context.keys().isdisjoint({"internal", "machine", "consent"})


def test_equal_events_are_two_where_the_sender_says_so() -> None:
    door = new_door()
    opened = of("sendgrid").body[5]
    signed("sendgrid", [opened, {**opened, "sg_event_id": "another"}]).to(door)
    assert len({event.id for event in door.events}) == 2


@pytest.mark.parametrize("changed", ["Recipient", "OriginalLink", "ReceivedAt", "MessageID"])
def test_a_message_to_two_people_is_clicked_by_two(changed: str) -> None:
    door = new_door()
    click = of("postmark-click").body
    other = {"ReceivedAt": "2026-03-01T11:53:21Z", "Recipient": "grace@northwind.example"}.get(changed, "another")
    for body in (click, {**click, changed: other}):
        signed("postmark", body).to(door)
    assert len({event.id for event in door.events}) == 2


def test_no_answer_of_a_typeform_takes_anothers_place() -> None:
    body = copy.deepcopy(of("typeform").body)
    question = "How likely is it that you would recommend us to somebody who is looking for "
    asked: list[tuple[str, dict[str, Any]]] = [
        ("Where can we reach your assistant?", {"type": "email", "email": "grace@northwind.example"}),
        (f"{question}scores", {"type": "number", "number": 9}),
        (f"{question}reports", {"type": "number", "number": 3}),
        ("In your own words", {"type": "multi_format", "multi_format": {"video_url": "https://video.example/1"}}),
        (
            "Deposit",
            {"type": "payment", "payment": {"amount": "$10.00", "last4": "4242", "name": "A", "success": True}},
        ),
    ]
    for place, (title, answer) in enumerate(asked):
        body["form_response"]["definition"]["fields"].append({"id": f"field-{place}", "title": title})
        body["form_response"]["answers"].append({**answer, "field": {"id": f"field-{place}"}})
    door = new_door()
    signed("typeform", body).to(door)
    told_of = dict(door.event.properties)
    assert identifiers(door.event)["email"] == "ada.lovelace@northwind.example"
    assert told_of["where_can_we_reach_your_assistant"] == "grace@northwind.example"
    assert [value for name, value in told_of.items() if name.startswith("how_likely")] == [9, 3]
    assert told_of["in_your_own_words"] == {"video_url": "https://video.example/1"}
    assert told_of["deposit"] == "$10.00"


def test_questions_in_another_script_are_all_answered_in_calendly() -> None:
    body = copy.deepcopy(of("calendly-booked").body)
    body["payload"]["questions_and_answers"] = [
        {"question": question, "answer": question} for question in ("会社", "ご相談内容", "Company", "Company name")
    ]
    door = new_door()
    signed("calendly", body).to(door)
    answers = {name: value for name, value in door.event.properties.items() if name.startswith(("answer", "company"))}
    assert answers == {"answer": "会社", "answer_2": "ご相談内容", "company_name": "Company name"}
    assert door.event.traits["company"] == "Company"


def test_a_hidden_field_stays_where_the_form_has_no_such_thing_of_its_own() -> None:
    body = copy.deepcopy(of("typeform").body)
    body["form_response"]["hidden"] |= {"score": "7", "form_id": "mine"}
    del body["form_response"]["calculated"]
    door = new_door()
    signed("typeform", body).to(door)
    assert (door.event.properties["score"], door.event.properties["form_id"]) == ("7", "lT4Z3j")


def test_an_address_that_a_typeform_was_opened_with_is_known_of_the_person() -> None:
    body = copy.deepcopy(of("typeform").body)
    del body["form_response"]["answers"][0]
    body["form_response"]["hidden"] = {"email": "Ada.Lovelace@Northwind.example", "utm_source": "x", "utm_adgroup": "7"}
    door = new_door()
    signed("typeform", body).to(door)
    assert identifiers(door.event) == {"email": "ada.lovelace@northwind.example"}
    assert (door.event.traits["email"], door.event.traits["email_kind"]) == (
        "ada.lovelace@northwind.example",
        "business",
    )
    assert {name for name in door.event.properties if "utm" in name or name == "email"} == {"utm_adgroup"}


def test_an_id_that_mailgun_gives_again_on_another_day_is_another_event() -> None:
    body = copy.deepcopy(of("mailgun-clicked").body)
    door = new_door()
    signed("mailgun", body).to(door)
    body["event-data"]["timestamp"] -= 86_400
    signed("mailgun", body).to(door)
    assert len({event.id for event in door.events}) == 2


def test_a_bounce_of_a_mail_that_was_addressed_by_name_is_the_persons() -> None:
    body = copy.deepcopy(of("ses-bounce").body)
    for recipient in body["bounce"]["bouncedRecipients"]:
        recipient["emailAddress"] = f'"Lovelace, Ada" <{recipient["emailAddress"]}>'
    (event,) = taken(replace(of("ses-bounce"), body=body))
    assert identifiers(event)["email"] == "ada.lovelace@northwind.example"
