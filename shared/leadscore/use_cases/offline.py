"""Leads scored from a history alone: no table, no queue, nothing deployed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leadscore.domain.fold import StageChange, fold, stage_changes
from leadscore.domain.model import Model
from leadscore.domain.reading import Reading, read_state
from leadscore.use_cases.people import Person


@dataclass(frozen=True, slots=True)
class ScoredLead:
    """A lead at one moment under one model."""

    person: Person
    as_of: int
    reading: Reading

    @property
    def lead(self) -> str:
        return self.person.lead


def score_people(people: Iterable[Person], model: Model, *, as_of: int) -> Iterator[ScoredLead]:
    """Everybody at the moment `as_of`, before which all their events happened."""
    for person in people:
        yield score_person(person, model, as_of=as_of)


def score_person(person: Person, model: Model, *, as_of: int) -> ScoredLead:
    state, _ = fold(person.events, model, activation=0, lead=person.lead, as_of=as_of)
    return ScoredLead(person, as_of, read_state(state, model))


def stages_of_person(person: Person, model: Model, *, as_of: int) -> list[StageChange]:
    """Every stage that the lead has been in, oldest first."""
    return list(stage_changes(person.events, model, as_of=as_of))
