"""Models on the same histories: where each puts every lead, when, and because of which rule.

Nothing here knows where histories come from: files, or a deployed stack's log.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from leadscore.domain.event import LeadEvent
from leadscore.domain.fold import fold, stage_changes
from leadscore.domain.model import Model
from leadscore.domain.reading import read_state
from leadscore.use_cases.reasons import reasons_of

type History = tuple[str, Sequence[LeadEvent]]

#: So many of the leads that move are kept, those whose totals differ most.
MOVERS_KEPT = 10


@dataclass(frozen=True, slots=True)
class Reached:
    """The first time that a lead was in a stage or beyond it, `after` ms from its first event."""

    at: int
    after: int
    rules: tuple[str, ...]

    @property
    def rule(self) -> str:
        """What pushed the lead over."""
        return self.rules[0] if self.rules else ""


@dataclass(frozen=True, slots=True)
class Course:
    """A lead under one model: where it is, and when it first reached each stage above the entry that it ever did."""

    total: int
    stage: str
    reached: Mapping[str, Reached]


@dataclass(frozen=True, slots=True)
class Compared:
    """A lead under each of the models, in their order."""

    lead: str
    courses: tuple[Course, ...]

    @property
    def moves(self) -> bool:
        """Whether the models do not agree on its stage."""
        return len({course.stage for course in self.courses}) > 1

    @property
    def difference(self) -> int:
        """What the last model gives more than the first."""
        return self.courses[-1].total - self.courses[0].total


def follow(lead: str, events: Sequence[LeadEvent], model: Model, *, as_of: int) -> Course:
    """`as_of` lies at or after all of the events, and there are some."""
    state, _ = fold(events, model, activation=0, lead=lead, as_of=as_of)
    reached: dict[str, Reached] = {}
    started_at: int | None = None
    for change in stage_changes(events, model, as_of=as_of):
        started_at = change.at if started_at is None else started_at
        for stage in model.stages[1 : model.rank(change.to_stage) + 1]:
            if stage.name not in reached:
                reached[stage.name] = Reached(change.at, change.at - started_at, tuple(reasons_of(change, model)))
    return Course(read_state(state, model).total, state.stage, reached)


def compare(histories: Iterable[History], models: Sequence[Model], *, as_of: int) -> Iterator[Compared]:
    """Lead by lead, as they come."""
    for lead, events in histories:
        yield compare_lead(lead, events, models, as_of=as_of)


def compare_lead(lead: str, events: Sequence[LeadEvent], models: Sequence[Model], *, as_of: int) -> Compared:
    return Compared(lead, tuple(follow(lead, events, model, as_of=as_of) for model in models))


@dataclass(slots=True)
class StageCount:
    """How many leads are in a stage or beyond it now, how many ever were, and what brought them there."""

    stage: str
    now: int = 0
    ever: int = 0
    pushed_by: Counter[str] = field(default_factory=Counter)
    #: In ms, of each lead that ever was there: an array, because leads may be a million.
    after: array[int] = field(default_factory=lambda: array("q"))

    @property
    def median_after(self) -> int | None:
        """The time in ms from the first event, of the lead in the middle: the earlier one of two."""
        return sorted(self.after)[(len(self.after) - 1) // 2] if self.after else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Many leads under each of the models.

    `stages` has for each model its stages above the entry, the lowest first; `moves` how many leads are in which stage
    under the first model and under the last; `movers` some of those that move, the largest difference first.
    """

    models: Sequence[Model]
    stages: Sequence[Sequence[StageCount]]
    moves: Counter[tuple[str, str]]
    movers: Sequence[Compared]

    @property
    def leads(self) -> int:
        return self.moves.total()


def summarise(leads: Iterable[Compared], models: Sequence[Model]) -> Comparison:
    """In one go, without keeping the leads."""
    stages = [[StageCount(stage.name) for stage in model.stages[1:]] for model in models]
    moves: Counter[tuple[str, str]] = Counter()

    def moving() -> Iterator[Compared]:
        for lead in leads:
            moves[lead.courses[0].stage, lead.courses[-1].stage] += 1
            for course, model, counts in zip(lead.courses, models, stages, strict=True):
                _count(course, model.rank(course.stage), counts)
            if lead.moves:
                yield lead

    movers = nlargest(MOVERS_KEPT, moving(), key=lambda lead: (abs(lead.difference), lead.lead))
    return Comparison(models, stages, moves, movers)


def _count(course: Course, rank: int, counts: Iterable[StageCount]) -> None:
    for place, count in enumerate(counts, start=1):
        count.now += rank >= place
        if (reached := course.reached.get(count.stage)) is not None:
            count.ever += 1
            count.pushed_by[reached.rule] += 1
            count.after.append(reached.after)
