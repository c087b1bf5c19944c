"""Moments are written to the millisecond, in UTC, and read back as the same moment."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from leadscore.contracts.moments import Moment, moment

MOMENT = TypeAdapter[str](Moment)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_772_366_400_000, "2026-03-01T12:00:00.000Z"),
        (1_709_164_799_999, "2024-02-28T23:59:59.999Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_is_rfc_3339_in_utc(at: int, text: str) -> None:
    assert moment(at) == text


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_moment_loses_nothing(at: int) -> None:
    text = moment(at)

    assert MOMENT.validate_python(text) == text
    read = datetime.fromisoformat(text)
    assert round(read.timestamp() * 1_000) == at or read.year < 1_000


@given(st.integers(0, 253_402_300_799_998))
def test_a_later_moment_sorts_later(at: int) -> None:
    assert moment(at) < moment(at + 1)


@pytest.mark.parametrize("text", ["", "2026-03-01", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000+01:00"])
def test_another_notation_is_no_moment(text: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(text)
