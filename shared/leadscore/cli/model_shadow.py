"""`leadscore model shadow`: a model beside the one in force, tried on the deployed stack's own leads."""

import time
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_histories import DynamoDBHistories
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.models import StoredModels, shipped_text
from leadscore.adapters.parallel import run_all
from leadscore.cli.clock import now
from leadscore.cli.comparison import print_comparison
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.cli.ending import end
from leadscore.cli.model_files import ModelArgument, read_model_file
from leadscore.domain.compiler import compile_model
from leadscore.use_cases.compare import Compared, summarise
from leadscore.use_cases.ports import ModelBehind
from leadscore.use_cases.rescore_all import stages_of
from leadscore.use_cases.shadow import WHOLE, Shadow


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
    file: ModelArgument, sample: SampleOption = "100%", stack: StackOption = STACK, local: LocalOption = False
) -> None:
    """Score all leads, or a sample, by a model beside the one in force, and report. Nothing is changed."""
    share, beside, at = _share(sample), compile_model(read_model_file(file).document), now()
    with deployed(stack, local=local) as deployment:
        client, table = clients.dynamodb(), deployment.outputs["LeadsTableName"]
        models = StoredModels(client, table=table, default_text=shipped_text, clock=time.monotonic)
        try:
            active = models.active()[1]
        except ModelBehind as error:
            end(f"there is nothing to compare with: {error}")
        found = Shadow(active=active, shadow=beside, as_of=at, sample=share).run(
            stages=stages_of(DynamoDBModelVersions(client, table=table).activations()),
            shards=DynamoDBStageIndex(client, table=table),
            histories=DynamoDBHistories(client, events=deployment.outputs["EventsTableName"], leads=table),
            run_all=run_all,
        )
        comparison = summarise(_counted(found), (active, beside))
    print_comparison(comparison, [f"{active.name} in force", beside.name], Console(), as_of=at)


def _counted(found: Iterable[Compared]) -> Iterator[Compared]:
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} leads"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("leads", total=None)
        for lead in found:
            progress.advance(task)
            yield lead
