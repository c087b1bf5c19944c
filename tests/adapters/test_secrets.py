"""Secrets: read once in five minutes, and kept in use when Secrets Manager cannot be reached."""

import json
import logging
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from leadscore.adapters.secrets import StoredSecrets
from tests.adapters.conftest import Answers

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:write-key-AbCdEf"
DOWN = (400, b'{"__type": "AccessDeniedException", "message": "KMS is off"}')


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager(answers: Callable[[str], Answers]) -> Answers:
    return answers("secretsmanager")


@pytest.fixture
def secrets(manager: Answers, clock: Clock) -> StoredSecrets:
    return StoredSecrets(manager.client, clock=clock)


def secret(text: str) -> tuple[int, bytes]:
    return 200, json.dumps({"ARN": ARN, "SecretString": text}).encode()


def test_a_secret_is_read_once_in_five_minutes(secrets: StoredSecrets, manager: Answers, clock: Clock) -> None:
    manager.prepare(*secret("old"))
    manager.prepare(*secret("new"))
    assert secrets.read(ARN) == "old"
    clock.now += 299
    assert secrets.read(ARN) == "old"
    assert len(manager.requests) == 1
    clock.now += 1
    assert secrets.read(ARN) == "new"


def test_each_secret_is_its_own(secrets: StoredSecrets, manager: Answers) -> None:
    manager.prepare(*secret("one"))
    manager.prepare(*secret("two"))
    assert secrets.read(ARN) == "one"
    assert secrets.read(ARN + "2") == "two"
    assert secrets.read(ARN) == "one"
    assert [request["SecretId"] for request in manager.requests] == [ARN, ARN + "2"]


def test_a_secret_that_cannot_be_had_is_an_error(secrets: StoredSecrets, manager: Answers) -> None:
    manager.prepare(*DOWN)
    with pytest.raises(ClientError):
        secrets.read(ARN)


def test_a_secret_that_cannot_be_had_again_stays_in_use(
    secrets: StoredSecrets, manager: Answers, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    manager.prepare(*secret("s3cret"))
    manager.prepare(*DOWN)
    manager.prepare(*secret("new"))
    secrets.read(ARN)
    clock.now += 300
    with caplog.at_level(logging.WARNING):
        assert secrets.read(ARN) == "s3cret"
    assert "secret.refresh.failed" in caplog.text
    assert "s3cret" not in caplog.text
    clock.now += 300
    assert secrets.read(ARN) == "new"
