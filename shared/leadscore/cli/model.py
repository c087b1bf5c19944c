"""`leadscore model`: work on a scoring model's file, and on the versions of a deployed stack."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.cli.model_files import ModelArgument, read_model_file
from leadscore.cli.model_shadow import shadow
from leadscore.cli.model_versions import activate, list_versions, push, rescore, rollback

#: How many of the weightiest rules, each way, a summary shows: it fits one screen.
RULES_SHOWN = 5

commands = typer.Typer(help="Check, try and activate scoring models.", no_args_is_help=True)
commands.command()(push)
commands.command()(activate)
commands.command("list")(list_versions)
commands.command()(rollback)
commands.command()(rescore)
commands.command()(shadow)


@commands.command()
def check(
    file: ModelArgument,
) -> None:
    """Say what is wrong with a model's file, line by line, or sum it up."""
    model = read_model_file(file)
    console = Console()
    _summarise(model.document, console)
    for warning in model.warnings:
        console.print(f"warning: {file}:{warning}", markup=False, highlight=False, soft_wrap=True)


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
