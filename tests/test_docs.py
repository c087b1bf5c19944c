"""README.md and docs/ are true: links lead somewhere, commands, options and outputs exist, examples parse.

What the commands do is tested where they are; what documented calls answer, beside the code that answers.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from leadscore.cli import main
from leadscore.contracts.model_file import read_model

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text()
CONTEXT = {
    name: value for name, value in json.loads((ROOT / "cdk.json").read_text())["context"].items() if "@" not in name
}

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A line, its comment, and what is in quotes, over several lines too.
_COMMAND = re.compile(r"""(?:\s\#[^\n]*|'[^']*'|"[^"]*"|[^\n'"])+""")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_OPTION_ROW = re.compile(r"^\| `(\w+)` +\| (.*?) +\|", re.MULTILINE)
_OUTPUT = re.compile(r"[A-Z]\w+(?:Url|Arn)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    return [match[2] for match in _BLOCK.finditer(page.read_text()) if match[1] == language]


def prose(page: Path) -> str:
    return _BLOCK.sub("", page.read_text())


def commands(page: Path) -> Iterator[list[str]]:
    """Every command of the page, in blocks and within sentences, as words."""
    for block in blocks(page, "sh"):
        for line in _COMMAND.findall(block):
            yield shlex.split(line, comments=True)
    for code in _INLINE.findall(prose(page)):
        if code.startswith(("make ", "leadscore ", "npx ", "cdk ")):
            yield shlex.split(code)


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(page))}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_another() -> None:
    linked = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in _LINK.findall(prose(page))}

    assert [page.name for page in PAGES[1:] if page not in linked] == []


@pages
def test_json_examples_parse(page: Path) -> None:
    for example in blocks(page, "json"):
        json.loads(example)


def test_the_scorecard_in_the_readme_is_a_model_without_doubts() -> None:
    (scorecard,) = blocks(ROOT / "README.md", "yaml")

    assert not read_model(scorecard, name="README.md").warnings


@pages
def test_commands_exist(page: Path) -> None:
    for words in commands(page):
        match words:
            case []:
                pass
            case ["make", target]:
                assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), words
            case ["leadscore" | ".venv/bin/leadscore", *arguments]:
                assert_leadscore_takes(arguments)
            case ["npx", "cdk", "bootstrap" | "deploy" | "destroy", *options] | ["cdk", "deploy" | "destroy", *options]:
                assert {word.partition("=")[0] for word in options} - {"LeadScore", "-c"} <= set(CONTEXT), words
            case ["cp", source, _]:
                assert (ROOT / source).exists(), words
            case [".venv/bin/python", "-m", module, *_]:
                assert (ROOT / module.replace(".", "/")).exists(), words
            case ["curl" | "export" | "aws", *_]:
                pass
            case _:
                raise AssertionError(f"nothing checks {words}")


def assert_leadscore_takes(arguments: list[str]) -> None:
    """The command line has these commands and options."""
    command = typer.main.get_command(main)
    context = command.make_context("leadscore", list(arguments), resilient_parsing=True)
    while arguments and (commands_here := getattr(command, "commands", None)):
        command = commands_here[arguments[0]]
        arguments = arguments[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in arguments if word.startswith("-")} <= options, arguments
    context.close()


def test_every_option_of_the_deployment_is_documented_with_its_default() -> None:
    rows = dict(_OPTION_ROW.findall((ROOT / "docs/deploy.md").read_text()))
    documented = {name: "" if default == "none" else json.loads(default.strip("`")) for name, default in rows.items()}

    assert documented == CONTEXT


@pages
def test_outputs_exist(page: Path) -> None:
    stack = (ROOT / "infra/stack.py").read_text()

    for code in _INLINE.findall(prose(page)):
        if _OUTPUT.fullmatch(code):
            assert f"{code}=" in stack, code
