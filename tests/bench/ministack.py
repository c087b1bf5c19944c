"""The emulator for one run of the bench."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from infra.local.ministack import CREDENTIALS, REGION, running_ministack
from leadscore.adapters.clients import CONFIG


@contextmanager
def dynamodb() -> Iterator[Any]:
    """A client as the functions have it, of an emulator that ends with the block."""
    with TemporaryDirectory(prefix="leadscore-bench-") as directory, running_ministack(Path(directory)) as running:
        yield client_of(running.endpoint_url)


def client_of(endpoint_url: str, service: Any = "dynamodb") -> Any:
    session = boto3.session.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return session.client(service, endpoint_url=endpoint_url, config=CONFIG)
