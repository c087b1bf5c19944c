"""Decay costs what is due, not what exists."""

from typing import Any

import pytest

from tests.bench.decay import ARMED, ITEMS_PER_ARMED_MAX, measure

pytestmark = pytest.mark.ministack


@pytest.mark.parametrize("leads", [100, 1_000])
def test_a_run_reads_due_leads_only_and_a_second_one_finds_nothing(client: Any, leads: int) -> None:
    runs = measure(client, leads)

    assert runs.first.result.sent == ARMED
    assert runs.first.items_per_armed <= ITEMS_PER_ARMED_MAX
    assert runs.work.puts == {"STATE": ARMED}
    assert (runs.second.result.sent, runs.second.bill.items_read) == (0, 0)
