"""Ids that other systems gave to somebody, as Segment's clients send them: `context.externalIds`.

Whatever is no such id is passed over, since clients that are not written for this send all sorts of things there, and
an event is worth more than one id of it.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from leadscore.domain.event import EXTERNAL_IDS_MAX, is_external_type
from leadscore.ingest.ids import identifier
from leadscore.ingest.rejection import Rejected

#: How many entries are looked at: those that are none take part in this, or a long list would cost without bound.
_LOOKED_AT_MAX = 50


def external_ids(context: Mapping[str, Any]) -> dict[str, str]:
    """The usable ids by their types, the first of each type, at most EXTERNAL_IDS_MAX."""
    entries = context.get("externalIds")
    if not isinstance(entries, list):
        return {}
    found: dict[str, str] = {}
    for entry in islice(entries, _LOOKED_AT_MAX):
        usable = _usable(entry)
        if usable is not None and len(found) < EXTERNAL_IDS_MAX:
            found.setdefault(*usable)
    return found


def _usable(entry: Any) -> tuple[str, str] | None:
    """Type and id, or None: of a company or a hashed one, of a type that is none, or an id that is none."""
    if not isinstance(entry, dict) or entry.get("encoding") not in (None, "", "none"):
        return None
    if entry.get("collection") not in (None, "", "users"):
        return None
    kind = entry.get("type")
    if not isinstance(kind, str) or not is_external_type(kind):
        return None
    try:
        value = identifier("externalIds", entry.get("id"))
    except Rejected:
        return None
    return None if value is None else (kind, value)
