"""The page that an event is about, and what the address of it says."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from leadscore.domain.event import Json

#: Segment's `context.campaign` from the usual parameters of a page's address.
UTM = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "name",
    "utm_term": "term",
    "utm_content": "content",
}
_QUERY_FIELDS_MAX = 100


def page_of(call: str, properties: Json, context: Json) -> Json:
    """The page of an event. A page call's is its properties, any other's is in its context; a form names the URL."""
    about = context.get("page")
    page = about if isinstance(about, dict) else {}
    if call == "page":
        return {**page, **properties}
    return {"url": properties.get("page")} if call == "form" else page


def campaign_of(said: Any, query: Mapping[str, str]) -> Mapping[str, str]:
    """The campaign as the client says it, or else as the query of the page's address does; without what nobody says."""
    stated = said if isinstance(said, dict) else {}
    found = {name: text_of(stated.get(name)) or query.get(parameter, "").strip() for parameter, name in UTM.items()}
    return {name: text for name, text in found.items() if text}


@lru_cache(maxsize=128)
def split_url(url: str) -> SplitResult | None:
    """The parts of a web address, or None if it is none."""
    # Cached like the query below: an event is asked for its address several times, and a visit's pages are few.
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.netloc else None


def query_of(url: SplitResult | None) -> dict[str, str]:
    """The parameters of an address, as far as anybody would look at them."""
    return dict(_pairs(url.query)) if url is not None and url.query else {}


@lru_cache(maxsize=128)
def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query)[:_QUERY_FIELDS_MAX])


def text_of(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
