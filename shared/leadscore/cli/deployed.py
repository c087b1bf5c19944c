"""The stack that a command works on: the one of your AWS profile, or the one that `make up` runs."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from leadscore.adapters import clients
from leadscore.adapters.deployment import AWS_ERRORS, Deployment, NotDeployed
from leadscore.cli.ending import end

LOCAL = Path(".leadscore/local.json")
#: The stack's name unless somebody names another.
STACK = "LeadScore"

StackOption = Annotated[str, typer.Option("--stack", help="The stack's name in AWS CloudFormation.")]
LocalOption = Annotated[bool, typer.Option("--local", help="Work on the stack that `make up` runs.")]


@contextmanager
def deployed(stack: str, *, local: bool) -> Iterator[Deployment]:
    """The deployed stack. What goes wrong with AWS inside the block ends the command with status 1 and a sentence."""
    if local:
        _use_local()
    try:
        yield Deployment(clients.cloudformation(), clients.lambda_(), stack=stack)
    except NotDeployed:
        end(f"there is no stack {stack} in this account and region: deploy it, or name another with --stack")
    except AWS_ERRORS as error:
        end(f"AWS did not do it: {error}")


def local_settings() -> Mapping[str, str]:
    """What `make up` wrote down. Ends the command where it did not run."""
    try:
        return dict(json.loads(LOCAL.read_text()))
    except FileNotFoundError:
        end(f"{LOCAL} is not there: run `make up` first, and this in the project's folder")


def collect_url(deployment: Deployment, *, local: bool) -> str:
    """Where senders send to. The host that the emulator names in its outputs resolves nowhere."""
    return local_settings()["collect_url"] if local else deployment.outputs["CollectUrl"]


def leads_url(deployment: Deployment, *, local: bool) -> str:
    """Where the leads API is asked."""
    return local_settings()["leads_url"] if local else deployment.outputs["LeadsUrl"]


def _use_local() -> None:
    # The emulator takes any credentials; a profile of the user's own must not be asked for, nor a proxy.
    os.environ |= {
        "AWS_ENDPOINT_URL": local_settings()["aws_endpoint_url"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    os.environ.pop("AWS_PROFILE", None)
