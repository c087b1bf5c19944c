"""Signing secrets: empty at first, soon taken up, and kept beside each other."""

import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from leadscore.adapters.signing_secrets import FRESH_SECONDS, SigningSecrets
from tests.adapters.conftest import Answers

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:webhooks-AbCdEf"
NO_VALUE = (400, b'{"__type": "ResourceNotFoundException", "message": "no value for staging label AWSCURRENT"}')
DENIED = (400, b'{"__type": "AccessDeniedException", "message": "no"}')


@pytest.fixture
def manager(answers: Callable[[str], Answers]) -> Answers:
    return answers("secretsmanager")


def stored(**secrets: str) -> tuple[int, bytes]:
    return 200, json.dumps({"ARN": ARN, "SecretString": json.dumps(secrets)}).encode()


def test_a_secret_that_is_stored_is_taken_up_soon_and_not_asked_for_at_each_request(manager: Answers) -> None:
    now = 0.0
    secrets = SigningSecrets(manager.client, arn=ARN, clock=lambda: now)
    manager.prepare(*NO_VALUE)
    manager.prepare(*stored(newsletter="key"))
    assert [secrets.of("newsletter") for _ in range(3)] == [None] * 3
    assert len(manager.requests) == 1
    now = FRESH_SECONDS
    assert (secrets.of("newsletter"), secrets.of("forms")) == ("key", None)
    assert len(manager.requests) == 2


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
