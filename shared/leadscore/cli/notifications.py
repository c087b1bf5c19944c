"""`leadscore notifications`: what was told about leads, told again."""

import json
from typing import Annotated

import typer

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_histories import DynamoDBHistories
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_transitions import DynamoDBTransitionLog
from leadscore.adapters.topic import SnsTopic
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.use_cases.notify import NotificationSettings, republish

commands = typer.Typer(help="Publish notifications again.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Keeps `republish` a command of its own while it is the only one."""


@commands.command("republish")
def republish_command(
    leads: Annotated[list[str], typer.Argument(help="The leads whose transitions are published again.")],
    since: Annotated[int, typer.Option(help="From this version (`sequence`) of the lead on.")] = 1,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Publish again what the table holds of these leads. Each repeat has the id of the first: receivers drop it."""
    with deployed(stack, local=local) as deployment:
        environment = deployment.environment("Notify")
        table = environment["LEADS_TABLE"]
        for lead in leads:
            done = republish(
                lead=lead,
                since_version=since,
                transitions=DynamoDBTransitionLog(clients.dynamodb(), table=table),
                leads=DynamoDBLeadStore(clients.dynamodb(), table=table),
                histories=DynamoDBHistories(clients.dynamodb(), events=environment["EVENTS_TABLE"], leads=table),
                topic=SnsTopic(clients.sns(), arn=environment["TOPIC_ARN"]),
                settings=NotificationSettings(
                    source=environment["TOPIC_ARN"],
                    link=environment.get("LEAD_LINK", ""),
                    personal=frozenset(json.loads(environment.get("PERSONAL_FIELDS", "[]"))),
                ),
            )
            typer.echo(f"{lead}: {done.sent} published" + ("" if done.complete else ", older ones left out"))
