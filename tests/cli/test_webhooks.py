"""`leadscore webhooks`: the URLs to paste, and secrets that go in and never come out."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from leadscore.cli import main, webhooks
from leadscore.domain.write_key import write_key
from tests.ingest.webhooks.senders import SECRETS

ROOT = "a root secret"
SOURCES = {"website": "public", "newsletter": "sendgrid", "welcome": "postmark", "forms": "typeform", "mail": "ses"}
KEY = SECRETS["sendgrid"]


class Manager:
    """Secrets Manager, with a secret that has no value yet."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {"root": ROOT}

    def get_secret_value(self, **call: str) -> Mapping[str, str]:
        if call["SecretId"] not in self.values:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetSecretValue")
        return {"SecretString": self.values[call["SecretId"]]}

    def put_secret_value(self, **call: str) -> None:
        self.values[call["SecretId"]] = call["SecretString"]


class Stack:
    """What the commands read of a deployed stack."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.outputs = {
            "CollectUrl": "https://collect.example.com",
            "WriteKeySecretArn": "root",
            "WebhookSecretsArn": "webhooks",
            "SesTopicArn": "arn:aws:sns:eu-central-1:123456789012:ses",
        }

    def environment(self, _function: str) -> Mapping[str, str]:
        return {"SOURCES": json.dumps(self.sources)}


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    made = Manager()
    monkeypatch.setattr(webhooks.clients, "secrets_manager", lambda: made)
    deploy(monkeypatch, Stack(SOURCES))
    return made


def deploy(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    @contextmanager
    def deployed(*_: Any, **__: Any) -> Iterator[Stack]:
        yield stack

    monkeypatch.setattr(webhooks, "deployed", deployed)


def run(*words: str, stdin: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(main, ["webhooks", *words], input=stdin)
    return result.exit_code, result.output


def test_the_list_says_what_to_paste_and_which_secret_is_missing(manager: Manager) -> None:
    assert run("set", "newsletter", stdin=f"{KEY}\n")[0] == 0
    code, said = run("list")
    lines = [line.split(maxsplit=2) for line in said.splitlines()]
    assert code == 0
    key = write_key(ROOT, "welcome")
    assert {line[0]: line[2] for line in lines} == {
        "newsletter": "secret stored   https://collect.example.com/webhooks/newsletter",
        "welcome": f"key in the URL  https://{key}:x@collect.example.com/webhooks/welcome",
        "forms": "NO SECRET YET   https://collect.example.com/webhooks/forms",
        "Amazon": "inside AWS      arn:aws:sns:eu-central-1:123456789012:ses",
    }
    assert KEY not in said


def test_a_secret_is_stored_beside_the_others_and_never_said(manager: Manager) -> None:
    for source, secret in (("newsletter", KEY), ("forms", "made-up-at-typeform"), ("forms", "made-up-anew-there")):
        code, said = run("set", source, stdin=f" {secret}\n")
        assert code == 0
        assert said == f"{source}: stored. It is in force within 30 seconds.\n"
    assert json.loads(manager.values["webhooks"]) == {"newsletter": KEY, "forms": "made-up-anew-there"}


@pytest.mark.parametrize(
    ("source", "pasted", "complaint"),
    [
        ("newsletter", "not a key", "this is no verification key of SendGrid's"),
        ("forms", "", "paste it whole"),
        ("welcome", "x", "welcome needs no secret: its URL in `leadscore webhooks list` has a key"),
        ("website", "x", "website is no source of this deployment that takes webhooks: those are newsletter, welcome"),
        ("mail", "x", "mail is no source of this deployment that takes webhooks"),
    ],
)
def test_what_cannot_be_stored_is_said_and_nothing_stored(
    manager: Manager, source: str, pasted: str, complaint: str
) -> None:
    code, said = run("set", source, stdin=pasted)
    assert code == 1
    assert complaint in said
    assert "webhooks" not in manager.values


def test_without_webhooks_the_list_says_how_to_get_one(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack({"website": "public"})
    del stack.outputs["SesTopicArn"], stack.outputs["WebhookSecretsArn"]
    deploy(monkeypatch, stack)
    code, said = run("list")
    assert code == 0
    assert "no source is a webhook" in said
