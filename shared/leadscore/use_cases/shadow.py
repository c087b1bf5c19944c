"""A shadow model: what leads would have under it, beside what they have, without touching any of them.

A run of its own, far from the write path: it reads the leads' events and folds them twice.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from leadscore.domain.fold import fold
from leadscore.domain.model import Model
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import Histories, StageShards

#: A sample is given in hundredths of a percent.
WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A lead at one moment under both models."""

    lead: str
    active: LeadState
    shadow: LeadState


type Task = Callable[[], Shadowed]
type RunAll = Callable[[list[Task]], list[Shadowed | Exception]]


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """`sample` of 10,000 leads are looked at, always the same ones; `as_of` is the moment that all are judged at."""

    active: Model
    shadow: Model
    as_of: int
    sample: int = WHOLE

    def run(
        self, *, stages: Iterable[str], shards: StageShards, histories: Histories, run_all: RunAll
    ) -> Iterator[Shadowed]:
        """Lead by lead, as they are read, several beside each other."""
        for page in _pages(stages, shards):
            tasks = [self._task(lead, histories) for lead in page if in_sample(lead, self.sample)]
            for outcome in run_all(tasks):
                if isinstance(outcome, Exception):
                    raise outcome
                yield outcome

    def _task(self, lead: str, histories: Histories) -> Task:
        return lambda: self._fold_twice(lead, histories)

    def _fold_twice(self, lead: str, histories: Histories) -> Shadowed:
        events = list(histories.read_history(lead))
        active, shadow = (
            fold(events, model, activation=0, lead=lead, as_of=self.as_of)[0] for model in (self.active, self.shadow)
        )
        return Shadowed(lead, active, shadow)


def in_sample(lead: str, sample: int) -> bool:
    """By the lead's id alone, and by another hash than shards go by, so that a sample is of all of them."""
    return int.from_bytes(hashlib.sha256(lead.encode()).digest()[:8]) % WHOLE < sample


def _pages(stages: Iterable[str], shards: StageShards) -> Iterator[list[str]]:
    for stage in stages:
        for shard in range(shards.stage_shards):
            after = ""
            while leads := shards.page(stage, shard=shard, after=after):
                yield list(leads)
                after = leads[-1]
