"""Events with very many parts: a fold has all of a lead's at hand, and anybody may send such events."""

import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from leadscore.adapters.dynamodb_event import PackedEvent, event_from, event_values
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import fold
from tests.leads import DAY, NOON, event, small_model

MODEL = small_model()
HEAVY: list[dict[str, Any]] = [
    {"parts": [{} for _ in range(10_000)]},
    {"parts": [number / 2 for number in range(5_000)]},
    {"parts": {str(number): [number] for number in range(300)}},
    {"text": "x" * 30_000},
]


def logged(said: LeadEvent) -> LeadEvent:
    return event_from(event_values(said, "token"))


@pytest.mark.parametrize("parts", HEAVY)
def test_a_heavy_event_says_what_was_logged(parts: dict[str, Any]) -> None:
    said = replace(event(properties=parts, traits={"title": "Director"}), context={"machine": False})
    read = logged(said)
    assert isinstance(read, PackedEvent)
    assert read == said == read
    assert (read.properties, read.traits, read.context) == (parts, said.traits, said.context)
    assert (read.order, read.short, read.home) == (said.order, said.short, said.home)
    assert read != replace(said, properties={})


@pytest.mark.parametrize("parts", [{}, {"path": "/pricing", "list": list(range(50))}])
def test_a_usual_event_is_one_like_any_other(parts: dict[str, Any]) -> None:
    assert type(logged(event(properties=parts))) is LeadEvent


def test_heavy_events_are_folded_like_others() -> None:
    names = ["White Paper Read", "Page Viewed", "Demo Requested", "Email Link Clicked"]
    said = [
        event(names[n % 4], at=NOON + n, properties={**HEAVY[n % 4], "path": "/careers"}, traits={"title": "Director"})
        for n in range(12)
    ]
    state, profile = fold(map(logged, said), MODEL, activation=1, lead="x", as_of=NOON + DAY)
    assert (state, profile) == fold(said, MODEL, activation=1, lead="x", as_of=NOON + DAY)
    assert state.stage == "sql"


@pytest.mark.parametrize("parts", HEAVY)
def test_very_many_heavy_events_fit_into_a_worker(parts: dict[str, Any]) -> None:
    said = [event(at=NOON + n, trust=Trust.PUBLIC, properties=parts) for n in range(60)]
    items = [event_values(item, "token") for item in said]
    tracemalloc.start()
    read = [event_from(item) for item in items]
    before = tracemalloc.get_traced_memory()[0]
    fold(read, MODEL, activation=1, lead="x", as_of=NOON + DAY)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert before / len(read) < 4_096, "a read event is small"
    # What was unpacked last is still at hand, whatever the number of events.
    assert (kept - before) / len(read) < 300_000
