"""Request units of what can happen to a lead, one invocation of the scoring function each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from leadscore.domain.event import LeadEvent
from leadscore.domain.state import LeadState, same_fold
from tests.bench.bill import Bill, billed
from tests.bench.browser import Visitor, lead_event, new_visitor
from tests.bench.figures import Figure, Progress, Section, exactly
from tests.bench.scoring import DAY_MS, NOON, Scoring

BATCH_SIZES = (2, 5, 10)
READ_UNITS_MAX = 2.0
_SECOND = 1_000
#: What a track call says; five points.
DOWNLOAD = {"kind": "checklist", "asset_id": "month-end-2026", "title": "The month-end checklist"}


@dataclass(frozen=True)
class Cost:
    """What `events` events (or ticks) cost together."""

    name: str
    events: int
    bill: Bill

    @property
    def write(self) -> float:
        return self.bill.write_units / self.events

    @property
    def index(self) -> float:
        return self.bill.indexed.total() / self.events

    @property
    def read(self) -> float:
        return self.bill.read / self.events

    @property
    def calls(self) -> float:
        return self.bill.calls.total() / self.events


@dataclass(frozen=True)
class Tick:
    """A tick's cost, and the lead before and after it."""

    cost: Cost
    before: LeadState
    after: LeadState

    @property
    def writes_only_a_timer(self) -> bool:
        """One write of the state, of which nothing changed but when to look again (and the version, and the moment)."""
        is_alone = self.cost.bill.puts == {"STATE": 1} and self.cost.bill.calls["TransactWriteItems"] == 0
        return is_alone and same_fold(self.before, self.after) and self.before.due_at != self.after.due_at


class Leads:
    """Leads in the situations that are measured, on one set of tables."""

    def __init__(self, client: Any) -> None:
        self.scoring = Scoring(client)
        self._client = client
        self._rng = Random(1)
        self._users = 0

    def visitor(self) -> Visitor:
        return new_visitor(self._rng)

    def named(self, visitor: Visitor) -> tuple[Visitor, dict[str, str]]:
        """The visitor under a user id that nobody has yet, and the traits of that person."""
        self._users += 1
        traits = {"email": f"maria.keller.{self._users}@contoso.example", "name": "Maria Keller"}
        return visitor.known_as(f"usr_01J8Z3K4M5N6P7Q8R9S0{self._users:06d}"), traits

    def known(self) -> Visitor:
        """Somebody who looked around, gave their name and has been around since: a lead by user id, e-mail, browser."""
        visitor = self.visitor()
        self.scoring.record(lead_event(visitor.page("/", NOON - DAY_MS - _SECOND)))
        person, traits = self.named(visitor)
        self.scoring.record(lead_event(person.identify(NOON - DAY_MS, traits)))
        self.scoring.record(lead_event(person.page("/", NOON - DAY_MS + _SECOND)))
        return person

    def cost(self, name: str, events: int, work: Callable[[], object]) -> Cost:
        with billed(self._client) as bill:
            work()
        return Cost(name, events, bill)

    def record(self, name: str, *events: LeadEvent) -> Cost:
        return self.cost(name, len(events), lambda: self.scoring.record(*events))


def page(person: Visitor, second: int = 0, path: str = "/blog/month-end-close") -> LeadEvent:
    return lead_event(person.page(path, NOON + second * _SECOND))


def download(person: Visitor, second: int = 0) -> LeadEvent:
    return lead_event(person.track("Content Downloaded", NOON + second * _SECOND, DOWNLOAD))


def single_events(leads: Leads) -> list[Cost]:
    """One event of a known lead, which stays in its stage."""
    return [
        leads.record("a page call, alone", page(leads.known())),
        leads.record("a track call, alone", download(leads.known())),
    ]


def batches(leads: Leads, size: int) -> list[Cost]:
    """Events of one known lead: in one message, as a client's batch is, and in messages that arrive together."""
    together, apart = ([page(person, second) for second in range(size)] for person in (leads.known(), leads.known()))
    return [
        leads.cost(f"{size} events in a message", size, lambda: leads.scoring.score(leads.scoring.message(together))),
        leads.record(f"{size} messages of an event", *apart),
    ]


def first_contact(leads: Leads) -> Cost:
    return leads.record("a first contact", page(leads.visitor()))


def stage_change(leads: Leads) -> Cost:
    person = leads.known()
    leads.scoring.record(page(person, 0, "/pricing"))
    before = leads.scoring.state_of(page(person))
    event = page(person, 1, "/pricing")
    cost = leads.record("an event that changes the stage", event)
    if leads.scoring.state_of(event).stage == before.stage:
        raise AssertionError("two looks at the prices were to make a lead warm")
    return cost


def visit(leads: Leads) -> Cost:
    """A new visitor's three page views, each in an invocation of its own."""
    visitor = leads.visitor()
    pages = [page(visitor, 0, "/"), page(visitor, 40, "/features/reports"), page(visitor, 75, "/pricing")]

    def arrive() -> None:
        for event in pages:
            leads.scoring.record(event)

    return leads.cost("3 page views of a new visitor, one by one", len(pages), arrive)


def visit_at_once(leads: Leads) -> Cost:
    visitor = leads.visitor()
    pages = [page(visitor, 0, "/"), page(visitor, 40, "/features/reports"), page(visitor, 75, "/pricing")]
    return leads.record("3 page views of a new visitor, at once", *pages)


def identified(leads: Leads) -> Cost:
    """A visitor gives a name that nobody has."""
    visitor = leads.visitor()
    leads.scoring.record(page(visitor))
    person, traits = leads.named(visitor)
    return leads.record("a visitor identifies", lead_event(person.identify(NOON + 60 * _SECOND, traits)))


def merge(leads: Leads) -> Cost:
    """A visitor with three page views turns out to be somebody known."""
    person, visitor = leads.known(), leads.visitor()
    for second, path in enumerate(("/", "/features/reports", "/pricing")):
        leads.scoring.record(page(visitor, second, path))
    again = visitor.known_as(person.user_id or "")
    return leads.record("a merge: a visitor turns out to be known", page(again, 60))


def nothing_new(leads: Leads) -> Cost:
    """A CRM or an application says again what is known."""
    person = leads.known()
    traits = {"name": "Maria Keller"}
    return leads.record("an identify call that says nothing new", lead_event(person.identify(NOON, traits)))


def duplicate(leads: Leads) -> Cost:
    person = leads.known()
    event = page(person)
    leads.scoring.record(event)
    return leads.record("a copy from the client", event)


def redelivery(leads: Leads) -> Cost:
    person = leads.known()
    body = leads.scoring.message([page(person)])
    leads.scoring.score(body)
    return leads.cost("the same message again", 1, lambda: leads.scoring.score(body))


def late_event(leads: Leads) -> Cost:
    person = leads.known()
    leads.scoring.record(page(person, 30))
    return leads.record("an event that comes late", page(person, 0))


def tick_with_nothing_to_do(leads: Leads) -> Tick:
    """Activity has postponed what the timer was set for: the lead is only to be looked at again later."""
    person = leads.known()
    event = page(person)
    leads.scoring.record(event)
    before = leads.scoring.state_of(event)
    if before.due_at is None:
        raise AssertionError("a lead with points has a timer")
    leads.scoring.now = before.due_at
    cost = leads.cost(
        "a tick that finds nothing to do", 1, lambda: leads.scoring.score(leads.scoring.tick([before.lead]))
    )
    leads.scoring.now = NOON
    return Tick(cost, before, leads.scoring.state_of(event))


def early_tick(leads: Leads) -> Cost:
    """A tick that came twice: its timer is set anew already."""
    person = leads.known()
    state = leads.scoring.state_of(page(person))
    return leads.cost("a tick that comes twice", 1, lambda: leads.scoring.score(leads.scoring.tick([state.lead])))


def decay_step(leads: Leads) -> Cost:
    person = leads.known()
    state = leads.scoring.state_of(page(person))
    leads.scoring.now = NOON + 31 * DAY_MS
    cost = leads.cost("a tick that takes points", 1, lambda: leads.scoring.score(leads.scoring.tick([state.lead])))
    leads.scoring.now = NOON
    return cost


def sections(client: Any, progress: Progress) -> list[Section]:
    leads = Leads(client)
    progress("single events and batches")
    singles = single_events(leads)
    batched = [cost for size in BATCH_SIZES for cost in batches(leads, size)]
    progress("what happens less often")
    return [_write_section(singles, batched), _read_section([*singles, *batched]), _rare_section(leads)]


def _write_section(singles: Sequence[Cost], batched: Sequence[Cost]) -> Section:
    index_units = sum(cost.bill.indexed.total() for cost in (*singles, *batched))
    return Section(
        "Write units per event",
        "A known lead that stays in its stage; analytics.js calls of 1.1 to 1.2 KB; the shipped model. By MiniStack's"
        " own bill, indexes included.",
        [
            *(exactly(cost.name, cost.write, 2.0, note=_calls(cost)) for cost in singles),
            *(exactly(cost.name, cost.write, (cost.events + 1) / cost.events, note=_calls(cost)) for cost in batched),
            exactly("all of the above together, units of indexes", index_units, 0),
        ],
        unit="WRU",
    )


def _read_section(costs: Sequence[Cost]) -> Section:
    return Section(
        "Read units per event",
        "The same events. An identity takes half a unit (user id and anonymous id here), the state one; by size.",
        [Figure(cost.name, cost.read, most=READ_UNITS_MAX, is_exact=True) for cost in costs],
        unit="RRU",
    )


def rare(leads: Leads) -> list[Cost]:
    return [
        first_contact(leads),
        visit(leads),
        visit_at_once(leads),
        stage_change(leads),
        identified(leads),
        merge(leads),
        nothing_new(leads),
        late_event(leads),
        duplicate(leads),
        redelivery(leads),
        tick_with_nothing_to_do(leads).cost,
        early_tick(leads),
        decay_step(leads),
    ]


def _rare_section(leads: Leads) -> Section:
    tick = tick_with_nothing_to_do(leads)
    return Section(
        "Write units of what happens less often, per event or tick",
        "Refused writes (copies, redeliveries) are billed as on AWS: like the item that refuses them.",
        [
            *(Figure(cost.name, cost.write, note=_parts(cost)) for cost in rare(leads)),
            exactly("a tick that only writes a new timer (1: yes)", tick.writes_only_a_timer, 1, style=".0f"),
        ],
        unit="WRU",
    )


def _parts(cost: Cost) -> str:
    index = f"{cost.index:.2f} for indexes; " if cost.index else ""
    return f"{index}{cost.read:.2f} RRU; {_calls(cost)}"


def _calls(cost: Cost) -> str:
    """`2 BatchGet, 2 Put`"""
    calls = sorted(cost.bill.calls.items())
    return ", ".join(f"{number} {name.removesuffix('Items').removesuffix('Item')}" for name, number in calls)
