"""All leads looked at again, and the person at the terminal kept informed meanwhile."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from leadscore.adapters import clients
from leadscore.adapters.deployment import AWS_ERRORS, Deployment
from leadscore.adapters.dynamodb_calls import Unserved
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.events_queue import NotQueued, SqsEventsQueue
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.models import FRESH_SECONDS
from leadscore.adapters.parallel import run_all
from leadscore.adapters.queue_backlog import read_backlog
from leadscore.cli.clock import now
from leadscore.use_cases import rescore_all
from leadscore.use_cases.ports import Activation

#: A worker may go on with the model before for that long, and a batch that it began with it takes a moment.
NOTICED_SECONDS = FRESH_SECONDS + 2
#: What SQS counts is approximate: so many times in a row nothing must be there.
EMPTY_LOOKS = 3
LOOK_SECONDS = 1.0


@contextmanager
def resumable() -> Iterator[None]:
    """What goes wrong inside the block ends the command, and whoever reads the sentence knows how to go on."""
    try:
        yield
    except (*AWS_ERRORS, NotQueued, Unserved) as error:
        _stop(f"AWS did not do it: {error}", status=1)
    except KeyboardInterrupt:
        _stop("stopped", status=130)


def rescore_leads(
    deployment: Deployment, versions: DynamoDBModelVersions, activation: Activation, *, waits: bool
) -> int:
    """Send every lead a tick of the activation and, if asked to, wait until they are worked on; how many were sent."""
    url = deployment.outputs["EventsQueueUrl"]
    with _progress() as progress:
        _wait_until_noticed(activation, progress)
        sent = _send(deployment, versions, activation, url, progress)
        if waits:
            _wait_until_drained(url, progress)
    return sent.leads


def _progress() -> Progress:
    # On stderr: what a command says stays alone on stdout.
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _wait_until_noticed(activation: Activation, progress: Progress) -> None:
    """A lead that nothing changed for is not written, so it could not stop a worker that is still behind."""
    until = activation.activated_at + NOTICED_SECONDS * 1_000
    if (rest := until - now()) <= 0:
        return
    task = progress.add_task("until every worker has noticed the model", total=rest)
    while (rest_now := until - now()) > 0:
        progress.update(task, completed=rest - rest_now)
        time.sleep(min(rest_now / 1_000, 0.2))
    progress.update(task, completed=rest)


def _send(
    deployment: Deployment, versions: DynamoDBModelVersions, activation: Activation, url: str, progress: Progress
) -> rescore_all.Progress:
    task = progress.add_task("leads", total=None)
    stopped = Event()

    def report(run: rescore_all.Progress) -> None:
        progress.update(
            task, description=f"{run.leads:,} leads sent a tick", completed=run.finished, total=run.segments
        )

    try:
        return rescore_all.rescore_all(
            activation=activation,
            stages=rescore_all.stages_of(versions.activations()),
            shards=DynamoDBStageIndex(clients.dynamodb(), table=deployment.outputs["LeadsTableName"]),
            runs=versions,
            queue=SqsEventsQueue(clients.sqs(), url=url),
            new_token=_new_token,
            run_all=run_all,
            is_stopped=stopped.is_set,
            report=report,
        )
    finally:
        stopped.set()  # The other threads end with their page, whatever ended this one.


def _wait_until_drained(url: str, progress: Progress) -> None:
    task = progress.add_task("messages", total=None)
    most = empty_looks = 0
    while empty_looks < EMPTY_LOOKS:
        left = read_backlog(clients.sqs(), url=url)
        most = max(most, left)
        empty_looks = 0 if left else empty_looks + 1
        progress.update(
            task, description=f"{left:,} messages to be worked on", completed=most - left, total=max(most, 1)
        )
        time.sleep(LOOK_SECONDS)


def _new_token() -> str:
    return uuid.uuid4().hex


def _stop(why: str, *, status: int) -> NoReturn:
    typer.echo(
        f"{why}\n`leadscore model rescore` goes on from here; a lead also follows with its next event.", err=True
    )
    raise typer.Exit(status)
