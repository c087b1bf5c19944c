"""Client clocks are wrong, and events still get the time at which they happened."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.ingest.clock import EARLIEST, occurred_at, parse_time
from leadscore.ingest.rejection import Rejected

NOON = 1_772_366_400_000
MINUTE = 60_000
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def at(timestamp: Any = None, sent_at: Any = None) -> int:
    return occurred_at(timestamp=timestamp, sent_at=sent_at, received_at=NOON)


def test_an_event_without_a_time_happened_when_it_was_received() -> None:
    assert at() == at("") == at(None, "2026-03-01T11:00:00Z") == NOON


def test_a_delay_at_the_client_counts_and_one_on_the_way_does_not() -> None:
    assert at("2026-03-01T11:50:00Z", "2026-03-01T11:55:00Z") == NOON - 5 * MINUTE


def test_a_clock_that_is_years_off_does_no_harm() -> None:
    assert at("1970-01-01T00:00:10Z", "1970-01-01T00:01:10Z") == NOON - MINUTE
    assert at("2031-01-01T00:00:00Z", "2031-01-01T00:01:00Z") == NOON - MINUTE


def test_a_time_without_a_sending_time_is_believed() -> None:
    assert at("2026-03-01T11:30:00Z") == NOON - 30 * MINUTE


@pytest.mark.parametrize("sent_at", [None, "", "yesterday", True, {}, "1999"])
def test_a_sending_time_that_cannot_be_read_corrects_nothing(sent_at: Any) -> None:
    assert at("2026-03-01T11:30:00Z", sent_at) == NOON - 30 * MINUTE


def test_nothing_happens_after_it_was_received() -> None:
    assert at("2036-01-01T00:00:00Z") == NOON
    assert at("2026-03-01T12:05:00Z", "2026-03-01T12:00:00Z") == NOON


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01t12:00:00z", NOON),
        ("2026-03-01T13:30:00+01:30", NOON),
        ("2026-03-01T12:00:00", NOON),
        ("2026-03-01 12:00:00+00:00", NOON),
        ("  2026-03-01T12:00:00Z ", NOON),
        ("2026-03-01T12:00:00.25Z", NOON + 250),
        ("2026-03-01T12:00:00.250Z", NOON + 250),
        ("2026-03-01T12:00:00.250999+00:00", NOON + 250),
        ("2026-03-01T12:00:00.250999999Z", NOON + 250),
        ("2026-03-01", NOON - 12 * 60 * MINUTE),
        ("20260301", NOON - 12 * 60 * MINUTE),
        (1_772_366_400, NOON),
        (1_772_366_400.25, NOON + 250),
        (1_772_366_400_000, NOON),
        (1_772_366_400_000_000, NOON),
        (1_772_366_400_000_000_000, NOON),
        ("1772366400", NOON),
        ("1772366400000", NOON),
    ],
)
def test_times_come_in_many_forms(text: Any, expected: int) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("soon", "2026-13-01", "12:00", True, [], {}, math.nan, math.inf, -math.inf, 10**30, -(10**30), "9" * 20),
        *(10**400, -(10**400)),  # JSON's numbers have no end, and a float's do.
    ],
)
def test_what_is_no_time_is_refused(value: Any) -> None:
    assert parse_time(value) is None
    with pytest.raises(Rejected) as refused:
        at(value)
    assert refused.value.code == "invalid_timestamp"


@pytest.mark.parametrize("value", ["1999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", 0, -5, "0001-01-01T00:00:00+14:00"])
def test_a_time_before_the_year_2000_is_refused(value: Any) -> None:
    with pytest.raises(Rejected) as refused:
        at(value)
    assert refused.value.code == "invalid_timestamp"


@given(ANY_JSON, ANY_JSON)
def test_any_value_gives_a_time_in_bounds_or_the_declared_error(timestamp: Any, sent_at: Any) -> None:
    try:
        moment = at(timestamp, sent_at)
    except Rejected:
        return
    assert EARLIEST <= moment <= NOON


@given(st.datetimes(datetime(2000, 1, 2), datetime(2026, 2, 28), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_survives_its_own_text(moment: datetime) -> None:
    expected = int(moment.timestamp() * 1000 + 1e-3)
    parsed = parse_time(json.loads(json.dumps(moment.isoformat())))
    assert parsed is not None
    assert abs(parsed - expected) <= 1
