"""docs/files.md: what it shows is what commands say, and its mapping is one."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadscore.adapters.memory import MemoryQueue
from leadscore.cli import main
from leadscore.contracts.import_mapping import read_mapping
from leadscore.ingest.columns import columns_of
from leadscore.use_cases.audience import PLATFORMS
from leadscore.use_cases.import_drop import DropImport, Job
from tests.leads import NOON
from tests.use_cases.test_import_drop import MemoryDrop

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/files.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_dry_run_prints_what_the_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (output,) = blocks("text")
    _, *words = shlex.split(blocks("sh")[0])

    result = CliRunner().invoke(main, words, env={"COLUMNS": "80"})

    assert [line.rstrip() for line in result.stdout.splitlines()] == output.splitlines()
    assert result.exit_code == 1


def test_files_that_are_imported_in_examples_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for command in blocks("sh")[1].splitlines():
        _, *words = shlex.split(command)
        result = CliRunner().invoke(main, [*words, "--dry-run"])

        assert re.search(r"^[1-9]\d* would be taken, [01] refused$", result.stdout, re.MULTILINE), command


def test_every_column_that_it_says_is_known_is_known() -> None:
    table = PAGE.split("### Columns", 1)[1].split("### Mapping", 1)[0]
    rows = re.findall(r"^\| *\w+ *\|(.*?)\|", table, re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]

    assert len(names) >= 20
    assert columns_of(names).left_out == []


def test_the_mapping_is_one() -> None:
    (mapping,) = blocks("yaml")

    assert len(read_mapping(mapping, name="docs/files.md").columns) == 7


def test_the_report_is_that_of_the_example() -> None:
    example = ROOT / "docs/example"
    drop = MemoryDrop(
        webinar_csv=(example / "webinar.csv").read_text(),
        webinar_csv_mapping_yaml=(example / "webinar.mapping.yaml").read_text(),
    )
    work = DropImport(
        drop=drop, queue=MemoryQueue(), now=lambda: NOON, new_token=lambda: "t", is_out_of_time=lambda: False
    )

    work.work_on(Job("import/webinar.csv", drop.files["import/webinar.csv"].decode()))

    (report,) = blocks("json")
    assert drop.report("webinar.csv") == json.loads(report)


def test_every_platform_is_documented_with_what_it_expects() -> None:
    rows = re.findall(r"^\| `(\w+)` +\| `(\w+)` +\|.*?\| *(\d*) *\|$", PAGE, re.MULTILINE)

    assert {(name, header, int(least or 0)) for name, header, least in rows} == {
        (there.name, there.header, there.people_min) for there in PLATFORMS.values()
    }
