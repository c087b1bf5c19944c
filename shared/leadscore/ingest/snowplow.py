"""Snowplow's tracker protocol: payloads of short names and text values, as all its trackers send them.

Names are those of Snowplow's documentation ("Snowplow tracker protocol"). What trackers say of an event beyond these
parameters describes itself by a schema (`snowplow_schemas`).
"""

import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from leadscore.domain.event import LeadEvent
from leadscore.ingest.arrival import Arrival, event_name
from leadscore.ingest.clock import occurred_at
from leadscore.ingest.form import snake_case
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import checked, filled
from leadscore.ingest.page import campaign, with_path
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.snowplow_schemas import (
    Payload,
    SelfDescribing,
    Told,
    data_of,
    entities_of,
    told_by_schema,
)

PAYLOADS_MAX = 2_500
#: A ping does not tell how long its heartbeat is. This is what Snowplow's documentation sets it to.
PING_SECONDS = 10

_WRITE_KEY = re.compile(r".+_[0-9a-f]{32}")
_BROWSER = "web"
#: Where trackers may be told to name nobody. On servers whoever tracks forgot to say whom.
_OF_PEOPLE = frozenset({_BROWSER, "mob"})
_SESSION = "client_session"
#: As in Snowplow's own tables. It is no content, and so not measured with it.
APP_ID_CHARACTERS_MAX = 255
#: When a payload is sent is no content of it, and neither is whose it is.
_NOT_CONTENT = frozenset({"stm", "aid"})


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


def may_name_nobody(payload: Any) -> bool:
    """Whether a tracker on somebody's own device sent it, who may not want to be named."""
    return isinstance(payload, dict) and _text(payload, "p") in _OF_PEOPLE


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
    entities = tuple(entities_of(payload))
    page = _page(payload, page_url)
    told = _told(payload, page, entities, arrival.house.consent_categories)
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
        properties=filled(told.properties),
        traits=told.traits,
        context=_context(payload, told.call, page, entities, user_agent),
        visitor_address=payload.get("ip"),
    )


def _told(
    payload: Payload, page: Mapping[str, Any], entities: tuple[SelfDescribing, ...], consent_categories: Collection[str]
) -> Told:
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
            return told_by_schema(payload, entities, consent_categories)
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


def _device(payload: Payload, entities: tuple[SelfDescribing, ...]) -> str | None:
    """The tracker's own id of the browser or, from an app, of the installation; else the collector's, sent along."""
    sessions = (session.get("userId") for session in data_of(entities, _SESSION))
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
        "app": "" if _WRITE_KEY.fullmatch(app) else app[:APP_ID_CHARACTERS_MAX],
        "entities": _by_name(entities),
    }
    return filled(context)


def _by_name(entities: tuple[SelfDescribing, ...]) -> dict[str, Any]:
    """Each entity's data, for rules to read: a list where there are several of a name. Sessions are Snowplow's own."""
    found: dict[str, list[Any]] = {}
    for entity in entities:
        if entity.name != _SESSION:
            found.setdefault(snake_case(entity.name), []).append(entity.data)
    return {name: data[0] if len(data) == 1 else data for name, data in found.items()}


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
