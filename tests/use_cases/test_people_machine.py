"""One person out of what clients send, whatever happens meanwhile: events, rulings, redeliveries, crashes, workers
beside each other.

Two machines. One works on its messages in order, with crashes and redeliveries, and ends with the very people of a
simple reference. The other has workers that get in each other's way at every call. Who is first decides there, so it
writes down what was decided, asks of each decision whether it may be, and of the end whether anything is missing.

LEADSCORE_EXAMPLES sets how many runs each of them takes (2000 for a night).
"""

import os
from typing import Any

import greenlet
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.use_cases import resolve
from leadscore.use_cases.messages import Ruling, events_body, rulings_body, ticks_body
from leadscore.use_cases.ports import Commit
from leadscore.use_cases.rescoring.rescore import Rescoring
from tests.leads import NOON, event
from tests.use_cases import ruling_mutants
from tests.use_cases.people_reference import PERSONAL, Forest
from tests.use_cases.test_rulings import SCENES
from tests.use_cases.world import Crash, FaultyStore, World, check, everything

EXAMPLES = int(os.environ.get("LEADSCORE_EXAMPLES", "150"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    derandomize="LEADSCORE_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)

#: A night's runs take longer than a test may.
pytestmark = pytest.mark.timeout(120 + 2 * EXAMPLES)

NAMES = ["Page Viewed", "White Paper Read", "Webinar Attended", "Demo Requested", "Unsubscribed"]
USERS = st.sampled_from(["u1", "u2", "u3"])
EMAILS = st.sampled_from(["e1@x.example", "e2@x.example"])
COOKIES_ALL = 3
COOKIES = st.sampled_from(["a1", "a2", "a3"])
TRUST = st.sampled_from(Trust)
EXTERNAL = st.sampled_from([{"crm": "c1"}, {"crm": "c2"}, {"ads": "x1"}, {"ads": "x1", "crm": "c1"}])


class People(RuleBasedStateMachine):
    """What clients and people at a desk do. How messages are worked on is for the machines below."""

    rescoring_type: type[Rescoring] = Rescoring

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make_store()
        self.world = World(self.store, self.store, self.rescoring_type)
        self.accepted: list[LeadEvent] = []
        self.rulings: list[Ruling] = []
        self.messages: list[tuple[str, str]] = []
        self.said: list[LeadEvent | Ruling] = []

    def make_store(self) -> FaultyStore:
        return FaultyStore()

    def send(self, body: str, said: LeadEvent | Ruling) -> None:
        self.messages.append((f"m{len(self.messages)}", body))
        self.said.append(said)

    def happen(self, name: str, **said: Any) -> None:
        number = len(self.accepted)
        # Some come late, which is no matter of who is who, but makes a lead be folded anew.
        at = NOON + (number - number % 3 * 2) * 1_000
        self.accepted.append(event(name, at=at, message=f"e{number}", **said))
        self.send(events_body(f"t{number}", [self.accepted[-1]]), self.accepted[-1])

    @rule(cookie=COOKIES, name=st.sampled_from(NAMES))
    def visit(self, cookie: str, name: str) -> None:
        self.happen(name, anonymous=cookie)

    @rule(user=USERS, email=st.none() | EMAILS, cookie=st.none() | COOKIES, trust=TRUST)
    def identify(self, user: str, email: str | None, cookie: str | None, trust: Trust) -> None:
        self.happen("Identified", user=user, email=email, anonymous=cookie, traits={"title": "Director"}, trust=trust)

    @rule(email=EMAILS, cookie=st.none() | COOKIES)
    def submit_a_form(self, email: str, cookie: str | None) -> None:
        self.happen("Form Submitted", email=email, anonymous=cookie, trust=Trust.DECLARED)

    @rule(user=USERS, cookie=st.none() | COOKIES, name=st.sampled_from(NAMES), trust=TRUST)
    def track(self, user: str, cookie: str | None, name: str, trust: Trust) -> None:
        self.happen(name, user=user, anonymous=cookie, trust=trust)

    @rule(user=USERS, previous=st.one_of(COOKIES, USERS))
    def alias(self, user: str, previous: str) -> None:
        self.happen("Aliased", user=user, anonymous=previous)

    @rule(user=USERS)
    def group(self, user: str) -> None:
        self.happen("Grouped", user=user)

    @rule(external=EXTERNAL, user=st.none() | USERS, cookie=st.none() | COOKIES)
    def speak_of_somebody_by_another_systems_id(
        self, external: dict[str, str], user: str | None, cookie: str | None
    ) -> None:
        self.happen("Page Viewed", external=external, user=user, anonymous=cookie)

    @precondition(lambda self: len(self.open_leads()) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        leads = self.open_leads()
        lead = data.draw(st.sampled_from(leads))
        into = data.draw(st.sampled_from(leads))
        self.decide(lead, into)

    @precondition(lambda self: self.closed_leads())
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        self.decide(data.draw(st.sampled_from(self.closed_leads())), "")

    def decide(self, lead: str, into: str) -> None:
        at = 1 + len(self.rulings)
        self.rulings.append(Ruling(lead, into, at))
        self.send(rulings_body(f"r{at}", [self.rulings[-1]]), self.rulings[-1])

    def open_leads(self) -> list[str]:
        return [lead for lead, state in self.store.all_states().items() if not state.merged_into]

    def closed_leads(self) -> list[str]:
        return [lead for lead, state in self.store.all_states().items() if state.merged_into]

    def check_promises(self) -> None:
        """Once in the log, in one person, whose state is the fold: whatever has happened."""
        self.world.send(ticks_body("tick", self.open_leads(), Cause.TIME))
        self.world.drain()
        check(everything(self.store), accepted=self.accepted, model=self.world.models.model)

    def people(self) -> set[frozenset[int]]:
        return {frozenset(item.short for item in self.store.read_history(lead)) for lead in self.open_leads()}


class InOrder(People):
    """Each message before the next. A crash anywhere lets it come again; old messages come again at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.reference = Forest(browsers_max=resolve.BROWSERS_MAX)
        self.calls_left: int | None = None
        self.loses_answers = False

    def send(self, body: str, said: LeadEvent | Ruling) -> None:
        super().send(body, said)
        self.work_on(len(self.messages) - 1)

    @rule(calls=st.integers(0, 30))
    def let_the_next_worker_crash(self, calls: int) -> None:
        self.calls_left = calls

    @rule()
    def let_the_next_answers_get_lost(self) -> None:
        self.loses_answers = True

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        self.work_on(data.draw(st.integers(0, len(self.messages) - 1)))

    def work_on(self, number: int) -> None:
        message = self.messages[number]
        self._tell_reference(self.said[number])
        self.store.before_call = self.store.after_call = self._count_down
        self.store.loses_answer = lambda _call: self.loses_answers
        try:
            failed = bool(self.world.score([message]))
        except Crash:
            failed = True
        self.store.before_call = self.store.after_call = lambda _call: None
        self.store.loses_answer = lambda _call: False
        self.calls_left, self.loses_answers = None, False
        assert not failed or not self.world.score([message])

    def _tell_reference(self, said: LeadEvent | Ruling) -> None:
        if isinstance(said, LeadEvent):
            self.reference.accept(said)
        else:
            into = self._number(said.into) if said.into else None
            self.reference.rule(said, self._number(said.lead), into)

    def _number(self, lead: str) -> int:
        """The reference's lead: the one that the same names were given to."""
        names = [name for name, owner in self.store.read_owners(self.reference.owner).items() if owner == lead]
        numbers = {self.reference.owner[name] for name in names}
        assert len(numbers) == 1, f"{lead} has the names of one lead, not of {numbers}"
        return numbers.pop()

    def _count_down(self, _call: str) -> None:
        if self.calls_left is None:
            return
        self.calls_left -= 1
        if self.calls_left < 0:
            self.calls_left = None
            raise Crash

    def teardown(self) -> None:
        self.check_promises()
        assert self.people() == self.reference.people(), "the people are those of the reference"


class JournalStore(FaultyStore):
    """Writes down who was given which name, and which leads were closed and opened, in the order in which it is so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.journal: list[tuple[str, Any]] = []
        self._linked: set[Identifier] = set()

    def _check(self, commit: Commit) -> None:
        super()._check(commit)
        # Inside the lock, and nothing refuses it any more.
        if commit.closing is not None:
            self.journal.append(("close", commit))
        if commit.opening is not None:
            self.journal.append(("open", commit))

    def _lead(self, identifier: Identifier, lead: str) -> None:
        super()._lead(identifier, lead)
        if identifier not in self._linked:
            self._linked.add(identifier)
            self.journal.append(("link", (identifier, self._owners[identifier])))


class AtOnce(People):
    """Workers beside each other. Each call to the store is a point where another may go on, or where one is gone."""

    store: JournalStore

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[str, str]] = []
        self.workers: list[greenlet.greenlet] = []
        self.holds: dict[greenlet.greenlet, list[tuple[str, str]]] = {}
        self.hub = greenlet.getcurrent()
        self.stale = False
        self.store.before_call = self.store.after_call = self._wait
        self.store.is_stale = lambda _name: self.stale

    def make_store(self) -> JournalStore:
        return JournalStore()

    def send(self, body: str, said: LeadEvent | Ruling) -> None:
        super().send(body, said)
        self.waiting.append(self.messages[-1])
        self.take_messages(count=1 + len(self.messages) % 2, newest=True)
        for place in range(2):
            self.go_on(place, len(self.messages) * 5 % 11)

    @rule(count=st.integers(1, 3), newest=st.booleans())
    def take_messages(self, count: int, newest: bool) -> None:
        taken = self.waiting[-count:] if newest else self.waiting[:count]
        if not taken or len(self.workers) == 3:
            return
        self.waiting = [message for message in self.waiting if message not in taken]
        worker = greenlet.greenlet(lambda: self._work(taken))
        self.workers.append(worker)
        self.holds[worker] = taken

    @rule(place=st.integers(0, 2), calls=st.integers(1, 60))
    def go_on(self, place: int, calls: int) -> None:
        if not self.workers:
            return
        worker = self.workers[place % len(self.workers)]
        for _ in range(calls):
            worker.switch()
            if worker.dead:
                self.workers.remove(worker)
                return

    @precondition(lambda self: self.workers)
    @rule(place=st.integers(0, 2))
    def crash(self, place: int) -> None:
        worker = self.workers[place % len(self.workers)]
        worker.throw(greenlet.GreenletExit)
        self.workers.remove(worker)
        self.waiting += self.holds[worker]

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        self.waiting.append(data.draw(st.sampled_from(self.messages)))

    @rule()
    def work_until_the_queue_is_empty(self) -> None:
        while self.workers:
            self.go_on(0, 1_000)
        self.stale = False
        self.world.queue, self.waiting = [*self.world.queue, *dict.fromkeys(self.waiting)], []
        self.world.drain()

    @rule(stale=st.booleans())
    def let_reads_be_old(self, stale: bool) -> None:
        self.stale = stale

    def _work(self, taken: list[tuple[str, str]]) -> None:
        failed = self.world.score(dict(taken).items())
        self.waiting += [message for message in taken if message[0] in failed]

    def _wait(self, _call: str) -> None:
        if greenlet.getcurrent() is not self.hub:
            self.hub.switch()

    def teardown(self) -> None:
        self.work_until_the_queue_is_empty()
        self.check_promises()
        audit = _Audit(self.accepted, self.rulings)
        for what, said in self.store.journal:
            getattr(audit, what)(said)
        refused = [kept.raw for kept in self.world.failed_events.kept.values() if kept.code == "ruling_refused"]
        assert len(refused) == len(self.world.failed_events.kept), "nothing but rulings is refused"
        audit.check_end(self.people(), refused)


class _Audit:
    """Whether each decision of the journal may be, and none is missing at the end."""

    def __init__(self, accepted: list[LeadEvent], rulings: list[Ruling]) -> None:
        self.accepted = accepted
        self.rulings = rulings
        self.owner: dict[Identifier, str] = {}
        self.parent: dict[str, str] = {}
        self.ruled_at: dict[str, int] = {}
        self.has_been: dict[str, set[str]] = {}

    def root(self, lead: str) -> str:
        return self.root(self.parent[lead]) if lead in self.parent else lead

    def is_named(self, lead: str) -> bool:
        return any(owner == lead and name.kind in PERSONAL for name, owner in self.owner.items())

    def link(self, said: tuple[Identifier, str]) -> None:
        name, lead = said
        if name.kind in PERSONAL:
            assert lead not in self.parent, "no closed lead is given a person's name"
            assert not any(owner == lead and other.kind == name.kind for other, owner in self.owner.items())
        others = {other for item in self.accepted if name in item.identifiers for other in item.identifiers} - {name}
        is_new = lead not in self.owner.values()
        # Who was one when the event was taken up may be two by now; who never was one, is not given the name.
        assert is_new or any(lead in self.has_been[self.owner[other]] for other in others if other in self.owner)
        self.owner[name] = lead
        self.has_been.setdefault(lead, {lead})

    def close(self, commit: Commit) -> None:
        assert commit.closing is not None
        lead, into = commit.closing.state.lead, commit.state.lead
        assert self.root(lead) == lead
        assert self.root(into) == into != lead
        ruled_at = commit.closing.state.ruled_at
        if commit.closing.is_ruled:
            (ruling,) = [ruling for ruling in self.rulings if ruling.at == ruled_at]
            assert (ruling.lead, self.root(ruling.into)) == (lead, into)
            assert ruled_at > self.ruled_at.get(lead, 0), "no ruling undoes a later one"
            self.ruled_at[lead] = ruled_at
        else:
            assert not self.is_named(lead), "no event makes two known people one"
            assert lead not in self.ruled_at, "no event joins what somebody took apart"
            assert any({lead, into} <= self._leads_in(item) for item in self.accepted), "an event names both"
        self.parent[lead] = into
        for member in self.has_been:
            if self.root(member) == into:
                self.has_been[member].add(into)

    def open(self, commit: Commit) -> None:
        assert commit.opening is not None
        lead = commit.opening.state.lead
        assert self.root(lead) == commit.state.lead != lead
        (ruling,) = [ruling for ruling in self.rulings if ruling.at == commit.opening.state.ruled_at]
        assert (ruling.lead, ruling.into) == (lead, "")
        assert ruling.at > self.ruled_at.get(lead, 0), "no ruling undoes a later one"
        self.ruled_at[lead] = ruling.at
        del self.parent[lead]

    def _leads_in(self, item: LeadEvent) -> set[str]:
        return {self.root(self.owner[name]) for name in item.identifiers if name in self.owner}

    def check_end(self, people: set[frozenset[int]], refused: list[str]) -> None:
        mine: dict[str, set[int]] = {}
        for item in self.accepted:
            mine.setdefault(self.root(self.owner[item.home]), set()).add(item.short)
        assert people == {frozenset(events) for events in mine.values()}, "each event is with whom its home belongs to"
        somebody = {self.root(self.owner[item.home]) for item in self.accepted if item.home.kind in PERSONAL}
        for item in self.accepted:
            for name in item.identifiers[1:]:
                other = self.root(self.owner[name]) if name in self.owner else ""
                is_nobody = bool(other) and other not in somebody and not self.is_named(other)
                may_be_crowded = item.trust is not Trust.SERVER and resolve.BROWSERS_MAX < COOKIES_ALL
                if name.kind not in PERSONAL and is_nobody and other not in self.ruled_at and not may_be_crowded:
                    assert other == self.root(self.owner[item.home]), "anonymous history has joined the person"
        for lead in {ruling.lead for ruling in self.rulings}:
            obeyable = [one for one in self.rulings if one.lead == lead and f'"at": {one.at}}}' not in "".join(refused)]
            if obeyable and self.ruled_at.get(lead) == obeyable[-1].at:
                last = obeyable[-1]
                assert (lead in self.parent) == bool(last.into), "the latest ruling holds"


@pytest.mark.parametrize("machine", [InOrder, AtOnce])
def test_people_are_who_they_are_in_any_interleaving(machine: type[People]) -> None:
    run_state_machine_as_test(machine, settings=SETTINGS)


@pytest.mark.parametrize("machine", [InOrder, AtOnce])
def test_so_they_are_where_a_lead_takes_few_browsers(machine: type[People], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "BROWSERS_MAX", 1)
    run_state_machine_as_test(machine, settings=SETTINGS)


def find_mistake(rescoring_type: type[Rescoring]) -> None:
    """Raises where a scene or a run ends wrong: how little it takes to break a promise nobody needs to know."""
    for scene in SCENES:
        scene(rescoring_type)
    for machine in (InOrder, AtOnce):
        broken = type(machine.__name__, (machine,), {"rescoring_type": rescoring_type})
        run_state_machine_as_test(broken, settings=settings(SETTINGS, max_examples=1_000, phases=[Phase.generate]))


@pytest.mark.parametrize("mutant", ruling_mutants.MUTANTS, ids=lambda mutant: mutant.__name__)
def test_each_plausible_mistake_is_found(mutant: type[Rescoring]) -> None:
    with pytest.raises((AssertionError, FlakyFailure)):
        find_mistake(mutant)
