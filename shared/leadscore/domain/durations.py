"""Lengths of time as a model writes them, and the calendar's periods. All in milliseconds, UTC."""

import re

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
#: Later than any moment.
NEVER = 1 << 62

_UNITS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": WEEK_MS}
_DURATION = re.compile(r"(\d+)([smhdw])")
#: 1970-01-01 was a Thursday; a week begins on Monday.
_MONDAY_OFFSET_MS = 3 * DAY_MS


def duration_ms(text: str) -> int:
    """`30d`, `12h`, `45s` in milliseconds: a day is 24 hours, whatever a calendar says. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration is a whole number of seconds, minutes, hours, days or weeks, like 30d or 12h")
    return int(match[1]) * _UNITS[match[2]]


def day_of(at: int) -> int:
    """The number of the UTC day."""
    return at // DAY_MS


def week_of(at: int) -> int:
    """The number of the week, from Monday 00:00 UTC."""
    return (at + _MONDAY_OFFSET_MS) // WEEK_MS
