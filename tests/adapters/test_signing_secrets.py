"""Signing secrets: empty at first, soon taken up, and kept beside each other."""

import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from leadscore.adapters.signing_secrets import FRESH_SECONDS, MISSING_SECONDS, SigningSecrets
from tests.adapters.conftest import Answers

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:webhooks-AbCdEf"
NO_VALUE = (400, b'{"__type": "ResourceNotFoundException", "message": "no value for staging label AWSCURRENT"}')
DENIED = (400, b'{"__type": "AccessDeniedException", "message": "no"}')


@pytest.fixture
def manager(answers: Callable[[str], Answers]) -> Answers:
    return answers("secretsmanager")


def stored(**secrets: str) -> tuple[int, bytes]:
    return 200, json.dumps({"ARN": ARN, "SecretString": json.dumps(secrets)}).encode()


def test_a_secret_is_taken_up_soon_and_not_asked_for_at_each_request(manager: Answers) -> None:
    now = 0.0
    secrets = SigningSecrets(manager.client, arn=ARN, clock=lambda: now)
    manager.prepare(*NO_VALUE)
    manager.prepare(*stored(newsletter="key"))
    manager.prepare(*stored(newsletter="new"))
    assert [secrets.of("newsletter") for _ in range(3)] == [None] * 3
    assert len(manager.requests) == 1
    now = MISSING_SECONDS
    assert [secrets.of(source) for source in ("newsletter", "forms")] == ["key", None]
    now = MISSING_SECONDS + FRESH_SECONDS - 1
    assert secrets.of("newsletter") == "key"
    assert len(manager.requests) == 2
    now += 1
    assert secrets.of("newsletter") == "new"


def test_an_empty_value_holds_none(manager: Answers) -> None:
    manager.prepare(200, json.dumps({"ARN": ARN, "SecretString": ""}).encode())
    assert SigningSecrets(manager.client, arn=ARN, clock=lambda: 0.0).of("newsletter") is None


def test_a_secret_that_cannot_be_read_is_an_error_and_not_none(manager: Answers) -> None:
    manager.prepare(*DENIED)
    with pytest.raises(ClientError):
        SigningSecrets(manager.client, arn=ARN, clock=lambda: 0.0).of("newsletter")


def test_storing_one_keeps_the_others(manager: Answers) -> None:
    manager.prepare(*stored(newsletter="old", forms="f"))
    manager.prepare(200, b"{}")
    SigningSecrets(manager.client, arn=ARN, clock=lambda: 0.0).store("newsletter", "new")
    sent = manager.requests[-1]
    assert sent["SecretId"] == ARN
    assert json.loads(sent["SecretString"]) == {"newsletter": "new", "forms": "f"}
