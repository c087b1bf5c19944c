"""Events from files: what a line means, what is wrong with one, and what counts once."""

import json
from typing import Any

import pytest

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.use_cases.history import History, read_history
from tests.leads import HOUR, NOON

AT = "2026-03-01T10:00:00Z"
TRACK = {"type": "track", "event": "Signed Up", "userId": "ada", "timestamp": AT}


def read(*lines: Any, trust: Trust = Trust.SERVER, as_of: int = NOON) -> History:
    text = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return read_history([("events.jsonl", text)], as_of=as_of, trust=trust)


def only(*lines: Any, **options: Any) -> LeadEvent:
    history = read(*lines, **options)
    assert not history.bad_lines
    (event,) = history.events
    return event


def reason(line: Any) -> str:
    (bad,) = read(line).bad_lines
    return bad.reason


def test_a_call_is_the_event_that_the_door_would_make_of_it() -> None:
    event = only({**TRACK, "messageId": "m1", "properties": {"plan": "team"}})

    assert (event.name, event.call, event.trust, event.occurred_at) == (
        "Signed Up",
        "track",
        Trust.SERVER,
        NOON - 2 * HOUR,
    )
    assert (event.home, event.properties) == (Identifier("user_id", "ada"), {"plan": "team"})


@pytest.mark.parametrize("trust", list(Trust))
def test_a_line_is_believed_as_far_as_it_says_or_else_as_the_operator_says(trust: Trust) -> None:
    said = only({**TRACK, "source": trust.name.lower()})

    assert (said.trust, said.source) == (trust, trust.name.lower())
    assert only(TRACK, trust=trust).trust is trust


def test_a_form_is_what_a_person_declared() -> None:
    event = only({"form": "demo", "fields": {"job_title": "CTO"}, "userId": "ada", "timestamp": AT, "source": "public"})

    assert (event.call, event.trust, event.properties["form"]) == ("form", Trust.DECLARED, "demo")
    assert (event.traits["title"], event.occurred_at) == ("CTO", NOON - 2 * HOUR)


def test_a_line_without_a_time_happened_at_the_moment_of_looking() -> None:
    assert only({**TRACK, "timestamp": None}).occurred_at == NOON


def test_an_exported_timestamp_is_believed_though_the_client_says_when_it_sent() -> None:
    exported = {**TRACK, "sentAt": "2026-03-01T10:30:00Z", "receivedAt": "2026-03-01T11:00:00Z"}
    assert only(exported).occurred_at == NOON - 2 * HOUR


def test_an_original_timestamp_is_corrected_by_the_clocks_error() -> None:
    sent = {**TRACK, "originalTimestamp": AT, "sentAt": "2026-03-01T10:30:00Z", "receivedAt": "2026-03-01T11:30:00Z"}
    assert only({**sent, "timestamp": None}).occurred_at == NOON - HOUR


def test_what_happens_later_is_counted_and_left_out() -> None:
    history = read(
        TRACK, {**TRACK, "timestamp": "2026-03-01T12:00:00.001Z"}, {**TRACK, "timestamp": "2026-03-01T12:00Z"}
    )

    assert [event.occurred_at for event in history.events] == [NOON - 2 * HOUR, NOON]
    assert history.later == 1


@pytest.mark.parametrize("line", [{**TRACK, "messageId": "m1"}, TRACK, {**TRACK, "timestamp": None}])
def test_a_line_that_is_there_twice_counts_once(line: dict[str, Any]) -> None:
    in_another_order = dict(reversed(line.items()))
    history = read(line, in_another_order)

    assert (len(history.events), history.duplicates, history.bad_lines) == (1, 1, [])


def test_lines_without_an_id_that_differ_in_anything_are_two_events() -> None:
    assert len(read(TRACK, {**TRACK, "properties": {"plan": "team"}}).events) == 2
    assert len(read({**TRACK, "timestamp": None}, {**TRACK, "timestamp": None, "event": "Other"}).events) == 2


def test_another_event_under_a_used_id_is_a_bad_line() -> None:
    history = read({**TRACK, "messageId": "m1"}, {**TRACK, "messageId": "m1", "event": "Other"})

    assert [event.name for event in history.events] == ["Signed Up"]
    assert [str(bad) for bad in history.bad_lines] == [
        "events.jsonl:2: another event has this id already: give every event an id of its own"
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{no", "the line is not valid JSON"),
        (b"\xff\xfe", "the line is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        ([TRACK], "one JSON object"),
        ({**TRACK, "type": "trakc"}, "`type` must be one of"),
        ({**TRACK, "type": ["track"]}, "`type` must be one of"),
        ({**TRACK, "userId": None}, "no usable `userId`"),
        ({**TRACK, "timestamp": "yesterday"}, "`timestamp` is not a time"),
        ({**TRACK, "source": "website"}, "`source` must be one of public, declared, server"),
        ({**TRACK, "properties": "team"}, "`properties` must be a JSON object"),
        ({"form": "demo", "fields": ["ada"]}, "`fields` a JSON object"),
        ({"form": 7}, "`form` must be the form's name"),
        ({"form": "De mo", "userId": "ada"}, "a form's name has"),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_quotes_nothing(line: Any, words: str) -> None:
    found = reason(line)

    assert words in found
    assert "ada" not in found
    assert "yesterday" not in found


def test_bad_lines_do_not_stop_their_neighbours_and_empty_ones_are_none() -> None:
    history = read(b"", TRACK, b"{", b"  \n")

    assert len(history.events) == 1
    assert [bad.number for bad in history.bad_lines] == [3]
    assert not history.nothing_was_read
    assert read(b"{").nothing_was_read
    assert not read(b"").nothing_was_read


def test_an_alias_to_oneself_says_nothing() -> None:
    assert read({"type": "alias", "userId": "ada", "previousId": "ada"}).events == []
