"""The price of a million events: within its goals, and as docs/cost.md says."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.bench.price import BATCHES_MAX, SINGLE_MAX, measure, price

pytestmark = pytest.mark.ministack

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
ROW = re.compile(r"^\| (.+?) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
#: What the page calls the parts.
PARTS = {
    "HTTP API ($1.00 a million requests)": ("HTTP API",),
    "queue ($0.40 a million requests)": ("queue",),
    "writes ($0.625 a million units)": ("writes",),
    "reads ($0.125 a million units)": ("reads",),
    "functions (arm64, 512 MB)": ("functions",),
    "log and notifications (unconfirmed)": ("log*", "notifications*"),
}


def test_the_price_keeps_its_goals_and_is_the_documented_one(client: Any) -> None:
    columns = [price(workload) for workload in measure(client)]

    single, batches, _ = (sum(column.values()) for column in columns)
    assert single <= SINGLE_MAX
    assert batches <= BATCHES_MAX
    _, _, section = PAGE.read_text().partition("## The price of a million events")
    documented = {what: [float(cell) for cell in cells] for what, *cells in ROW.findall(section.partition("\n## ")[0])}
    assert documented.keys() == PARTS.keys()
    for what, parts in PARTS.items():
        measured = [sum(column[part] for part in parts) for column in columns]
        assert documented[what] == pytest.approx(measured, abs=0.003), what
