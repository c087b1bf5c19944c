"""Segment's HTTP tracking format, as its clients and RudderStack's really send it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leadscore.domain.event import ACCOUNT, LeadEvent, Trust
from leadscore.ingest.arrival import Arrival, event_name
from leadscore.ingest.clock import occurred_at
from leadscore.ingest.external_ids import external_ids
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import EMPTY, checked, filled, nested_too_deeply
from leadscore.ingest.page import NO_REFERRER, campaign, with_path
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment_spec import (
    CONSENT_EVENTS,
    INSTALL_ATTRIBUTED,
    VIDEO_EVENTS,
    VIDEO_WATCHED,
    attributed,
    flat,
    told_by_consent,
    watched,
)

BATCH_EVENTS_MAX = 2_500
#: What a batch says once goes into each of its events, and a few KB on the wire must not become 75 MB on the queue.
REPEATED_BYTES_MAX = 4 * 1024 * 1024

#: Every call with the name of its event; a track call brings its own.
EVENT_NAMES = {
    "identify": "Identified",
    "track": "",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Grouped",
    "alias": "Aliased",
}
#: What changes from one sending of an event to the next, or is no content of it.
_NOT_CONTENT = frozenset({"sentAt", "receivedAt", "writeKey", "_metadata"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a batch says once for all its items."""

    sent_at: Any = None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """One item of a batch that cannot be taken, while its neighbours are."""

    index: int
    item: Any
    rejected: Rejected


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch turned out to hold. A self-alias is neither: it says nothing."""

    events: tuple[LeadEvent, ...]
    failures: tuple[Failure, ...] = ()


def read_call(item: Any, call: str, arrival: Arrival, envelope: Envelope | None = None) -> LeadEvent | None:
    """The event of one call, or None for an alias of somebody to themselves, which clients send routinely."""
    if not isinstance(item, dict):
        raise Rejected("invalid_event", "an event must be a JSON object")
    envelope = envelope or Envelope()
    content = _content(item, call)
    canonical = checked(content)
    context = {**envelope.context, **_object(item, "context")}
    if envelope.context:
        checked({**content, "context": context})
    ids = _identifiers(item, call)
    if call == "alias" and ids["user_id"] == ids["anonymous_id"]:
        return None
    properties, traits = _said(item, call, context)
    name = EVENT_NAMES[call] or event_name("event", item.get("event"))
    if name in VIDEO_EVENTS:
        name, properties = VIDEO_WATCHED, watched(name, properties)
    elif name in CONSENT_EVENTS:
        name = told_by_consent(name, context, arrival.house.consent_categories)
    elif name == INSTALL_ATTRIBUTED:
        context = attributed(properties, context)
    timestamp = _timestamp(item)
    email = _email(call, traits, context, arrival.trust)
    mentioned = email_address(properties.get("email")) if call == "track" and arrival.trust is Trust.SERVER else None
    return arrival.event(
        call=call,
        name=name,
        # Of the item alone: what a batch says once for all its items is nobody's id.
        identifiers={
            **external_ids(_object(item, "context")),
            **ids,
            "email": email or mentioned,
        },
        is_email_mentioned=not email and ids["user_id"] is not None,
        content=canonical,
        message_id=item.get("messageId"),
        is_dated=timestamp not in EMPTY,
        occurred_at=occurred_at(timestamp=timestamp, sent_at=_sent_at(item, envelope), received_at=arrival.received_at),
        timestamp=timestamp,
        properties=properties,
        traits=traits,
        context=_kept(context, call),
        visitor_address=context.get("ip"),
    )


def as_batch(document: Any) -> Any:
    """The batch that a body is. Whoever passes events on may send one as it is, or several in a list."""
    if isinstance(document, list) and document:
        return {"batch": document}
    if isinstance(document, dict) and "batch" not in document and "type" in document:
        return {"batch": [document]}
    return document


def read_batch(document: Any, arrival: Arrival) -> Batch:
    """Every item on its own: a bad one is a failure, and no reason to lose its neighbours."""
    items = document.get("batch") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise Rejected("invalid_batch", "the body must be an object with `batch`, a list of events")
    if len(items) > BATCH_EVENTS_MAX:
        raise Rejected("too_many_events", f"`batch` holds more than {BATCH_EVENTS_MAX} events: send smaller batches")
    envelope = Envelope(document.get("sentAt"), _object(document, "context"))
    if len(checked(envelope.context).encode()) * len(items) > REPEATED_BYTES_MAX:
        raise Rejected(
            "body_too_large",
            f"the batch's `context`, which goes into each event, makes more than {REPEATED_BYTES_MAX // 1024**2} MB of"
            " them: send smaller batches, or say less in it",
            status=413,
        )
    events: list[LeadEvent] = []
    failures: list[Failure] = []
    for index, item in enumerate(items):
        try:
            event = read_call(item, _type(item), arrival, envelope)
        except Rejected as rejected:
            failures.append(Failure(index, item, rejected))
        else:
            if event is not None:
                events.append(event)
    return Batch(tuple(events), tuple(failures))


def failed_text(document: Mapping[str, Any], failures: Iterable[Failure], source: str) -> str:
    """The failed items in an envelope of their own, without the write key: to be mended and sent again as a batch.

    Raises Rejected on what is just not too deep to be read, and within an envelope too deep to be written.
    """
    items = [
        {name: value for name, value in failure.item.items() if name != "writeKey"}
        if isinstance(failure.item, dict)
        else failure.item
        for failure in failures
    ]
    envelope = {name: document[name] for name in ("sentAt", "context") if name in document}
    try:
        return json.dumps({"source": source, **envelope, "batch": items}, separators=(",", ":"))
    except RecursionError:
        raise nested_too_deeply() from None


def _type(item: Any) -> str:
    call = item.get("type") if isinstance(item, dict) else None
    if isinstance(item, dict) and (not isinstance(call, str) or call not in EVENT_NAMES):
        raise Rejected("invalid_type", f"`type` must be one of {', '.join(EVENT_NAMES)}")
    return str(call)


def _content(item: Mapping[str, Any], call: str) -> dict[str, Any]:
    content = _without(item, _NOT_CONTENT)
    content["type"] = call
    if isinstance(content.get("context"), dict):
        content["context"] = _without(content["context"], ("ip",))
    return content


def _identifiers(item: Mapping[str, Any], call: str) -> dict[str, str | None]:
    user_id = identifier("userId", item.get("userId"))
    anonymous_id = identifier("anonymousId", item.get("anonymousId"))
    if call == "alias":
        anonymous_id = identifier("previousId", item.get("previousId")) or anonymous_id
        if user_id is None or anonymous_id is None:
            raise Rejected("no_user_anon_id", "an alias needs a usable `userId` and `previousId`: send both")
    return {"user_id": user_id, "anonymous_id": anonymous_id}


def _said(item: Mapping[str, Any], call: str, context: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The event's properties and the person's traits. A group's traits are the company's, so they are properties.

    Of the person a group says which account it is of.
    """
    if call == "identify":
        traits = flat({**_object(context, "traits"), **_object(item, "traits")})
        email = email_address(traits.get("email"))
        return {}, {**traits, "email": email} if email else traits
    if call == "group":
        group = {"groupId": item.get("groupId"), "traits": _object(item, "traits")}
        return filled(group), _account(group["groupId"])
    properties = _object(item, "properties")
    if call in {"page", "screen"}:
        titles = {name: item[name] for name in ("name", "category") if item.get(name) not in EMPTY}
        page = with_path({**titles, **properties})
        return page if "path" in page else with_path({**_place(context), **page}), {}
    return properties, {}


def _place(context: Mapping[str, Any]) -> dict[str, Any]:
    """Which page it was by the context, where rules do not look: some clients tell it only there."""
    page = context.get("page")
    return {name: page[name] for name in ("path", "url") if name in page} if isinstance(page, dict) else {}


def _account(group_id: Any) -> dict[str, str]:
    try:
        account = identifier("groupId", group_id)
    except Rejected:  # What is no id names no account. It was never asked to be one, and stays a property.
        account = None
    return {ACCOUNT: account} if account else {}


def _email(call: str, traits: Mapping[str, Any], context: Mapping[str, Any], trust: Trust) -> str | None:
    """An address names a person where they, or a server that knows them, say it is theirs.

    A server says so in any call, as Segment and RudderStack have it: of the context's traits and a property the former
    are surely the person's. They name the person and no more: clients repeat them with every call, however old.
    """
    if call == "identify" or trust is not Trust.SERVER:
        return email_address(traits.get("email"))
    repeated = context.get("traits")
    return email_address(repeated.get("email")) if isinstance(repeated, dict) else None


def _kept(context: Mapping[str, Any], call: str) -> dict[str, Any]:
    """The context without the visitor's address, which nobody scores, and without what is stored as traits already.

    Clients that name no campaign have it in the address of the page.
    """
    kept = filled(_without(context, ("ip", "traits") if call == "identify" else ("ip",)))
    page = kept.get("page")
    if not isinstance(page, dict):
        return kept
    url = page.get("url")
    if isinstance(url, str) and "utm_" in url and "campaign" not in kept and (found := campaign({}, url)):
        kept["campaign"] = found
    if page.get("referrer") == NO_REFERRER:
        kept["page"] = with_path(page)
    return kept


def _without(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    kept = dict(values)
    for name in names:
        kept.pop(name, None)
    return kept


def _sent_at(item: Mapping[str, Any], envelope: Envelope) -> Any:
    """When the client sent it, which tells how wrong its clock is.

    Whoever passes on what they received themselves (Segment's and RudderStack's webhooks) has corrected its `timestamp`
    already.
    """
    if item.get("receivedAt") not in EMPTY and item.get("timestamp") not in EMPTY:
        return None
    return envelope.sent_at if item.get("sentAt") is None else item["sentAt"]


def _timestamp(item: Mapping[str, Any]) -> Any:
    """RudderStack's clients may send only `originalTimestamp`; a `timestamp` is what the caller chose."""
    return item.get("originalTimestamp") if item.get("timestamp") in EMPTY else item["timestamp"]


def _object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object of this name. An empty one may come as a list: PHP does not tell the two apart."""
    value = holder.get(name)
    if value in EMPTY:
        return {}
    if not isinstance(value, dict):
        raise Rejected("invalid_event", f"`{name}` must be a JSON object")
    return value
