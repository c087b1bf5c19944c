"""Whatever a sender that signs may send, it is an answer of ours: never an exception, never an event of nobody."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.webhooks.ses import read_invocation
from tests.ingest.door import NOON, Door
from tests.ingest.webhooks.senders import KINDS, new_door, recorded, signed

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("a@b.example")
NAMES = st.sampled_from(
    [
        "event",
        "email",
        "type",
        "data",
        "batch",
        "userId",
        "timestamp",
        "tags",
        "to",
        "payload",
        "answers",
        "field",
        "ref",
    ]
) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
BODIES: dict[str, list[Any]] = {}
for record in recorded():
    BODIES.setdefault(record.kind, []).append(record.body)
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    body = copy.deepcopy(body)
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return body


@st.composite
def deliveries(draw: st.DrawFn, kind: str) -> Any:
    """A recorded body with something else in one or two places, or anything at all."""
    if draw(st.integers(0, 4)) == 0:
        return draw(JSON)
    body = draw(st.sampled_from(BODIES[kind]))
    for _ in range(draw(st.integers(1, 2))):
        body = changed(body, draw(st.sampled_from(places(body))), draw(JSON))
    return body


def sendable(kind: str, body: Any) -> Any:
    return body if kind != "mailgun" or isinstance(body, dict) else {"event-data": body}


@pytest.mark.parametrize("kind", sorted(set(KINDS.values())))
def test_any_signed_json_gets_an_answer(kind: str) -> None:
    @FUZZ
    @given(deliveries(kind))
    def fuzz(body: Any) -> None:
        door: Door = new_door()
        try:
            sent = signed(kind, sendable(kind, body))
        except UnicodeEncodeError:  # Half an emoji: no sender can put that on the wire.
            return
        response = sent.to(door)
        assert response.status in {200, 400, 403, 406}
        assert door.reports == []
        assert all(event.identifiers for event in door.events)

    fuzz()


@FUZZ
@given(deliveries("ses"), st.booleans())
def test_any_record_of_ses_is_read_or_refused(body: Any, by_topic: bool) -> None:
    arrival = Arrival("newsletter", Trust.SERVER, NOON, lambda: "new")
    invocation = (
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(body)}}]}
        if by_topic
        else {"source": "aws.ses", "detail": body}
    )
    reading = read_invocation(invocation, arrival)
    assert all(event.identifiers for event in reading.events)


@FUZZ
@given(JSON)
def test_any_invocation_is_read_or_refused(invocation: Any) -> None:
    arrival = Arrival("newsletter", Trust.SERVER, NOON, lambda: "new")
    try:
        reading = read_invocation(invocation, arrival)
    except Rejected:
        return
    assert all(event.identifiers for event in reading.events)


@pytest.mark.parametrize("kind", sorted(set(KINDS.values())))
@FUZZ
@given(
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(["svix-id", "webhook-id", "webhook-timestamp"]), st.text(max_size=9)),
)
def test_any_unsigned_bytes_are_refused(kind: str, body: bytes, headers: dict[str, str]) -> None:
    door = new_door()
    assert door.post(f"/webhooks/{kind}", body, key=None, headers=headers).status in {400, 401, 403, 406}
    assert door.events == []
