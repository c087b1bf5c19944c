"""`leadscore model`: work on a scoring model's file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.contracts.model_file import ModelFile, ModelFileError, read_model

#: How many of the weightiest rules, each way, a summary shows: it fits one screen.
RULES_SHOWN = 5

commands = typer.Typer(help="Check and activate scoring models.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Keeps `check` a command of its own while it is the only one: typer would take its place otherwise."""


@commands.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The model's YAML file.")],
) -> None:
    """Say what is wrong with a model's file, line by line, or sum it up."""
    model = read_model_file(file)
    console = Console()
    _summarise(model.document, console)
    for warning in model.warnings:
        console.print(f"warning: {file}:{warning}", markup=False, highlight=False, soft_wrap=True)


def read_model_file(file: Path) -> ModelFile:
    """The model in the file. What is wrong goes to stderr, and the command ends with status 1."""
    try:
        return read_model(file.read_text("utf-8-sig"), name=str(file))
    except UnicodeDecodeError as error:
        typer.echo(f"{file}: byte {error.start} is no UTF-8: save the file as UTF-8", err=True)
    except ModelFileError as error:
        typer.echo(str(error), err=True)
        count = len(error.problems)
        typer.echo(f"{count} problem{'s' if count > 1 else ''} found", err=True)
    raise typer.Exit(1)


def _summarise(document: Mapping[str, Any], console: Console) -> None:
    counts = ", ".join(f"{len(rules)} {section}" for section, rules in document.items() if isinstance(rules, list))
    console.print(f"Model {document['model']} is valid: {counts}.", markup=False, highlight=False, soft_wrap=True)
    console.print(_stages(document), _weightiest(document))


def _stages(document: Mapping[str, Any]) -> Table:
    table = Table("stage", "from", "told", title="Stages", title_justify="left")
    for stage in document["stages"]:
        thresholds = " and ".join(f"{score} {points}" for score, points in stage.get("at", {}).items())
        table.add_row(stage["stage"], thresholds or "the start", stage.get("route", "nobody"))
    return table


def _weightiest(document: Mapping[str, Any]) -> Table:
    table = Table("points", "rule", title="Weightiest rules", title_justify="left")
    rules = sorted(_rules(document), reverse=True)
    giving = [rule for rule in rules if rule[0] > 0][:RULES_SHOWN]
    taking = [rule for rule in rules if rule[0] < 0][-RULES_SHOWN:]
    for points, name in [*giving, *taking]:
        table.add_row(f"{points:+}", Text(name))
    return table


def _rules(document: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for section in ("fit", "engagement"):
        for rule in document.get(section, ()):
            yield rule["points"], rule["rule"]
