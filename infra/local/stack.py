"""The project's own stack, deployed to MiniStack: what the demo, the end-to-end tests and `make up` talk to."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from infra.local.deploy import Report, deploy
from infra.local.ministack import CREDENTIALS, REGION, ROOT, MiniStack, running_ministack
from leadscore.domain.write_key import write_key

PUBLIC_SOURCE = "website"
SERVER_SOURCE = "backend"


@dataclass(frozen=True)
class LocalStack:
    """A deployed stack: `outputs` are the stack's, the rest is what a user needs to send something and to look."""

    ministack: MiniStack
    outputs: Mapping[str, str]

    @property
    def aws_endpoint_url(self) -> str:
        return self.ministack.endpoint_url

    @property
    def collect_url(self) -> str:
        return self._api_url("CollectUrl")

    @property
    def leads_url(self) -> str:
        return self._api_url("LeadsUrl")

    @property
    def sales_queue_url(self) -> str:
        return self.outputs["SalesQueueUrl"]

    @property
    def nurture_queue_url(self) -> str:
        return self.outputs["NurtureQueueUrl"]

    @property
    def public_write_key(self) -> str:
        return write_key(self._write_key_root, PUBLIC_SOURCE)

    @property
    def server_write_key(self) -> str:
        return write_key(self._write_key_root, SERVER_SOURCE)

    @cached_property
    def leads_token(self) -> str:
        return self._secret("LeadsTokenSecretArn")

    @cached_property
    def _write_key_root(self) -> str:
        return self._secret("WriteKeySecretArn")

    def client(self, service: Any) -> Any:
        """A boto3 client for the emulator."""
        return boto3.client(
            service,
            endpoint_url=self.ministack.endpoint_url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def summary(self) -> dict[str, str]:
        """What a user points a form, a client or the AWS CLI at."""
        return {
            "collect_url": self.collect_url,
            "leads_url": self.leads_url,
            "public_write_key": self.public_write_key,
            "server_write_key": self.server_write_key,
            "leads_token": self.leads_token,
            "sales_queue_url": self.sales_queue_url,
            "nurture_queue_url": self.nurture_queue_url,
            "aws_endpoint_url": self.aws_endpoint_url,
        }

    def _api_url(self, output: str) -> str:
        # The host of the output resolves on AWS only; MiniStack serves the same API under this path.
        api = (urlsplit(self.outputs[output]).hostname or "").partition(".")[0]
        return f"{self.ministack.endpoint_url}/_aws/execute-api/{api}"

    def _secret(self, output: str) -> str:
        answer = self.client("secretsmanager").get_secret_value(SecretId=self.outputs[output])
        return str(answer["SecretString"])


@contextmanager
def local_stack(
    *, auth: bool = False, context: Mapping[str, object] | None = None, report: Report = lambda _: None
) -> Iterator[LocalStack]:
    """The stack for as long as the block lasts; nothing is left running or lying about.

    `auth` enforces the functions' IAM policies; `context` overrides cdk.json's; `report` hears of the progress.
    """
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="local-") as name:
        directory = Path(name)
        report("starting MiniStack")
        with running_ministack(directory, auth=auth) as ministack:
            yield LocalStack(ministack, deploy(ministack, directory, context=context or {}, report=report))
