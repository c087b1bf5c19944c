"""What a company's score takes on top of its leads': request units of the work that follows an event."""

from collections.abc import Sequence
from typing import Any

from leadscore.adapters.models import shipped_text
from leadscore.domain.event import LeadEvent, Trust
from leadscore.use_cases.ports import Member
from tests.bench.browser import Visitor, lead_event
from tests.bench.figures import Figure, Progress, Section
from tests.bench.scoring import DAY_MS, NOON
from tests.bench.units import Cost, Leads, download, page

#: How many leads a company has that is measured as a large one.
LARGE = 1_000
_SECOND = 1_000


class Companies:
    """Leads of companies, under the shipped model with accounts."""

    def __init__(self, client: Any) -> None:
        self.leads = Leads(client)
        self.scoring = self.leads.scoring
        self.activation = self.scoring.activate("with-accounts", f"{shipped_text()}\naccounts: {{score: sum}}\n")

    def lead_of(self, company: str) -> Visitor:
        """Somebody known, and counted for the company."""
        person, traits = self.leads.named(self.leads.visitor())
        self.scoring.record(said(person, company, NOON - DAY_MS, **traits))
        self.scoring.record(lead_event(person.page("/", NOON - DAY_MS + _SECOND)))
        self.keep()
        return person

    def keep(self) -> None:
        """Work off what was told of accounts."""
        if bodies := self.scoring.told.take():
            self.scoring.score(*bodies)

    def follow(self, name: str, *events: LeadEvent) -> Cost:
        """What follows these events, which come together."""
        self.scoring.record(*events)
        return self.leads.cost(name, len(events), self.keep)


def said(person: Visitor, company: str, at: int, **traits: str) -> LeadEvent:
    """Our own application says where somebody works."""
    return lead_event(person.identify(at, {**traits, "account": company}), Trust.SERVER)


def measure(client: Any) -> list[Cost]:
    """What follows an event, for a company of ten leads; and for a large one."""
    companies = Companies(client)
    people = [companies.lead_of("contoso") for _ in range(10)]
    costs = [
        companies.follow("an event that changes a lead's score", download(people[0])),
        companies.follow("10 such events of one lead, together", *(download(people[1], n) for n in range(10))),
        companies.follow("10 such events of 10 leads of a company, together", *(download(p, 20) for p in people)),
        companies.follow("an event that changes no score", lead_event(people[2].track("Opened Menu", NOON, {}))),
        _first(companies),
        _change(companies, people[3]),
        _again(companies, people[4]),
        _new_model(companies, people[5:]),
    ]
    return [*costs, _large(companies)]


def _first(companies: Companies) -> Cost:
    person, traits = companies.leads.named(companies.leads.visitor())
    return companies.follow("a lead's first event with a company", said(person, "contoso", NOON, **traits))


def _change(companies: Companies, person: Visitor) -> Cost:
    return companies.follow("a lead changes its company", said(person, "fabrikam", NOON + 60 * _SECOND))


def _again(companies: Companies, person: Visitor) -> Cost:
    body = companies.scoring.message([download(person, 50)])
    companies.scoring.score(body)
    companies.keep()
    companies.scoring.score(body)
    return companies.leads.cost("the same message again", 1, companies.keep)


def _new_model(companies: Companies, people: Sequence[Visitor]) -> Cost:
    text = f"{shipped_text()}\naccounts: {{score: top}}\n"
    activation = companies.scoring.activate("with-accounts", text)
    leads = [companies.scoring.state_of(page(person)).lead for person in people]
    companies.scoring.score(companies.scoring.model_tick(leads, activation))
    return companies.leads.cost("5 ticks of a new model that moves no lead", len(people), companies.keep)


def _large(companies: Companies) -> Cost:
    person = companies.lead_of("globex")
    for number in range(LARGE - 1):
        member = Member(f"member{number:018x}", version=1_000, activation=1, points=40)
        companies.scoring.accounts.put_member("globex", member, read=None)
    return companies.follow(f"an event that changes a lead's score, {LARGE:,} leads", download(person))


def sections(client: Any, progress: Progress) -> list[Section]:
    progress("accounts")
    return [
        Section(
            "Units per event of a company's score",
            "On top of the event's own, under the shipped model with accounts; companies of ten leads.",
            [Figure(cost.name, cost.write, note=f"{cost.read:.2f} RRU") for cost in measure(client)],
            unit="WRU",
        )
    ]
