"""What tests rely on in the store in memory, beside the contract: the places where they may step in."""

import pytest

from leadscore.adapters.memory import MemoryFailedEvents, MemoryQueue, MemoryStore, MemoryTopic
from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import Commit, VersionConflict
from tests.adapters.samples import event, transition

ANNA = Identifier("email", "anna@example.com")
VISITOR = Identifier("anonymous_id", "visitor-1")


class Crash(BaseException):
    pass


def crash(call: str) -> None:
    raise Crash(call)


def test_every_call_can_be_stepped_in_before_and_after() -> None:
    calls: list[str] = []
    store = MemoryStore(
        before_call=lambda call: calls.append(f"before {call}"), after_call=lambda call: calls.append(f"after {call}")
    )
    store.link(ANNA, "L1", is_new=True)
    store.commit(Commit(LeadState("L1", version=1)))
    assert calls == [
        "before link",
        "after link",
        "before commit",
        "after commit",
    ]


def test_a_crash_before_a_call_leaves_nothing_and_after_it_all() -> None:
    store = MemoryStore(before_call=crash)
    with pytest.raises(Crash):
        store.put(event(ANNA), token="t")
    assert store.all_events() == []
    store = MemoryStore(after_call=crash)
    with pytest.raises(Crash):
        store.put(event(ANNA), token="t")
    assert store.all_events() == [event(ANNA)]


def test_another_worker_may_go_first() -> None:
    store = MemoryStore()

    def go_first(_: str) -> None:
        store.before_call = lambda _: None
        store.commit(Commit(LeadState("L1", version=1, stage="first")))

    store.before_call = go_first
    with pytest.raises(VersionConflict):
        store.commit(Commit(LeadState("L1", version=1, stage="second")))
    assert store.all_states()["L1"].stage == "first"


def test_a_stale_read_shows_what_was_true_before() -> None:
    stale = {VISITOR}
    store = MemoryStore(is_stale=lambda identifier: identifier in stale)
    store.link(VISITOR, "L1", is_new=True)
    store.link(ANNA, "L1", is_new=False)
    assert store.find([VISITOR, ANNA]) == {ANNA: "L1"}
    stale.clear()
    assert store.find([VISITOR]) == {VISITOR: "L1"}


def test_a_stale_state_is_the_one_before_and_a_consistent_read_never_is() -> None:
    store = MemoryStore(is_stale=lambda name: name == "L1")
    store.commit(Commit(LeadState("L1", version=1)))
    assert store.find_states(["L1"]) == {}
    store.commit(Commit(LeadState("L1", version=2)))
    assert store.find_states(["L1"])["L1"].version == 1
    assert store.read_states(["L1"])["L1"].version == 2


def test_the_stream_tells_every_transition_in_the_order_of_commits() -> None:
    store = MemoryStore()
    for lead, version in (("L1", 1), ("L2", 1), ("L1", 2)):
        store.commit(Commit(LeadState(lead, version=version), transition=transition(lead, version)))
    store.commit(Commit(LeadState("L1", version=3)))
    assert [said.id for said in store.stream] == ["L1-1", "L2-1", "L1-2"]


def test_queue_topic_and_failed_events_keep_what_they_got() -> None:
    queue, topic, failed = MemoryQueue(), MemoryTopic(), MemoryFailedEvents()
    queue.send(["a", "b"])
    assert (queue.take(), queue.take()) == (["a", "b"], [])
    topic.publish(body="x", attributes={"route": ["sales"]})
    assert topic.published == [("x", {"route": ["sales"]})]
    failed.put(raw="x", code="c", reason="first", at=1)
    failed.put(raw="x", code="c", reason="again", at=2)
    assert [kept.reason for kept in failed.kept.values()] == ["again"]


def test_a_lost_acknowledgement_is_a_message_sent() -> None:
    queue = MemoryQueue(after_call=crash)
    with pytest.raises(Crash):
        queue.send(["a"])
    assert queue.bodies == ["a"]
