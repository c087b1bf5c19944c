"""What travels on the events queue comes out of it as it went in, and takes no more room than it must."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.adapters.events_queue import _BATCH_BYTES_MAX, _BATCH_MESSAGES_MAX
from leadscore.use_cases.messages import UnreadableMessage, event_bodies, events_body, read_message
from tests.ingest.door import NOON, Door
from tests.leads import event

WORDS = st.none() | st.booleans() | st.integers(0, 1) | st.sampled_from(["a", "b"]) | st.just({"nested": [1, True]})


@given(st.lists(st.dictionaries(st.sampled_from(["page", "locale", "consent"]), WORDS), max_size=4))
def test_events_come_out_as_they_went_in_whatever_they_have_in_common(contexts: list[dict[str, Any]]) -> None:
    events = [replace(event(at=NOON + place), context=context) for place, context in enumerate(contexts)]
    read = read_message(events_body("t", events)).events
    assert json.dumps([dict(sorted(one.context.items())) for one in read]) == json.dumps(
        [dict(sorted(one.context.items())) for one in events]
    )
    assert read == tuple(events)


def test_what_a_batch_says_once_is_said_once_in_each_message() -> None:
    context = {"library": {"name": "x"}, "screen": "y" * 1_600}
    item = {"type": "track", "event": "Clicked", "properties": {"number": 1}}
    batch = [{**item, "userId": f"user-{number}", "messageId": f"{number:032x}"} for number in range(2_500)]
    door = Door()
    assert door.post("/v1/batch", {"batch": batch, "context": context}).status == 200

    assert [one.context["screen"] for one in door.events] == ["y" * 1_600] * 2_500
    bodies = door.queue.bodies
    assert sum(map(len, bodies)) < 10 * _BATCH_BYTES_MAX
    assert len(bodies) <= 10 * _BATCH_MESSAGES_MAX, "ten calls take them"


def test_an_event_that_cannot_be_read_beside_ones_that_share_something_fails_alone() -> None:
    shared = {"locale": "de"}
    body = json.loads(events_body("t", [replace(event(at=NOON + place), context=shared) for place in range(2)]))
    assert body["context"] == shared
    good = body["events"][0]
    for bad in (None, {}, {**good, "context": None}, {**good, "id": 1}):
        message = read_message(json.dumps({**body, "events": [bad, good]}))
        assert ([one.context for one in message.events], [one.raw for one in message.unreadable]) == ([shared], [bad])


@pytest.mark.parametrize("context", [1, "x", ["a"]])
def test_what_no_events_can_share_makes_no_message(context: Any) -> None:
    body = json.loads(next(event_bodies([event(), event(at=NOON + 1)], lambda: "t")))
    message = {**body, "context": context}
    try:
        assert read_message(json.dumps(message)).events == ()
    except UnreadableMessage:
        return
