"""How often the scoring function has to fold a lead anew from all of its events, where a step does not do."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from random import Random
from typing import Any

import greenlet  # type: ignore[import-untyped]

from leadscore.adapters.memory import FixedModels, MemoryStore
from leadscore.domain.fold import fold
from leadscore.domain.state import LeadState, same_fold
from leadscore.use_cases.rescoring.folding import Following, InForce
from leadscore.use_cases.rescoring.intake import Logged
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Tally
from tests.bench.figures import Figure, Progress, Section
from tests.bench.models import shipped_model
from tests.bench.visits import NAMED, SECOND_MS, Arrival, Traffic, traffic
from tests.use_cases.world import World

VISITORS = 2_000
#: How many visitors fill in a form: as on a good site, and more than that.
SHARES_NAMED = (NAMED, 0.10, 0.25)
FULL_FOLDS_PER_EVENT_MAX = 0.02
WORKERS = 3


class Observed(Rescoring):
    """Keeps why it folded anew."""

    def __init__(self, **ports: Any) -> None:
        super().__init__(**ports)
        self.reasons: Counter[str] = Counter()
        self._unobserved, self._folding.next = self._folding.next, self._next  # type: ignore[method-assign]

    def _next(self, state: LeadState, logged: Logged, in_force: InForce, tally: Tally) -> Following:
        before = tally.full_folds
        following = self._unobserved(state, logged, in_force, tally)
        if tally.full_folds > before:
            self.reasons["a redelivery in doubt" if logged.doubt else "a late event"] += 1
        return following


class Simulation:
    """Workers on one store. Those of the same second work at the same time, call by call in random order."""

    def __init__(self, seen: Traffic) -> None:
        self.traffic = seen
        self._rng = Random(1)
        self._hub = greenlet.getcurrent()
        self.store = MemoryStore(before_call=self._switch)
        self.world = World(self.store, self.store, Observed, models=FixedModels(1, shipped_model()))

    @property
    def reasons(self) -> Counter[str]:
        """Why leads were folded anew. A merge always is."""
        assert isinstance(self.world.rescoring, Observed)
        found = self.world.rescoring.reasons
        return found + Counter({"a merge": self.world.tally.full_folds - found.total()})

    def run(self) -> Tally:
        for second, arrivals in groupby(self.traffic.arrivals, key=lambda arrival: arrival.at // SECOND_MS):
            self.world.now = (second + 1) * SECOND_MS
            messages = _once_each(arrivals)
            self._work([batch for worker in range(WORKERS) if (batch := messages[worker::WORKERS])])
        self._check()
        return self.world.tally

    def _work(self, batches: Sequence[Sequence[Arrival]]) -> None:
        crews = [greenlet.greenlet(self._score) for _ in batches]
        for crew, batch in zip(crews, batches, strict=True):
            crew.switch(batch)
        while crews := [crew for crew in crews if not crew.dead]:
            self._rng.choice(crews).switch()

    def _score(self, batch: Sequence[Arrival]) -> None:
        failed = self.world.score([(arrival.message_id, arrival.body) for arrival in batch])
        if failed:
            raise AssertionError("nothing fails here: who loses a race tries again")

    def _switch(self, _call: str) -> None:
        if greenlet.getcurrent() is not self._hub:
            self._hub.switch()

    def _check(self) -> None:
        """A speed that is had by mistakes would be worth nothing."""
        if len(self.store.all_events()) != len(self.traffic.events):
            raise AssertionError("an event is missing from the log")
        for lead, state in self.store.all_states().items():
            events = self.store.read(self.store.read_homes(lead))
            expected, _ = fold(events, self.world.models.model, activation=1, lead=lead, as_of=state.as_of)
            if not state.merged_into and not same_fold(state, expected):
                raise AssertionError(f"{lead} is not the fold of its events")


def _once_each(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """A queue does not hand out a message twice in a second."""
    return list({arrival.message_id: arrival for arrival in arrivals}.values())


def simulate(named: float, visitors: int = VISITORS) -> tuple[Tally, Counter[str]]:
    simulation = Simulation(traffic(1, visitors=visitors, named=named))
    return simulation.run(), simulation.reasons


def sections(progress: Progress) -> list[Section]:
    figures, remarks = [], []
    for named in SHARES_NAMED:
        progress(f"{VISITORS:,} visitors, {named:.0%} of whom fill in a form")
        tally, reasons = simulate(named)
        rate = 100 * tally.full_folds / tally.events
        most = 100 * FULL_FOLDS_PER_EVENT_MAX if named == NAMED else None
        figures.append(Figure(f"{named:.0%} of the visitors fill in a form", rate, most, note=_shares(reasons, tally)))
        remarks.append(
            f"{named:.0%}: {tally.events:,} events, {tally.duplicates:,} duplicates, {tally.conflicts:,} conflicts,"
            f" {tally.commits / tally.events:.2f} commits per event."
        )
    return [
        Section(
            "Full folds per event",
            f"{VISITORS:,} visitors, every message 0 to 30 s on its way, 10 % sent twice, 5 % delivered twice,"
            f" {WORKERS} workers; all leads end as the fold of their events.",
            figures,
            unit="%",
            remarks=remarks,
        )
    ]


def _shares(reasons: Counter[str], tally: Tally) -> str:
    return ", ".join(f"{100 * number / tally.events:.2f} for {reason}" for reason, number in reasons.most_common())
