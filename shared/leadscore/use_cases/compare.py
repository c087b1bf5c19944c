"""Models on the same history: where each puts every lead, when, and because of which rule.

Nothing here knows where a history comes from: files, or a deployed stack's log.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leadscore.domain.event import LeadEvent
from leadscore.domain.fold import fold, stage_changes
from leadscore.domain.model import Model
from leadscore.domain.reading import read_state
from leadscore.use_cases.reasons import reasons_of

type History = tuple[str, Sequence[LeadEvent]]


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
        yield Compared(lead, tuple(follow(lead, events, model, as_of=as_of) for model in models))


@dataclass(slots=True)
class StageCount:
    """How many leads are in a stage or beyond it now, how many ever were, and what brought them there."""

    stage: str
    now: int = 0
    ever: int = 0
    pushed_by: Counter[str] = field(default_factory=Counter)
    after: list[int] = field(default_factory=list)

    @property
    def median_after(self) -> int | None:
        """The time in ms from the first event, of the lead in the middle: the earlier one of two."""
        return sorted(self.after)[(len(self.after) - 1) // 2] if self.after else None


def count_stages(courses: Iterable[Course], model: Model) -> list[StageCount]:
    """Of every stage above the entry, the lowest first."""
    counts = [StageCount(stage.name) for stage in model.stages[1:]]
    for course in courses:
        rank = model.rank(course.stage)
        for place, count in enumerate(counts, start=1):
            count.now += rank >= place
            if (reached := course.reached.get(count.stage)) is not None:
                count.ever += 1
                count.pushed_by[reached.rule] += 1
                count.after.append(reached.after)
    return counts


def count_moves(leads: Iterable[Compared], *, to: int) -> Counter[tuple[str, str]]:
    """How many leads are in which stage under the first model, and under the model in place `to`."""
    return Counter((lead.courses[0].stage, lead.courses[to].stage) for lead in leads)
