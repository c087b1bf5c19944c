"""What a million events cost on AWS, from the measured units and calls and AWS's price list (us-east-1, on demand)."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import batched
from os import environ
from typing import Any
from unittest.mock import patch

from leadscore.use_cases.score_batch import BatchResult
from tests.bench.bill import Bill, billed
from tests.bench.figures import Figure, Progress, Section
from tests.bench.scoring import Scoring
from tests.bench.units import Leads, page
from tests.bench.visits import traffic

MILLION = 1_000_000
#: Goals, in dollars for a million events of known leads.
SINGLE_MAX, BATCHES_MAX = 3.20, 1.00
VISITORS = 60
MESSAGES_PER_BATCH = 10
EVENTS_PER_CLIENT_BATCH = 10

# Dollars.
WRITE_UNIT = 0.625 / MILLION
READ_UNIT = 0.125 / MILLION
HTTP_REQUEST = 1.00 / MILLION
QUEUE_REQUEST = 0.40 / MILLION
INVOCATION = 0.20 / MILLION
GIGABYTE_SECOND = 0.0000133334
# From memory: nobody looked these up.
NOTIFICATION = 0.50 / MILLION
LOGGED_GIGABYTE = 0.50
STORED_GIGABYTE_MONTH = 0.25

#: What no emulator can tell. 10 ms for a request that puts one message on the queue, 40 ms for ten leads whose calls,
#: eight at a time, take 6 ms each; 30 ms to publish a transition. All functions have half a gigabyte.
COLLECT_SECONDS, SCORE_SECONDS, NOTIFY_SECONDS = 0.010, 0.040, 0.030
MEMORY_GIGABYTES = 0.5


@dataclass(frozen=True)
class Workload:
    """What was measured. `requests` are HTTP requests, each of which becomes a message."""

    name: str
    events: int
    requests: int
    invocations: int
    bill: Bill

    def parts(self, log_bytes: int) -> dict[str, float]:
        """Dollars by what they are for, all together."""
        notified = self.bill.published
        return {
            "HTTP API": self.requests * HTTP_REQUEST,
            # A sending each; and for each invocation a receiving and a deleting.
            "queue": (self.requests + 2 * self.invocations) * QUEUE_REQUEST,
            "writes": self.bill.write_units * WRITE_UNIT,
            "reads": self.bill.read * READ_UNIT,
            "functions": _functions(self.requests, COLLECT_SECONDS)
            + _functions(self.invocations, SCORE_SECONDS)
            + _functions(notified, NOTIFY_SECONDS),
            "notifications*": notified * NOTIFICATION,
            "log*": self.invocations * log_bytes / 1e9 * LOGGED_GIGABYTE,
        }

    @property
    def stored_bytes(self) -> float:
        """Of an event's item. DynamoDB adds 100 bytes to every item that it keeps."""
        return self.bill.bytes_put["EVENT"] / self.bill.puts["EVENT"] + 100


def _functions(invocations: int, seconds: float) -> float:
    return invocations * (INVOCATION + seconds * MEMORY_GIGABYTES * GIGABYTE_SECOND)


def single_events(client: Any) -> Workload:
    """Ten messages of ten known leads."""
    leads = Leads(client)
    events = [page(leads.known()) for _ in range(MESSAGES_PER_BATCH)]
    bill = _billed(client, lambda: leads.scoring.record(*events))
    number = len(events)
    return Workload("single events of known leads", number, requests=number, invocations=1, bill=bill)


def client_batches(client: Any) -> Workload:
    """Ten messages of ten known leads, each with ten events that a client sent in one request."""
    leads = Leads(client)
    batches = []
    for _ in range(MESSAGES_PER_BATCH):
        person = leads.known()
        batches.append([page(person, second) for second in range(EVENTS_PER_CLIENT_BATCH)])
    bodies = [leads.scoring.message(batch) for batch in batches]
    bill = _billed(client, lambda: leads.scoring.score(*bodies))
    number = len(bodies)
    events = number * EVENTS_PER_CLIENT_BATCH
    return Workload(
        f"batches of {EVENTS_PER_CLIENT_BATCH} events of known leads",
        events,
        requests=number,
        invocations=1,
        bill=bill,
    )


def realistic_mix(client: Any) -> Workload:
    """Visitors with everything that is rare: first contacts, forms, merges, changes of stage, copies, late events."""
    seen = traffic(1, visitors=VISITORS)
    scoring = Scoring(client)
    invocations = 0
    with billed(client) as bill:
        for batch in batched(seen.arrivals, MESSAGES_PER_BATCH, strict=False):
            scoring.now = batch[-1].at
            scoring.score(*{arrival.message_id: arrival.body for arrival in batch}.values())
            invocations += 1
    requests = len({arrival.message_id for arrival in seen.arrivals})
    return Workload(
        f"a mix: {VISITORS} new visitors' visits",
        len(seen.events),
        requests=requests,
        invocations=invocations,
        bill=bill,
    )


def _billed(client: Any, work: Callable[[], object]) -> Bill:
    with billed(client) as bill:
        work()
    return bill


def log_bytes_per_invocation() -> int:
    """What the scoring function writes to its log for a batch: one line of metrics."""
    settings = {"POWERTOOLS_SERVICE_NAME": "score", "POWERTOOLS_METRICS_NAMESPACE": "LeadScore"}
    with patch.dict(environ, settings), redirect_stdout(io.StringIO()) as log:
        from functions import score

        score.report(BatchResult())
    return len(log.getvalue().encode())


def measure(client: Any, progress: Progress = lambda _: None) -> list[Workload]:
    """Single events, batches, the mix."""
    workloads = []
    for name, work in (("single events", single_events), ("batches", client_batches), ("a mix", realistic_mix)):
        progress(name)
        workloads.append(work(client))
    return workloads


def price(workload: Workload) -> dict[str, float]:
    """Dollars for a million of its events, by what they are for."""
    dollars = workload.parts(log_bytes_per_invocation())
    return {name: part * MILLION / workload.events for name, part in dollars.items()}


def sections(client: Any, progress: Progress) -> list[Section]:
    workloads = measure(client, progress)
    figures = []
    for workload, most in zip(workloads, (SINGLE_MAX, BATCHES_MAX, None), strict=True):
        parts = price(workload)
        note = ", ".join(f"{name} {dollars:.3f}" for name, dollars in parts.items() if dollars)
        figures.append(Figure(workload.name, sum(parts.values()), most=most, is_exact=most is not None, note=note))
    mix = workloads[-1]
    per_event = (
        f"{mix.bill.write_units / mix.events:.2f} write units, {mix.bill.read / mix.events:.2f} read units and"
        f" {mix.bill.calls.total() / mix.events:.2f} calls per event"
    )
    stored = mix.stored_bytes / 1_000
    assumed = (
        f"collect {COLLECT_SECONDS * 1_000:.0f} ms a request, score {SCORE_SECONDS * 1_000:.0f} ms a batch of"
        f" {MESSAGES_PER_BATCH} messages, notify {NOTIFY_SECONDS * 1_000:.0f} ms a transition"
    )
    return [
        Section(
            "Price of a million events",
            "Measured units and requests at us-east-1's on-demand prices, without free tiers. What is marked * is from"
            " memory, not confirmed.",
            figures,
            unit="$",
            remarks=[
                f"The mix: {mix.events} events in {mix.requests} requests, {per_event}.",
                f"Its event log: {stored:.2f} GB a million events, ${stored * STORED_GIGABYTE_MONTH:.2f}* a month.",
                f"Assumed: {assumed}, {MEMORY_GIGABYTES} GB each (arm64).",
            ],
        )
    ]
