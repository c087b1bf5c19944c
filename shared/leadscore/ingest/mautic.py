"""What Mautic's tracking script and pixel send of a page view, and what its script is answered."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form import trait_named, trait_value
from leadscore.ingest.ids import email_address
from leadscore.ingest.json_body import checked
from leadscore.ingest.page import campaign, with_path
from leadscore.ingest.segment import EVENT_NAMES
from leadscore.ingest.yes_no import YES

#: Letters and digits that Mautic drew by lot, or ours: `null`, addresses and the like are none.
_DEVICE = re.compile(r"[A-Za-z0-9]{16,64}")
#: What the script adds by itself, and its users' parameters that say something of the view. All others say something of
#: the person.
_OF_THE_VIEW = frozenset(
    {
        "adblock",
        "counter",
        "ct",
        "do_not_track",
        "fingerprint",
        "mautic_device_id",
        "mtc_id",
        "mtc_sid",
        "page_language",
        "page_referrer",
        "page_title",
        "page_url",
        "platform",
        "preferred_locale",
        "resolution",
        "timezone",
        "timezone_offset",
        "utm_campaign",
        "utm_content",
        "utm_medium",
        "utm_source",
        "utm_term",
        "writeKey",
    }
)
#: In Mautic `title` is Mr or Ms, and the job is `position`.
_SALUTATION = "title"
#: Where plug-ins of WordPress, Joomla, Drupal and others put all that their picture tells: an array as PHP serialises
#: it, in base64. What it says of the page has other names in some.
_PACKED = "d"
_PACKED_NAMES = {"url": "page_url", "title": "page_title", "referrer": "page_referrer", "language": "page_language"}
_PHP_ARRAY = re.compile(rb"a:[0-9]+:\{(.*)\}", re.DOTALL)
_PHP_VALUE = re.compile(rb's:([0-9]{1,6}):"|[bdi]:([^;]{1,32});|N;')

type Fields = Mapping[str, str]


def device_of(value: str | None) -> str | None:
    """The id that Mautic knows a browser by, so that its history goes on here; None for what is none."""
    return value if value and _DEVICE.fullmatch(value) else None


def opts_out(fields: Fields) -> bool:
    return fields.get("do_not_track", "").lower() in YES


def identity(device: str | None) -> dict[str, Any]:
    """As Mautic names a contact and its browser. Its script keeps the browser's id only along with a contact's."""
    return {"id": device, "sid": device, "device_id": device}


def unpacked(fields: Fields) -> Fields:
    """A picture's parameters, those that are packed into one among them. What cannot be unpacked stays, as a text."""
    try:
        raw = base64.b64decode(fields.get(_PACKED, "").replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        return fields
    if not raw:
        return fields
    said = _php_texts(raw) or {_PACKED: raw.decode(errors="replace")}
    return {**fields, _PACKED: "", **{_PACKED_NAMES.get(name, name): value for name, value in said.items()}}


def _php_texts(raw: bytes) -> dict[str, str]:
    """The names and values of a flat array that PHP has serialised; empty for anything else."""
    array = _PHP_ARRAY.fullmatch(raw)
    inside, place, texts = array[1] if array else b"", 0, list[str]()
    while place < len(inside):
        value = _PHP_VALUE.match(inside, place)
        if value is None:
            return {}
        place = value.end()
        text = value[2] or b""
        if value[1]:
            length = int(value[1])
            text, place = inside[place : place + length], place + length + len('";')
        texts.append(text.decode(errors="replace"))
    return dict(zip(texts[::2], texts[1::2], strict=False))


def read_view(fields: Fields, arrival: Arrival, *, device: str | None, page_url: str, user_agent: str) -> LeadEvent:
    """The page view, with what the page said of its visitor: public, whatever the key, since any visitor may say it."""
    page = with_path(
        {
            "url": fields.get("page_url") or page_url,
            "title": fields.get("page_title"),
            "referrer": _referrer(fields.get("page_referrer", "")),
        }
    )
    traits, properties = _said_of_the_person(fields)
    context = {
        "campaign": campaign(fields, page.get("url", "")),
        "userAgent": user_agent,
        "locale": fields.get("page_language"),
        "timezone": fields.get("timezone"),
    }
    return _as_asked(arrival, fields).event(
        call="page",
        name=EVENT_NAMES["page"],
        identifiers={"email": email_address(traits.get("email")), "anonymous_id": device},
        content=checked({name: value for name, value in fields.items() if name != "writeKey"}),
        properties={**properties, **page},
        traits=traits,
        context={name: value for name, value in context.items() if value},
    )


def _as_asked(arrival: Arrival, fields: Fields) -> Arrival:
    sender = arrival.sender._replace(opts_out=arrival.sender.opts_out or opts_out(fields))
    return replace(arrival, trust=Trust.PUBLIC, sender=sender)


def _referrer(said: str) -> str:
    """The script says no more than the host where a visitor came from, the pixel's address all of it."""
    return f"https://{said}/" if said and "/" not in said else said


def _said_of_the_person(fields: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    traits: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _OF_THE_VIEW or not value:
            continue
        trait = "salutation" if name == _SALUTATION else trait_named(name)
        if trait:
            traits[trait] = trait_value(trait, value)
        else:
            others[name] = value
    return traits, others
