"""`leadscore model`: work on a scoring model's file, and on the versions of a deployed stack."""

import typer

from leadscore.cli.model_check import check, schema
from leadscore.cli.model_diff import diff
from leadscore.cli.model_shadow import shadow
from leadscore.cli.model_versions import activate, list_versions, push, rescore, rollback

commands = typer.Typer(help="Check, try and activate scoring models.", no_args_is_help=True)
for command in (check, diff, schema, push, shadow, activate, rollback, rescore):
    commands.command()(command)
commands.command("list")(list_versions)
