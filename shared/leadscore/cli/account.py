"""`leadscore account`: a company's score and its leads on a deployed stack."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_accounts import DynamoDBAccountStore
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.dynamodb_transitions import DynamoDBTransitionLog
from leadscore.adapters.models import StoredModels, shipped_text
from leadscore.cli.deployed import LocalOption, StackOption, deployed
from leadscore.cli.explain import STACK
from leadscore.cli.rescoring import now
from leadscore.contracts.leads import Account
from leadscore.use_cases.ports import ModelBehind
from leadscore.use_cases.read_leads import LeadReading

LEADS_SHOWN = 20

AccountArgument = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="What a `group` call names a company, or the domain of its addresses.")
]


def account(
    account: AccountArgument,
    leads: Annotated[int, typer.Option(min=1, max=1_000, help="How many leads to show.")] = LEADS_SHOWN,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Say which score a company has at this moment, and which of its leads bring it most."""
    with deployed(stack, local=local) as deployment:
        client = clients.dynamodb()
        table, events = (deployment.outputs[name] for name in ("LeadsTableName", "EventsTableName"))
        reading = LeadReading(
            store=DynamoDBLeadStore(client, table=table),
            log=DynamoDBEventLog(client, table=events),
            transitions=DynamoDBTransitionLog(client, table=table),
            index=DynamoDBStageIndex(client, table=table),
            models=StoredModels(client, table=table, default_text=shipped_text(), clock=time.monotonic),
            now=now,
            accounts=DynamoDBAccountStore(client, table=table),
        )
        show_account(account, reading=reading, leads=leads, console=Console())


def show_account(account: str, *, reading: LeadReading, leads: int, console: Console) -> None:
    """Ends the command with status 1 where there is no such company, or it cannot be told."""
    try:
        found = reading.account(account, limit=leads)
    except ModelBehind as error:
        typer.echo(f"the company cannot be shown now: {error}", err=True)
        raise typer.Exit(1) from None
    if found is None:
        typer.echo("no lead is of that company, or the model in force has no accounts", err=True)
        raise typer.Exit(1)
    console.print(Text(f"{found.account}: {found.score}, of {_number(found)}, as of {found.as_of}"))
    console.print(_table(found))


def _number(found: Account) -> str:
    shown = f", the best {len(found.members)} of them shown" if found.truncated else ""
    return f"{found.leads} lead{'' if found.leads == 1 else 's'}{shown}"


def _table(found: Account) -> Table:
    table = Table()
    table.add_column("total", justify="right")
    table.add_column("stage")
    table.add_column("lead", overflow="fold")
    for lead in found.members:
        table.add_row(Text(str(lead.total), style="bold"), Text(lead.stage), Text(lead.lead))
    return table
