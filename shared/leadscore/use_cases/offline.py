"""Leads scored from a history alone: no table, no queue, nothing deployed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leadscore.domain.account import account_of_lead, account_score, points_for_account
from leadscore.domain.fold import StageChange, fold, stage_changes
from leadscore.domain.model import Model
from leadscore.domain.reading import Reading, read_state
from leadscore.domain.rules import Accounts
from leadscore.use_cases.people import Person


@dataclass(frozen=True, slots=True)
class ScoredLead:
    """A lead at one moment under one model. `account` is its company ("": none), and `points` what it brings that."""

    person: Person
    as_of: int
    reading: Reading
    account: str = ""
    points: int = 0

    @property
    def lead(self) -> str:
        return self.person.lead


@dataclass(frozen=True, slots=True)
class ScoredAccount:
    """A company at one moment, with its leads."""

    account: str
    score: int
    leads: tuple[ScoredLead, ...]


def score_people(people: Iterable[Person], model: Model, *, as_of: int) -> Iterator[ScoredLead]:
    """Everybody at the moment `as_of`, before which all their events happened."""
    for person in people:
        yield score_person(person, model, as_of=as_of)


def score_person(person: Person, model: Model, *, as_of: int) -> ScoredLead:
    state, _ = fold(person.events, model, activation=0, lead=person.lead, as_of=as_of)
    reading = read_state(state, model)
    if model.accounts is None or not (account := account_of_lead(state)):
        return ScoredLead(person, as_of, reading)
    return ScoredLead(person, as_of, reading, account, points_for_account(state, model, model.accounts))


def score_accounts(leads: Iterable[ScoredLead], accounts: Accounts) -> list[ScoredAccount]:
    """The companies of these leads, the best first, each with the leads that bring it most first."""
    of_account: dict[str, list[ScoredLead]] = {}
    for lead in leads:
        if lead.account:
            of_account.setdefault(lead.account, []).append(lead)
    scored = [
        ScoredAccount(
            account,
            account_score([lead.points for lead in members], accounts),
            tuple(sorted(members, key=lambda lead: (-lead.points, lead.lead))),
        )
        for account, members in of_account.items()
    ]
    return sorted(scored, key=lambda each: (-each.score, each.account))


def stages_of_person(person: Person, model: Model, *, as_of: int) -> list[StageChange]:
    """Every stage that the lead has been in, oldest first."""
    return list(stage_changes(person.events, model, as_of=as_of))
