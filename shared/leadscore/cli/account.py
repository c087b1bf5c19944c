"""`leadscore account`: a company's score and its leads on a deployed stack."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.cli.ending import end
from leadscore.cli.lead_reading import lead_reading
from leadscore.contracts.leads import Account
from leadscore.use_cases.ports import ModelBehind
from leadscore.use_cases.read_leads import LeadReading

LEADS_SHOWN = 20
_UNKNOWN = (
    "no lead is of that company, or the model in force has no `accounts`; after a model with `accounts` was activated,"
    " companies appear as their leads are rescored"
)

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
        show_account(account, reading=lead_reading(deployment), leads=leads, console=Console())


def show_account(account: str, *, reading: LeadReading, leads: int, console: Console) -> None:
    """Ends the command with status 1 where there is no such company, or it cannot be told."""
    try:
        found = reading.account(account, limit=leads)
    except ModelBehind as error:
        end(f"the company cannot be shown now: {error}")
    if found is None:
        end(_UNKNOWN)
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
