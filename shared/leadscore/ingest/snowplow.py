"""Snowplow's tracker protocol: payloads of short names and text values, as all its trackers send them.

Names are those of Snowplow's documentation ("Snowplow tracker protocol"). What trackers say of an event beyond these
parameters is JSON that describes itself by a schema, plain or in base64.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from leadscore.domain.event import LeadEvent
from leadscore.ingest.arrival import Arrival, event_name
from leadscore.ingest.clock import occurred_at
from leadscore.ingest.form import snake_case, trait_named, trait_value
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import checked, parse
from leadscore.ingest.page import campaign, with_path
from leadscore.ingest.rejection import Rejected

PAYLOADS_MAX = 2_500
#: A ping does not tell how long its heartbeat is. This is what Snowplow's documentation sets it to.
PING_SECONDS = 10

type Payload = Mapping[str, Any]

_SCHEMA = re.compile(r"iglu:([\w.-]+)/([\w-]+)/[\w-]+/[0-9]+-[0-9]+-[0-9]+")
_SNOWPLOW = "com.snowplowanalytics."
_WRITE_KEY = re.compile(r".+_[0-9a-f]{32}")
_BROWSER = "web"
_SESSION = "client_session"
#: When a payload is sent is no content of it, and neither is whose it is.
_NOT_CONTENT = frozenset({"stm", "aid"})
_EMPTY: tuple[Any, ...] = (None, "", {}, [])
#: Of our names for an event's properties those in Snowplow's own events that are called otherwise there.
_LINK = {"url": "targetUrl"}
_PRODUCT = {"product_id": "sku", "price": "unitPrice"}
_CANONICAL: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "link_click": ("Link Clicked", _LINK),
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


def payloads(document: Any) -> list[Any]:
    """What a tracker's POST holds."""
    found = document.get("data") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise Rejected("invalid_batch", "the body must be an object with `data`, a list of Snowplow's payloads")
    if len(found) > PAYLOADS_MAX:
        raise Rejected("too_many_events", f"`data` holds more than {PAYLOADS_MAX} events: send smaller batches")
    return found


def app_id(payload: Any) -> str:
    """The app id that a tracker is configured with; empty where there is none."""
    return _text(payload, "aid") if isinstance(payload, dict) else ""


def without_key(payload: Any) -> Any:
    """The payload as it may be kept: an app id that is a write key says nothing but who may send."""
    if isinstance(payload, dict) and _WRITE_KEY.fullmatch(app_id(payload)):
        return {name: value for name, value in payload.items() if name != "aid"}
    return payload


def names_nobody(payload: Payload) -> bool:
    """Whether no parameter says who it was."""
    return not any(payload.get(name) for name in ("uid", "duid", "nuid", "tnuid"))


def is_of_browser(payload: Any) -> bool:
    return isinstance(payload, dict) and payload.get("p") == _BROWSER


def read_payload(
    payload: Any, arrival: Arrival, *, network_id: str | None = None, page_url: str = "", user_agent: str = ""
) -> LeadEvent:
    """The event of one payload.

    `network_id` is the visitor's in a cookie, where the tracker has none; `page_url` the page's where it tells none,
    and `user_agent` the request's: a browser's own, where a browser's tracker sent it.
    """
    if not isinstance(payload, dict):
        raise Rejected("invalid_event", "a payload must be a JSON object")
    canonical = checked({name: value for name, value in payload.items() if name not in _NOT_CONTENT})
    entities = tuple(_entities(payload))
    page = _page(payload, page_url)
    told = _told(payload, page, entities)
    # A true timestamp is what a server's tracker knows better than its own clock: no clock is to be corrected by.
    true_time = _text(payload, "ttm")
    timestamp = true_time or _text(payload, "dtm") or None
    return arrival.event(
        call=told.call,
        name=told.name,
        identifiers={
            "user_id": identifier("uid", payload.get("uid")),
            "email": email_address(told.traits.get("email")),
            "anonymous_id": _device(payload, entities) or network_id,
        },
        content=canonical,
        message_id=payload.get("eid"),
        is_dated=timestamp is not None,
        occurred_at=occurred_at(
            timestamp=timestamp,
            sent_at=None if true_time else _text(payload, "stm"),
            received_at=arrival.received_at,
        ),
        properties={name: value for name, value in told.properties.items() if value not in _EMPTY},
        traits=told.traits,
        context=_context(payload, told.call, page, entities, user_agent),
    )


def _told(payload: Payload, page: Mapping[str, Any], entities: tuple[SelfDescribing, ...]) -> Told:
    match payload.get("e"):
        case "pv":
            return Told("page", "Page Viewed", dict(page))
        case "pp":
            where = {name: page[name] for name in ("path", "url") if name in page}
            return Told("track", "Page Read", {**where, "seconds": PING_SECONDS})
        case "se":
            names = {"category": "se_ca", "label": "se_la", "property": "se_pr"}
            said = {name: _text(payload, parameter) for name, parameter in names.items()}
            return Told(
                "track", event_name("se_ac", payload.get("se_ac")), {**said, "value": _number(payload, "se_va")}
            )
        case "ue":
            return _told_by_schema(_self_describing(_json(payload, "ue_px", "ue_pr"), "ue_px"), entities)
        case "tr":
            return Told("track", "Order Completed", _order(payload))
        case "ti":
            return Told("track", "Product Purchased", _order_item(payload))
    raise Rejected("invalid_type", "`e` must be one of pv, pp, se, ue, tr, ti")


def _order(payload: Payload) -> dict[str, Any]:
    numbers = {"total": "tr_tt", "tax": "tr_tx", "shipping": "tr_sh"}
    texts = {"order_id": "tr_id", "affiliation": "tr_af", "currency": "tr_cu"}
    return {
        **{name: _text(payload, parameter) for name, parameter in texts.items()},
        **{name: _number(payload, parameter) for name, parameter in numbers.items()},
    }


def _order_item(payload: Payload) -> dict[str, Any]:
    numbers = {"price": "ti_pr", "quantity": "ti_qu"}
    texts = {"order_id": "ti_id", "product_id": "ti_sk", "name": "ti_nm", "category": "ti_ca", "currency": "ti_cu"}
    return {
        **{name: _text(payload, parameter) for name, parameter in texts.items()},
        **{name: _number(payload, parameter) for name, parameter in numbers.items()},
    }


def _told_by_schema(wrapped: SelfDescribing, entities: tuple[SelfDescribing, ...]) -> Told:
    event = _self_describing(wrapped.data, "ue_px")
    data = event.data if isinstance(event.data, dict) else {"data": event.data}
    if not event.vendor.startswith(_SNOWPLOW):
        return Told("track", _title(event.name), data)
    if event.name == _ECOMMERCE:
        return _shop_action(data, entities)
    if event.name == "submit_form":
        return _submitted_form(data)
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
        if not isinstance(field, str) or element.get("value") in _EMPTY:
            continue
        if trait := trait_named(field):
            traits[trait] = trait_value(trait, element["value"])
        else:
            answers[field] = element["value"]
    return Told("track", _CANONICAL["submit_form"][0], {**answers, "form": data.get("formId")}, traits)


def _shop_action(data: Mapping[str, Any], entities: tuple[SelfDescribing, ...]) -> Told:
    kind = data.get("type")
    if not isinstance(kind, str) or not kind:
        raise Rejected("invalid_event", "an e-commerce action needs a `type`, such as add_to_cart")
    products = [_renamed(product, {"product_id": "id"}) for product in _data_of(entities, "product")]
    properties: dict[str, Any] = {name: value for name, value in data.items() if name != "type"}
    properties |= products[0] if len(products) == 1 else {"products": products}
    for order in _data_of(entities, "transaction"):
        properties |= _renamed(order, {"order_id": "transaction_id", "total": "revenue"}) | {
            "revenue": order.get("revenue")
        }
    for refund in _data_of(entities, "refund"):
        properties |= _renamed(refund, {"order_id": "transaction_id", "total": "refund_amount"})
    return Told("track", _ECOMMERCE_NAMES.get(kind) or event_name("type", _title(kind)), properties)


def _data_of(entities: tuple[SelfDescribing, ...], name: str) -> list[Mapping[str, Any]]:
    return [
        entity.data
        for entity in entities
        if entity.name == name and entity.vendor.startswith(_SNOWPLOW) and isinstance(entity.data, dict)
    ]


def _renamed(data: Mapping[str, Any], ours: Mapping[str, str]) -> dict[str, Any]:
    theirs = set(ours.values())
    kept = {name: value for name, value in data.items() if name not in theirs}
    return kept | {name: data[original] for name, original in ours.items() if original in data}


def _device(payload: Payload, entities: tuple[SelfDescribing, ...]) -> str | None:
    """The tracker's own id of the browser or, from an app, of the installation; else the collector's, sent along."""
    sessions = (session.get("userId") for session in _data_of(entities, _SESSION))
    said = (payload.get("duid"), *sessions, payload.get("nuid"), payload.get("tnuid"))
    return next((device for value in said if (device := identifier("duid", value))), None)


def _page(payload: Payload, page_url: str) -> dict[str, Any]:
    url = _text(payload, "url") or page_url
    return with_path({"url": url, "title": _text(payload, "page"), "referrer": _text(payload, "refr")})


def _context(
    payload: Payload, call: str, page: Mapping[str, Any], entities: tuple[SelfDescribing, ...], user_agent: str
) -> dict[str, Any]:
    app = app_id(payload)
    platform = _text(payload, "p")
    context = {
        "page": {} if call == "page" else page,
        "campaign": campaign({}, str(page.get("url", ""))),
        # The program that sends for a server or an app is no browser, and would look like a machine.
        "userAgent": _text(payload, "ua") or (user_agent if platform == _BROWSER else ""),
        "locale": _text(payload, "lang"),
        "timezone": _text(payload, "tz"),
        "platform": platform,
        "app": "" if _WRITE_KEY.fullmatch(app) else app,
        "entities": _by_name(entities),
    }
    return {name: value for name, value in context.items() if value not in _EMPTY}


def _by_name(entities: tuple[SelfDescribing, ...]) -> dict[str, Any]:
    """Each entity's data, for rules to read: a list where there are several of a name. Sessions are Snowplow's own."""
    found: dict[str, list[Any]] = {}
    for entity in entities:
        if entity.name != _SESSION:
            found.setdefault(snake_case(entity.name), []).append(entity.data)
    return {name: data[0] if len(data) == 1 else data for name, data in found.items()}


def _entities(payload: Payload) -> Iterator[SelfDescribing]:
    if payload.get("cx") in _EMPTY and payload.get("co") in _EMPTY:
        return
    listed = _self_describing(_json(payload, "cx", "co"), "cx").data
    if not isinstance(listed, list):
        raise Rejected("invalid_event", "`cx` must hold a list of entities in `data`")
    for entity in listed:
        yield _self_describing(entity, "cx")


def _self_describing(document: Any, field: str) -> SelfDescribing:
    schema = document.get("schema") if isinstance(document, dict) else None
    match = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if match is None:
        raise Rejected(
            "invalid_event", f"`{field}` must hold JSON with a `schema` such as iglu:com.acme/demo/jsonschema/1-0-0"
        )
    return SelfDescribing(match[1], match[2], document.get("data"))


def _json(payload: Payload, encoded: str, plain: str) -> Any:
    """JSON in base64 of either alphabet, with or without its padding, or as plain text."""
    text = payload.get(encoded)
    if text in _EMPTY:
        text = payload.get(plain)
        raw = text.encode() if isinstance(text, str) else b""
    else:
        raw = _from_base64(text)
    try:
        document = parse(raw)
    except Rejected:
        raise Rejected("invalid_event", f"`{encoded}` must be JSON in base64, or `{plain}` plain JSON") from None
    # What comes within a text is as deep and large as any: it becomes part of the event.
    checked(document)
    return document


def _from_base64(text: Any) -> bytes:
    if not isinstance(text, str):
        return b""
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4))
    except (binascii.Error, ValueError):
        return b""


def _title(name: str) -> str:
    """`trial_started` and `TrialStarted` as `Trial Started`."""
    return " ".join(word.capitalize() for word in snake_case(name).split("_")) or name


def _text(payload: Payload, name: str) -> str:
    value = payload.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _number(payload: Payload, name: str) -> float | None:
    """The number in a text: 0 is one, while what is none says nothing."""
    value = payload.get(name)
    try:
        number = float(value) if isinstance(value, str | int | float) and value != "" else None
    except (ValueError, OverflowError):
        return None
    if number is None or not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number
