"""What is known of a page, from whatever part of it a client sends."""

import re
from collections.abc import Mapping
from typing import Any

from leadscore.domain.attribution import CLICK_IDS
from leadscore.domain.page import UTM, query_of, split_url

#: What RudderStack's browser clients write where a visitor came from nowhere.
NO_REFERRER = "$direct"
_SAYS_NOTHING = (None, "", NO_REFERRER)
_SEPARATORS = re.compile(r"[^a-z0-9]+")
#: How a form's hidden field is called that carries along what stood in the address of the visit's first page.
_CARRIED = {
    **{_SEPARATORS.sub("", parameter): parameter for parameter in (*UTM, *CLICK_IDS)},
    # Of a contact in HubSpot, whose forms fill them in.
    "hsgoogleclickid": "gclid",
    "hsfacebookclickid": "fbclid",
}
#: What stands in such a field where nothing was carried along: a placeholder.
_UNFILLED = re.compile(
    r"[%#$<\[{].*|x{3,}|null|undefined|\(?(?:direct|none|not[ _-](?:set|provided))\)?", re.IGNORECASE
)


def with_path(page: Mapping[str, Any]) -> dict[str, Any]:
    """The page with its `path`, which rules read, taken from its `url` where the client sent none."""
    filled = {name: value for name, value in page.items() if value not in _SAYS_NOTHING}
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


def carried(fields: Mapping[str, Any], url: str = "") -> dict[str, Any]:
    """What brought a form's visitor here, for the event's context, whatever the spelling of its hidden fields.

    `campaign` is theirs or else that of the page's address; `click_ids` are what ad networks added.
    """
    parameters: dict[str, str] = {}
    for name, value in fields.items():
        # Frameworks write `form_fields[utm_source]`.
        parameter = _CARRIED.get(_SEPARATORS.sub("", name.rpartition("[")[2].lower()))
        said = value[0] if isinstance(value, list) and value else value
        if parameter and isinstance(said, str) and not _UNFILLED.fullmatch(said.strip()):
            parameters[parameter] = said.strip()
    click_ids = {name: value for name, value in parameters.items() if name in CLICK_IDS and value}
    return {"campaign": campaign(parameters, url), "click_ids": click_ids}
