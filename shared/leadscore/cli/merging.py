"""`leadscore merge` and `leadscore unmerge`: one person out of two leads on a deployed stack, and two again."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.events_queue import NotQueued, SqsEventsQueue
from leadscore.cli.clock import now
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.cli.ending import end
from leadscore.cli.explain import UNKNOWN, identifiers_of
from leadscore.contracts.leads import LEAD_ID
from leadscore.use_cases.rulings import NoSuchLead, RulingRefused, Rulings

_WHAT = "A lead's id, or a user id, e-mail address, anonymous id, or another like hubspot:51"

LeadArgument = Annotated[str, typer.Argument(metavar="LEAD", help=f"{_WHAT}.")]
IntoArgument = Annotated[str, typer.Argument(metavar="INTO", help=f"{_WHAT}: the person who stays.")]


def merge(lead: LeadArgument, into: IntoArgument, stack: StackOption = STACK, local: LocalOption = False) -> None:
    """Make one lead part of another, because they are one person. INTO keeps its id."""
    with _rulings(stack, local=local) as rulings:
        ruling = rulings.merge(open_lead(lead, rulings, "LEAD"), open_lead(into, rulings, "INTO"))
        typer.echo(f"queued: {ruling.lead} becomes part of {ruling.into}")


def unmerge(lead: LeadArgument, stack: StackOption = STACK, local: LocalOption = False) -> None:
    """Take a lead out of the one that it became part of. LEAD is the lead as it was, or something it went by."""
    with _rulings(stack, local=local) as rulings:
        ruling = rulings.unmerge(owner(lead, rulings, "LEAD"))
        typer.echo(f"queued: {ruling.lead} becomes somebody of its own again")


def owner(text: str, rulings: Rulings, argument: str) -> str:
    """The lead of this id, or the one that the name was given to, whatever it is part of.

    Raises NoSuchLead, which names the argument.
    """
    if LEAD_ID.fullmatch(text) and rulings.store.read_states([text]):
        return text
    found = rulings.find_owner(identifiers_of(text))
    if found is None:
        raise NoSuchLead(argument)
    return found


def open_lead(text: str, rulings: Rulings, argument: str) -> str:
    """The lead of this id as it stands, or the person whom the name leads to. Raises NoSuchLead."""
    found = owner(text, rulings, argument)
    return found if found == text else rulings.open_lead(found)


@contextmanager
def _rulings(stack: str, *, local: bool) -> Iterator[Rulings]:
    """What goes wrong inside the block ends the command with status 1 and a sentence."""
    with deployed(stack, local=local) as deployment:
        try:
            yield Rulings(
                store=DynamoDBLeadStore(clients.dynamodb(), table=deployment.outputs["LeadsTableName"]),
                queue=SqsEventsQueue(clients.sqs(), url=deployment.outputs["EventsQueueUrl"]),
                now=now,
                new_token=lambda: uuid.uuid4().hex,
            )
        except NoSuchLead as unknown:
            # Without an argument's name it was linked a moment ago, and nothing has happened to it yet.
            end(f"{unknown}: {UNKNOWN}" if unknown.args else UNKNOWN)
        except RulingRefused as refused:
            end(str(refused))
        except NotQueued as error:
            end(f"AWS did not do it: {error}")
