"""`leadscore failed`: what could not be processed, and why."""

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from leadscore.adapters import clients
from leadscore.adapters.failed_events import S3FailedEvents
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed

#: What failed events' keys begin with.
_DAY = re.compile(r"[0-9]{4}(?:/[0-9]{2}(?:/[0-9]{2})?)?")


def failed(
    day: Annotated[str, typer.Option(help="Of one day, month or year only: 2026/08/14, 2026/08, 2026.")] = "",
    raw: Annotated[bool, typer.Option("--raw", help="Print what came, too: it may hold personal data.")] = False,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """List the failed events: when, what is wrong and how to mend it."""
    # Written in another way it would match no key, and say that nothing had failed.
    if day and not _DAY.fullmatch(day):
        raise typer.BadParameter("write a day as 2026/08/14, a month as 2026/08, a year as 2026", param_hint="'--day'")
    with deployed(stack, local=local) as deployment:
        events = S3FailedEvents(clients.s3, bucket=deployment.outputs["FailedEventsBucketName"])
        count = 0
        for event in map(events.read, events.list_keys(day)):
            count += 1
            at = datetime.fromtimestamp(event.at / 1000, UTC)
            typer.echo(f"{at:%Y-%m-%d %H:%M:%SZ}  {event.code}: {event.reason}")
            if raw:
                typer.echo(f"  {event.raw}")
    typer.echo(f"{count} failed event{'' if count == 1 else 's'}", err=True)
