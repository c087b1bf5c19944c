"""The events queue: nothing is taken for sent that SQS did not acknowledge."""

import hashlib
import json
from collections.abc import Callable
from threading import Barrier
from typing import Any, cast
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from leadscore.adapters.events_queue import NotQueued, SqsEventsQueue
from leadscore.adapters.pauses import TRIES_MAX
from tests.adapters.conftest import Answers
from tests.patience import PATIENCE_SECONDS

URL = "https://sqs.us-east-1.amazonaws.com/000000000000/events"


@pytest.fixture
def sqs(answers: Callable[[str], Answers]) -> Answers:
    made = answers("sqs")
    # The prepared answers cannot know the digests that botocore would check.
    made.client.meta.events.unregister("after-call.sqs.SendMessageBatch", unique_id="sqs-md5")
    return made


def answer(bodies: dict[str, str], *, failed: dict[str, bool] | None = None) -> tuple[int, bytes]:
    """`bodies` by id were taken; of `failed`, the value says whether the sender is to blame."""
    sent = [
        {"Id": number, "MessageId": number, "MD5OfMessageBody": hashlib.md5(body.encode()).hexdigest()}  # noqa: S324
        for number, body in bodies.items()
    ]
    refused = [
        {"Id": number, "Code": "TooLong" if blamed else "InternalError", "SenderFault": blamed}
        for number, blamed in (failed or {}).items()
    ]
    return 200, json.dumps({"Successful": sent, "Failed": refused}).encode()


def sent_bodies(sqs: Answers) -> list[list[str]]:
    """Call by call; calls are made beside each other, so in no order of their own."""
    return sorted([entry["MessageBody"] for entry in request["Entries"]] for request in sqs.requests)


def test_messages_go_by_ten(sqs: Answers) -> None:
    sqs.prepare(200, b"{}")
    bodies = [f"body-{number:02}" for number in range(23)]
    SqsEventsQueue(sqs.client, url=URL).send(bodies)
    assert sent_bodies(sqs) == [bodies[:10], bodies[10:20], bodies[20:]]


def test_messages_wait_as_long_as_they_are_to_and_otherwise_not_at_all(sqs: Answers) -> None:
    sqs.prepare(200, b"{}")
    SqsEventsQueue(sqs.client, url=URL).send(["a"])
    SqsEventsQueue(sqs.client, url=URL).send(["b", "c"], delay_seconds=5)
    entries = [entry for request in sqs.requests for entry in request["Entries"]]
    assert [(entry["MessageBody"], entry.get("DelaySeconds")) for entry in entries] == [("a", None), ("b", 5), ("c", 5)]


def test_no_call_carries_more_than_it_should(sqs: Answers) -> None:
    sqs.prepare(200, b"{}")
    large = [letter * 100_000 for letter in "abcde"]
    SqsEventsQueue(sqs.client, url=URL).send([*large, "é" * 150_000, "x"])
    assert [[body[0] for body in call] for call in sent_bodies(sqs)] == [["a", "b"], ["c", "d"], ["e"], ["x"], ["é"]]


def test_calls_are_made_beside_each_other() -> None:
    together = Barrier(3, timeout=PATIENCE_SECONDS)

    class Client:
        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            together.wait()  # Breaks if one call waits for another to end.
            return {"Successful": []}

    SqsEventsQueue(cast("Any", Client()), url=URL).send([f"body-{number}" for number in range(30)])


def test_one_call_that_fails_fails_the_whole_sending(sqs: Answers) -> None:
    sqs.prepare(200, b"{}")
    sqs.prepare(400, b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}')
    with pytest.raises(ClientError, match="gone"):
        SqsEventsQueue(sqs.client, url=URL).send([f"body-{number}" for number in range(20)])


def test_nothing_to_send_is_no_call(sqs: Answers) -> None:
    SqsEventsQueue(sqs.client, url=URL).send([])
    assert sqs.requests == []


def test_what_was_left_is_sent_again_and_only_that(sqs: Answers, pauses: list[float]) -> None:
    sqs.prepare(*answer({"1": "b"}, failed={"0": False, "2": False}))
    sqs.prepare(*answer({"0": "a"}, failed={"2": False}))
    sqs.prepare(*answer({"2": "c"}))
    SqsEventsQueue(sqs.client, url=URL).send(["a", "b", "c"])
    assert [len(call) for call in sent_bodies(sqs)] == [3, 2, 1]
    assert sent_bodies(sqs) == [["a", "b", "c"], ["a", "c"], ["c"]]
    assert len(pauses) == 2


def test_what_is_left_for_ever_is_told(sqs: Answers, pauses: list[float]) -> None:
    sqs.prepare(*answer({"0": "a"}, failed={"1": False}))
    with pytest.raises(NotQueued, match="1 message"):
        SqsEventsQueue(sqs.client, url=URL).send(["a", "b"])
    assert len(sqs.requests) == TRIES_MAX
    assert len(pauses) == TRIES_MAX - 1


def test_what_sqs_will_never_take_is_told_at_once(sqs: Answers) -> None:
    sqs.prepare(*answer({"0": "a"}, failed={"1": True}))
    with pytest.raises(NotQueued, match="TooLong"):
        SqsEventsQueue(sqs.client, url=URL).send(["a", "b"])
    assert len(sqs.requests) == 1


def test_an_error_of_the_call_is_told(sqs: Answers) -> None:
    sqs.prepare(400, b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}')
    with pytest.raises(ClientError, match="gone"):
        SqsEventsQueue(sqs.client, url=URL).send(["a"])


@pytest.mark.ministack
def test_what_was_sent_arrives(aws: Callable[[str], Any]) -> None:
    client = aws("sqs")
    url = client.create_queue(QueueName=f"events-{uuid4().hex}")["QueueUrl"]
    bodies = [json.dumps({"number": number, "text": 'é " \\ <&>'}) for number in range(12)]
    SqsEventsQueue(client, url=url).send(bodies)
    arrived: list[str] = []
    while len(arrived) < len(bodies):
        messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        assert messages
        arrived += [message["Body"] for message in messages]
    assert sorted(arrived) == sorted(bodies)
