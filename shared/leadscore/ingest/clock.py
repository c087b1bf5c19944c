"""When something happened, whatever the client's clock says. Times are milliseconds since the epoch, UTC."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from leadscore.ingest.rejection import Rejected

#: 2000-01-01T00:00Z. What seems older is a broken clock, not history worth scoring.
EARLIEST = 946_684_800_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
#: Eight digits are a date in ISO 8601's basic form; an epoch has more.
_EPOCH_DIGITS = re.compile(r"[0-9]{9,19}")


def occurred_at(*, timestamp: Any, sent_at: Any, received_at: int) -> int:
    """`receivedAt - (sentAt - timestamp)`: what the client's clock is wrong by drops out.

    So a clock that is years off does no harm, as long as the same clock wrote both times. Without a readable `sentAt`
    the timestamp is believed; nothing happens after it was received.
    """
    if timestamp is None or timestamp == "":
        return received_at
    said = parse_time(timestamp)
    if said is None:
        raise Rejected("invalid_timestamp", "`timestamp` is not a time: send ISO 8601, as in 2026-03-01T12:00:00.000Z")
    sent = parse_time(sent_at)
    if sent is not None:
        said += received_at - sent
    if said < EARLIEST:
        raise Rejected("invalid_timestamp", "`timestamp` lies before the year 2000: send the right time, or none")
    return min(said, received_at)


def parse_time(value: Any) -> int | None:
    """ISO 8601 (without an offset it is UTC), or an epoch in seconds, ms, us or ns; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        return _epoch(int(text)) if _EPOCH_DIGITS.fullmatch(text) else _iso(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(value)
    return None


def _iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def _epoch(number: float) -> int | None:
    """The unit shows in the size: 10^11 seconds are the year 5138, 10^11 milliseconds 1973."""
    # A whole number of JSON's may be too large for a float: comparing takes any, and nothing is beyond NaN.
    if not -1e11 < number < 1e20:
        return None
    if number < 1e11:
        return math.floor(number * 1000)
    if number < 1e14:
        return math.floor(number)
    return math.floor(number // (1_000 if number < 1e17 else 1_000_000))
