"""docs/cli.md: its examples run as they stand, and print what it says."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
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


def test_the_table_has_every_command_and_no_other() -> None:
    rows = re.findall(r"^\| (?:\[)?(`leadscore [^|\]]*)", PAGE, re.MULTILINE)
    listed = [name for row in rows for name in named_in(re.findall(r"`([^`]*)`", row))]

    assert sorted(listed) == sorted(names_of(typer.main.get_command(main), "leadscore"))


def named_in(codes: list[str]) -> Iterator[str]:
    """The commands of a row: only the first is written out, the others are its neighbours in a group."""
    yield codes[0]
    group, _, _ = codes[0].rpartition(" ")
    yield from (f"{group} {code}" for code in codes[1:])


def names_of(command: Any, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name
    else:
        yield from (each for word, within in inner.items() for each in names_of(within, f"{name} {word}"))
