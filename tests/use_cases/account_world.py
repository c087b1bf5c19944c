"""Random interleavings of workers that keep accounts, with crashes, redeliveries, lost answers, rulings and models."""

import random
from collections.abc import Iterable
from typing import Any

import greenlet

from leadscore.adapters.memory import FixedModels, MemoryStore
from leadscore.domain.account import account_of_lead, account_score, points_for_account
from leadscore.domain.cause import Cause
from leadscore.domain.event import LeadEvent
from leadscore.domain.model import Model
from leadscore.use_cases.accounts import AccountKeeping
from leadscore.use_cases.messages import Ruling, accounts_body, events_body, rulings_body, ticks_body
from leadscore.use_cases.ports import AccountState, Member, Place
from leadscore.use_cases.rescoring.rescore import Rescoring
from tests.accounts import account_keeping
from tests.leads import DAY, NOON, event, small_model
from tests.use_cases.world import Crash, FaultyStore, Throttled, World

MODELS = [
    small_model(accounts={"score": "sum"}),
    small_model(accounts={"score": "top", "leads": 1}),
    small_model(accounts={"score": "maximum", "of": "engagement"}),
    small_model(accounts={"score": "sum"}, scores=[{"score": "total", "cap": 10}]),
    small_model(accounts={"score": "sum"}, engagement=[{"rule": "Page", "event": "Page Viewed", "points": 2}]),
    small_model(),
]
#: Whom events are of: people of two companies, and a visitor who turns out to be one of them.
PEOPLE = [{"user": "u1"}, {"user": "u2"}, {"user": "u3"}, {"anonymous": "a1"}, {"anonymous": "a1", "user": "u2"}]
SAID: list[dict[str, Any]] = [
    {},
    {},
    {"email_domain": "acme.com", "email_kind": "business"},
    {"email_domain": "gmail.com", "email_kind": "free"},
    {"account": "initech"},
    {"account": "acme.com"},
    {"account": None},
    {"title": "Director"},
]


class FaultyAccountStore(FaultyStore):
    """Of accounts, too, answers get lost."""

    def put_place(self, lead: str, place: Place, *, read: Place | None) -> None:
        super().put_place(lead, place, read=read)
        if self.loses_answer("put_place"):
            super().put_place(lead, place, read=read)

    def put_member(self, account: str, member: Member, *, read: Member | None) -> None:
        super().put_member(account, member, read=read)
        if self.loses_answer("put_member"):
            super().put_member(account, member, read=read)

    def put_account(self, state: AccountState) -> None:
        super().put_account(state)
        if self.loses_answer("put_account"):
            super().put_account(state)


def check_accounts(store: MemoryStore, model: Model) -> int:
    """Every account is what its leads' folded states make of it, and no other lead stands in it; gives how many are."""
    expected: dict[str, dict[str, int]] = {}
    for lead, state in store.all_states().items():
        if model.accounts is not None and (account := account_of_lead(state)):
            expected.setdefault(account, {})[lead] = points_for_account(state, model, model.accounts)
    if model.accounts is None:
        return 0
    for account in {"acme.com", "gmail.com", "initech", *expected}:
        of_leads = expected.get(account, {})
        found = {member.lead: member.points for member in store.read_members(account) if not member.is_gone}
        assert found == of_leads, f"{account} has {of_leads}, not {found}"
        counted = store.read_account(account)
        if counted is None:
            assert not of_leads, f"{account} was never counted"
        else:
            assert counted.leads == len(of_leads)
            assert counted.score == account_score(of_leads.values(), model.accounts), f"the score of {account}"
    return len(expected)


def story(rng: random.Random) -> tuple[list[LeadEvent], list[str]]:
    """What people do and say, and who is who by somebody's ruling."""
    events = []
    for number in range(rng.randint(3, 9)):
        name = rng.choice(["Page Viewed", "Page Viewed", "White Paper Read", "Blog Subscribed"])
        at = NOON + number * 1000
        events.append(event(name, at=at, message=f"e{number}", traits=rng.choice(SAID), **rng.choice(PEOPLE)))
    if rng.random() < 0.3:
        rng.shuffle(events)
    bodies, rest = [], list(events)
    while rest:
        size = rng.randint(1, 2)
        bodies.append(events_body(f"t{len(bodies)}", rest[:size]))
        rest = rest[size:]
    if rng.random() < 0.5:
        bodies.append(rulings_body("r", [Ruling("lead2", "lead1", NOON)]))
        bodies.append(rulings_body("s", [Ruling("lead2", "", NOON + 1)]))
        if rng.random() < 0.5:
            bodies.append(rulings_body("u", [Ruling("lead2", "lead3", NOON + 2)]))
    if rng.random() < 0.3:
        bodies.append(ticks_body("tick", ["lead1", "lead2", "lead3"], Cause.TIME))
    return events, bodies


class Interleaving:
    """One random run. What a worker foretold comes when it is gone."""

    def __init__(
        self, seed: int, rescoring: type[Rescoring], keeping: type[AccountKeeping], store: type[FaultyAccountStore]
    ) -> None:
        self.rng = random.Random(seed)
        _, bodies = story(self.rng)
        self.faults_left = self.rng.randint(0, 4)
        self.answers_to_lose = self.rng.randint(0, 2)
        self.activates = self.rng.random() < 0.25
        self.hub = greenlet.getcurrent()
        self.store = store(before_call=self._switch, after_call=self._switch)
        self.store.loses_answer = self._loses_answer
        self.models = FixedModels(1, self.rng.choice(MODELS[:3]))
        self.world = World(self.store, self.store, rescoring, models=self.models)
        self.world.told.before_call = self.world.told.after_call = self._switch
        self.world.accounts = account_keeping(
            self.store, self.store, self.models, queue=self.world.told, made=keeping, now=lambda: self.world.now
        )
        self.world.rescoring.foretell = self._foretell
        self.foretold: list[tuple[greenlet.greenlet, str]] = []
        self.pending = [(f"m{number}", body) for number, body in enumerate(bodies)]
        if self.rng.random() < 0.5:
            self.rng.shuffle(self.pending)
        self.sent = len(self.pending)

    def run(self, workers: int) -> int:
        crews = [greenlet.greenlet(self._work) for _ in range(workers)]
        while crews:
            crew = self.rng.choice(crews)
            crew.switch()
            if crew.dead:
                crews.remove(crew)
        self._arrive(self.world.told.take())
        self.world.queue = self.pending
        self.world.drain()
        if self.activates:
            self.models.activation += 1
            self.models.model = self.rng.choice(MODELS)
            leads = list(self.store.all_states())
            self.world.send(ticks_body("model", leads, Cause.MODEL, activation=self.models.activation))
            self.world.drain()
        return check_accounts(self.store, self.models.model)

    def _work(self) -> None:
        for _ in range(60):
            if not self.pending:
                return
            size = self.rng.randint(1, min(len(self.pending), 3))
            batch = [self.pending.pop(self.rng.randrange(len(self.pending))) for _ in range(size)]
            self.world.now += self.rng.choice([0, 0, 1, 1000, 31 * DAY])
            try:
                failed = self.world.score(batch)
            except (Crash, Throttled):  # The invocation is gone: all of its messages come back.
                failed = frozenset(message for message, _ in batch)
            self.pending.extend(message for message in batch if message[0] in failed)
            self._arrive(self.world.told.take())
            self._arrive([body for worker, body in self.foretold if worker is greenlet.getcurrent()])
            self.foretold = [each for each in self.foretold if each[0] is not greenlet.getcurrent()]

    def _arrive(self, bodies: Any) -> None:
        for body in bodies:
            self.sent += 1
            self.pending.append((f"m{self.sent}", body))

    def _foretell(self, leads: Iterable[str]) -> None:
        self.foretold.append((greenlet.getcurrent(), accounts_body(list(leads), activation=self.models.activation)))

    def _switch(self, _call: str) -> None:
        if greenlet.getcurrent() is self.hub:
            return
        self.hub.switch()
        if self.faults_left and self.rng.random() < 0.04:
            self.faults_left -= 1
            raise self.rng.choice([Crash, Throttled])

    def _loses_answer(self, _call: str) -> bool:
        loses = greenlet.getcurrent() is not self.hub and self.answers_to_lose > 0 and self.rng.random() < 0.1
        self.answers_to_lose -= loses
        return loses


def interleave(
    seed: int,
    *,
    rescoring: type[Rescoring] = Rescoring,
    keeping: type[AccountKeeping] = AccountKeeping,
    store: type[FaultyAccountStore] = FaultyAccountStore,
    workers: int = 3,
) -> int:
    """Run one to its end and check every account; gives how many there are. Raises AssertionError."""
    return Interleaving(seed, rescoring, keeping, store).run(workers)
