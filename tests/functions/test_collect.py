"""The collect function: API Gateway in, API Gateway out, and not a word about anybody in between."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions import collect
from leadscore.adapters.memory import MemoryFailedEvents, MemoryQueue
from leadscore.domain.write_key import write_key
from leadscore.use_cases.messages import read_message
from tests.ingest.door import PUBLIC_KEY, ROOT, SERVER_KEY, SITES, basic, gateway_event
from tests.ingest.webhooks.senders import SECRETS, of, signed

type Output = Callable[[], str]

PERSON = "ada.lovelace@example.org"
SETTINGS = {
    "EVENTS_QUEUE_URL": "https://queue.example",
    "FAILED_EVENTS_BUCKET": "failed",
    "WRITE_KEY_SECRET_ARN": "arn:of-the-secret",
    "SOURCES": json.dumps({"website": "public", "backend": "server"}),
    "REDIRECT_SITES": json.dumps(sorted(SITES)),
    "INTERNAL": "{}",
    "CONSENT_CATEGORIES": "[]",
    "POWERTOOLS_SERVICE_NAME": "collect",
    "POWERTOOLS_METRICS_NAMESPACE": "LeadScore",
}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The function with its settings, and the parts of AWS that it uses in memory."""
    parts = SimpleNamespace(queue=MemoryQueue(), failed=MemoryFailedEvents(), secrets={"arn:of-the-secret": ROOT})
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    for client in ("sqs", "s3", "secrets_manager"):
        monkeypatch.setattr(collect.clients, client, object)
    monkeypatch.setattr(collect, "SqsEventsQueue", lambda *_, **__: parts.queue)
    monkeypatch.setattr(collect, "S3FailedEvents", lambda *_, **__: parts.failed)
    monkeypatch.setattr(collect, "StoredSecrets", lambda *_, **__: SimpleNamespace(read=parts.secrets.__getitem__))
    forget_parts()
    yield parts
    forget_parts()


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Output:
    """Whatever was written since the last time: log lines, metrics, anything."""
    # The logger holds the stdout of its import, and pytest changes it from phase to phase.
    stdout = SimpleNamespace(write=print, flush=lambda: None)
    monkeypatch.setattr(collect.logger.registered_handler, "stream", stdout)
    return lambda: "".join(capsys.readouterr())


def forget_parts() -> None:
    collect.collector.cache_clear()
    collect.failed_events.cache_clear()
    collect.signing_secrets.cache_clear()


def call(method: str, path: str, body: Any = None, *, key: str = SERVER_KEY, query: str = "") -> dict[str, Any]:
    headers = {"authorization": basic(key), "content-type": "application/json"}
    raw = b"" if body is None else json.dumps(body).encode()
    return collect.handler(gateway_event(method, path, query, headers, raw), SimpleNamespace())  # type: ignore[arg-type]


TRACK = {"userId": "u-1", "event": "Demo Requested"}


def test_an_event_gets_through_and_nothing_is_written_about_it(parts: SimpleNamespace, output: Output) -> None:
    answer = call("POST", "/v1/track", TRACK)
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, '{"success": true}', False)
    (body,) = parts.queue.bodies
    message = read_message(body)
    (event,) = message.events
    assert (event.name, event.source, event.trust.name) == ("Demo Requested", "backend", "SERVER")
    assert len(message.token) == 32
    assert output() == ""


def test_kinds_of_keys_come_from_the_settings(parts: SimpleNamespace) -> None:
    call("POST", "/v1/track", TRACK, key=PUBLIC_KEY)
    (event,) = read_message(parts.queue.bodies[0]).events
    assert (event.source, event.trust.name) == ("website", "PUBLIC")


def test_a_webhook_has_no_write_key_and_is_taken_with_the_secret_that_is_stored(
    parts: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES", json.dumps({"forms": "typeform"}))
    monkeypatch.setenv("WEBHOOK_SECRETS_ARN", "arn:of-the-webhooks")
    stored: dict[str, str] = {}
    monkeypatch.setattr(collect, "SigningSecrets", lambda *_, **__: SimpleNamespace(of=stored.get))
    assert call("POST", "/v1/track", TRACK, key=write_key(ROOT, "forms"))["statusCode"] == 401
    sent = signed("typeform", of("typeform").body)
    event = gateway_event("POST", "/webhooks/forms", "", sent.headers, sent.body)
    assert collect.handler(event, SimpleNamespace())["statusCode"] == 503  # type: ignore[arg-type]
    stored["forms"] = SECRETS["typeform"]
    assert collect.handler(event, SimpleNamespace())["statusCode"] == 200  # type: ignore[arg-type]
    (taken,) = read_message(parts.queue.bodies[0]).events
    assert (taken.name, taken.source, taken.trust.name) == ("Form Submitted", "forms", "DECLARED")


def test_the_failed_events_are_there_when_they_are_needed(parts: SimpleNamespace) -> None:
    assert call("POST", "/v1/batch", {"batch": [{"type": "track", "event": "E"}]})["statusCode"] == 200
    assert len(parts.failed.kept) == 1


def test_a_dropped_view_is_one_metric_and_a_picture(parts: SimpleNamespace, output: Output) -> None:
    answer = call("GET", "/pixel.gif", query=f"anonymousId={PERSON}")
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    out = output()
    metric = json.loads(out)
    assert metric["pixel.dropped"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "LeadScore"
    assert "ada" not in out


def test_a_queue_that_fails_is_told_without_telling_who(parts: SimpleNamespace, output: Output) -> None:
    def fail(_call: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": f"not for {PERSON}"}}, "SendMessageBatch")

    parts.queue.before_call = fail
    answer = call("POST", "/v1/track", {**TRACK, "properties": {"email": PERSON}})
    assert answer["statusCode"] == 503
    assert json.loads(answer["body"])["code"] == "unavailable"
    out = output()
    line = json.loads(out)
    assert (line["message"], line["error"], line["aws_code"]) == ("collect.failed", "ClientError", "AccessDenied")
    assert "ada" not in out


@pytest.mark.parametrize(
    "setting", ["SOURCES", "EVENTS_QUEUE_URL", "REDIRECT_SITES", "INTERNAL", "WRITE_KEY_SECRET_ARN"]
)
def test_a_setting_that_is_missing_is_our_fault_and_said_so(
    parts: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, output: Output, setting: str
) -> None:
    monkeypatch.delenv(setting)
    answer = call("POST", "/v1/track", TRACK)
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"]).keys() == {"code", "message"}
    assert json.loads(output())["error"] == "KeyError"
    assert call("GET", "/pixel.gif")["headers"]["content-type"] == "image/gif"


@pytest.mark.parametrize(
    "event", [{}, {"rawPath": None}, {"requestContext": {}}, {"rawPath": PERSON, "headers": PERSON}]
)
def test_what_is_no_gateway_event_still_has_an_answer(
    parts: SimpleNamespace, output: Output, event: dict[str, Any]
) -> None:
    answer = collect.handler(event, SimpleNamespace())  # type: ignore[arg-type]
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["code"] == "internal_error"
    assert "ada" not in output()


def test_importing_needs_no_settings_and_loads_nothing_that_few_requests_use() -> None:
    unwanted = [
        "pydantic",
        "multipart",
        "ecdsa",
        "leadscore.ingest.webhooks",
        "aws_xray_sdk",
        "yaml",
        "aws_lambda_powertools.event_handler",
    ]
    code = f"import sys, functions.collect; print([name for name in {unwanted} if name in sys.modules])"
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd="."
    )
    assert result.stdout.strip() == "[]"
