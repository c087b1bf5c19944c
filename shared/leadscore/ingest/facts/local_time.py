"""The time on the clock on the wall where an event happened."""

import re
from datetime import datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from functools import lru_cache
from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: The name becomes a path: nothing but the zones' own names gets that far.
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
#: As RudderStack's browser clients write it, whose plus is east: that of the zone `Etc/GMT+1` is west.
_GMT = re.compile(r"GMT([+-])([01][0-9])([0-5][0-9])")


def local_time(moment: int, *, timezone: Any, timestamp: Any) -> datetime | None:
    """The local time at a moment: in the zone that the client names, or else by the offset in its timestamp."""
    zone = _zone(timezone) if isinstance(timezone, str) and _ZONE.fullmatch(timezone) else None
    zone = zone or _offset(timestamp)
    return None if zone is None else datetime.fromtimestamp(moment / 1_000, zone)


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo | None:
    if from_gmt := _GMT.fullmatch(name):
        sign, hours, minutes = from_gmt.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        return fixed_zone(ahead if sign == "+" else -ahead)
    # Servers send none, and every cold start would pay for it.
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there, no zone file, a folder
        return None


def _offset(timestamp: Any) -> tzinfo | None:
    """None for no offset and for zero: nearly every client writes UTC, wherever it is."""
    if not isinstance(timestamp, str):
        return None
    try:
        said = datetime.fromisoformat(timestamp.strip().upper())
    except ValueError:
        return None
    return said.tzinfo if said.utcoffset() else None
