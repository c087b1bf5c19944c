"""What a decay run reads: leads whose timer has run out, however many others there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_due import DynamoDBDueIndex
from leadscore.adapters.dynamodb_state import state_values
from leadscore.adapters.memory import MemoryQueue
from leadscore.domain.event import Identifier, LeadEvent, Trust, event_id
from leadscore.domain.fold import fold
from leadscore.domain.state import LeadState
from leadscore.use_cases.decay import DecayRun, send_due_ticks
from tests.bench.bill import Bill, billed
from tests.bench.figures import Figure, Progress, Section, exactly
from tests.bench.models import shipped_model
from tests.bench.scoring import DAY_MS, NOON, Scoring

ARMED = 50
SIZES = (100, 1_000, 10_000)
ITEMS_PER_ARMED_MAX = 1.05
#: DynamoDB's own bound.
_BATCH_WRITE_MAX = 25


@dataclass(frozen=True)
class Run:
    """A decay run beside `leads` leads: its ticks, and what it read."""

    leads: int
    result: DecayRun
    bill: Bill

    @property
    def items_per_armed(self) -> float:
        return self.bill.items_read / ARMED


@dataclass(frozen=True)
class Runs:
    """A run, another one after its ticks were worked on, and the writes of that work."""

    first: Run
    second: Run
    work: Bill


def measure(client: Any, leads: int) -> Runs:
    scoring = Scoring(client)
    for batch in batched(_states(leads), _BATCH_WRITE_MAX, strict=False):
        requests = [{"PutRequest": {"Item": to_item(state_values(state))}} for state in batch]
        answer = client.batch_write_item(RequestItems={scoring.tables.leads: requests})
        if answer["UnprocessedItems"]:
            raise RuntimeError("the emulator left states unwritten")
    first, ticks = _run(scoring, leads)
    with billed(client) as work:
        for body in ticks:
            scoring.score(body)
    second, _ = _run(scoring, leads)
    return Runs(first, second, work)


def _run(scoring: Scoring, leads: int) -> tuple[Run, list[str]]:
    queue = MemoryQueue()
    with billed(scoring.client) as bill:
        result = send_due_ticks(
            index=DynamoDBDueIndex(scoring.client, table=scoring.tables.leads),
            queue=queue,
            now=scoring.now,
            out_of_time=lambda: False,
            new_token=lambda: "0" * 32,
        )
    return Run(leads, result, bill), queue.take()


def _states(leads: int) -> Iterator[LeadState]:
    """The first have been quiet for 30 days; all others looked at a page some time after that, a minute apart."""
    model = shipped_model()
    for number in range(leads):
        at = NOON - 30 * DAY_MS + (-number if number < ARMED else number) * 60_000
        event = LeadEvent(
            id=event_id("website", f"message-{number}"),
            name="Page Viewed",
            call="page",
            source="website",
            trust=Trust.PUBLIC,
            occurred_at=at,
            received_at=at,
            identifiers=(Identifier("anonymous_id", f"visitor-{number}"),),
            fingerprint=f"fingerprint-{number}",
            properties={"path": "/pricing"},
        )
        state, _ = fold([event], model, activation=1, lead=f"{number:024x}", as_of=at)
        state.version = 1
        yield state


def sections(client: Any, progress: Progress) -> list[Section]:
    figures = []
    for size in SIZES:
        progress(f"{size:,} leads")
        runs = measure(client, size)
        figures += [
            exactly(f"{size:,} leads: ticks sent", runs.first.result.sent, ARMED, style=".0f"),
            Figure(
                "items read over leads armed up to now",
                runs.first.items_per_armed,
                most=ITEMS_PER_ARMED_MAX,
                is_exact=True,
                note=f"{runs.first.bill.read:.1f} RRU, {runs.first.bill.calls.total()} calls",
            ),
            exactly("items read by a second run, after the ticks' work", runs.second.bill.items_read, 0, style=".0f"),
        ]
    return [
        Section(
            f"A decay run with {ARMED} leads armed up to now",
            "All other leads are armed for later. Each of the index's 8 shards is asked, which costs half a read unit.",
            figures,
        )
    ]
