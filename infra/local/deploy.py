"""Runs the official CDK CLI, unmodified, against MiniStack."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.local.ministack import REGION, ROOT, MiniStack, client

STACK = "LeadScore"
ASSETS_BUCKET = f"cdk-hnb659fds-assets-000000000000-{REGION}"
#: jsii would say at length that Node 20 is old. It works, and newer ones do too.
QUIET = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}
#: Whatever cdk.json says: there is no CloudFront here, and the front (infra/local/front.py) stands in its place.
LOCAL = {"local": True, "ephemeral": True, "cdn": False, "collect_domain": "", "collect_certificate": ""}
#: What the CLI says, and what has begun then. Single resources are made too fast to tell of.
PROGRESS = {
    "Synthesis time": "publishing the code of the functions",
    "creating CloudFormation changeset": "creating the resources",
}

type Report = Callable[[str], None]


class DeploymentError(Exception):
    """`cdk deploy` failed; the message has what it said."""


def deploy(ministack: MiniStack, directory: Path, *, context: Mapping[str, object], report: Report) -> dict[str, str]:
    """Deploy the stack and return its outputs. `directory` gets the assembly, the outputs and the CLI's log."""
    _make_assets_bucket(ministack)
    outputs = directory / "outputs.json"
    settings = {**LOCAL, **context}
    report("synthesising the stack")
    command = ["npx", "cdk", "deploy", STACK, "--require-approval", "never", "--progress", "events", "--no-notices"]
    command += ["--no-color", "--output", str(directory / "cdk.out"), "--outputs-file", str(outputs)]
    for name, value in settings.items():
        command += ["--context", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    _run(command, ministack, directory / "cdk.log", report)
    return dict(json.loads(outputs.read_text())[STACK])


def _run(command: list[str], ministack: MiniStack, log: Path, report: Report) -> None:
    with (
        log.open("w") as kept,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=ministack.environment() | QUIET,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            kept.write(line)
            for said, means in PROGRESS.items():
                if said in line:
                    report(means)
    if process.returncode:
        raise DeploymentError(f"cdk deploy ended with {process.returncode}; see {log}\n{log.read_text()[-4000:]}")


def _make_assets_bucket(ministack: MiniStack) -> None:
    """What `cdk bootstrap` makes on AWS, as far as a deployment with the caller's own credentials needs it."""
    client("s3", ministack.endpoint_url).create_bucket(Bucket=ASSETS_BUCKET)
