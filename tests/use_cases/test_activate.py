"""Putting a model into force: every lead is looked at again, and nobody is told."""

from leadscore.adapters.memory import MemoryQueue
from leadscore.domain.model import compile_model
from leadscore.domain.transition import Cause
from leadscore.use_cases.activate import activate_model
from leadscore.use_cases.messages import TICKS_MAX, events_body, read_message, ticks_body
from leadscore.use_cases.ports import ModelBehind, Pointer
from tests.leads import NOON, SMALL_MODEL, event, total
from tests.use_cases.test_rescore import CHEAPER, Desk


class Versions:
    """ModelVersions, in memory: what is activated is in force in the desk's world."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.texts: list[str] = []

    def activate(self, name: str, text: str) -> Pointer:
        self.texts.append(text)
        self.desk.world.models.activation += 1
        return Pointer(self.desk.world.models.activation, name, len(self.texts))


def test_every_lead_in_whatever_stage_is_rescored_by_the_new_model_quietly() -> None:
    desk, queue = Desk(), MemoryQueue()
    for number in range(60):
        desk.record(event("White Paper Read", user=f"user {number}"))
    desk.record(event("Unsubscribed", user="user 1", at=NOON + 1))
    desk.record(event("Lead Disqualified", user="user 2", at=NOON + 1))
    told = desk.told()
    cheaper = compile_model({**SMALL_MODEL, "stages": CHEAPER})
    before, desk.world.models.model = desk.world.models.model, cheaper
    activated = activate_model(
        text="the text", model=cheaper, before=before, versions=Versions(desk), index=desk.store, queue=queue,
        new_token=lambda: "tick",
    )  # fmt: skip
    assert (activated.version, activated.activation, activated.leads) == (1, 2, 60)
    messages = [read_message(body) for body in queue.bodies]
    assert {(message.cause, message.activation) for message in messages} == {(Cause.MODEL, 2)}
    assert max(len(message.ticks) for message in messages) == TICKS_MAX
    for number, body in enumerate(queue.take()):
        assert desk.world.score([(f"m{number}", body)]) == frozenset()
    assert {state.activation for state in desk.leads.values()} == {2}
    assert sorted({state.stage for state in desk.leads.values()}) == ["disqualified", "mql", "out"]
    assert desk.told() == told


def test_a_worker_that_cannot_see_the_new_model_yet_leaves_the_tick_and_does_the_rest() -> None:
    desk = Desk()
    desk.world.expected_errors = (ModelBehind,)
    desk.record(event())
    tick = ("tick", ticks_body("tick", [desk.lead.lead], Cause.MODEL, activation=2))
    assert desk.world.score([tick, ("event", events_body("t", [event(at=NOON + 1)]))]) == {"tick"}
    assert (total(desk.lead), desk.lead.activation) == (2, 1)
