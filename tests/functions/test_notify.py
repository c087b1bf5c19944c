"""The notify function: records of the leads table's stream become notifications, each for itself."""

import io
import json
import random
from copy import replace
from typing import Any

import pytest

from functions import notify
from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_transition import transition_values
from leadscore.adapters.memory import MemoryStore, MemoryTopic
from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.domain.transition import Transition
from leadscore.use_cases.ports import Commit

TOPIC_ARN = "arn:aws:sns:eu-central-1:111122223333:Leads"


def transition(version: int) -> Transition:
    return Transition(
        lead="6f1c2d",
        version=version,
        from_stage="warm",
        to_stage="sql",
        passed=("mql",),
        direction="up",
        cause=Cause.EVENT,
        occurred_at=1_772_366_400_000,
        as_of=1_772_366_400_321,
        model="b2b",
        activation=3,
        routes=("sales",),
        fit=15,
        engagement=90,
        total=105,
        reasons=(("Webinar attended", 40),),
        publish=True,
    )


def record(version: int, **changes: Any) -> dict[str, Any]:
    """A stream record as Lambda hands it over; its sequence number is `s<version>`."""
    image = to_item({**transition_values(replace(transition(version), **changes)), "type": "transition"})
    return {
        "eventID": f"e{version}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {}, "NewImage": image, "SequenceNumber": f"s{version}"},
    }


def poison(version: int) -> dict[str, Any]:
    bad = record(version)
    del bad["dynamodb"]["NewImage"]["to_stage"]
    return bad


class Stream:
    """The event source as AWS describes it: the lowest reported record is the checkpoint, what follows comes again in
    halves, and a record that fails alone, time after time, is kept aside."""

    def __init__(self, tries: int = 3) -> None:
        self.tries = tries
        self.kept_aside: list[str] = []

    def deliver(self, records: list[dict[str, Any]], tries: int = 0) -> None:
        if not records:
            return
        failed = [item["itemIdentifier"] for item in notify.handler({"Records": records}, None)["batchItemFailures"]]  # type: ignore[arg-type]
        if not failed:
            return
        checkpoint = min(index for index, each in enumerate(records) if each["dynamodb"]["SequenceNumber"] in failed)
        left = records[checkpoint:]
        if len(left) > 1:
            self.deliver(left[: len(left) // 2])
            self.deliver(left[len(left) // 2 :])
        elif tries < self.tries:
            self.deliver(left, tries + 1)
        else:
            self.kept_aside.append(left[0]["dynamodb"]["SequenceNumber"])


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPIC_ARN", TOPIC_ARN)
    monkeypatch.setenv("PERSONAL_FIELDS", "[]")
    monkeypatch.setenv("LEAD_LINK", "https://crm.example.com/leads/{lead}")
    notify.settings.cache_clear()


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    store = MemoryStore()
    homes = (Identifier("user_id", "u-1"), Identifier("email", "ada@x.example"))
    store.commit(Commit(LeadState("6f1c2d", version=1), homes=homes))
    monkeypatch.setattr(notify, "lead_store", lambda: store)
    monkeypatch.setattr(notify, "histories", lambda: store)
    return store


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> MemoryTopic:
    topic = MemoryTopic()
    monkeypatch.setattr(notify, "topic", lambda: topic)
    return topic


def handle(*records: dict[str, Any]) -> list[str]:
    """The sequence numbers that come back."""
    response = notify.handler({"Records": list(records)}, None)  # type: ignore[arg-type]
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def sequences(topic: MemoryTopic) -> list[int]:
    return [json.loads(each.body)["data"]["sequence"] for each in topic.published]


def test_a_record_becomes_a_notification(topic: MemoryTopic) -> None:
    assert handle(record(7)) == []
    (notification,) = topic.published
    message = json.loads(notification.body)
    assert (message["id"], message["source"]) == ("6f1c2d-7", TOPIC_ARN)
    assert message["data"]["link"] == "https://crm.example.com/leads/6f1c2d"
    assert notification.attributes["route"] == "sales"


def test_replayed_records_give_the_same_messages(topic: MemoryTopic) -> None:
    records = [record(version) for version in (3, 4, 5)]
    handle(*records)
    handle(*records)

    assert topic.published[:3] == topic.published[3:]


def test_records_in_any_order_give_the_same_messages(topic: MemoryTopic) -> None:
    records = [record(version) for version in range(2, 9)]
    handle(*random.Random(1).sample(records, len(records)))

    assert sorted(sequences(topic)) == list(range(2, 9))


def test_a_transition_that_is_no_news_is_not_told_even_if_the_filter_lets_it_through(topic: MemoryTopic) -> None:
    assert handle(record(7, publish=False)) == []
    assert topic.published == []


def test_a_poison_record_comes_back_and_its_neighbours_are_told_at_once(topic: MemoryTopic) -> None:
    assert handle(record(3), poison(4), record(5)) == ["s4"]
    assert sequences(topic) == [3, 5]


@pytest.mark.parametrize("place", range(6))
def test_a_poison_record_is_kept_aside_and_holds_up_nobody(topic: MemoryTopic, place: int) -> None:
    records = [record(version) for version in range(2, 8)]
    records[place] = poison(place + 2)
    stream = Stream()
    stream.deliver(records)

    assert stream.kept_aside == [f"s{place + 2}"]
    assert set(sequences(topic)) == set(range(2, 8)) - {place + 2}
    repeats = [sequences(topic).count(version) for version in set(sequences(topic))]
    assert max(repeats) <= 4, "once, and once for each halving"


@pytest.mark.parametrize("moment", ["before_call", "after_call"])
def test_a_publication_that_failed_or_whose_answer_was_lost_is_repeated(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    failures = iter([None, ConnectionError(), None])

    def fail_second(_name: str) -> None:
        if error := next(failures, None):
            raise error

    topic = MemoryTopic(**{moment: fail_second})
    monkeypatch.setattr(notify, "topic", lambda: topic)
    stream = Stream()
    stream.deliver([record(3), record(4), record(5)])

    assert stream.kept_aside == []
    assert set(sequences(topic)) == {3, 4, 5}
    assert len({each.body for each in topic.published}) == 3


def test_a_run_counts_what_it_told_and_what_failed(topic: MemoryTopic, capsys: pytest.CaptureFixture[str]) -> None:
    handle(record(3), poison(4))
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert metrics["notify.published"] == [1]
    assert metrics["notify.failed"] == [1]


def test_no_log_line_holds_anything_personal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(notify.logger.registered_handler, "stream", log)

    def refuse(_name: str) -> None:
        raise ValueError("cannot deliver to ada@x.example")

    monkeypatch.setattr(notify, "topic", lambda: MemoryTopic(before_call=refuse))
    monkeypatch.setenv("PERSONAL_FIELDS", '["email", "name"]')
    bad = record(5)
    bad["dynamodb"]["NewImage"]["direction"] = {"S": "ada@x.example"}
    assert handle(record(4), bad) == ["s4"]

    output = capsys.readouterr()
    assert "ValueError" in log.getvalue()
    assert "x.example" not in log.getvalue() + output.out + output.err


def test_a_personal_field_that_does_not_exist_fails_loudly(monkeypatch: pytest.MonkeyPatch, topic: MemoryTopic) -> None:
    monkeypatch.setenv("PERSONAL_FIELDS", '["phone"]')

    assert handle(record(4)) == ["s4"]
    assert topic.published == []
