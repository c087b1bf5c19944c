"""`leadscore export`: the leads of a deployed stack, as a file."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TextIO

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from leadscore.adapters import clients
from leadscore.adapters.deployment import Deployment
from leadscore.adapters.dynamodb_calls import Unserved
from leadscore.adapters.dynamodb_histories import DynamoDBHistories
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.parallel import run_all
from leadscore.cli.csv_cells import Cell, HarmlessCsv
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.cli.ending import end
from leadscore.cli.lead_document import moment_or_none
from leadscore.cli.lead_reading import lead_reading
from leadscore.cli.private_file import private_output
from leadscore.contracts.moments import moment
from leadscore.domain.account import account_of_lead
from leadscore.domain.event import LeadEvent
from leadscore.domain.model import Model
from leadscore.domain.rules import GRADE
from leadscore.use_cases.audience import PLATFORMS, Platform, wants_none
from leadscore.use_cases.export_leads import ExportedLead, export_leads, stages_now
from leadscore.use_cases.ports import Histories, ModelBehind, StageShards
from leadscore.use_cases.read_leads import LeadReading
from leadscore.use_cases.rescore_all import stages_of

commands = typer.Typer(help="Write the leads of a deployed stack into a file.", no_args_is_help=True)

_COLUMNS = (
    "lead", "stage", "lists", "total", "grade", "matrix", "priority", "activity", "user_id", "email", "account",
    "other_ids", "first_seen_at", "last_seen_at", "next_change_at", "as_of",
)  # fmt: skip
#: Those of docs/events.md, a column each. What else is known of a lead stands in one column, as JSON.
_TRAITS = (
    "name", "first_name", "last_name", "title", "seniority", "department", "role", "phone", "company", "company_size",
    "industry", "website", "annual_revenue", "budget", "country", "state", "city",
)  # fmt: skip
_OTHER_TRAITS = "other_traits"


class Format(StrEnum):
    """How leads are written."""

    CSV = "csv"
    JSONL = "jsonl"


class PlatformName(StrEnum):
    """Where an audience is uploaded."""

    GOOGLE = "google"
    META = "meta"
    LINKEDIN = "linkedin"


class Stack(NamedTuple):
    """What exports read of a deployment."""

    reading: LeadReading
    shards: StageShards
    histories: Histories
    stages: list[str]
    model: Model


FormatOption = Annotated[Format, typer.Option("--format", help="CSV for spreadsheets, or one JSON object per line.")]
StageOption = Annotated[str, typer.Option("--stage", help="The leads of this stage only.", show_default="all")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", dir_okay=False, help="A file that only you may read.", show_default="stdout"),
]
PlatformOption = Annotated[PlatformName, typer.Option("--platform", help="Where it will be uploaded.")]
EverybodyOption = Annotated[
    bool, typer.Option("--everybody", help="Those who unsubscribed, too: for a list of people to leave out.")
]


@commands.command()
def leads(
    format: FormatOption = Format.CSV,  # noqa: A002
    stage: StageOption = "",
    out: OutOption = None,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Write all leads with their scores at this moment, who they are, and what is known of them."""
    with _exporting(stack, local=local) as source, private_output(out) as file:
        exported = _leads(source, stage)
        write = _csv(file, source.model) if format is Format.CSV else _jsonl(file)
        count = 0
        for lead in _counted(exported):
            write(lead)
            count += 1
    typer.echo(f"{count:,} lead{'' if count == 1 else 's'}", err=True)


@commands.command()
def audience(
    platform: PlatformOption,
    stage: StageOption = "",
    everybody: EverybodyOption = False,
    out: OutOption = None,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Write the e-mail addresses of leads as hashes, as advertising platforms take them, and nothing else."""
    there = PLATFORMS[platform]
    with _exporting(stack, local=local) as source, private_output(out) as file:
        exported = _leads(source, stage)
        file.write(f"{there.header}\n")
        hashes, left_out = _write_audience(file, there, source, exported, everybody=everybody)
    typer.echo(f"{hashes:,} hashed; {left_out:,} left out, who are out, disqualified or said no", err=True)
    if hashes < there.people_min:
        typer.echo(f"{there.name} takes audiences from {there.people_min:,} people on", err=True)


def _write_audience(
    file: TextIO, platform: Platform, source: Stack, exported: Iterator[ExportedLead], *, everybody: bool
) -> tuple[int, int]:
    """How many addresses were written, each once, and how many people were left out."""
    written: set[str] = set()
    left_out = 0
    for lead in _counted(exported):
        address = lead.known.get("email")
        if address is None:
            continue
        if not everybody and wants_none(lead, _history(lead, source)):
            left_out += 1
        elif (digest := platform.hash(address)) not in written:
            written.add(digest)
            file.write(f"{digest}\n")
    return len(written), left_out


def _history(lead: ExportedLead, source: Stack) -> Iterator[LeadEvent]:
    """Read only if somebody looks at it."""
    yield from source.histories.read_history(lead.committed.lead)


def _leads(source: Stack, stage: str) -> Iterator[ExportedLead]:
    if stage and stage not in source.stages:
        end(f"no model ever had this stage; there are {', '.join(source.stages)}", status=2)
    stages = [stage] if stage else source.stages
    return export_leads(stages=stages, shards=source.shards, reading=source.reading, run_all=run_all)


@contextmanager
def _exporting(stack: str, *, local: bool) -> Iterator[Stack]:
    with deployed(stack, local=local) as deployment:
        try:
            yield stack_of(deployment)
        except (ModelBehind, Unserved) as error:
            end(f"the leads cannot be read now: {type(error).__name__}; try again in a minute")


def stack_of(deployment: Deployment) -> Stack:
    client, reading = clients.dynamodb(), lead_reading(deployment)
    table, events = (deployment.outputs[name] for name in ("LeadsTableName", "EventsTableName"))
    _, model = reading.models.active()
    return Stack(
        reading=reading,
        shards=DynamoDBStageIndex(client, table=table),
        histories=DynamoDBHistories(client, events=events, leads=table),
        stages=stages_now(stages_of(DynamoDBModelVersions(client, table=table).activations()), model),
        model=model,
    )


# -- CSV ---------------------------------------------------------------------------------------------------------------


def _csv(file: TextIO, model: Model) -> Callable[[ExportedLead], None]:
    scores = [name for name in model.scores if name != GRADE]
    taken = {*_COLUMNS, *_TRAITS, _OTHER_TRAITS}
    rows = HarmlessCsv(file)
    rows.write(*_COLUMNS, *(f"{name} score" if name in taken else name for name in scores), *_TRAITS, _OTHER_TRAITS)

    def write(lead: ExportedLead) -> None:
        rows.write(*_cells(lead), *(lead.reading.scores.get(name) for name in scores), *_trait_cells(lead))

    return write


def _cells(lead: ExportedLead) -> Iterable[Cell]:
    reading, state = lead.reading, lead.committed
    return (
        state.lead, state.stage, " ".join(lead.lists), reading.total, reading.grade, reading.matrix, reading.priority,
        reading.activity, lead.known.get("user_id"), lead.known.get("email"), account_of_lead(state),
        " ".join(f"{kind}:{value}" for kind, value in lead.other_ids), moment(state.created_at),
        moment(state.last_event[0]), moment_or_none(reading.next_change_at), moment(lead.as_of),
    )  # fmt: skip


def _trait_cells(lead: ExportedLead) -> Iterator[Cell]:
    for name in _TRAITS:
        value = lead.traits.get(name)
        yield value if isinstance(value, str | int | float | bool | None) else _json(value)
    rest = {name: value for name, value in lead.traits.items() if name not in (*_TRAITS, "email")}
    yield _json(rest) if rest else None


# -- JSON --------------------------------------------------------------------------------------------------------------


def _jsonl(file: TextIO) -> Callable[[ExportedLead], None]:
    def write(lead: ExportedLead) -> None:
        file.write(_json(_document(lead)) + "\n")

    return write


def _document(lead: ExportedLead) -> dict[str, Any]:
    reading, state = lead.reading, lead.committed
    return {
        "lead": state.lead,
        "stage": state.stage,
        "lists": list(lead.lists),
        "total": reading.total,
        "scores": reading.scores,
        "grade": reading.grade,
        "matrix": reading.matrix,
        "priority": reading.priority,
        "activity": reading.activity,
        "external_ids": dict(lead.known),
        "account": account_of_lead(state) or None,
        "other_ids": [{"type": kind, "id": value} for kind, value in lead.other_ids],
        "first_seen_at": moment(state.created_at),
        "last_seen_at": moment(state.last_event[0]),
        "next_change_at": moment_or_none(reading.next_change_at),
        "as_of": moment(lead.as_of),
        "traits": dict(lead.traits),
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _counted(found: Iterable[ExportedLead]) -> Iterator[ExportedLead]:
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} leads"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("leads", total=None)
        for lead in found:
            progress.advance(task)
            yield lead
