"""A call of Segment's or RudderStack's in a picture's address.

Source: https://segment.com/docs/connections/sources/catalog/libraries/server/pixel-tracking-api (`/v1/pixel/...`);
RudderStack's `/pixel/v1/...` takes the same parameters, but for `data`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.json_body import parse, parse_base64
from leadscore.ingest.pixel import refuse_addresses
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import read_call

_QUOTED = re.compile('"(.*)"')


def read_query(query: Mapping[str, str]) -> dict[str, Any]:
    """The call that the parameters say: all of it JSON in `data`, in base64 or not, or one by one, where a dot in a
    name leads into an object.

    Like every picture's, its address tells no e-mail address, however it is written.
    """
    refuse_addresses((*query, *query.values()))
    document = _unpacked(query["data"]) if query.get("data") else _nested(query)
    refuse_addresses([json.dumps(document, ensure_ascii=False)])
    if isinstance(document.get("anonymousId"), str) and (quoted := _QUOTED.fullmatch(document["anonymousId"])):
        document["anonymousId"] = quoted[1]
    return document


def read_picture(document: Mapping[str, Any], call: str, arrival: Arrival, *, user_agent: str) -> LeadEvent | None:
    """The event of the call, public whatever its key, or None for an alias of somebody to themselves."""
    context = document.get("context", {})
    if isinstance(context, dict):
        document = {**document, "context": {"userAgent": user_agent, **context}}
    return read_call(document, call, arrival.trusted_as(Trust.PUBLIC))


def _unpacked(data: str) -> dict[str, Any]:
    document = parse(data.encode()) if data.lstrip().startswith("{") else parse_base64(data)
    if not isinstance(document, dict):
        raise Rejected("invalid_event", "`data` must be a JSON object")
    return document


def _nested(fields: Mapping[str, str]) -> dict[str, Any]:
    """`{"context.page.url": u}` as `{"context": {"page": {"url": u}}}`."""
    document: dict[str, Any] = {}
    for name, value in fields.items():
        *path, last = name.split(".")
        holder = document
        for part in path:
            if not isinstance(holder.get(part), dict):
                holder[part] = {}
            holder = holder[part]
        holder[last] = value
    return document
