"""`leadscore model diff`."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from leadscore.cli import main

ROOT = Path(__file__).parents[2]
BEFORE, AFTER = ROOT / "docs/example/model.yaml", ROOT / "docs/example/stricter.yaml"


def diff(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["model", "diff", *map(str, arguments)])


def test_a_change_is_a_line() -> None:
    result = diff(BEFORE, AFTER)
    assert result.exit_code == 0
    assert "stage mql: from 50 -> 60\n" in result.stdout
    assert "Webinar attended: 15 -> 25 points\n" in result.stdout


def test_a_model_beside_itself_changes_nothing() -> None:
    assert diff(BEFORE, BEFORE).stdout == "nothing changes\n"
    assert json.loads(diff(BEFORE, BEFORE, "--format", "json").stdout) == []


def test_json_has_section_name_kind_and_text() -> None:
    changes = json.loads(diff(BEFORE, AFTER, "--format", "json").stdout)
    assert {
        "section": "engagement", "name": "Webinar attended", "kind": "changed",
        "text": "Webinar attended: 15 -> 25 points",
    } in changes  # fmt: skip


def test_a_model_with_a_mistake_is_named_and_ends_with_status_1(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("model: wrong\n")
    result = diff(BEFORE, wrong)
    assert (result.exit_code, "`stages` is missing" in result.stderr) == (1, True)
