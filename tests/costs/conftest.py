"""DynamoDB on MiniStack, and leads on it in the situations that have a price."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.bench.ministack import dynamodb
from tests.bench.units import Leads


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    with dynamodb() as made:
        yield made


@pytest.fixture(scope="session")
def leads(client: Any) -> Leads:
    return Leads(client)
