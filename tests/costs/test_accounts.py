"""What accounts cost is what docs/cost.md says."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.bench import accounts

pytestmark = pytest.mark.ministack

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
ROW = re.compile(r"\| (?P<what>.+?) \| (?P<write>[\d.]+) \| (?P<read>[\d.]+) \|")


def test_the_documented_units_of_accounts_are_those_measured(client: Any) -> None:
    _, _, section = PAGE.read_text().partition("## Accounts")
    documented = {row["what"]: (row["write"], row["read"]) for row in ROW.finditer(section.partition("\n## ")[0])}
    measured = {cost.name: (f"{cost.write:.2f}", f"{cost.read:.2f}") for cost in accounts.measure(client)}

    assert len(documented) == 9
    assert documented == measured
