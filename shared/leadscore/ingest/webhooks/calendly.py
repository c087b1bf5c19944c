"""Calendly's webhooks: meetings that invitees book and cancel, and the forms that lead them to one.

Source: https://developer.calendly.com/api-docs (webhook payload, webhook signatures). Whoever moves a meeting cancels
one and books another: both are told, and count as neither.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form import EVENT_NAME, keep_answer, snake_case, trait_named, trait_value
from leadscore.ingest.json_body import filled
from leadscore.ingest.page import carried
from leadscore.ingest.webhooks.document import an_object, first, listed, part, text
from leadscore.ingest.webhooks.signature import check_age, compare, plain_secret, sha256_hmac
from leadscore.ingest.webhooks.vendor import Delivery, Reading, Told, Vendor, read_each, title_of

TOLERANCE_SECONDS = 180

_NAME = "Calendly"
EVENTS = {
    "invitee.created": "Meeting Booked",
    "invitee.created (rescheduled)": "Calendly Meeting Rescheduled",
    "invitee.canceled": "Meeting Canceled",
    "invitee.canceled (rescheduled)": "",
    "routing_form_submission.created": EVENT_NAME,
}
_NAME_CHARACTERS_MAX = 64


def verify(delivery: Delivery, secret: str) -> None:
    """`t=<seconds>,v1=<hex>` over `<seconds>.<raw bytes>`."""
    parts = [pair.strip().partition("=") for pair in delivery.request.header("calendly-webhook-signature").split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    expected = sha256_hmac(secret.encode(), timestamp.encode("utf-8", "replace"), b".", delivery.body).hex()
    compare([expected], [value for name, _, value in parts if name == "v1"])
    check_age(timestamp, delivery.now, tolerance_seconds=TOLERANCE_SECONDS)


def read(document: Any, arrival: Arrival, _delivery: Delivery) -> Reading:
    return read_each([document], _told, arrival)


def _told(item: Mapping[str, Any]) -> Iterator[Told]:
    what = text(item, "event")
    invitee = an_object("payload", item.get("payload"))
    name = EVENTS.get(_label(what, invitee), title_of(_NAME, what))
    if not name:
        return
    meeting, tracking = part(invitee, "scheduled_event"), part(invitee, "tracking")
    cancellation = part(invitee, "cancellation") if what == "invitee.canceled" else {}
    traits, answers = _traits_and_answers(invitee)
    yield Told(
        name=name,
        call="form" if name == EVENT_NAME else "track",
        at=first(cancellation, "created_at")
        or first(invitee if what == "invitee.created" else {}, "created_at")
        or item.get("created_at"),
        dedup=[invitee.get("uri"), what],
        # Whoever fills in a routing form is no invitee yet: the address is one of the answers.
        email=traits.get("email"),
        properties={
            **answers,
            **filled(
                {
                    "form": text(invitee, "routing_form").rpartition("/")[2],
                    "meeting_type": meeting.get("name"),
                    "starts_at": meeting.get("start_time"),
                    "canceled_by": cancellation.get("canceler_type"),
                }
            ),
        },
        traits=traits,
        context={**carried(tracking), "timezone": text(invitee, "timezone")},
    )


def _label(what: str, invitee: Mapping[str, Any]) -> str:
    is_moved = invitee.get("rescheduled") is True or (what == "invitee.created" and bool(invitee.get("old_invitee")))
    return f"{what} (rescheduled)" if is_moved else what


def _traits_and_answers(invitee: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    names = ("email", "name", "first_name", "last_name")
    traits = {name: trait_value(name, invitee[name]) for name in names if invitee.get(name)}
    answers: dict[str, Any] = {}
    for answered in listed(invitee, "questions_and_answers"):
        if isinstance(answered, dict):
            question, answer = text(answered, "question"), answered.get("answer")
            name = snake_case(question)[:_NAME_CHARACTERS_MAX] or "answer"
            keep_answer(trait_named(question), name, answer, traits, answers)
    return traits, answers


VENDOR = Vendor(name=_NAME, trust=Trust.DECLARED, events=EVENTS, verify=verify, read=read, secret_of=plain_secret)
