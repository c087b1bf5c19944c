"""CPU of the scoring function for a batch of ten, over the very same boto3 calls made by hand.

By hand means with arguments that were prepared before, in the same threads, with nothing done to the answers. What is
left is what this project adds to what the SDK takes.
"""

import base64
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any
from unittest.mock import patch

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_keys import active_model_key, model_key, owner_key
from leadscore.adapters.dynamodb_state import state_values
from leadscore.adapters.models import shipped_text
from leadscore.adapters.parallel import run_all
from leadscore.domain.event import LeadEvent
from leadscore.domain.fold import fold
from leadscore.use_cases.messages import events_body
from tests.bench.browser import Visitor, lead_event, new_visitor
from tests.bench.endpoint import running_endpoint
from tests.bench.figures import Figure, Progress, Section
from tests.bench.ministack import client_of
from tests.bench.models import shipped_model
from tests.bench.scoring import DAY_MS

LEADS = 10
PAIRS = 41
RATIO_MAX = 1.15
_ENVIRONMENT = {
    "EVENTS_TABLE": "events",
    "LEADS_TABLE": "leads",
    "FAILED_EVENTS_BUCKET": "failed-events",
    "POWERTOOLS_SERVICE_NAME": "score",
    "POWERTOOLS_METRICS_NAMESPACE": "LeadScore",
}

type _RunAll = Callable[[list[Any]], list[Any]]
type _Call = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Pairs:
    """CPU of a batch, the function's over that by hand, pair by pair; `python_calls` is the same ratio, of calls."""

    ratios: Sequence[float]
    by_hand_ms: float
    python_calls: float

    @property
    def quartiles(self) -> tuple[float, float]:
        first, _, third = quantiles(self.ratios, n=4)
        return first, third


def measure(in_threads: _RunAll, pairs: int = PAIRS) -> Pairs:
    now = time.time_ns() // 1_000_000
    people = [
        new_visitor(Random(number)).known_as(f"usr_01J8Z3K4M5N6P7Q8R9S0T1{number:04d}") for number in range(LEADS)
    ]
    batch = _batch([lead_event(person.page("/blog/month-end-close", now - 1_000)) for person in people])
    with running_endpoint(_items(people, now)) as url, _function(client_of(url), in_threads) as (handle, client):

        def by_function() -> None:
            answer = handle(batch, None)
            if answer["batchItemFailures"]:
                raise RuntimeError("the scoring function failed a message")

        by_function()  # Reads and compiles the model, which is not to be counted.
        by_hand = _by_hand(client, _recorded(client, by_function), in_threads)
        by_hand()
        return compare(by_function, by_hand, pairs)


def one_after_the_other(tasks: list[Any]) -> list[Any]:
    return [task() for task in tasks]


def compare(by_function: Callable[[], None], by_hand: Callable[[], None], pairs: int) -> Pairs:
    ratios, by_hands = [], []
    for number in range(pairs):
        # In turns, as whatever comes first in a pair finds other things in the caches.
        order = (by_hand, by_function) if number % 2 else (by_function, by_hand)
        seconds = {work: _cpu_seconds(work) for work in order}
        by_hands.append(seconds[by_hand])
        ratios.append(seconds[by_function] / seconds[by_hand])
    python_calls = _python_calls(by_function) / _python_calls(by_hand)
    return Pairs(ratios, median(by_hands) * 1_000, python_calls)


def _cpu_seconds(work: Callable[[], None]) -> float:
    """Of all threads of this process."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _python_calls(work: Callable[[], None]) -> int:
    """Calls of functions in this thread: a measure of work that no other program on the machine disturbs."""
    number = 0

    def count(_frame: object, happened: str, _argument: object) -> None:
        nonlocal number
        number += happened in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return number


@contextmanager
def _function(client: Any, in_threads: _RunAll) -> Iterator[tuple[Callable[[Any, Any], Any], Any]]:
    """The deployed handler, with a client of ours, its metrics going nowhere."""
    with patch.dict(os.environ, _ENVIRONMENT), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        from functions import score

        score.rescoring.cache_clear()
        with patch.object(clients, "dynamodb", lambda: client), patch.object(score, "run_all", in_threads):
            yield score.handler, client
        score.rescoring.cache_clear()


def _recorded(client: Any, work: Callable[[], None]) -> list[_Call]:
    calls: list[_Call] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append((model.name, params))

    client.meta.events.register("provide-client-params.dynamodb", note)
    work()
    client.meta.events.unregister("provide-client-params.dynamodb", note)
    return calls


def _by_hand(client: Any, calls: Sequence[_Call], in_threads: _RunAll) -> Callable[[], None]:
    """The reads one after the other, then for each lead its event and its state, as the function does it."""
    reads = [arguments for name, arguments in calls if name == "BatchGetItem"]
    puts = [arguments for name, arguments in calls if name == "PutItem"]
    events = [arguments for arguments in puts if arguments["TableName"] == "events"]
    states = [arguments for arguments in puts if arguments["TableName"] == "leads"]
    if (len(reads), len(events), len(states), len(calls)) != (2, LEADS, LEADS, 2 + 2 * LEADS):
        raise RuntimeError(f"the scoring function makes other calls than expected: {[name for name, _ in calls]}")

    def lead(event: Mapping[str, Any], state: Mapping[str, Any]) -> Callable[[], None]:
        def put() -> None:
            client.put_item(**event)
            client.put_item(**state)

        return put

    leads = [lead(event, state) for event, state in zip(events, states, strict=True)]

    def work() -> None:
        for arguments in reads:
            client.batch_get_item(**arguments)
        in_threads(leads)

    return work


def _batch(events: Sequence[LeadEvent]) -> dict[str, Any]:
    """What SQS hands over: a message for each event."""
    bodies = [events_body(f"{number:032x}", [event]) for number, event in enumerate(events)]
    return {"Records": [{"messageId": f"message-{number}", "body": body} for number, body in enumerate(bodies)]}


def _items(people: Sequence[Visitor], now: int) -> dict[str, Any]:
    """The tables before the batch: everybody has visited before, and a model is in force."""
    model = {"name": "b2b", "version": 1}
    in_force = {**active_model_key(), **model, "activation": 1, "activated_at": now - DAY_MS}
    stored: list[dict[str, Any]] = [in_force, {**model_key("b2b", 1), "text": shipped_text()}]
    for number, person in enumerate(people):
        lead = f"{number:024x}"
        before = [lead_event(person.page(path, now - DAY_MS)) for path in ("/", "/features/reports")]
        state, _ = fold(before, shipped_model(), activation=1, lead=lead, as_of=now - DAY_MS)
        state.version = 1
        state.homes = tuple(identifier.short for identifier in before[0].identifiers)
        stored.append(state_values(state))
        stored += [{**owner_key(identifier), "belongs_to": lead} for identifier in before[0].identifiers]
    return {f"{item['pk']} {item['sk']}": _on_the_wire(item) for item in stored}


def _on_the_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"B": base64.b64encode(attribute["B"]).decode()} if "B" in attribute else dict(attribute)
        for name, attribute in to_item(values).items()
    }


def sections(progress: Progress) -> list[Section]:
    progress(f"{PAIRS} pairs of batches, in threads")
    threaded = measure(run_all)
    progress(f"{PAIRS} pairs of batches, one lead after the other")
    sequential = measure(one_after_the_other)
    return [
        Section(
            f"CPU of the scoring function for {LEADS} messages, over the same boto3 calls by hand",
            f"{2 + 2 * LEADS} calls, answered at once by a process on loopback. Medians of {PAIRS} pairs.",
            [
                _figure("in threads, as deployed", threaded),
                _figure("one lead after the other", sequential),
                Figure("one lead after the other, calls of Python functions", sequential.python_calls, note="exact"),
            ],
            unit="ratio",
        )
    ]


def _figure(name: str, pairs: Pairs) -> Figure:
    low, high = pairs.quartiles
    note = f"quartiles {low:.2f} to {high:.2f}; by hand {pairs.by_hand_ms:.1f} ms"
    return Figure(name, median(pairs.ratios), most=RATIO_MAX, note=note)
