"""Postmark's webhooks: one event a call, which Postmark does not sign. The URL holds the source's write key instead.

Source: https://postmarkapp.com/developer/webhooks/webhooks-overview and the page of each webhook.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.webhooks.document import an_object, first, part, text
from leadscore.ingest.webhooks.signature import compare
from leadscore.ingest.webhooks.vendor import Delivery, Reading, Told, Vendor, read_each, title_of

#: Postmark does not come again after it.
REFUSED = 403

_NAME = "Postmark"
EVENTS = {
    "Delivery": "Email Delivered",
    "Open": "Email Opened",
    "Click": "Email Link Clicked",
    "Bounce (permanent)": "Email Bounced",
    "Bounce (passing)": "",
    "SpamComplaint": "Email Marked as Spam",
    "SubscriptionChange (recipient left)": "Unsubscribed",
    "SubscriptionChange (recipient came back)": "Consent Given",
    "SubscriptionChange (other)": "",
}
_PERMANENT = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})


def verify(delivery: Delivery, secret: str) -> None:
    """`secret` is the source's write key: the user of Basic authentication, or `writeKey` in the query.

    Without it Postmark comes again for a while, in which the right URL may be pasted.
    """
    request = delivery.request
    given = request.basic_user() or request.query_fields().get("writeKey") or ""
    try:
        compare([secret], [given])
    except Rejected:
        raise Rejected(
            "invalid_write_key",
            "the write key is missing or not this source's: paste the URL that `leadscore webhooks list` shows",
            status=401,
        ) from None


def secret_of(_pasted: str) -> str:
    raise ValueError("Postmark signs nothing and has no secret: its URL, with a key, is in `leadscore webhooks list`")


def read(document: Any, arrival: Arrival, _delivery: Delivery) -> Reading:
    return read_each([an_object("the body", document)], _told, arrival)


def _told(item: Mapping[str, Any]) -> Iterator[Told]:
    what = text(item, "RecordType")
    name = EVENTS.get(_label(what, item), title_of(_NAME, what))
    if not name:
        return
    metadata = part(item, "Metadata")
    at = first(item, "ReceivedAt", "DeliveredAt", "BouncedAt", "ChangedAt")
    recipient = first(item, "Recipient", "Email")
    link = item.get("OriginalLink") if what == "Click" else None
    is_subscription = what == "SubscriptionChange"
    yield Told(
        name=name,
        at=at,
        # One message may go to several, and a change of a subscription may name no message at all.
        dedup=[item.get("MessageID"), what, at, recipient, link],
        email=recipient,
        ids=metadata,
        properties={
            "campaign_id": first(metadata, "campaign_id") or item.get("Tag"),
            "subject": item.get("Subject"),
            "link_url": link,
            "list_id": item.get("MessageStream") if is_subscription else None,
            "channel": "email" if name == "Consent Given" else None,
        },
        context={"userAgent": text(item, "UserAgent")},
    )


def _label(what: str, item: Mapping[str, Any]) -> str:
    """What a bounce or a complaint does to the subscription is told by those themselves."""
    if what == "Bounce":
        return f"Bounce ({'permanent' if text(item, 'Type') in _PERMANENT else 'passing'})"
    if what != "SubscriptionChange":
        return what
    if item.get("Origin") != "Recipient" or text(item, "SuppressionReason") not in {"", "ManualSuppression"}:
        return "SubscriptionChange (other)"
    has_left = item.get("SuppressSending") is True
    return f"SubscriptionChange (recipient {'left' if has_left else 'came back'})"


VENDOR = Vendor(
    name=_NAME,
    trust=Trust.SERVER,
    events=EVENTS,
    verify=verify,
    read=read,
    secret_of=secret_of,
    refuses_with=REFUSED,
)
