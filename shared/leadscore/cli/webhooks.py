"""`leadscore webhooks`: where senders send to, and what they sign with."""

import json
import sys
import time
from typing import Annotated
from urllib.parse import urlsplit

import typer

from leadscore.adapters import clients
from leadscore.adapters.deployment import Deployment
from leadscore.adapters.secrets import StoredSecrets
from leadscore.adapters.signing_secrets import FRESH_SECONDS, SigningSecrets
from leadscore.cli.deployed import STACK, LocalOption, StackOption, collect_url, deployed
from leadscore.cli.ending import end
from leadscore.domain.write_key import write_key
from leadscore.ingest.webhooks.kinds import KEYED_KIND, WEBHOOK_KINDS, vendor

commands = typer.Typer(help="Senders that sign what they send.", no_args_is_help=True)


@commands.command("list")
def list_command(stack: StackOption = STACK, local: LocalOption = False) -> None:
    """Show the URL to paste at each sender, and whether its signing secret is stored."""
    with deployed(stack, local=local) as deployment:
        kinds = _kinds(deployment)
        stored = _secrets(deployment).read_all() if kinds else {}
        collector = collect_url(deployment, local=local).rstrip("/")
        for source, kind in kinds.items():
            url = f"{collector}/webhooks/{source}"
            if kind == KEYED_KIND:
                url, state = _with_key(url, deployment, source), "key in the URL"
            else:
                state = "secret stored" if source in stored else "NO SECRET YET"
            typer.echo(f"{source:20} {kind:18} {state:15} {url}")
        if topic := deployment.outputs.get("SesTopicArn"):
            typer.echo(f"{'Amazon SES':39} {'inside AWS':15} {topic}")
    if not kinds and not topic:
        typer.echo(
            "no source is a webhook: give one a sender's kind in `sources` in cdk.json, then deploy (or `make up`)",
            err=True,
        )


@commands.command("set")
def set_command(
    source: Annotated[str, typer.Argument(help="The source, as in the context `sources`.")],
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Store the signing secret that a sender gave you: asked for without showing it, or read from standard input."""
    with deployed(stack, local=local) as deployment:
        kinds = _kinds(deployment)
        if source not in kinds:
            known = f": those are {', '.join(kinds)}" if kinds else ""
            end(f"{source} is no source of this deployment that takes webhooks{known}")
        if kinds[source] == KEYED_KIND:
            end(f"{source} needs no secret: its URL in `leadscore webhooks list` has a key")
        try:
            secret = vendor(kinds[source]).secret_of(_asked(source))
        except ValueError as error:
            end(str(error))
        _secrets(deployment).store(source, secret)
    typer.echo(f"{source}: stored. It is in force within {FRESH_SECONDS} seconds.")


def _kinds(deployment: Deployment) -> dict[str, str]:
    """The kinds of the sources that are webhooks."""
    sources = json.loads(deployment.environment("Collect")["SOURCES"])
    return {source: kind for source, kind in sources.items() if kind in WEBHOOK_KINDS}


def _secrets(deployment: Deployment) -> SigningSecrets:
    arn = deployment.outputs["WebhookSecretsArn"]
    return SigningSecrets(clients.secrets_manager(), arn=arn, clock=time.monotonic)


def _asked(source: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"Signing secret of {source}", hide_input=True))
    return sys.stdin.read()


def _with_key(url: str, deployment: Deployment, source: str) -> str:
    """The URL with the source's write key as its user, which becomes Basic authentication."""
    secrets = StoredSecrets(clients.secrets_manager(), clock=time.monotonic)
    key = write_key(secrets.read(deployment.outputs["WriteKeySecretArn"]), source)
    parts = urlsplit(url)
    return parts._replace(netloc=f"{key}:x@{parts.netloc}").geturl()
