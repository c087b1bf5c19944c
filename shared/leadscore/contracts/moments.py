"""How a moment is written to the outside: RFC 3339, in UTC, to the millisecond."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

type Moment = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        examples=["2026-11-22T08:30:00.000Z"],
        json_schema_extra={"format": "date-time"},
    ),
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at: int) -> str:
    """Milliseconds since the epoch as a Moment. Whole numbers all the way: a float would lose some."""
    return (_EPOCH + timedelta(milliseconds=at)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
