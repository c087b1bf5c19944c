"""AWS clients: one of each per process, with bounds that lie within a function's time."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leadscore.adapters import clients

MAKERS = [clients.dynamodb, clients.sqs, clients.sns, clients.s3, clients.secrets_manager]


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for make in MAKERS:
        make.cache_clear()
    yield
    for make in MAKERS:
        make.cache_clear()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_there_is_one_client_a_process(make: Callable[[], Any]) -> None:
    assert make() is make()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_call_ends_within_a_functions_time(make: Callable[[], Any]) -> None:
    config = make().meta.config
    tries = config.retries["total_max_attempts"]
    assert tries * (config.connect_timeout + config.read_timeout) <= 12
    assert config.retries["mode"] == "standard"
    assert config.max_pool_connections >= 16
