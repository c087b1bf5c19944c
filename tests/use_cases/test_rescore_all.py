"""Every lead is looked at again, from wherever an interrupted run stopped; who hears of it is the activation's wish."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from leadscore.adapters.memory import MemoryModelVersions, MemoryQueue
from leadscore.domain.cause import Cause
from leadscore.use_cases.messages import TICKS_MAX, events_body, read_message, ticks_body
from leadscore.use_cases.ports import Activation, ModelBehind
from leadscore.use_cases.rescore_all import Progress, rescore_all, stages_of
from tests.leads import NOON, event, small_model, total
from tests.use_cases.test_rescore import CHEAPER, Desk

LEADS = 60
BEFORE = Activation(1, "small", 1, NOON, stages=("new", "warm", "mql", "sql"))
AFTER = Activation(2, "small", 2, NOON, stages=("new", "mql", "sql"))


def in_turn(tasks: list[Callable[[], None]]) -> list[Exception | None]:
    outcomes: list[Exception | None] = []
    for task in tasks:
        try:
            task()
        except ConnectionError as error:
            outcomes.append(error)
        else:
            outcomes.append(None)
    return outcomes


@dataclass
class Floor:
    """A desk with leads in many stages, and what sending them ticks needs."""

    desk: Desk = field(default_factory=Desk)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    runs: MemoryModelVersions = field(default_factory=MemoryModelVersions)
    tokens: int = 0

    def send(self, activation: Activation = AFTER, stop_after: int | None = None) -> Progress:
        """Send the ticks, or the beginning of them: those of so many pages."""
        self.tokens += 1
        pages = 0

        def is_stopped() -> bool:
            nonlocal pages
            pages += 1
            return stop_after is not None and pages > stop_after

        return rescore_all(
            activation=activation,
            stages=stages_of([AFTER, BEFORE]),
            shards=self.desk.store,
            runs=self.runs,
            queue=self.queue,
            new_token=lambda: f"token {self.tokens}",
            run_all=in_turn,
            is_stopped=is_stopped,
        )

    def ticked(self) -> list[str]:
        """The leads that got a tick since the last look."""
        return [lead for body in self.queue.take() for lead in read_message(body).ticks]

    def work(self, bodies: Iterable[str]) -> None:
        for number, body in enumerate(bodies):
            assert self.desk.world.score([(f"m{number}", body)]) == frozenset()


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    for number in range(LEADS):
        floor.desk.record(event("White Paper Read", user=f"user {number}"))
    floor.desk.record(event("Unsubscribed", user="user 1", at=NOON + 1))
    floor.desk.record(event("Lead Disqualified", user="user 2", at=NOON + 1))
    return floor


def cheaper(floor: Floor) -> None:
    floor.desk.world.models.activation = 2
    floor.desk.world.models.model = small_model(stages=CHEAPER)


def test_every_lead_in_whatever_stage_is_rescored_by_the_new_model_quietly(floor: Floor) -> None:
    told = floor.desk.told()
    cheaper(floor)
    sent = floor.send()
    assert (sent.leads, sent.is_complete) == (LEADS, True)
    messages = [read_message(body) for body in floor.queue.bodies]
    assert {(message.cause, message.activation) for message in messages} == {(Cause.MODEL, 2)}
    assert max(len(message.ticks) for message in messages) <= TICKS_MAX
    floor.work(floor.queue.take())
    stages = [state.stage for state in floor.desk.leads.values()]
    assert (stages.count("mql"), sorted(set(stages))) == (LEADS - 2, ["disqualified", "mql", "out"])
    assert floor.desk.told() == told


def test_an_activation_that_tells_is_told_once_of_every_lead_that_moves_with_the_cause(floor: Floor) -> None:
    told = len(floor.desk.told())
    cheaper(floor)
    floor.desk.world.models.telling.add(2)
    floor.send()
    bodies = floor.queue.take()
    floor.work([*bodies, *bodies])
    assert floor.desk.told()[told:] == [("warm", "mql", Cause.MODEL)] * (LEADS - 2)


def test_a_lead_that_an_event_brings_to_the_model_obeys_the_same_wish(floor: Floor) -> None:
    told = len(floor.desk.told())
    cheaper(floor)
    floor.desk.world.models.telling.add(2)
    floor.desk.record(event("Nothing", user="user 5", at=NOON + 5))
    assert floor.desk.told()[told:] == [("warm", "mql", Cause.MODEL)]


@pytest.mark.parametrize("stopped_after", [0, 1, 7, 20, 39])
def test_an_interrupted_run_goes_on_where_it_stopped(floor: Floor, stopped_after: int) -> None:
    begun = floor.send(stop_after=stopped_after)
    assert not begun.is_complete
    first = floor.ticked()
    rest = floor.send()
    assert rest.is_complete
    assert rest.leads == LEADS
    assert sorted([*first, *floor.ticked()]) == sorted(floor.desk.leads)


def test_a_crash_between_the_ticks_and_the_note_of_them_repeats_a_page_and_leaves_none_out(floor: Floor) -> None:
    def crash(call: str) -> None:
        if call == "remember" and floor.queue.bodies:
            raise ConnectionError

    floor.runs.before_call = crash
    with pytest.raises(ConnectionError):
        floor.send()
    floor.runs.before_call = lambda _: None
    first = floor.ticked()
    floor.send()
    again = floor.ticked()
    assert set(first) | set(again) == set(floor.desk.leads)
    assert set(first) & set(again)


def test_a_run_that_came_to_its_end_is_followed_by_another_of_all_leads(floor: Floor) -> None:
    floor.send()
    floor.ticked()
    assert floor.send().leads == LEADS
    assert sorted(floor.ticked()) == sorted(floor.desk.leads)


def test_another_activation_does_not_go_on_with_the_run_of_the_one_before(floor: Floor) -> None:
    floor.send(BEFORE, stop_after=20)
    floor.ticked()
    assert floor.send().leads == LEADS
    assert sorted(floor.ticked()) == sorted(floor.desk.leads)


def test_progress_is_reported_up_to_the_end(floor: Floor) -> None:
    seen: list[Progress] = []
    rescore_all(
        activation=AFTER, stages=["warm"], shards=floor.desk.store, runs=floor.runs, queue=floor.queue,
        new_token=lambda: "token", run_all=in_turn, report=seen.append,
    )  # fmt: skip
    assert seen[0] == Progress(leads=0, finished=0, segments=8)
    assert seen[-1] == Progress(leads=LEADS - 2, finished=8, segments=8)
    assert seen == sorted(seen, key=lambda progress: (progress.leads, progress.finished))


def test_a_worker_that_cannot_see_the_new_model_yet_leaves_the_tick_and_does_the_rest() -> None:
    desk = Desk()
    desk.world.expected_errors = (ModelBehind,)
    desk.record(event())
    tick = ("tick", ticks_body("tick", [desk.lead.lead], Cause.MODEL, activation=2))
    assert desk.world.score([tick, ("event", events_body("t", [event(at=NOON + 1)]))]) == {"tick"}
    assert (total(desk.lead), desk.lead.activation) == (2, 1)
