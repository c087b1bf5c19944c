"""Any sender of Standard Webhooks: a body in Segment's format, Resend's e-mail events, or `{type, timestamp, data}`.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, and for Resend
https://resend.com/docs/dashboard/webhooks/event-types. Svix and Resend call the same headers `svix-...`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.json_body import filled
from leadscore.ingest.segment import EVENT_NAMES, read_batch
from leadscore.ingest.webhooks.document import an_object, first, listed, part, text
from leadscore.ingest.webhooks.signature import base64_of, check_age, compare, from_base64, sha256_hmac, wrong
from leadscore.ingest.webhooks.vendor import (
    Delivery,
    Reading,
    Told,
    Vendor,
    message_id,
    only_recipient,
    read_each,
    title_of,
)

_PREFIX = "whsec_"
_KEY_BYTES = range(16, 65)
#: What a CRM may call what is a deal here.
_DEALS = {
    f"{thing} {what}": f"Deal {ours}"
    for thing in ("Deal", "Opportunity")
    for ours, calls in (("Created", ("Created",)), ("Won", ("Won", "Closed Won")), ("Lost", ("Lost", "Closed Lost")))
    for what in calls
}
#: Resend's events. Those of other senders have no counterpart that anybody could know.
EVENTS = {
    "email.sent": "",
    "email.scheduled": "",
    "email.delivery_delayed": "",
    "email.failed": "",
    "email.suppressed": "",
    "email.received": "",
    "domain.created": "",
    "domain.updated": "",
    "domain.deleted": "",
    "email.delivered": "Email Delivered",
    "email.opened": "Email Opened",
    "email.clicked": "Email Link Clicked",
    "email.bounced (permanent)": "Email Bounced",
    "email.bounced (passing)": "",
    "email.complained": "Email Marked as Spam",
    "contact.updated (unsubscribed)": "Unsubscribed",
}


def verify(delivery: Delivery, secret: str) -> None:
    """`v1,<base64>` over `<id>.<timestamp>.<raw bytes>`; one of several is enough, as while a secret is exchanged."""
    message, timestamp = _header(delivery, "id"), _header(delivery, "timestamp")
    if not message:
        raise wrong()
    signed = f"{message}.{timestamp}.".encode("utf-8", "replace")
    expected = base64_of(sha256_hmac(_key(secret), signed, delivery.body))
    given = [signature.partition(",") for signature in _header(delivery, "signature").split()]
    compare([expected], [value for version, _, value in given if version == "v1"])
    check_age(timestamp, delivery.now)


def secret_of(pasted: str) -> str:
    stripped = pasted.strip()
    _key(stripped)
    return stripped


def read(document: Any, arrival: Arrival, delivery: Delivery) -> Reading:
    message = _header(delivery, "id")
    body = an_object("the body", document)
    if isinstance(body.get("batch"), list) or text(body, "type") in EVENT_NAMES:
        return _read_calls(body, arrival, message)
    return read_each([body], lambda item: _told(item, message), arrival)


def _read_calls(body: Mapping[str, Any], arrival: Arrival, message: str) -> Reading:
    """Calls of Segment's, known by the delivery's id and their place in it where they have no id of their own."""
    calls = body["batch"] if isinstance(body.get("batch"), list) else [body]
    identified = [
        {"messageId": message_id(message, place), **filled(call)} if isinstance(call, dict) else call
        for place, call in enumerate(calls)
    ]
    batch = read_batch({**body, "batch": identified}, arrival)
    untold = len(calls) - len(batch.events) - len(batch.failures)
    return Reading(batch.events, batch.failures, untold)


def _told(item: Mapping[str, Any], message: str) -> Iterator[Told]:
    what, data = text(item, "type"), part(item, "data")
    at = first(item, "created_at", "timestamp")
    label = _label(what, data)
    if label not in EVENTS:
        # Its sender's own: whoever it concerns has to be named in the data.
        name = title_of("", what).strip()
        yield Told(
            name=_DEALS.get(name, name), at=at, dedup=[message], email=data.get("email"), ids=data, properties=data
        )
    elif name := EVENTS[label]:
        yield _of_resend(name, data, at, message)


def _of_resend(name: str, data: Mapping[str, Any], at: Any, message: str) -> Told:
    click = part(data, "click")
    tags = _tags(data)
    recipients = listed(data, "to")
    return Told(
        name=name,
        at=first(click, "timestamp") or at,
        dedup=[message],
        email=only_recipient(recipients) if recipients else data.get("email"),
        ids=tags,
        properties={
            "campaign_id": first(tags, "campaign_id") or data.get("broadcast_id"),
            "subject": data.get("subject"),
            "link_url": click.get("link"),
            "list_id": data.get("audience_id"),
        },
        context={"userAgent": text(click, "userAgent") or text(part(data, "open"), "userAgent")},
    )


def _label(what: str, data: Mapping[str, Any]) -> str:
    if what == "email.bounced":
        return f"{what} ({'permanent' if part(data, 'bounce').get('type', 'Permanent') == 'Permanent' else 'passing'})"
    is_leaving = what == "contact.updated" and data.get("unsubscribed") is True
    return f"{what} (unsubscribed)" if is_leaving else what


def _tags(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Resend gives what it was given: a list of names and values, or an object."""
    pairs = [tag for tag in listed(data, "tags") if isinstance(tag, dict)]
    return {text(tag, "name"): tag.get("value") for tag in pairs} or part(data, "tags")


def _header(delivery: Delivery, name: str) -> str:
    return delivery.request.header(f"webhook-{name}") or delivery.request.header(f"svix-{name}")


def _key(secret: str) -> bytes:
    key = from_base64(secret.removeprefix(_PREFIX))
    if key is None or len(key) not in _KEY_BYTES:
        raise ValueError(f"a secret of Standard Webhooks is {_PREFIX} and base64 of 16 to 64 bytes: paste it whole")
    return key


VENDOR = Vendor(
    name="Standard Webhooks", trust=Trust.SERVER, events=EVENTS, verify=verify, read=read, secret_of=secret_of
)
