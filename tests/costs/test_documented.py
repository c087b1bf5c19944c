"""docs/cost.md says what is measured."""

import re
from pathlib import Path

import pytest

from tests.bench import units
from tests.bench.units import BATCH_SIZES, Leads

pytestmark = pytest.mark.ministack

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
ROW = re.compile(r"\| (?P<what>.+?) \| (?P<write>[\d.]+) \| (?P<index>[\d.]+) \|")


def test_the_documented_write_units_are_those_measured(leads: Leads) -> None:
    _, _, section = PAGE.read_text().partition("## Write units")
    documented = {row["what"]: (row["write"], row["index"]) for row in ROW.finditer(section.partition("\n## ")[0])}
    costs = [*units.single_events(leads), *(cost for size in BATCH_SIZES for cost in units.batches(leads, size))]
    costs += units.rare(leads)
    measured = {cost.name: (f"{cost.write:.2f}", f"{cost.index:.2f}") for cost in costs}

    assert len(documented) > 15
    assert documented == {name: measured.get(name) for name in documented}
