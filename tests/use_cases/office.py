"""An office: a store that `score` fills and that somebody reads, at the same moment."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from leadscore.adapters.memory import FixedModels, MemoryFailedEvents, MemoryQueue, MemoryStore
from leadscore.contracts.leads import Lead
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.use_cases.messages import events_body
from leadscore.use_cases.read_leads import LeadReading
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Tally
from leadscore.use_cases.score_batch import Task, score_batch
from tests.accounts import account_keeping
from tests.leads import NOON, small_model

ADA = Identifier("user_id", "ada")


@dataclass
class Office:
    """`now` follows the events; leads are called lead1, lead2 and so on."""

    now: int = NOON
    store: MemoryStore = field(default_factory=MemoryStore)
    models: FixedModels = field(default_factory=lambda: FixedModels(1, small_model()))
    new_leads: Iterator[str] = field(default_factory=lambda: (f"lead{number}" for number in itertools.count(1)))

    told: MemoryQueue = field(default_factory=MemoryQueue)

    def receive(self, *events: LeadEvent) -> None:
        """Score them, and then their leads' accounts."""
        self.now = max(self.now, *(item.occurred_at for item in events))
        self._score(events_body("token", events))
        for body in self.told.take():
            self._score(body)

    def _score(self, body: str) -> None:
        result = score_batch(
            {"message": body},
            rescoring=Rescoring(
                store=self.store, log=self.store, models=self.models, now=lambda: self.now, pause=lambda _: None
            ),
            store=self.store,
            accounts=account_keeping(self.store, self.store, self.models, queue=self.told, now=lambda: self.now),
            failed_events=MemoryFailedEvents(),
            new_lead=lambda: next(self.new_leads),
            run_all=_in_turn,
        )
        assert not result.failures, result.failures

    @property
    def reading(self) -> LeadReading:
        return LeadReading(
            store=self.store,
            log=self.store,
            transitions=self.store,
            index=self.store,
            models=self.models,
            now=lambda: self.now,
            accounts=self.store,
        )

    def ada(self) -> Lead:
        lead = self.reading.find(ADA)
        assert lead is not None
        return lead


def _in_turn(tasks: list[Task]) -> list[Tally | Exception]:
    return [task() for task in tasks]
