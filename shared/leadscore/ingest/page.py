"""What is known of a page, from whatever part of it a client sends."""

from collections.abc import Mapping
from typing import Any

from leadscore.domain.page import UTM, query_of, split_url


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
    of_page = query_of(split_url(url))
    return {name: value for utm, name in UTM.items() if (value := query.get(utm) or of_page.get(utm))}
