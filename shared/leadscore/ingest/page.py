"""What is known of a page, from whatever part of it a client sends."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

#: Segment's `context.campaign` from the usual query parameters.
_CAMPAIGN = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "name",
    "utm_term": "term",
    "utm_content": "content",
}


def with_path(page: Mapping[str, Any]) -> dict[str, Any]:
    """The page with its `path`, which rules read, taken from its `url` where the client sent none."""
    filled = {name: value for name, value in page.items() if value not in (None, "")}
    url = filled.get("url")
    if "path" not in filled and isinstance(url, str):
        parts = split_url(url)
        if parts is not None:
            filled["path"] = parts.path or "/"
    return filled


def campaign(query: Mapping[str, str], url: str) -> dict[str, str]:
    """The campaign that the parameters name, or else the page's own address."""
    parts = split_url(url)
    of_page = dict(parse_qsl(parts.query)) if parts is not None else {}
    return {name: value for utm, name in _CAMPAIGN.items() if (value := query.get(utm) or of_page.get(utm))}


def split_url(url: str) -> SplitResult | None:
    """The parts of a web address, or None if it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.netloc else None
