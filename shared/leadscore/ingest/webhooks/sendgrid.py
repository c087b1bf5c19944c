"""Twilio SendGrid's Event Webhook: an array of events, signed with ECDSA over the timestamp and the raw bytes.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event and, for the signature,
.../getting-started-event-webhook-security-features. It names no tolerance, and duplicates come for more than a day, so
the age is not looked at: a delivery that is repeated says nothing new.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.webhooks.document import first, text
from leadscore.ingest.webhooks.p256 import PublicKey
from leadscore.ingest.webhooks.signature import from_base64, wrong
from leadscore.ingest.webhooks.vendor import Delivery, Reading, Told, Vendor, read_each, title_of

_NAME = "SendGrid"
EVENTS = {
    "processed": "",
    "deferred": "",
    "dropped": "",
    "account_status_change": "",
    "delivered": "Email Delivered",
    "open": "Email Opened",
    "click": "Email Link Clicked",
    "bounce": "Email Bounced",
    "bounce (blocked)": "",
    "spamreport": "Email Marked as Spam",
    "unsubscribe": "Unsubscribed",
    "group_unsubscribe": "Unsubscribed",
    "group_resubscribe": "Consent Given",
}


def verify(delivery: Delivery, secret: str) -> None:
    """`secret` is SendGrid's public key: nobody else can sign for it."""
    timestamp = delivery.request.header("x-twilio-email-event-webhook-timestamp")
    signature = from_base64(delivery.request.header("x-twilio-email-event-webhook-signature"))
    signed = timestamp.encode("utf-8", "replace") + delivery.body
    if not timestamp or not signature or not _public_key(secret).has_signed(signature, signed):
        raise wrong()


def secret_of(pasted: str) -> str:
    """The verification key, with or without the lines that PEM has around it."""
    lines = [line.strip() for line in pasted.strip().splitlines() if not line.startswith("-----")]
    key = "".join(lines)
    _public_key(key)
    return key


def read(document: Any, arrival: Arrival, _delivery: Delivery) -> Reading:
    return read_each(document, _told, arrival)


def _told(item: Mapping[str, Any]) -> Iterator[Told]:
    what = text(item, "event")
    name = EVENTS.get(_label(what, item), title_of(_NAME, what))
    if not name:
        return
    yield Told(
        name=name,
        at=item.get("timestamp"),
        dedup=[item.get("sg_event_id")],
        email=item.get("email"),
        ids=item,  # Custom arguments stand beside SendGrid's own fields.
        properties={
            "campaign_id": _campaign(item),
            "link_url": item.get("url") if what == "click" else None,
            "list_id": item.get("asm_group_id") if "subscribe" in what else None,
            "channel": "email" if name == "Consent Given" else None,
        },
        context={
            "userAgent": text(item, "useragent"),
            # Apple's proxy, which opens every mail; other machines SendGrid does not tell.
            "machine": True if item.get("sg_machine_open") is True else None,
        },
    )


def _label(what: str, item: Mapping[str, Any]) -> str:
    """A blocked mail is refused for now: its address may well be good."""
    return "bounce (blocked)" if what == "bounce" and item.get("type") == "blocked" else what


def _campaign(item: Mapping[str, Any]) -> Any:
    found = first(item, "campaign_id", "marketing_campaign_id", "singlesend_id", "category")
    return found[0] if isinstance(found, list) else found


def _public_key(secret: str) -> PublicKey:
    try:
        return PublicKey(from_base64(secret) or b"")
    except ValueError:
        raise ValueError(
            "this is no verification key of SendGrid's (base64, an elliptic curve key on P-256): copy it from Settings,"
            " Mail Settings, Event Webhooks, Security"
        ) from None


VENDOR = Vendor(name=_NAME, trust=Trust.SERVER, events=EVENTS, verify=verify, read=read, secret_of=secret_of)
