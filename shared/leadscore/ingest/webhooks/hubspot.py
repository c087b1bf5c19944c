"""HubSpot's CRM webhooks: an array of changes of contacts and deals, in no order; each says when it happened.

Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide and, for the signature,
https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation.
A contact is the external id `hubspot`, a deal the external id `hubspot_deal`: what is told of a deal names no contact.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form import snake_case, trait_named, trait_value
from leadscore.ingest.webhooks.document import text
from leadscore.ingest.webhooks.signature import base64_of, check_age, compare, plain_secret, sha256_hmac
from leadscore.ingest.webhooks.vendor import Delivery, Reading, Told, Vendor, read_each, title_of

_NAME = "HubSpot"
EVENTS = {
    "contact.propertyChange": "Identified",
    "contact.propertyChange (lifecyclestage opportunity)": "Opportunity Created",
    "contact.propertyChange (lifecyclestage customer)": "Opportunity Won",
    "contact.propertyChange (lifecyclestage)": "HubSpot Lifecycle Stage Changed",
    "contact.propertyChange (hs_lead_status UNQUALIFIED)": "Lead Disqualified",
    "contact.propertyChange (hs_lead_status OPEN)": "Lead Requalified",
    "contact.propertyChange (hs_lead_status IN_PROGRESS)": "Lead Requalified",
    "contact.propertyChange (hs_lead_status)": "HubSpot Lead Status Changed",
    "deal.creation": "Opportunity Created",
    "deal.propertyChange (dealstage closedwon)": "Opportunity Won",
    "deal.propertyChange (dealstage closedlost)": "Opportunity Lost",
    "deal.propertyChange (hs_is_closed_won true)": "Opportunity Won",
    "deal.propertyChange (hs_is_closed_lost true)": "Opportunity Lost",
    "deal.propertyChange (dealstage)": "HubSpot Deal Stage Changed",
    "deal.propertyChange": "",
    "deal.associationChange": "",
    "contact.associationChange": "",
}
#: The types of the ids that people go by. Companies, tickets and so on are nobody, and passed over.
_ID_TYPES = {"contact": "hubspot", "deal": "hubspot_deal"}
_OBJECT_TYPES = {"0-1": "contact", "0-3": "deal"}


def verify(delivery: Delivery, secret: str) -> None:
    """Over method, URL, raw bytes and timestamp. The URL is the public one: behind CloudFront its host is forwarded."""
    request = delivery.request
    timestamp = request.header("x-hubspot-request-timestamp")
    hosts = {request.header("x-forwarded-host"), request.header("host")} - {""}
    query = f"?{request.query}" if request.query else ""
    signed = [f"{request.method}https://{host}{request.path}{query}".encode("utf-8", "replace") for host in hosts]
    age = timestamp.encode("utf-8", "replace")
    expected = [base64_of(sha256_hmac(secret.encode(), each, delivery.body, age)) for each in signed]
    compare(expected, [request.header("x-hubspot-signature-v3")])
    check_age(timestamp, delivery.now)


def read(document: Any, arrival: Arrival, _delivery: Delivery) -> Reading:
    return read_each(document, _told, arrival)


def _told(item: Mapping[str, Any]) -> Iterator[Told]:
    what, prop, value = _what(item), text(item, "propertyName"), item.get("propertyValue")
    kind = what.partition(".")[0]
    name = _name(what, prop, value) if kind in _ID_TYPES else ""
    if not name:
        return
    traits = _traits(prop, value) if name == "Identified" else {}
    yield Told(
        name=name,
        call="identify" if name == "Identified" else "track",
        at=item.get("occurredAt"),
        # HubSpot does not promise that its event ids are unique by themselves.
        dedup=[item.get("portalId"), item.get("eventId"), item.get("objectId"), prop, item.get("occurredAt")],
        email=traits.get("email"),
        external_ids={_ID_TYPES[kind]: item.get("objectId")},
        properties={
            "opportunity_id": item.get("objectId") if kind == "deal" else None,
            "stage": value if prop in {"lifecyclestage", "dealstage"} else None,
            "reason": value if prop == "hs_lead_status" else None,
        },
        traits=traits,
    )


def _what(item: Mapping[str, Any]) -> str:
    """Newer subscriptions say `object.propertyChange`, and what the object is beside it."""
    subscription = text(item, "subscriptionType")
    kind, _, change = subscription.partition(".")
    return f"{_OBJECT_TYPES.get(text(item, 'objectTypeId'), kind)}.{change}" if kind == "object" else subscription


def _name(what: str, prop: str, value: Any) -> str:
    """By the property's value where that matters, else by the property, else by what it is a change of."""
    for label in (f"{what} ({prop} {value})", f"{what} ({prop})", what):
        if label in EVENTS:
            return EVENTS[label]
    return title_of(_NAME, what)


def _traits(prop: str, value: Any) -> dict[str, Any]:
    trait = trait_named(prop) or snake_case(prop)
    return {trait: trait_value(trait, value)} if trait else {}


VENDOR = Vendor(name=_NAME, trust=Trust.SERVER, events=EVENTS, verify=verify, read=read, secret_of=plain_secret)
