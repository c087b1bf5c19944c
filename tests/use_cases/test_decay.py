"""Decay sends ticks for what is due, whatever interrupts it, and reads nothing else."""

import itertools
import json
from collections.abc import Callable

import pytest

from leadscore.adapters.memory import MemoryQueue, MemoryStore
from leadscore.domain.state import LeadState
from leadscore.use_cases.decay import DecayRun, send_due_ticks
from leadscore.use_cases.ports import Commit

NOW = 1_700_000_000_000
HOUR = 3_600_000
TOKENS = (f"{number:032x}" for number in itertools.count())


class Crash(BaseException):
    """The process is gone."""


class Calls:
    """Counts every call to the outside, and lets the process die before or after one of them."""

    def __init__(self, crash_before: int | None = None, crash_after: int | None = None) -> None:
        self.names: list[str] = []
        self._crash_before = crash_before
        self._crash_after = crash_after

    def before(self, name: str) -> None:
        if len(self.names) == self._crash_before:
            raise Crash
        self.names.append(name)

    def after(self, _name: str) -> None:
        if len(self.names) - 1 == self._crash_after:
            raise Crash


def store_with(armed: dict[str, int | None], *, page_size: int = 10, due_shards: int = 3) -> MemoryStore:
    store = MemoryStore(page_size=page_size, due_shards=due_shards)
    for lead, due_at in armed.items():
        store.commit(Commit(LeadState(lead, version=1, due_at=due_at)))
    return store


def leads(count: int, *, due_at: int = NOW - HOUR) -> dict[str, int | None]:
    return {f"lead-{number:04}": due_at + number for number in range(count)}


def work(store: MemoryStore, ticks: list[str]) -> None:
    """What `score` does with a tick that finds nothing more to come: the timer is taken off."""
    for lead in dict.fromkeys(ticks):
        state = store.read_states([lead])[lead]
        state.version += 1
        state.due_at = None
        store.commit(Commit(state))


def ticks_in(queue: MemoryQueue) -> list[str]:
    return [lead for body in queue.take() for lead in json.loads(body)["ticks"]]


def run(
    store: MemoryStore, queue: MemoryQueue, *, now: int = NOW, out_of_time: Callable[[], bool] = lambda: False
) -> DecayRun:
    return send_due_ticks(index=store, queue=queue, now=now, out_of_time=out_of_time, new_token=lambda: next(TOKENS))


def after_pages(count: int) -> Callable[[], bool]:
    """The time of a run that is over after so many pages."""
    pages = itertools.count(1)
    return lambda: next(pages) > count


def test_every_lead_that_is_due_gets_one_tick_and_no_other_does() -> None:
    store = store_with({"due": NOW - 1, "due-now": NOW, "due-later": NOW + 1, "never": None})
    queue = MemoryQueue()

    assert run(store, queue) == DecayRun(sent=2, finished=True)
    assert sorted(ticks_in(queue)) == ["due", "due-now"]


def test_a_message_holds_at_most_25_leads_a_token_of_its_own_and_the_cause_time() -> None:
    queue = MemoryQueue()
    run(store_with(leads(60), due_shards=1, page_size=60), queue)

    messages = [json.loads(body) for body in queue.take()]
    assert [len(message["ticks"]) for message in messages] == [25, 25, 10]
    assert len({message["token"] for message in messages}) == 3
    assert all((message["v"], message["cause"]) == (1, "time") for message in messages)


def test_nothing_due_sends_and_writes_nothing() -> None:
    store, queue, calls = store_with({"later": NOW + HOUR}), MemoryQueue(), Calls()
    store.before_call = calls.before

    assert run(store, queue) == DecayRun(sent=0, finished=True)
    assert queue.take() == []
    assert calls.names == ["read_cursor", "due", "due", "due"]


def test_a_run_without_time_sends_nothing_and_loses_nothing() -> None:
    store, queue = store_with(leads(30)), MemoryQueue()

    assert run(store, queue, out_of_time=lambda: True) == DecayRun(sent=0, finished=False)
    assert run(store, queue) == DecayRun(sent=60, finished=True), "its own range from the cursor on, then a fresh run"
    assert set(ticks_in(queue)) == set(leads(30))


def test_an_interrupted_run_is_resumed_where_it_stopped() -> None:
    store, queue = store_with(leads(30), due_shards=1), MemoryQueue()

    assert run(store, queue, out_of_time=after_pages(2)) == DecayRun(sent=20, finished=False)
    first = ticks_in(queue)
    assert run(store, queue, now=NOW + HOUR, out_of_time=after_pages(1)) == DecayRun(sent=10, finished=False)
    second = ticks_in(queue)
    assert set(first).isdisjoint(second)
    assert set(first) | set(second) == set(leads(30))


def test_a_resumed_run_goes_on_to_what_became_due_since() -> None:
    store, queue = store_with({"old": NOW - 1, "new": NOW + 1}, due_shards=1, page_size=1), MemoryQueue()
    run(store, queue, out_of_time=lambda: True)

    assert run(store, queue, now=NOW + HOUR).finished
    assert ticks_in(queue) == ["old", "old", "new"]
    assert store.read_cursor() is None


def test_a_finished_run_leaves_no_cursor_and_the_next_one_starts_afresh() -> None:
    store, queue = store_with(leads(30)), MemoryQueue()
    run(store, queue, out_of_time=after_pages(2))
    run(store, queue)
    work(store, ticks_in(queue))

    assert run(store, queue, now=NOW + HOUR) == DecayRun(sent=0, finished=True)


def test_runs_that_are_always_cut_short_reach_every_lead_in_the_end() -> None:
    # The queue is so far behind that no tick is worked on: a run that began at the beginning would stay there.
    store, queue = store_with(leads(100)), MemoryQueue()
    reached: set[str] = set()
    for hour in range(20):
        run(store, queue, now=NOW + hour * HOUR, out_of_time=after_pages(1))
        reached.update(ticks_in(queue))

    assert reached == set(leads(100))


def test_a_cursor_of_a_deployment_with_more_shards_ends_the_old_run() -> None:
    store, queue = store_with(leads(5), due_shards=2), MemoryQueue()
    store.write_cursor({"until": NOW, "shard": 7, "after": None})

    assert run(store, queue) == DecayRun(sent=5, finished=True)
    assert store.read_cursor() is None


@pytest.mark.parametrize("runs", [0, 1, 2, 24])
def test_a_schedule_that_fires_never_twice_or_a_day_late_reaches_everybody_once_worked_on(runs: int) -> None:
    store, queue = store_with(leads(40)), MemoryQueue()
    for _ in range(runs):
        run(store, queue)
    run(store, queue, now=NOW + 24 * HOUR)
    ticks = ticks_in(queue)
    work(store, ticks)

    assert set(ticks) == set(leads(40))
    assert run(store, queue, now=NOW + 25 * HOUR).sent == 0


def test_only_pages_with_due_leads_and_the_ends_of_the_shards_are_read() -> None:
    armed = leads(50) | leads(1_000, due_at=NOW + HOUR) | {f"quiet-{number}": None for number in range(1_000)}
    armed |= leads(50)
    store, queue, calls = store_with(armed, due_shards=4, page_size=25), MemoryQueue(), Calls()
    store.before_call = calls.before

    assert run(store, queue).sent == 50
    assert set(calls.names) == {"read_cursor", "due"}
    assert calls.names.count("due") <= 50 / 25 + 4


def calls_of_a_clean_run(out_of_time: Callable[[], bool]) -> int:
    store, calls = store_with(leads(60)), Calls()
    queue = MemoryQueue(before_call=calls.before)
    store.before_call = calls.before
    store.write_cursor({"until": NOW - 1, "shard": 1, "after": None})
    calls.names.clear()
    run(store, queue, out_of_time=out_of_time)
    return len(calls.names)


@pytest.mark.parametrize("moment", ["crash_before", "crash_after"])
@pytest.mark.parametrize("pages", [3, 1_000], ids=["cut short", "to its end"])
def test_a_crash_at_any_call_loses_no_lead(moment: str, pages: int) -> None:
    total = calls_of_a_clean_run(after_pages(pages))
    assert total > 6
    for call in range(total):
        store, calls = store_with(leads(60)), Calls(**{moment: call})
        store.write_cursor({"until": NOW - 1, "shard": 1, "after": None})
        queue = MemoryQueue(before_call=calls.before, after_call=calls.after)
        store.before_call, store.after_call = calls.before, calls.after
        with pytest.raises(Crash):
            run(store, queue, out_of_time=after_pages(pages))
        store.before_call = store.after_call = queue.before_call = queue.after_call = lambda _: None
        work(store, ticks_in(queue))

        assert run(store, queue, now=NOW + HOUR).finished, call
        work(store, ticks_in(queue))
        assert not any(state.due_at for state in store.all_states().values()), call
        assert run(store, queue, now=NOW + 2 * HOUR) == DecayRun(sent=0, finished=True), call
