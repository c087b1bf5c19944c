"""The decay function: its deadline, its metrics, its wiring."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from functions import decay
from leadscore.adapters.memory import MemoryQueue, MemoryStore
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import Commit

LONG_AGO = 1_500_000_000_000
IN_THE_YEAR_2100 = 4_102_444_800_000


@dataclass
class Context:
    """A Lambda context with its time left, which each look at it shortens."""

    left_ms: int
    step_ms: int = 0

    def get_remaining_time_in_millis(self) -> int:
        self.left_ms -= self.step_ms
        return self.left_ms


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    store = MemoryStore(page_size=10, due_shards=2)
    for number in range(40):
        store.commit(Commit(LeadState(f"due-{number}", version=1, due_at=LONG_AGO)))
    store.commit(Commit(LeadState("later", version=1, due_at=IN_THE_YEAR_2100)))
    monkeypatch.setattr(decay, "due_index", lambda: store)
    return store


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    queue = MemoryQueue()
    monkeypatch.setattr(decay, "events_queue", lambda: queue)
    return queue


def invoke(context: Context) -> dict[str, Any]:
    return decay.handler({}, context)  # type: ignore[arg-type]


def ticks_in(queue: MemoryQueue) -> set[str]:
    return {lead for body in queue.take() for lead in json.loads(body)["ticks"]}


@pytest.mark.usefixtures("store")
def test_what_is_due_by_the_real_clock_is_sent(queue: MemoryQueue) -> None:
    assert invoke(Context(left_ms=300_000)) == {"sent": 40, "finished": True}
    assert ticks_in(queue) == {f"due-{number}" for number in range(40)}


def test_a_run_stops_while_there_is_time_to_remember_where(store: MemoryStore, queue: MemoryQueue) -> None:
    assert invoke(Context(left_ms=35_000, step_ms=2_000)) == {"sent": 20, "finished": False}
    assert store.read_cursor() is not None
    first = ticks_in(queue)
    invoke(Context(left_ms=300_000))

    assert first | ticks_in(queue) == {f"due-{number}" for number in range(40)}


@pytest.mark.usefixtures("store")
def test_each_message_has_a_token_of_its_own(queue: MemoryQueue) -> None:
    invoke(Context(left_ms=300_000))
    tokens = [json.loads(body)["token"] for body in queue.take()]

    assert len(set(tokens)) == len(tokens) > 1


@pytest.mark.usefixtures("store", "queue")
def test_a_run_counts_its_ticks_and_whether_it_finished(capsys: pytest.CaptureFixture[str]) -> None:
    invoke(Context(left_ms=300_000))
    metrics = json.loads(capsys.readouterr().out)

    assert metrics["decay.ticks_sent"] == [40]
    assert metrics["decay.finished"] == [1]


def test_a_queue_that_does_not_take_the_ticks_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, store: MemoryStore
) -> None:
    def refuse(_name: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(decay, "events_queue", lambda: MemoryQueue(before_call=refuse))
    with pytest.raises(ConnectionError):
        invoke(Context(left_ms=300_000))
    assert store.read_cursor() is None, "the next run begins at the beginning"
