"""docs/cli.md: its examples run as they stand, and print what it says."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadscore.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cli.md").read_text()
EXAMPLES = re.findall(r"^```sh\n(leadscore [^`\n]*)\n```\n\n```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[command[:30] for command, _ in EXAMPLES])
def test_an_example_prints_what_the_page_shows(command: str, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _, *words = shlex.split(command)
    result = CliRunner().invoke(main, words, env={"COLUMNS": "80"})

    assert result.exit_code == 0, result.stderr
    assert [line.rstrip() for line in result.stdout.splitlines()] == output.splitlines()


def test_every_command_on_files_has_an_example() -> None:
    shown = {" ".join(shlex.split(command)[1:3]) for command, _ in EXAMPLES}
    assert {"score --model", "explain ada@northwind.example", "simulate --model", "model diff"} <= shown
