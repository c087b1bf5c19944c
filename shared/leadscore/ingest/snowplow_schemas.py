"""What Snowplow's trackers say by JSON that describes itself by a schema: events of their plug-ins, and entities.

It stands in a payload plain or in base64. Schemas are those of Iglu Central; whatever else is named by one is its
company's own.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from leadscore.domain.uncounted import CONSENT_GIVEN, CONSENT_WITHDRAWN
from leadscore.ingest.arrival import event_name
from leadscore.ingest.form import snake_case, trait_named, trait_value
from leadscore.ingest.json_body import EMPTY, checked, parse, parse_base64
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment_spec import VIDEO_WATCHED

#: A tracker's parameters.
type Payload = Mapping[str, Any]

_SCHEMA = re.compile(r"iglu:([\w.-]+)/([\w-]+)/[\w-]+/[0-9]+-[0-9]+-[0-9]+")
_SNOWPLOW = "com.snowplowanalytics."
#: Of our names for an event's properties those in Snowplow's own events that are called otherwise there.
_LINK = {"url": "targetUrl"}
_PRODUCT = {"product_id": "sku", "price": "unitPrice"}
_CANONICAL: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "link_click": ("Link Clicked", _LINK),
    "consent_granted": (CONSENT_GIVEN, {}),
    "screen_view": ("Screen Viewed", {}),
    "site_search": ("Site Searched", {}),
    "social_interaction": ("Social Engaged", {}),
    "submit_form": ("Form Submitted", {}),
    "add_to_cart": ("Product Added", _PRODUCT),
    "remove_from_cart": ("Product Removed", _PRODUCT),
}
#: Of the e-commerce plug-in, whose one event says what happened in `type`, and of what in its entities.
_ECOMMERCE = "snowplow_ecommerce_action"
_ECOMMERCE_NAMES = {
    "product_view": "Product Viewed",
    "list_view": "Product List Viewed",
    "add_to_cart": "Product Added",
    "remove_from_cart": "Product Removed",
    "transaction": "Order Completed",
    "refund": "Order Refunded",
}


#: What was answered to a consent manager: to all that it asks, or to what is listed.
_REFUSED = ("deny_all", "withdrawn", "expired")
_SELECTED = ("allow_selected", "implicit_consent")
#: How far somebody is in a video, by the media plug-ins; of the older ones the kinds of their one event.
_PROGRESS = frozenset({"percent_progress_event", "end_event"})
_OLD_MEDIA, _PROGRESS_TYPES = "media_player_event", ("percentprogress", "ended")
_WHOLE = 100


class SelfDescribing(NamedTuple):
    """JSON with its schema's vendor and name."""

    vendor: str
    name: str
    data: Any


class Told(NamedTuple):
    """What a payload says that happened."""

    call: str
    name: str
    properties: dict[str, Any]
    traits: Mapping[str, Any] = {}


def entities_of(payload: Payload) -> Iterator[SelfDescribing]:
    """What the event has to do with: its session, products, and what a company describes. Raises Rejected."""
    if payload.get("cx") in EMPTY and payload.get("co") in EMPTY:
        return
    listed = _self_describing(_json(payload, "cx", "co"), "cx").data
    if not isinstance(listed, list):
        raise Rejected("invalid_event", "`cx` must hold a list of entities in `data`")
    for entity in listed:
        yield _self_describing(entity, "cx")


def data_of(entities: tuple[SelfDescribing, ...], name: str) -> list[Mapping[str, Any]]:
    """The data of Snowplow's own entities of this name."""
    return [
        entity.data
        for entity in entities
        if entity.name == name and entity.vendor.startswith(_SNOWPLOW) and isinstance(entity.data, dict)
    ]


def told_by_schema(payload: Payload, entities: tuple[SelfDescribing, ...], consent_categories: Collection[str]) -> Told:
    """What a self-describing event says. `consent_categories` are those that allow to score. Raises Rejected."""
    wrapped = _self_describing(_json(payload, "ue_px", "ue_pr"), "ue_px")
    event = _self_describing(wrapped.data, "ue_px")
    data = event.data if isinstance(event.data, dict) else {"data": event.data}
    if not event.vendor.startswith(_SNOWPLOW):
        return Told("track", _title(event.name), data)
    if event.name == _ECOMMERCE:
        return _shop_action(data, entities)
    if event.name == "submit_form":
        return _submitted_form(data)
    if event.name == "consent_preferences":
        return Told("track", _consent(data, consent_categories) or _title(event.name), dict(data))
    if event.name in _PROGRESS or (event.name == _OLD_MEDIA and data.get("type") in _PROGRESS_TYPES):
        return _watched(event.name, data, entities)
    name, renamed = _CANONICAL.get(event.name, (_title(event.name), {}))
    properties = {**data, **{ours: data[theirs] for ours, theirs in renamed.items() if theirs in data}}
    if event.name == "site_search" and isinstance(data.get("terms"), list):
        properties["query"] = " ".join(map(str, data["terms"]))
    return Told("screen" if name == "Screen Viewed" else "track", name, properties)


def _submitted_form(data: Mapping[str, Any]) -> Told:
    """Fields are traits or answers as those of any form. Trackers leave out passwords themselves."""
    traits: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    elements = data.get("elements")
    for element in elements if isinstance(elements, list) else []:
        field = element.get("name") if isinstance(element, dict) else None
        if not isinstance(field, str) or element.get("value") in EMPTY:
            continue
        if trait := trait_named(field):
            traits[trait] = trait_value(trait, element["value"])
        else:
            answers[field] = element["value"]
    return Told("track", _CANONICAL["submit_form"][0], {**answers, "form": data.get("formId")}, traits)


def _consent(data: Mapping[str, Any], categories: Collection[str]) -> str | None:
    """Consent is given by what was allowed; nothing is said while somebody has not yet decided."""
    kind, scopes = data.get("eventType"), data.get("consentScopes")
    if kind in _REFUSED:
        return CONSENT_WITHDRAWN
    if kind in _SELECTED:
        allowed = (
            {scope.strip().lower() for scope in scopes if isinstance(scope, str)} if isinstance(scopes, list) else ()
        )
        return CONSENT_GIVEN if not categories or any(each in categories for each in allowed) else CONSENT_WITHDRAWN
    return CONSENT_GIVEN if kind == "allow_all" else None


def _watched(name: str, data: Mapping[str, Any], entities: tuple[SelfDescribing, ...]) -> Told:
    """How much of a video was seen so far, in percent, and which it is, as far as the player has a name for it."""
    player = next(iter(data_of(entities, "media_player")), {})
    if player.get("mediaType") == "audio":
        return Told("track", _title(name), dict(data))
    has_ended = name == "end_event" or data.get("type") == "ended"
    share = _WHOLE if has_ended else data.get("percentProgress", player.get("percentProgress"))
    named = {"video_id": data.get("label") or player.get("label"), "share": share}
    return Told("track", VIDEO_WATCHED, {**data, **named})


def _shop_action(data: Mapping[str, Any], entities: tuple[SelfDescribing, ...]) -> Told:
    kind = data.get("type")
    if not isinstance(kind, str) or not kind:
        raise Rejected("invalid_event", "an e-commerce action needs a `type`, such as add_to_cart")
    products = [_renamed(product, {"product_id": "id"}) for product in data_of(entities, "product")]
    properties: dict[str, Any] = {name: value for name, value in data.items() if name != "type"}
    properties |= products[0] if len(products) == 1 else {"products": products}
    for order in data_of(entities, "transaction"):
        properties |= _renamed(order, {"order_id": "transaction_id", "total": "revenue"}) | {
            "revenue": order.get("revenue")
        }
    for refund in data_of(entities, "refund"):
        properties |= _renamed(refund, {"order_id": "transaction_id", "total": "refund_amount"})
    return Told("track", _ECOMMERCE_NAMES.get(kind) or event_name("type", _title(kind)), properties)


def _renamed(data: Mapping[str, Any], ours: Mapping[str, str]) -> dict[str, Any]:
    theirs = set(ours.values())
    kept = {name: value for name, value in data.items() if name not in theirs}
    return kept | {name: data[original] for name, original in ours.items() if original in data}


def _self_describing(document: Any, field: str) -> SelfDescribing:
    schema = document.get("schema") if isinstance(document, dict) else None
    match = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if match is None:
        raise Rejected(
            "invalid_event", f"`{field}` must hold JSON with a `schema` such as iglu:com.acme/demo/jsonschema/1-0-0"
        )
    return SelfDescribing(match[1], match[2], document.get("data"))


def _json(payload: Payload, encoded: str, plain: str) -> Any:
    """JSON in base64, or as plain text."""
    text, read = payload.get(encoded), parse_base64
    if text in EMPTY:
        text, read = payload.get(plain), _parse_text
    try:
        document = read(text if isinstance(text, str) else "")
    except Rejected:
        raise Rejected("invalid_event", f"`{encoded}` must be JSON in base64, or `{plain}` plain JSON") from None
    # What comes within a text is as deep and large as any: it becomes part of the event.
    checked(document)
    return document


def _parse_text(text: str) -> Any:
    return parse(text.encode())


def _title(name: str) -> str:
    """`trial_started` and `TrialStarted` as `Trial Started`."""
    return " ".join(word.capitalize() for word in snake_case(name).split("_")) or name
