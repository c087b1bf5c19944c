"""The project's own stack, deployed to MiniStack: what the demo, the end-to-end tests and `make up` talk to.

Events go in through the front (infra/local/front.py), as they go through CloudFront on AWS; the leads API is asked as
the emulator serves it.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.local.deploy import Report, deploy
from infra.local.front import Front, lambda_invoker
from infra.local.http_server import serving
from infra.local.ministack import ROOT, MiniStack, client, running_ministack
from leadscore.domain.write_key import write_key

PUBLIC_SOURCE = "website"
SERVER_SOURCE = "backend"


@dataclass(frozen=True)
class LocalStack:
    """A deployed stack: `outputs` are the stack's, the rest is what a user needs to send something and to look."""

    ministack: MiniStack
    outputs: Mapping[str, str]
    collect_url: str

    @property
    def aws_endpoint_url(self) -> str:
        return self.ministack.endpoint_url

    @property
    def leads_url(self) -> str:
        return api_url(self.ministack, self.outputs["LeadsUrl"])

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
    def sources(self) -> dict[str, str]:
        """The kind of each source that may send."""
        function = self.client("lambda").get_function_configuration(FunctionName=self.outputs["CollectFunctionName"])
        return dict(json.loads(function["Environment"]["Variables"]["SOURCES"]))

    @cached_property
    def leads_token(self) -> str:
        return self._secret("LeadsTokenSecretArn")

    @cached_property
    def _write_key_root(self) -> str:
        return self._secret("WriteKeySecretArn")

    def client(self, service: Any) -> Any:
        """A boto3 client for the emulator."""
        return client(service, self.ministack.endpoint_url)

    def summary(self) -> dict[str, str]:
        """What a user points a form, a client or the AWS CLI at. Sources that cdk.json does not name have no key."""
        keys = {
            PUBLIC_SOURCE: {"public_write_key": self.public_write_key},
            SERVER_SOURCE: {"server_write_key": self.server_write_key},
        }
        return {
            "collect_url": self.collect_url,
            "leads_url": self.leads_url,
            **{name: key for source in self.sources if source in keys for name, key in keys[source].items()},
            "leads_token": self.leads_token,
            "sales_queue_url": self.sales_queue_url,
            "nurture_queue_url": self.nurture_queue_url,
            "aws_endpoint_url": self.aws_endpoint_url,
        }

    def _secret(self, output: str) -> str:
        answer = self.client("secretsmanager").get_secret_value(SecretId=self.outputs[output])
        return str(answer["SecretString"])


def api_url(ministack: MiniStack, url: str) -> str:
    """Where the emulator serves the API of a URL whose host resolves on AWS only."""
    api = (urlsplit(url).hostname or "").partition(".")[0]
    return f"{ministack.endpoint_url}/_aws/execute-api/{api}"


def front_of(ministack: MiniStack, outputs: Mapping[str, str]) -> Front:
    """The front of the public door."""
    invoke = lambda_invoker(ministack.endpoint_url, outputs["CollectFunctionName"])
    return Front(api_url(ministack, outputs["CollectUrl"]), invoke)


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
            outputs = deploy(ministack, directory, context=context or {}, report=report)
            with serving(front_of(ministack, outputs)) as collect_url:
                yield LocalStack(ministack, outputs, collect_url)
