"""Mailgun's webhooks: one event a call, its signature inside the body.

Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads. What is signed is the
timestamp and a token, not the event, and a retry may carry the first try's signature: retries go on for eight hours,
and so long a signature has to be good. So a signature tells one event only, and is never kept as it is. A retry with a
signature of its own is the same event by its id and time.

Nothing stands between the two, and digits moved from the token to the timestamp make it the same moment in ms. So a
signature is known by both together, and by all sources alike, since an account has one key for all its webhooks.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.json_body import parse
from leadscore.ingest.webhooks.document import an_object, first, listed, part, text
from leadscore.ingest.webhooks.signature import check_age, compare, plain_secret, sha256_hmac, wrong
from leadscore.ingest.webhooks.vendor import Delivery, Reading, Stamp, Told, Vendor, read_each, title_of

TOLERANCE_SECONDS = 9 * 3_600
#: Mailgun takes it for a refusal, and comes again after anything else but 200.
REFUSED = 406

_NAME = "Mailgun"
EVENTS = {
    "accepted": "",
    "rejected": "",
    "stored": "",
    "delivered": "Email Delivered",
    "opened": "Email Opened",
    "clicked": "Email Link Clicked",
    "failed (permanent)": "Email Bounced",
    "failed (temporary)": "",
    "failed (suppressed)": "",
    "complained": "Email Marked as Spam",
    "unsubscribed": "Unsubscribed",
}


def verify(delivery: Delivery, secret: str) -> None:
    document = an_object("the body", parse(delivery.body))
    timestamp, token = _signed(document)
    if not timestamp or not token:
        raise wrong()
    expected = sha256_hmac(secret.encode(), timestamp.encode("utf-8", "replace"), token.encode("utf-8", "replace"))
    compare([expected.hex()], [text(part(document, "signature"), "signature").lower()])
    check_age(timestamp, delivery.now, tolerance_seconds=TOLERANCE_SECONDS, status=REFUSED)


def stamp_of(document: Any) -> Stamp:
    return Stamp("".join(_signed(document)), document.get("event-data"))


def read(document: Any, arrival: Arrival, _delivery: Delivery) -> Reading:
    return read_each([an_object("the body", document).get("event-data")], _told, arrival)


def _signed(document: Mapping[str, Any]) -> tuple[str, str]:
    """The timestamp and the token."""
    signature = part(document, "signature")
    return str(signature.get("timestamp", "")), text(signature, "token")


def _told(item: Mapping[str, Any]) -> Iterator[Told]:
    what = text(item, "event")
    name = EVENTS.get(_label(what, item), title_of(_NAME, what))
    if not name:
        return
    client, variables = part(item, "client-info"), part(item, "user-variables")
    yield Told(
        name=name,
        at=item.get("timestamp"),
        # "The event ID, unique within a day."
        dedup=[item.get("id"), item.get("timestamp")],
        email=item.get("recipient"),
        ids=variables,
        properties={
            "campaign_id": first(variables, "campaign_id") or next(iter(listed(item, "tags")), None),
            "subject": text(part(part(item, "message"), "headers"), "subject"),
            "link_url": item.get("url") if what == "clicked" else None,
        },
        context={
            "userAgent": text(client, "user-agent"),
            "machine": True if client.get("bot") else None,
        },
    )


def _label(what: str, item: Mapping[str, Any]) -> str:
    """Mail to an address that bounced or complained before is not sent at all: that says nothing new."""
    if what != "failed":
        return what
    if text(item, "reason").startswith("suppress-"):
        return "failed (suppressed)"
    return "failed (permanent)" if item.get("severity") == "permanent" else "failed (temporary)"


VENDOR = Vendor(
    name=_NAME,
    trust=Trust.SERVER,
    events=EVENTS,
    verify=verify,
    read=read,
    secret_of=plain_secret,
    refuses_with=REFUSED,
    stamp_of=stamp_of,
)
