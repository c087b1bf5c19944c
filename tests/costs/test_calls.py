"""AWS calls per batch, exactly."""

from typing import Any

import pytest

from tests.bench.calls import LEADS, measure

pytestmark = pytest.mark.ministack


def test_a_batch_is_read_at_once_and_written_once_for_each_event_and_lead(client: Any) -> None:
    calls = measure(client)

    assert calls.read <= 2
    assert (calls.event_puts, calls.state_writes, calls.others) == (LEADS, LEADS, 0)
