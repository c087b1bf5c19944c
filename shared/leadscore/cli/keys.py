"""`leadscore keys`: what clients and readers of the deployed stack need."""

import json
import time

import typer

from leadscore.adapters import clients
from leadscore.adapters.secrets import StoredSecrets
from leadscore.cli.deployed import STACK, LocalOption, StackOption, collect_url, deployed, leads_url
from leadscore.domain.write_key import write_key
from leadscore.ingest.webhooks.kinds import WEBHOOK_KINDS


def keys(stack: StackOption = STACK, local: LocalOption = False) -> None:
    """Print the URLs, a write key for each source, and the leads API's token."""
    with deployed(stack, local=local) as deployment:
        secrets = StoredSecrets(clients.secrets_manager(), clock=time.monotonic)
        root = secrets.read(deployment.outputs["WriteKeySecretArn"])
        sources = json.loads(deployment.environment("Collect")["SOURCES"])
        lines = {
            "collect": collect_url(deployment, local=local),
            "leads": leads_url(deployment, local=local),
            "leads token": secrets.read(deployment.outputs["LeadsTokenSecretArn"]),
            # Webhooks sign instead: `leadscore webhooks list` has theirs.
            **{
                f"{source} ({kind})": write_key(root, source)
                for source, kind in sources.items()
                if kind not in WEBHOOK_KINDS and kind != "ses"
            },
        }
    for name, value in lines.items():
        typer.echo(f"{name:20} {value}")
