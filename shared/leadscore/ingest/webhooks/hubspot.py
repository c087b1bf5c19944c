"""HubSpot's CRM webhooks: an array of changes of contacts and deals, in no order; each says when it happened.

Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide and, for the signature,
https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation.
A contact is the external id `hubspot`, a deal the external id `hubspot_deal`: what is told of a deal names no contact,
but for its association with one. An association that is removed undoes nothing: what happened has happened.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form import snake_case, trait_named, trait_value
from leadscore.ingest.opt_out import EMAIL_OPT_OUT
from leadscore.ingest.webhooks.document import first, listed, text
from leadscore.ingest.webhooks.signature import base64_of, check_age, compare, plain_secret, sha256_hmac
from leadscore.ingest.webhooks.vendor import Delivery, OnePerson, Reading, Told, Vendor, read_each, title_of

_NAME = "HubSpot"
EVENTS = {
    "contact.propertyChange": "Identified",
    "contact.propertyChange (lifecyclestage opportunity)": "Deal Created",
    "contact.propertyChange (lifecyclestage customer)": "Deal Won",
    "contact.propertyChange (lifecyclestage)": "HubSpot Lifecycle Stage Changed",
    "contact.propertyChange (hs_lead_status UNQUALIFIED)": "Lead Disqualified",
    "contact.propertyChange (hs_lead_status OPEN)": "Lead Requalified",
    "contact.propertyChange (hs_lead_status IN_PROGRESS)": "Lead Requalified",
    "contact.propertyChange (hs_lead_status)": "HubSpot Lead Status Changed",
    "contact.propertyChange (hs_email_optout true)": "Unsubscribed",
    "contact.propertyChange (hs_email_optout false)": "Consent Given",
    "contact.merge": "",
    "deal.creation": "Deal Created",
    "deal.propertyChange (dealstage closedwon)": "Deal Won",
    "deal.propertyChange (dealstage closedlost)": "Deal Lost",
    "deal.propertyChange (hs_is_closed_won true)": "Deal Won",
    "deal.propertyChange (hs_is_closed_lost true)": "Deal Lost",
    "deal.propertyChange (dealstage)": "HubSpot Deal Stage Changed",
    "deal.propertyChange": "",
    "deal.associationChange (contact)": "Deal Associated",
    "deal.associationChange": "",
    "contact.associationChange (deal)": "Deal Associated",
    "contact.associationChange": "",
}
#: The types of the ids that people go by. Companies, tickets and so on are nobody, and passed over.
_ID_TYPES = {"contact": "hubspot", "deal": "hubspot_deal"}
_OBJECT_TYPES = {"0-1": "contact", "0-3": "deal"}
_CALLS = {"Identified": "identify", "Deal Associated": "associate"}
_OPT_OUT = "hs_email_optout"
#: What stands in a URL as it was sent, and plain in the one that HubSpot signs.
_SIGNED_PLAIN = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def verify(delivery: Delivery, secret: str) -> None:
    """Over method, URL, raw bytes and timestamp. The URL is the public one, as a request's host is behind a CDN, too.

    Its query is signed with some characters decoded. As it was sent it is taken, too: only HubSpot can sign either.
    """
    request = delivery.request
    timestamp = request.header("x-hubspot-request-timestamp")
    sent = f"{request.path}?{request.query}" if request.query else request.path
    urls = [f"https://{request.header('host')}{each}" for each in (sent, _plain(sent))]
    signed = [f"{request.method}{url}".encode("utf-8", "replace") for url in urls]
    age = timestamp.encode("utf-8", "replace")
    expected = [base64_of(sha256_hmac(secret.encode(), each, delivery.body, age)) for each in signed]
    compare(expected, [request.header("x-hubspot-signature-v3")])
    check_age(timestamp, delivery.now)


def read(document: Any, arrival: Arrival, _delivery: Delivery) -> Reading:
    return read_each(document, _told, arrival)


def _plain(url: str) -> str:
    return _SIGNED_PLAIN.sub(lambda match: chr(int(match[0][1:], 16)), url)


def _told(item: Mapping[str, Any]) -> Iterator[Told | OnePerson]:
    what, prop, value = _what(item), text(item, "propertyName"), _value(item)
    kind = what.partition(".")[0]
    if what == "contact.merge":
        yield from _merged(item)
    joined = _joined(item)
    name = _name(what, prop, value, is_joining=bool(joined)) if kind in _ID_TYPES else ""
    if not name:
        return
    ids = joined or {kind: first(item, "objectId", "newObjectId", "primaryObjectId")}
    traits = _traits(prop, value) if name == "Identified" or prop == _OPT_OUT else {}
    yield Told(
        name=name,
        call=_CALLS.get(name, "track"),
        at=item.get("occurredAt"),
        # HubSpot does not promise that its event ids are unique by themselves.
        dedup=[item.get("portalId"), item.get("eventId"), *ids.values(), prop, item.get("occurredAt")],
        email=traits.get("email"),
        external_ids={_ID_TYPES[each]: value for each, value in ids.items()},
        properties={
            "deal_id": ids.get("deal"),
            "stage": value if prop in {"lifecyclestage", "dealstage"} else None,
            "reason": value if prop == "hs_lead_status" else None,
            "channel": "email" if name == "Consent Given" else None,
        },
        traits=traits,
    )


def _merged(item: Mapping[str, Any]) -> Iterator[OnePerson]:
    """The primary contact is the person who stays. The one that came of it may have an id of its own."""
    stays = first(item, "primaryObjectId", "newObjectId", "objectId")
    for other in dict.fromkeys([*map(str, listed(item, "mergedObjectIds")), str(first(item, "newObjectId") or stays)]):
        if other != str(stays):
            yield OnePerson(kind=_ID_TYPES["contact"], lead=other, into=stays, at=item.get("occurredAt"))


def _value(item: Mapping[str, Any]) -> Any:
    value = item.get("propertyValue")
    return str(value).lower() if isinstance(value, bool) else value


def _what(item: Mapping[str, Any]) -> str:
    """Newer subscriptions say `object.propertyChange`, and what the object is beside it."""
    subscription = text(item, "subscriptionType")
    kind, _, change = subscription.partition(".")
    if kind != "object":
        return subscription
    object_type = text(item, "objectTypeId") or text(item, "fromObjectTypeId")
    return f"{_OBJECT_TYPES.get(object_type, kind)}.{change}"


def _name(what: str, prop: str, value: Any, *, is_joining: bool) -> str:
    """By the property's value where that matters, else by the property, else by what it is a change of."""
    closer = ("(contact)", "(deal)") if is_joining else (f"({prop} {value})", f"({prop})")
    labels = (*(f"{what} {each}" for each in closer), what)
    return next((EVENTS[label] for label in labels if label in EVENTS), title_of(_NAME, what))


def _joined(item: Mapping[str, Any]) -> dict[str, Any]:
    """The ids of the contact and the deal that are associated from now on, by kind; nothing for any other change.

    The association's type begins like `DEAL_TO_CONTACT`, unless the types of both stand apart.
    """
    kinds = [_OBJECT_TYPES.get(text(item, name), "") for name in ("fromObjectTypeId", "toObjectTypeId")]
    if not all(kinds):
        kinds = text(item, "associationType").lower().split("_")[:3:2]
    ends = dict(zip(kinds, (item.get("fromObjectId"), item.get("toObjectId")), strict=False))
    return ends if ends.keys() == _ID_TYPES.keys() and item.get("associationRemoved") is not True else {}


def _traits(prop: str, value: Any) -> dict[str, Any]:
    if prop == _OPT_OUT and value in ("true", "false"):
        return {EMAIL_OPT_OUT: value == "true"}
    trait = trait_named(prop) or snake_case(prop)
    return {trait: trait_value(trait, value)} if trait else {}


VENDOR = Vendor(name=_NAME, trust=Trust.SERVER, events=EVENTS, verify=verify, read=read, secret_of=plain_secret)
