"""Amazon SES's events, as SNS and as EventBridge deliver them inside AWS: who may send is decided by the stack.

Source: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html and
.../event-publishing-retrieving-eventbridge-examples.html. The record is the same on both ways, and so is its id here.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.ingest.arrival import Arrival
from leadscore.ingest.json_body import parse
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.webhooks.document import an_object, first, listed, part, text
from leadscore.ingest.webhooks.vendor import Reading, Told, only_recipient, read_each, title_of

NAME = "Amazon SES"
EVENTS = {
    "Send": "",
    "Reject": "",
    "Rendering Failure": "",
    "DeliveryDelay": "",
    "Delivery": "Email Delivered",
    "Open": "Email Opened",
    "Click": "Email Link Clicked",
    "Bounce (permanent)": "Email Bounced",
    "Bounce (passing)": "",
    "Complaint": "Email Marked as Spam",
    "Complaint (not spam)": "",
    "Complaint (suppressed)": "",
    "Subscription (unsubscribed from all)": "Unsubscribed",
    "Subscription (came back)": "Consent Given",
    "AmazonSnsSubscriptionSucceeded": "",
}


def read_invocation(invocation: Any, arrival: Arrival) -> Reading:
    """What one invocation of the function holds: SNS's records, or one event of EventBridge's."""
    # The runtime has parsed it, with what cannot travel still in it: half an emoji at the end of a subject, say.
    document = an_object("the invocation", parse(json.dumps(invocation).encode()))
    if document.get("source") == "aws.ses":
        return read_each([document.get("detail")], _told, arrival)
    messages = [
        text(part(record, "Sns"), "Message") for record in listed(document, "Records") if isinstance(record, dict)
    ]
    if not messages:
        raise Rejected("invalid_webhook", "this is neither of SNS nor of EventBridge's aws.ses: check who invokes this")
    return read_each([_record(message) for message in messages], _told, arrival)


def _record(message: str) -> Any:
    """SES tells the topic that it was set up in plain words, which are no record."""
    try:
        return parse(message.encode())
    except Rejected:
        return {"eventType": "Send"} if message.startswith("Successfully validated SNS topic") else message


def _told(record: Mapping[str, Any]) -> Iterator[Told]:
    what = first(record, "eventType", "notificationType")
    what = what if isinstance(what, str) else ""
    name = EVENTS.get(_label(what, record), title_of(NAME, what))
    if not name:
        return
    mail, happened = part(record, "mail"), part(record, what.lower())
    tags = {key: values[0] for key, values in part(mail, "tags").items() if isinstance(values, list) and values}
    at = first(happened, "timestamp") or mail.get("timestamp")
    for email in _recipients(what, happened, mail):
        yield Told(
            name=name,
            at=at,
            dedup=[mail.get("messageId"), what, at, email, happened.get("link")],
            email=email,
            ids=tags,
            properties={
                "campaign_id": first(tags, "campaign_id", "campaign"),
                "subject": text(part(mail, "commonHeaders"), "subject"),
                "link_url": happened.get("link"),
                "list_id": happened.get("contactList"),
                "channel": "email" if name == "Consent Given" else None,
            },
            context={"userAgent": text(happened, "userAgent") if what in {"Open", "Click"} else ""},
        )


def _label(what: str, record: Mapping[str, Any]) -> str:
    if what == "Bounce":
        return f"Bounce ({'permanent' if part(record, 'bounce').get('bounceType') == 'Permanent' else 'passing'})"
    if what == "Complaint":
        complaint = part(record, "complaint")
        if complaint.get("complaintFeedbackType") == "not-spam":
            return "Complaint (not spam)"
        # The mail was not even sent: it is the complaint of another time that is told again.
        if complaint.get("complaintSubType") == "OnAccountSuppressionList":
            return "Complaint (suppressed)"
    if what == "Subscription":
        subscription = part(record, "subscription")
        before, now = (part(subscription, f"{which}TopicPreferences").get("unsubscribeAll") for which in ("old", "new"))
        if now is True:
            return "Subscription (unsubscribed from all)"
        if before is True:
            return "Subscription (came back)"
    return what


def _recipients(what: str, happened: Mapping[str, Any], mail: Mapping[str, Any]) -> list[Any]:
    """Those that the record names, of whom there may be several; else the mail's only one."""
    if what in {"Bounce", "Complaint"}:
        named = listed(happened, "bouncedRecipients" if what == "Bounce" else "complainedRecipients")
        return [each.get("emailAddress") for each in named if isinstance(each, dict)]
    if what == "Delivery":
        return listed(happened, "recipients")
    return [only_recipient(listed(mail, "destination"))]
