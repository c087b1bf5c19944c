"""What the largest request that a client may send costs the door."""

import json
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest

from leadscore.adapters.events_queue import SqsEventsQueue
from leadscore.ingest.http import BODY_BYTES_MAX
from leadscore.ingest.segment import BATCH_EVENTS_MAX
from leadscore.use_cases.messages import read_message
from tests.bench.collect_cpu import measure
from tests.ingest.door import Door

CALLS_MAX = 10
#: SQS takes as many bytes in one call.
SQS_BYTES_MAX = 1_048_576


@dataclass
class Sqs:
    """Takes everything, and keeps what every call brought."""

    calls: list[list[str]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        with self._lock:
            self.calls.append([entry["MessageBody"] for entry in Entries])
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


def full_batch(letter: str) -> bytes:
    """As many events as a batch may have, in as many bytes as a body may have; `letter` fills them up."""
    filling = (BODY_BYTES_MAX - 20_000) // BATCH_EVENTS_MAX - 106
    text = letter * (filling // len(letter.encode()))
    events = [
        {"type": "track", "event": "Read", "userId": f"user-{number:06}", "messageId": f"message-{number:06}",
         "properties": {"q": text}}
        for number in range(BATCH_EVENTS_MAX)
    ]  # fmt: skip
    return json.dumps({"batch": events}, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("letter", ["a", "é", "語", "🙂"])
def test_the_largest_batch_is_taken_in_ten_calls_whatever_its_letters(letter: str) -> None:
    body = full_batch(letter)
    assert 0.85 * BODY_BYTES_MAX < len(body) <= BODY_BYTES_MAX
    sqs = Sqs()
    client: Any = sqs
    door = Door(queue=SqsEventsQueue(client, url="https://queue.invalid"))

    assert door.post("/v1/batch", body).status == 200

    ids = [event.id for call in sqs.calls for message in call for event in read_message(message).events]
    assert len(ids) == len(set(ids)) == BATCH_EVENTS_MAX
    assert len(sqs.calls) <= CALLS_MAX
    assert all(sum(len(message.encode()) for message in call) <= SQS_BYTES_MAX for call in sqs.calls)


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(("events", "ratio_max"), [(1, 1.13), (10, 1.75), (100, 7.1)])
def test_a_request_calls_few_functions_beside_those_of_the_queues_client(events: int, ratio_max: float) -> None:
    """The same with every run, unlike CPU."""
    assert measure(events, pairs=1).python_calls <= ratio_max
