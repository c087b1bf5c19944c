"""A shadow model: what leads would have under it, beside what they have, without touching any of them.

A run of its own, far from the write path: it reads the leads' events and follows them under both models.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from leadscore.domain.model import Model
from leadscore.use_cases.compare import Compared, compare_lead
from leadscore.use_cases.ports import Histories, StageShards

#: A sample is given in hundredths of a percent.
WHOLE = 10_000


type Task = Callable[[], Compared]
type RunAll = Callable[[list[Task]], list[Compared | Exception]]


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """`sample` of 10,000 leads are looked at, always the same ones; `as_of` is the moment that all are judged at."""

    active: Model
    shadow: Model
    as_of: int
    sample: int = WHOLE

    def run(
        self, *, stages: Iterable[str], shards: StageShards, histories: Histories, run_all: RunAll
    ) -> Iterator[Compared]:
        """Lead by lead, as they are read, several beside each other."""
        for page in _pages(stages, shards):
            tasks = [self._task(lead, histories) for lead in page if in_sample(lead, self.sample)]
            for outcome in run_all(tasks):
                if isinstance(outcome, Exception):
                    raise outcome
                yield outcome

    def _task(self, lead: str, histories: Histories) -> Task:
        models = (self.active, self.shadow)
        return lambda: compare_lead(lead, histories.read_history(lead), models, as_of=self.as_of)


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
