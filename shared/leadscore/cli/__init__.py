"""The command line: `leadscore`. Each group of commands is a module of its own."""

import typer

from leadscore.cli import export, model, notifications, webhooks
from leadscore.cli.account import account
from leadscore.cli.email_links import email_links
from leadscore.cli.explain import explain
from leadscore.cli.failed import failed
from leadscore.cli.importing import import_
from leadscore.cli.keys import keys
from leadscore.cli.merging import merge, unmerge
from leadscore.cli.score import score
from leadscore.cli.simulate import simulate

main = typer.Typer(
    help="Lead scoring that you own.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback of typer's own shows the values of variables, and those may be personal.
    pretty_exceptions_enable=False,
)
for command in (score, explain, simulate, account, merge, unmerge, keys, email_links, failed):
    main.command()(command)
main.command("import")(import_)
main.add_typer(model.commands, name="model")
main.add_typer(export.commands, name="export")
main.add_typer(notifications.commands, name="notifications")
main.add_typer(webhooks.commands, name="webhooks")
