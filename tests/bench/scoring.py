"""The scoring function's work on MiniStack: its real adapters and the shipped model, at a time of the bench's own."""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

import yaml

from leadscore.adapters.dynamodb_accounts import DynamoDBAccountStore
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.memory import MemoryFailedEvents, MemoryQueue
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.models import StoredModels, shipped_text
from leadscore.adapters.parallel import run_all
from leadscore.adapters.pauses import pause
from leadscore.domain.cause import Cause
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent
from leadscore.domain.state import LeadState
from leadscore.use_cases.accounts import AccountKeeping
from leadscore.use_cases.activate import activate
from leadscore.use_cases.messages import events_body, ticks_body
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Tally
from leadscore.use_cases.score_batch import score_batch
from tests.adapters.conftest import Tables, create_tables

DAY_MS = 86_400_000
#: 2026-03-01T12:00Z
NOON = 1_772_366_400_000


class Scoring:
    """Tables of its own, and the worker on them. `now` is its clock."""

    def __init__(self, client: Any, now: int = NOON) -> None:
        self.client = client
        self.now = now
        self.tables: Tables = create_tables(client)
        self.store = DynamoDBLeadStore(client, table=self.tables.leads)
        self._numbers = count(1)
        self._models = StoredModels(client, table=self.tables.leads, default_text=shipped_text, clock=lambda: 0.0)
        self._rescoring = Rescoring(
            store=self.store,
            log=DynamoDBEventLog(client, table=self.tables.events),
            models=self._models,
            now=lambda: self.now,
            pause=pause,
        )
        self.told = MemoryQueue()
        self.accounts = DynamoDBAccountStore(client, table=self.tables.leads)
        self._keeping = AccountKeeping(
            leads=self.store,
            accounts=self.accounts,
            models=self._models,
            queue=lambda: self.told,
            run_all=run_all,
            now=lambda: self.now,
            pause=pause,
        )
        # Which model is in force is read every ten seconds, not with every batch: for this clock once.
        self._models.active()

    def message(self, events: Sequence[LeadEvent]) -> str:
        """A queue message, with a delivery token of its own."""
        return events_body(f"{next(self._numbers):032x}", events)

    def tick(self, leads: Sequence[str]) -> str:
        return ticks_body(f"{next(self._numbers):032x}", leads, Cause.TIME)

    def activate(self, name: str, text: str) -> int:
        """Put a model into force, and know of it already; gives the activation number."""
        versions = DynamoDBModelVersions(self.client, table=self.tables.leads)
        version, _ = versions.push(name, text, at=self.now)
        model = compile_model(yaml.safe_load(text))
        activation = activate(version=version, model=model, tells=False, versions=versions, now=self.now).activation
        self._models.active(at_least=activation)
        return activation

    def model_tick(self, leads: Sequence[str], activation: int) -> str:
        """What tells the worker to look at leads again because a model was activated."""
        return ticks_body(f"{next(self._numbers):032x}", leads, Cause.MODEL, activation=activation)

    def score(self, *bodies: str) -> Tally:
        """One invocation. Raises what made a message fail."""
        messages = {f"message-{number}": body for number, body in enumerate(bodies)}
        failed_events = MemoryFailedEvents()
        result = score_batch(
            messages,
            rescoring=self._rescoring,
            store=self.store,
            accounts=self._keeping,
            failed_events=failed_events,
            new_lead=lambda: f"{next(self._numbers):024x}",
            run_all=run_all,
        )
        for failure in result.failures:
            raise failure.error
        if failed_events.kept:
            raise ValueError(f"kept aside: {list(failed_events.kept.values())}")
        return result.tally

    def record(self, *events: LeadEvent) -> Tally:
        """Events, each in a message of its own, in one invocation."""
        return self.score(*(self.message([event]) for event in events))

    def state_of(self, event: LeadEvent) -> LeadState:
        (lead,) = self.store.find([event.home]).values()
        return self.store.read_states([lead])[lead]

    def states_of(self, leads: Iterable[str]) -> list[LeadState]:
        return list(self.store.read_states(leads).values())
