"""The function for Amazon SES: by SNS or by EventBridge, once, and nothing lost or told of anybody in the log."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from functions import ses_events
from leadscore.adapters.memory import MemoryFailedEvents, MemoryQueue
from leadscore.domain.event import LeadEvent
from leadscore.use_cases.messages import read_message
from tests.ingest.webhooks.senders import of

type Output = Callable[[], str]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    parts = SimpleNamespace(queue=MemoryQueue(), failed=MemoryFailedEvents())
    for name in ("EVENTS_QUEUE_URL", "FAILED_EVENTS_BUCKET"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("SOURCE", "newsletter")
    monkeypatch.setenv("INTERNAL", "{}")
    monkeypatch.setenv("CONSENT_CATEGORIES", "[]")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "ses_events")
    for client in ("sqs", "s3"):
        monkeypatch.setattr(ses_events.clients, client, object)
    monkeypatch.setattr(ses_events, "SqsEventsQueue", lambda *_, **__: parts.queue)
    monkeypatch.setattr(ses_events, "S3FailedEvents", lambda *_, **__: parts.failed)
    ses_events.collector.cache_clear()
    yield parts
    ses_events.collector.cache_clear()


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Output:
    stdout = SimpleNamespace(write=print, flush=lambda: None)
    monkeypatch.setattr(ses_events.logger.registered_handler, "stream", stdout)
    return lambda: "".join(capsys.readouterr())


def by_topic(*records: Any) -> dict[str, Any]:
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": f"95df01b4-{place}",
                    "Message": record if isinstance(record, str) else json.dumps(record),
                },
            }
            for place, record in enumerate(records)
        ]
    }


def by_rule(name: str) -> dict[str, Any]:
    record = of(name)
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "source": "aws.ses",
        "detail-type": record.more["detail_type"],
        "time": "2026-03-01T11:53:20Z",
        "detail": record.body,
    }


def invoke(event: Any) -> None:
    ses_events.handler(event, SimpleNamespace())  # type: ignore[arg-type]


def queued(parts: SimpleNamespace) -> list[LeadEvent]:
    return [event for body in parts.queue.bodies for event in read_message(body).events]


def test_an_event_that_comes_by_both_ways_is_one(parts: SimpleNamespace) -> None:
    invoke(by_topic(of("ses-click").body))
    invoke(by_rule("ses-click"))
    first, second = queued(parts)
    assert (first.id, first.fingerprint) == (second.id, second.fingerprint)
    assert (first.name, first.source, first.trust.name) == ("Email Link Clicked", "newsletter", "SERVER")


def test_each_record_of_a_topic_is_taken(parts: SimpleNamespace, output: Output) -> None:
    invoke(by_topic(of("ses-open").body, of("ses-send").body, of("ses-bounce").body))
    assert [event.name for event in queued(parts)] == ["Email Opened", "Email Bounced"]
    out = output()
    assert json.loads(out)["webhook.passed_over"] == [1.0]
    assert "ada" not in out


def test_each_address_that_bounced_is_somebody(parts: SimpleNamespace) -> None:
    body = json.loads(json.dumps(of("ses-bounce").body))
    body["bounce"]["bouncedRecipients"].append({"emailAddress": "grace@northwind.example"})
    body["mail"]["tags"] = {}
    invoke(by_topic(body))
    assert [dict(event.identifiers)["email"] for event in queued(parts)] == [
        "ada.lovelace@northwind.example",
        "grace@northwind.example",
    ]


def test_the_greeting_of_a_new_topic_is_no_event(parts: SimpleNamespace) -> None:
    invoke(by_topic("Successfully validated SNS topic for Amazon SES event publishing."))
    assert queued(parts) == []
    assert parts.failed.kept == {}


def test_a_record_that_cannot_be_read_is_kept_and_stops_no_other(parts: SimpleNamespace, output: Output) -> None:
    several = json.loads(json.dumps(of("ses-open").body))
    several["mail"]["destination"].append("grace@northwind.example")
    invoke(by_topic("{", several, of("ses-open").body))
    assert [event.name for event in queued(parts)] == ["Email Opened"]
    assert sorted(kept.code for kept in parts.failed.kept.values()) == ["ambiguous_recipient", "invalid_webhook"]
    assert "northwind" not in output()


def test_half_an_emoji_is_no_reason_to_lose_an_event_whichever_way_it_comes(parts: SimpleNamespace) -> None:
    rule = json.loads(json.dumps(by_rule("ses-open")))
    rule["detail"]["mail"]["commonHeaders"]["subject"] = "Spring news \ud83c"
    invoke(rule)
    invoke(by_topic(rule["detail"]))
    assert {event.properties["subject"] for event in queued(parts)} == {"Spring news \ufffd"}


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"source": "aws.s3", "detail": {}}, []])
def test_what_is_not_of_ses_goes_back(parts: SimpleNamespace, output: Output, event: Any) -> None:
    with pytest.raises(ses_events.NotTaken):
        invoke(event)
    assert json.loads(output())["error"] == "Rejected"


def test_a_queue_that_fails_brings_the_event_back_without_telling_who(parts: SimpleNamespace, output: Output) -> None:
    def fail(_call: str) -> None:
        raise OSError("not for ada.lovelace@northwind.example")

    parts.queue.before_call = fail
    with pytest.raises(ses_events.NotTaken) as raised:
        invoke(by_rule("ses-open"))
    assert str(raised.value) == ""
    assert raised.value.__suppress_context__
    assert "northwind" not in output()
