"""`leadscore model shadow`: a model beside the one in force, tried on the deployed stack's own leads."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nlargest
from typing import Annotated, NamedTuple, Self

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_histories import DynamoDBHistories
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.models import StoredModels, shipped_text
from leadscore.adapters.parallel import run_all
from leadscore.cli.deployed import LocalOption, StackOption, deployed
from leadscore.cli.model_files import ModelArgument, read_model_file
from leadscore.cli.rescoring import now
from leadscore.domain.ledger import shown_scores
from leadscore.domain.model import TOTAL, Model, compile_model
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import ModelBehind
from leadscore.use_cases.rescore_all import stages_of
from leadscore.use_cases.shadow import WHOLE, Shadow, Shadowed

#: The leads with the largest differences that the report names.
DIFFERENCES_SHOWN = 10


def _share(text: str) -> int:
    """`10%` as hundredths of a percent."""
    try:
        share = round(float(text.removesuffix("%")) * WHOLE / 100)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter("write a percentage, such as 10%") from error
    if not 0 < share <= WHOLE:
        raise typer.BadParameter("a sample is more than nothing and at most 100%")
    return share


SampleOption = Annotated[
    str, typer.Option(metavar="PERCENT", help="Look at a part of the leads only, always the same one.")
]


def shadow(
    file: ModelArgument, sample: SampleOption = "100%", stack: StackOption = "LeadScore", local: LocalOption = False
) -> None:
    """Score all leads, or a sample, by a model beside the one in force, and report. Nothing is changed."""
    share, beside = _share(sample), compile_model(read_model_file(file).document)
    with deployed(stack, local=local) as deployment:
        client, table = clients.dynamodb(), deployment.outputs["LeadsTableName"]
        models = StoredModels(client, table=table, default_text=shipped_text(), clock=time.monotonic)
        try:
            active = models.active()[1]
        except ModelBehind as error:
            typer.echo(f"there is nothing to compare with: {error}", err=True)
            raise typer.Exit(1) from None
        found = Shadow(active=active, shadow=beside, as_of=now(), sample=share).run(
            stages=stages_of(DynamoDBModelVersions(client, table=table).activations()),
            shards=DynamoDBStageIndex(client, table=table),
            histories=DynamoDBHistories(client, events=deployment.outputs["EventsTableName"], leads=table),
            run_all=run_all,
        )
        print_report(_counted(found), active=active, shadow=beside, console=Console())


def print_report(found: Iterable[Shadowed], *, active: Model, shadow: Model, console: Console) -> None:
    """Who would be where: the stages before and after, who moves, and who moves most."""
    before, after, moves = Counter[str](), Counter[str](), Counter[str]()

    def places() -> Iterator[_Places]:
        for lead in found:
            before[lead.active.stage] += 1
            after[lead.shadow.stage] += 1
            moves[_direction(lead, shadow)] += 1
            yield _Places(lead.lead, _Place.of(lead.active, active), _Place.of(lead.shadow, shadow))

    most = nlargest(DIFFERENCES_SHOWN, places(), key=lambda lead: (abs(lead.difference), lead.lead))
    stages = Table("stage", active.name, shadow.name)
    for stage in dict.fromkeys([*(stage.name for stage in (*shadow.stages, *active.stages)), *before, *after]):
        if before[stage] or after[stage]:
            stages.add_row(stage, f"{before[stage]:,}", f"{after[stage]:,}")
    console.print(stages)
    console.print(
        f"{before.total():,} leads: {moves['up']:,} move up, {moves['down']:,} move down, {moves['']:,} stay.",
        highlight=False,
    )
    differences = Table("lead", active.name, shadow.name, "difference")
    for lead in most:
        if lead.difference:
            differences.add_row(lead.lead, str(lead.before), str(lead.after), f"{lead.difference:+}")
    if differences.row_count:
        console.print(differences)


class _Place(NamedTuple):
    total: int
    stage: str

    @classmethod
    def of(cls, state: LeadState, model: Model) -> Self:
        return cls(shown_scores(state, model)[TOTAL], state.stage)

    def __str__(self) -> str:
        return f"{self.total} ({self.stage})"


class _Places(NamedTuple):
    lead: str
    before: _Place
    after: _Place

    @property
    def difference(self) -> int:
        return self.after.total - self.before.total


def _counted(found: Iterable[Shadowed]) -> Iterator[Shadowed]:
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} leads"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("leads", total=None)
        for lead in found:
            progress.advance(task)
            yield lead


def _direction(lead: Shadowed, model: Model) -> str:
    """By the ladder of the model that is tried; a stage that it does not have is below all of its own."""
    if lead.active.stage == lead.shadow.stage:
        return ""
    return "up" if model.rank(lead.shadow.stage) > model.rank(lead.active.stage) else "down"
