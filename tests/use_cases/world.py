"""A small world around the scoring function: a queue that redelivers, workers that crash, and an oracle.

Workers are greenlets: each call to the store is a point where another may go on, so one seed is one interleaving of
any number of workers, and the same seed is the same run.
"""

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import greenlet

from leadscore.adapters.memory import FixedModels, MemoryFailedEvents, MemoryQueue, MemoryStore
from leadscore.domain.cause import QUIET_CAUSES, Cause
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.domain.fold import fold
from leadscore.domain.model import Model
from leadscore.domain.reading import lists_of
from leadscore.domain.state import LeadState, Profile, same_fold
from leadscore.domain.transition import Transition
from leadscore.use_cases.accounts import AccountContended
from leadscore.use_cases.messages import events_body, ticks_body
from leadscore.use_cases.ports import AccountStore, Commit, EventLog, LeadStore, Recorded, VersionConflict
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Contended, Tally
from leadscore.use_cases.score_batch import Task, score_batch
from tests.accounts import account_keeping
from tests.leads import DAY, HOUR, NOON, SMALL_MODEL, event, small_model

#: Each topic that somebody reads about counts once, and most read about more topics than a state keeps in mind.
TOPIC = {"rule": "Article", "event": "Article Read", "points": 3, "once_per": "properties.topic"}
RULES = [*SMALL_MODEL["engagement"], TOPIC]
MARKS_MAX = 2
#: Some change nothing for most leads: another name, the points of a rule that few have, an earlier step of time.
MODELS = [
    small_model(engagement=RULES),
    small_model(model="renamed", engagement=RULES),
    small_model(engagement=RULES, fit=[{"rule": "Director", "points": 20, "when": {"title": ["Director"]}}]),
    small_model(engagement=RULES, inactivity=[{"rule": "Quiet for 20 days", "after": "20d", "take": 50}]),
    small_model(engagement=[{"rule": "Page", "event": "Page Viewed", "points": 2}, TOPIC]),
    # A list of leads by a score of its own.
    small_model(
        engagement=[*RULES[:-1], {**TOPIC, "score": ["engagement", "reading"]}],
        scores=[{"score": "reading", "stages": [{"stage": "reader", "at": 6}, {"stage": "fan", "at": 12}]}],
    ),
    # As many authors as topics, and no author has a topic's name.
    small_model(engagement=[*RULES[:-1], {**TOPIC, "once_per": "properties.author"}]),
    # What is read within a second is read by a machine, and what it says of itself is not heard.
    small_model(
        engagement=RULES,
        bursts=[{"event": ["Article Read"], "each": "properties.topic", "at_least": 2, "within": "1s"}],
    ),
    small_model(
        engagement=RULES,
        stages=[{"stage": "new"}, {"stage": "mql", "at": 5, "route": "nurture"}, {"stage": "sql", "at": 30}],
    ),
]


class Crash(BaseException):
    """The worker is gone: nothing after this happens, whatever it had in mind."""


class Throttled(Exception):
    """What is left of a throttled call when the SDK's own tries are used up."""


class LaggingModels(FixedModels):
    """Each worker may go on for a while with a model that was in force before, unless it is asked for a newer one."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(1, MODELS[0])
        self.lags = True
        self._rng = rng
        self._in_force = [(self.activation, self.model)]

    def activate(self) -> None:
        self.activation += 1
        self.model = self._rng.choice(MODELS)
        self._in_force.append((self.activation, self.model))
        if self._rng.random() < 0.3:
            self.telling.add(self.activation)

    def active(self, *, at_least: int = 0) -> tuple[int, Model]:
        known = [there for there in self._in_force[-2:] if there[0] >= at_least]
        return self._rng.choice(known) if self.lags else super().active(at_least=at_least)


class FaultyStore(MemoryStore):
    """A store whose answers can get lost: the call is done, and the SDK, having seen no answer, sends it again."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.loses_answer: Callable[[str], bool] = lambda _: False

    def put(self, event: LeadEvent, *, token: str) -> Recorded | None:
        first = super().put(event, token=token)
        return super().put(event, token=token) if self.loses_answer("put") else first

    def link(self, identifier: Identifier, lead: str, *, is_new: bool, is_home: bool = False) -> None:
        super().link(identifier, lead, is_new=is_new, is_home=is_home)
        if self.loses_answer("link"):
            super().link(identifier, lead, is_new=is_new, is_home=is_home)

    def commit(self, commit: Commit) -> None:
        super().commit(commit)
        if self.loses_answer("commit"):
            super().commit(commit)


def run_in_turn(tasks: list[Task]) -> list[Tally | Exception]:
    """`score_batch`'s `run_all`, one after the other."""
    outcomes: list[Tally | Exception] = []
    for task in tasks:
        try:
            outcomes.append(task())
        except Exception as error:
            outcomes.append(error)
    return outcomes


@dataclass
class World:
    """The stores, the queue and the clock that workers share. Accounts have the same store, or one of their own."""

    store: LeadStore
    log: EventLog
    rescoring_type: type[Rescoring] = Rescoring
    models: FixedModels = field(default_factory=lambda: FixedModels(1, small_model()))
    failed_events: MemoryFailedEvents = field(default_factory=MemoryFailedEvents)
    now: int = NOON + HOUR
    queue: list[tuple[str, str]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    leads_made: int = 0
    #: Leads that the last model changed nothing about, and that nothing was written for.
    unwritten: int = 0
    expected_errors: tuple[type[Exception], ...] = (VersionConflict, Contended, Throttled, AccountContended)
    account_store: AccountStore | None = None
    #: Messages on accounts, before somebody takes them: `told` may be worked on at once, `foretold` later.
    told: MemoryQueue = field(default_factory=MemoryQueue)
    foretold: MemoryQueue = field(default_factory=MemoryQueue)

    def __post_init__(self) -> None:
        stored: Any = self.account_store or self.store
        self.accounts = account_keeping(self.store, stored, self.models, queue=self.told, now=lambda: self.now)
        later = account_keeping(self.store, stored, self.models, queue=self.foretold)
        self.rescoring = self.rescoring_type(
            store=self.store,
            log=self.log,
            models=self.models,
            now=lambda: self.now,
            pause=lambda _: None,
            foretell=later.tell,
        )

    def send(self, body: str) -> None:
        self.queue.append((f"m{len(self.queue)}-{len(body)}", body))

    def new_lead(self) -> str:
        self.leads_made += 1
        return f"lead{self.leads_made}"

    def score(self, messages: Iterable[tuple[str, str]]) -> frozenset[str]:
        """One invocation of the scoring function; gives the messages that come back."""
        result = score_batch(
            dict(messages),
            rescoring=self.rescoring,
            store=self.store,
            accounts=self.accounts,
            failed_events=self.failed_events,
            new_lead=self.new_lead,
            run_all=run_in_turn,
        )
        self.tally.add(result.tally)
        errors = [failure.error for failure in result.failures]
        unexpected = [error for error in errors if not isinstance(error, self.expected_errors)]
        if unexpected:
            raise unexpected[0]
        return result.failed_messages

    def drain(self) -> None:
        """Deliver what is left, without faults, until the queue is empty."""
        for _ in range(30):
            for body in (*self.told.take(), *self.foretold.take()):
                self.send(body)
            if not self.queue:
                return
            messages, self.queue = self.queue, []
            failed = self.score(messages)
            self.queue = [message for message in messages if message[0] in failed]
        raise AssertionError("the queue does not drain")


@dataclass(frozen=True)
class Everything:
    """What the tables hold at the end of a run."""

    events: list[LeadEvent]
    states: Mapping[str, LeadState]
    homes: Mapping[str, set[Identifier]]
    profiles: Mapping[str, Profile]
    marks: Mapping[str, frozenset[int]]
    transitions: Mapping[str, list[Transition]]


def everything(store: MemoryStore) -> Everything:
    states = store.all_states()
    return Everything(
        events=store.all_events(),
        states=states,
        homes={lead: set(store.read_homes(lead)) for lead in states},
        profiles={lead: store.read_profile(lead) for lead in states},
        marks={lead: store.read_marks(lead) for lead in states},
        transitions={lead: list(reversed(store.read_transitions(lead, limit=1000))) for lead in states},
    )


def check(
    found: Everything,
    *,
    accepted: Iterable[LeadEvent],
    model: Model,
    activation: int = 1,
    telling: Collection[int] = (),
) -> None:
    """The promises: every accepted event is in the log once and belongs to one lead, whose state is their fold; its
    transitions chain and end there; and of a person's stage somebody was told. Raises AssertionError."""
    assert sorted(item.short for item in found.events) == sorted({item.short for item in accepted}), "the log is whole"
    open_leads = {lead: state for lead, state in found.states.items() if not state.merged_into}
    for item in found.events:
        owners = [lead for lead in open_leads if item.home in found.homes[lead]]
        assert len(owners) == 1, f"{item.home} belongs to one open lead, not to {owners}"
    for lead, state in open_leads.items():
        events = [item for item in found.events if item.home in found.homes[lead]]
        # A lead that a model changed nothing about keeps its old number until something else is written.
        assert state.activation <= activation
        expected, profile = fold(events, model, activation=state.activation, lead=lead, as_of=state.as_of)
        assert same_fold(state, expected), f"{lead} is the fold of its events"
        assert found.profiles[lead] == profile
        assert not state.spilled_count or found.marks[lead] == expected.spilled, f"{lead} has its marks"
        assert expected.due_at is None or (state.due_at is not None and state.due_at <= expected.due_at)
    for lead, state in found.states.items():
        _check_chain(found.transitions[lead], state, model)
        for transition in found.transitions[lead]:
            if transition.cause is Cause.MODEL and transition.publish:
                assert transition.activation in telling, "a model's doing is told only where somebody wants to hear it"


def _check_chain(chain: list[Transition], state: LeadState, model: Model) -> None:
    stage, told_stage = "", ""
    lists: set[str] = set()
    told_lists: set[str] = set()
    for transition in chain:
        assert transition.from_stage == stage, "consecutive transitions chain"
        stage = transition.to_stage
        if transition.introduces:  # As if it came from nothing, for nothing was told of it.
            lists, told_lists = set(), set()
        if transition.publish:
            # Whoever is first told of a lead in the first stage has missed nothing.
            assert transition.told_from in {told_stage, told_stage or model.entry.name}, "what is told chains, too"
            told_stage, lists = transition.to_stage, told_lists
        assert lists >= set(transition.left), "only a list that was entered is left"
        lists = (lists - {*transition.left}) | {*transition.entered}
        told_lists = lists if transition.publish else told_lists
    if not state.merged_into:
        assert lists == {*lists_of(state, model)} - {stage}, "the transitions end in the lists of the fold"
    assert stage == state.stage, "the last transition ends where the fold ends"
    assert len({transition.version for transition in chain}) == len(chain)
    told = [transition for transition in chain if transition.publish]
    assert state.identified or not told, "nothing is told of an anonymous lead"
    since_told = chain[chain.index(told[-1]) + 1 :] if told else chain
    is_moved_quietly = any(transition.cause in QUIET_CAUSES for transition in since_told)
    if state.identified and not state.merged_into and not is_moved_quietly:
        # The stage that receivers know of, if they drop repeats and order by sequence, is the one committed.
        last_told = told[-1].to_stage if told else model.entry.name
        assert last_told == state.stage, "where a person stands is told"


def _redelivered(
    rng: random.Random, messages: list[tuple[str, str]], *, duplicates: float, in_order: bool
) -> list[tuple[str, str]]:
    """As they are delivered, the last one first."""
    deliveries = [message for message in messages for _ in range(1 + (rng.random() < duplicates))][::-1]
    if not in_order:
        rng.shuffle(deliveries)
    return deliveries


def story(rng: random.Random, *, duplicates: float) -> tuple[list[LeadEvent], list[str], bool]:
    """Events, the messages that they come in, and whether these come in order.

    What a few people did, in random messages: late events, client duplicates, an anonymous visitor who identifies,
    a second device, somebody else at the same computer."""
    names = ["Page Viewed", "White Paper Read", "Webinar Attended", "Demo Requested", "Content Downloaded"]
    resets = ["Unsubscribed", "Form Submitted"]
    people = [
        {"anonymous": "a1"},
        {"anonymous": "a1", "email": "ada@x.example"},
        {"email": "ada@x.example"},
        {"anonymous": "a2"},
        {"anonymous": "a2", "email": "ada@x.example"},
        {"user": "u1", "email": "ada@x.example"},
        {"user": "u2", "anonymous": "a1"},
    ]
    # Half of the stories are a visit: page views within seconds, where nothing but the ring tells what is counted.
    # Some are of readers, whose topics come again when the state has them in mind no more.
    kind = rng.choice(["visit", "visit", "reading", "life"])
    visitors = rng.sample(people, rng.randint(1, 2))
    events = []
    for number in range(rng.randint(3, 8) if kind == "life" else rng.randint(8, 14)):
        message = f"e{number}"
        if kind == "visit":
            at = NOON + (rng.randint(1, 60_000) if number else 0)
            events.append(event(at=at, message=message, **rng.choice(visitors)))
            continue
        if kind == "reading":
            article = rng.randint(1, 5)
            events.append(
                event(
                    "Article Read",
                    at=NOON + number * 700,
                    message=message,
                    properties={"topic": f"t{article}", "author": f"a{article}"},
                    traits=rng.choice([{}, {}, {"title": "Director"}]),
                    **rng.choice(visitors),
                )
            )
            continue
        at = NOON + rng.choice([0, 1, 5, 30, HOUR]) - rng.choice([0, 0, 0, 31 * DAY, 95 * DAY])
        traits = rng.choice([{}, {}, {"title": "Director"}, {"title": "Student"}])
        name = rng.choice([*names, *names, *resets])
        if events and rng.random() < 0.1:  # The client sends one again, and knows another name by now.
            name, at, message = events[-1].name, events[-1].occurred_at, f"e{number - 1}"
        events.append(event(name, at=at, message=message, traits=traits, **rng.choice(people)))
    bodies = []
    rest = list(events)
    in_order = kind == "reading" and rng.random() < 0.7  # A late topic asks for a full fold, which hides mistakes.
    if not in_order:
        rng.shuffle(rest)
    while rest:
        size = rng.randint(1, 3)
        batch, rest = rest[:size], rest[size:]
        token = f"t{len(bodies)}"
        bodies.append(events_body(token, batch))
        if rng.random() < duplicates:  # The client got no answer and sent it again: another token.
            bodies.append(events_body(token + "-again", batch))
    return events, bodies, in_order


class Interleaving:
    """One random run: a story, several workers, redeliveries, crashes, lost answers, a clock that goes on."""

    def __init__(self, seed: int, rescoring_type: type[Rescoring]) -> None:
        self.rng = random.Random(seed)
        # Without duplicates nothing causes a full fold, which would mend what a mistake broke before it is seen.
        duplicates = self.rng.choice([0, 0.3])
        self.events, bodies, in_order = story(self.rng, duplicates=duplicates)
        self.faults_left = self.rng.randint(0, 3) if duplicates else 0
        self.answers_to_lose = self.rng.randint(0, 3)
        self.activates = self.rng.random() < 0.3
        self.hub = greenlet.getcurrent()
        store = FaultyStore(
            before_call=self._switch, after_call=self._switch, is_stale=lambda _: self.rng.random() < 0.2
        )
        store.loses_answer = self._loses_answer
        self.store = store
        self.models = LaggingModels(self.rng)
        self.world = World(store, store, rescoring_type, models=self.models)
        for body in bodies:
            self.world.send(body)
        self.pending = _redelivered(self.rng, self.world.queue, duplicates=duplicates, in_order=in_order)
        self.world.queue = []

    def run(self, workers: int) -> None:
        crews = [greenlet.greenlet(self._work) for _ in range(workers)]
        while crews:
            crew = self.rng.choice(crews)
            crew.switch()
            if crew.dead:
                crews.remove(crew)
        self.models.lags = False
        if self.activates:  # With every event folded in, so that nothing but the model can move anybody.
            self.world.drain()
            self.models.activate()
        for cause in (Cause.MODEL, Cause.TIME):
            self.world.send(ticks_body("tick", list(self.store.all_states()), cause))
            self.world.drain()
        found = everything(self.store)
        self.world.unwritten = sum(
            state.activation < self.models.activation and not state.merged_into for state in found.states.values()
        )
        check(
            found,
            accepted=self.events,
            model=self.models.model,
            activation=self.models.activation,
            telling=self.models.telling,
        )

    def _work(self) -> None:
        while self.pending:
            taken = [self.pending.pop() for _ in range(min(len(self.pending), self.rng.randint(1, 2)))]
            batch = list(dict(taken).items())
            self.world.now += self.rng.choice([0, 0, 0, 1, 1000, DAY, 31 * DAY])
            if self.activates and self.rng.random() < 0.2:
                self.models.activate()
            try:
                failed = self.world.score(batch)
            except (Crash, Throttled):  # The invocation is gone: all of its messages come back.
                self.world.queue.extend(batch)
                continue
            self.world.queue.extend(message for message in batch if message[0] in failed)

    def _switch(self, _call: str) -> None:
        if greenlet.getcurrent() is self.hub:
            return
        self.hub.switch()
        if self.faults_left and self.rng.random() < 0.03:
            self.faults_left -= 1
            raise self.rng.choice([Crash, Throttled])

    def _loses_answer(self, _call: str) -> bool:
        loses = greenlet.getcurrent() is not self.hub and self.answers_to_lose > 0 and self.rng.random() < 0.2
        self.answers_to_lose -= loses
        return loses


def interleave(seed: int, *, rescoring_type: type[Rescoring] = Rescoring, workers: int = 3) -> World:
    """Run one interleaving to its end and check every promise. Raises AssertionError."""
    interleaving = Interleaving(seed, rescoring_type)
    interleaving.run(workers)
    return interleaving.world
