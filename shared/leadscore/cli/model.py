"""`leadscore model`: work on a scoring model's file."""

import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.events_queue import SqsEventsQueue
from leadscore.adapters.models import StoredModels, shipped_text
from leadscore.cli.deployed import LocalOption, StackOption, deployed
from leadscore.contracts.model_file import ModelFile, ModelFileError, read_model
from leadscore.domain.model import Model, compile_model
from leadscore.use_cases.activate import activate_model
from leadscore.use_cases.ports import ModelBehind, VersionConflict

#: How many of the weightiest rules, each way, a summary shows: it fits one screen.
RULES_SHOWN = 5

ModelArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The model's YAML file.")
]

commands = typer.Typer(help="Check and activate scoring models.", no_args_is_help=True)


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


@commands.command()
def activate(file: ModelArgument, stack: StackOption = "LeadScore", local: LocalOption = False) -> None:
    """Put a model into force in the deployed stack, without a deployment, and rescore every lead, quietly."""
    model = read_model_file(file)
    with deployed(stack, local=local) as deployment, Progress(transient=True) as progress:
        sent = progress.add_task("asking every lead to be looked at again", total=None)
        client, table = clients.dynamodb(), deployment.outputs["LeadsTableName"]
        compiled = compile_model(model.document)
        models = StoredModels(client, table=table, default_text=shipped_text(), clock=time.monotonic)
        try:
            activated = activate_model(
                text=file.read_text("utf-8-sig"),
                model=compiled,
                before=_model_before(models, otherwise=compiled),
                versions=models,
                index=DynamoDBStageIndex(client, table=table),
                queue=SqsEventsQueue(clients.sqs(), url=deployment.outputs["EventsQueueUrl"]),
                new_token=lambda: uuid.uuid4().hex,
                progress=lambda leads: progress.update(sent, completed=leads),
            )
        except VersionConflict as error:
            typer.echo(f"nothing was changed: {error}", err=True)
            raise typer.Exit(1) from None
    typer.echo(
        f"{activated.name} version {activated.version} is in force, activation {activated.activation}. "
        f"Leads being rescored: {activated.leads}. Nobody is told of stages that only the model moves."
    )


def _model_before(models: StoredModels, *, otherwise: Model) -> Model:
    """The model in force. One that cannot be read any more is no reason against another."""
    try:
        return models.active()[1]
    except ModelBehind:
        return otherwise


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
