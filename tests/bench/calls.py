"""AWS calls of one invocation: ten messages of ten known leads."""

from dataclasses import dataclass
from typing import Any

from tests.bench.bill import Bill, billed
from tests.bench.figures import Figure, Progress, Section, exactly
from tests.bench.units import Leads, page

LEADS = 10


@dataclass(frozen=True)
class BatchCalls:
    bill: Bill

    @property
    def read(self) -> int:
        return self.bill.calls["BatchGetItem"]

    @property
    def event_puts(self) -> int:
        return self.bill.puts["EVENT"]

    @property
    def state_writes(self) -> int:
        return self.bill.puts["STATE"]

    @property
    def others(self) -> int:
        return self.bill.calls.total() - self.read - self.event_puts - self.state_writes


def measure(client: Any) -> BatchCalls:
    leads = Leads(client)
    people = [leads.known() for _ in range(LEADS)]
    events = [page(person) for person in people]
    with billed(client) as bill:
        leads.scoring.record(*events)
    return BatchCalls(bill)


def sections(client: Any, progress: Progress) -> list[Section]:
    progress(f"a batch of {LEADS} messages")
    calls = measure(client)
    return [
        Section(
            f"AWS calls for a batch of {LEADS} messages of {LEADS} known leads",
            "Besides, once a minute, one read of which model is in force.",
            [
                Figure("reads of identities and states, in batches", calls.read, most=2, is_exact=True, style=".0f"),
                exactly("event puts", calls.event_puts, LEADS, style=".0f"),
                exactly("state writes", calls.state_writes, LEADS, style=".0f"),
                exactly("anything else", calls.others, 0, style=".0f"),
                Figure("calls per event", calls.bill.calls.total() / LEADS),
            ],
            unit="calls",
        )
    ]
