"""`leadscore failed`, as far as it goes without a stack."""

import pytest
from typer.testing import CliRunner

from leadscore.cli import main


@pytest.mark.parametrize("day", ["2026-08-14", "14.08.2026", "2026/8/14", "2026/08/14/", "today"])
def test_a_day_written_in_another_way_is_refused_rather_than_found_without_failures(day: str) -> None:
    result = CliRunner().invoke(main, ["failed", "--day", day], env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert "write a day as 2026/08/14" in result.stderr
