"""The fold against the oracle and against itself, on models and histories made by chance.

LEADSCORE_EXAMPLES sets how many each property is tried on (20000 for a night).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leadscore.adapters.dynamodb_state import state_from, state_values
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import OutOfOrder, advance, extend, fold
from leadscore.domain.model import Model
from leadscore.domain.reading import Reading, read_state
from leadscore.domain.state import LeadState, Profile, same_fold
from leadscore.domain.uncounted import is_of_own_lead
from tests.contracts.generated_models import models
from tests.domain.generated import AFTER, histories
from tests.domain.reference import Outcome, reference, reference_next_change_at
from tests.leads import DAY, HOUR, NOON, event

EXAMPLES = int(os.environ.get("LEADSCORE_EXAMPLES", "150"))

chance = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="LEADSCORE_EXAMPLES" not in os.environ,
    database=None,
    # Explaining a failure takes a minute, and a minimal example says the same.
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def folded(events: list[LeadEvent], model: Model, as_of: int) -> tuple[LeadState, Profile]:
    return fold(events, model, activation=1, lead="x", as_of=as_of)


def last(events: list[LeadEvent]) -> int:
    return max(event.occurred_at for event in events)


def sums_of(reading: Reading) -> dict[str, int]:
    """What the lines of each score come to; those of the grade are thirds of a letter, and held by the oracle."""
    every = [*reading.explanation, *(line for lines in reading.explanations.values() for line in lines)]
    sums = {score: sum(line.points for line in every if line.score == score) for score in reading.scores}
    return sums | {"total": sum(line.points for line in reading.explanation)}


type Lines = dict[tuple[str, str], tuple[int, int, int]]


BOUND = re.compile("(?:Cap of|Floor of|Cap and floor of) ")


def comparable(lines: Mapping[tuple[str, str], tuple[int, int, int]]) -> Lines:
    """The lines of caps and floors are worked out at reading: they have points alone, and of one owner one line.

    How often a decay has taken is no fact: it is as often as anybody looks.
    """
    told: Lines = {}
    for (score, rule), (points, times, last_at) in lines.items():
        if BOUND.match(rule):
            name = BOUND.sub("Bounds of ", rule)
            told[score, name] = (points + told.get((score, name), (0, 0, 0))[0], 0, 0)
        else:
            told[score, rule] = (points, 1 if rule.startswith("Decay of ") else times, last_at)
    return {name: line for name, line in told.items() if line != (0, 0, 0)}


def lines_of(reading: Reading) -> Lines:
    every = [*reading.explanation, *(line for lines in reading.explanations.values() for line in lines)]
    return {(line.score, line.rule): (line.points, line.times, line.last_at) for line in every}


def standing(read: Reading | Outcome) -> dict[str, Any]:
    return {
        "total": read.total,
        "scores": dict(read.scores),
        "grade": read.grade,
        "matrix": read.matrix,
        "priority": read.priority,
        "stage": read.stage,
        "lists": sorted(read.lists),
    }


def news(reading: Reading) -> tuple[Any, ...]:
    return (reading.total, reading.scores, reading.grade, reading.stage, reading.lists)


def assert_agreement(document: dict[str, Any], events: list[LeadEvent], state: LeadState, at: int) -> None:
    reading, expected = read_state(state, compile_model(document)), reference(document, events, at)
    assert standing(reading) == standing(expected)
    assert comparable(lines_of(reading)) == comparable(expected.lines)


@given(models(), histories(), AFTER, AFTER)
@chance
def test_the_fold_says_what_the_oracle_says(
    document: dict[str, Any], events: list[LeadEvent], after: int, later: int
) -> None:
    model, as_of = compile_model(document), last(events) + after
    state = folded(events, model, as_of)[0]
    assert_agreement(document, events, state, as_of)
    assert_agreement(document, events, advance(stored(state), model, to=as_of + later), as_of + later)


def rule(name: str, points: int, **words: Any) -> dict[str, Any]:
    return {"rule": name, "event": name, "points": points, **words}


TWO_SIGNALS = [{"stage": "new"}, {"stage": "mql", "at": 1, "signals": 2}]
PAGE, MAIL, LINK = "Page Viewed", "Email Opened", "Email Link Clicked"
LINKS = [event(LINK, message=str(number), properties={"url": f"/{number}"}) for number in range(5)]

#: What chance meets rarely.
CORNERS: dict[str, tuple[dict[str, Any], list[LeadEvent], int]] = {
    "a withdrawn click is no signal": (
        {"engagement": [rule(LINK, 5), rule(PAGE, 5)], "stages": TWO_SIGNALS},
        [*LINKS, event(PAGE, at=NOON + 5000)],
        0,
    ),
    "signals of the moment of a reset that come after it count": (
        {"engagement": [rule(MAIL, 5), rule(PAGE, 5)], "stages": TWO_SIGNALS},
        [
            *sorted([event("Score Reset"), *(event(MAIL, message=str(n)) for n in range(9))], key=lambda e: e.order),
            event(PAGE, at=NOON + 1),
        ],
        0,
    ),
    "a rule under a cap is a signal": (
        {
            "engagement": [rule(MAIL, 5, group="G"), rule(PAGE, 5, group="G")],
            "groups": [{"group": "G", "cap": 5}],
            "stages": TWO_SIGNALS,
        },
        [event(MAIL), event(PAGE, at=NOON + 1)],
        0,
    ),
    "linear points of one hour age together from the last of them": (
        {"engagement": [rule(PAGE, 10, decay={"percent": 50, "every": "30m"})]},
        [event(PAGE), event(PAGE, at=NOON + HOUR // 2)],
        HOUR // 4,
    ),
    "linear points that are gone take nothing from later ones": (
        {"engagement": [rule(PAGE, 5, decay={"percent": 10, "every": "30m"})]},
        [event(PAGE), event(PAGE, at=NOON + 69 * DAY)],
        4 * HOUR,
    ),
    "a rule of no points may say that they expire": (
        {"engagement": [rule(PAGE, 0, decay={"expire_after": "2h"})]},
        [event(PAGE)],
        3 * HOUR,
    ),
    "points that cancel out expire": (
        {
            "engagement": [rule(PAGE, 5), rule(MAIL, -5)],
            "scores": [{"score": "engagement", "decay": {"expire_after": "2h"}}],
        },
        [event(PAGE), event(MAIL)],
        3 * HOUR,
    ),
    "a step that comes again wakes when there is something to take again": (
        {
            "engagement": [rule(PAGE, 25), rule(MAIL, 1)],
            "reset": [{"rule": "Off", "event": PAGE}],
            "inactivity": [{"rule": "Idle", "after": "45s", "every": "7h", "take": 1}],
        },
        [event(PAGE), event(MAIL, at=NOON + 26 * DAY)],
        DAY,
    ),
    "a step that comes again comes again, whatever it took last time": (
        {
            "engagement": [rule(PAGE, 5), rule(MAIL, 3, activity=False)],
            "inactivity": [{"rule": "Idle", "after": "7d", "every": "7d", "take": 5}],
        },
        [event(PAGE), event(MAIL, at=NOON + 15 * DAY)],
        6 * DAY,
    ),
    "decimals add up as they are written": (
        {"engagement": [rule(PAGE, 1, count={"at_least": 29, "of": "properties.seconds"})]},
        [event(PAGE, at=NOON + n, properties={"seconds": 0.29}) for n in range(100)],
        0,
    ),
    "an address that names nobody takes no better one's place": (
        {"engagement": [], "fit": [{"rule": "None", "points": -5, "when": {"email": ["none"]}}]},
        [
            event("Form Submitted", email="ada@x.example", traits={"email": "ada@x.example"}, trust=Trust.DECLARED),
            event("Form Submitted", at=NOON + 1, traits={"email": "none"}, trust=Trust.DECLARED),
        ],
        0,
    ),
    "a lead whose first event a machine made stands where its scores put it": (
        {"engagement": [], "stages": [{"stage": "new"}, {"stage": "warm", "at": 0}]},
        [replace(event(PAGE), context={"machine": True})],
        0,
    ),
}


@pytest.mark.parametrize("corner", CORNERS)
def test_the_fold_says_what_the_oracle_says_where_chance_seldom_comes(corner: str) -> None:
    sections, events, after = CORNERS[corner]
    document = {"model": "corner", "stages": [{"stage": "new"}], **sections}
    as_of = last(events) + after
    assert_agreement(document, events, folded(events, compile_model(document), as_of)[0], as_of)


@given(models(), histories(most=6), AFTER)
@chance
def test_the_next_change_is_when_the_oracle_sees_one(
    document: dict[str, Any], events: list[LeadEvent], after: int
) -> None:
    model, as_of = compile_model(document), last(events) + after
    reading = read_state(folded(events, model, as_of)[0], model)
    assert reading.next_change_at == reference_next_change_at(document, events, as_of)


@given(models(), histories(), AFTER, st.randoms(use_true_random=False))
@chance
def test_an_explanation_adds_up_and_neither_arrival_nor_the_table_changes_anything(
    document: dict[str, Any], events: list[LeadEvent], after: int, chance: Any
) -> None:
    model, as_of = compile_model(document), last(events) + after
    state = folded(events, model, as_of)[0]
    reading = read_state(state, model)
    assert sums_of(reading) == {"total": reading.total} | {score: reading.scores[score] for score in reading.scores}
    assert same_fold(folded(chance.sample(events, len(events)), model, as_of)[0], state)
    back = state_from(state_values(state))
    assert same_fold(back, state)
    assert (back.as_of, back.due_at) == (state.as_of, state.due_at)
    assert read_state(stored(state), model) == reading


def in_steps(parts: list[list[LeadEvent]], model: Model, as_of: int) -> LeadState:
    """Each part on top of the state of those before, as it comes out of the store. Raises OutOfOrder.

    The state is read at moments in between, too: at its last event, as after each commit.
    """
    first, *rest = parts
    state, profile = folded(first, model, last(first))
    for part in rest:
        extended, learned = extend(stored(state), part, model, profile=profile, as_of=last(part))
        state, profile = extended, learned or profile
    return advance(stored(state), model, to=max(as_of, state.as_of))


def stored(state: LeadState) -> LeadState:
    """The state as the table gives it back."""
    back = state_from(state_values(state))
    back.spilled = state.spilled
    return back


def split(events: list[LeadEvent], places: set[int]) -> list[list[LeadEvent]]:
    bounds = [0, *sorted(place for place in places if 0 < place < len(events)), len(events)]
    return [events[low:high] for low, high in pairwise(bounds)]


PLACES = st.sets(st.integers(1, 30), max_size=8)


@given(models(), histories(), AFTER, PLACES)
@chance
def test_steps_in_order_are_the_fold_of_all(
    document: dict[str, Any], events: list[LeadEvent], after: int, places: set[int]
) -> None:
    model, as_of = compile_model(document), last(events) + after
    ordered = sorted(events, key=lambda event: event.order)
    try:
        state = in_steps(split(ordered, places), model, as_of)
    except OutOfOrder:
        # A burst that shows late takes back what its first links gave, and who turns out to be of the own people all
        # that it had: that asks for a full fold.
        assert any(event.name in names_in_bursts(document) or is_of_own_lead(event) for event in events)
        return
    expected = folded(events, model, as_of)[0]
    assert same_fold(state, expected)
    assert read_state(state, model) == read_state(expected, model)


def names_in_bursts(document: Mapping[str, Any]) -> set[str]:
    default = [{"event": "Email Link Clicked"}]
    names = [burst["event"] for burst in document.get("bursts", default)]
    return {name for listed in names for name in ([listed] if isinstance(listed, str) else listed)}


@given(models(), histories(), AFTER, PLACES, st.randoms(use_true_random=False))
@chance
def test_late_events_are_folded_in_rightly_or_refused(
    document: dict[str, Any], events: list[LeadEvent], after: int, places: set[int], chance: Any
) -> None:
    model, as_of = compile_model(document), last(events) + after
    parts = split(chance.sample(events, len(events)), places)
    try:
        state = in_steps([sorted(part, key=lambda event: event.order) for part in parts], model, as_of)
    except OutOfOrder:
        return
    assert same_fold(state, folded(events, model, as_of)[0])


@given(models(), histories(), AFTER)
@chance
def test_nothing_changes_before_the_next_change_and_something_does_at_it(
    document: dict[str, Any], events: list[LeadEvent], after: int
) -> None:
    model, as_of = compile_model(document), last(events) + after
    state = folded(events, model, as_of)[0]
    before = read_state(state, model)
    at = before.next_change_at
    if at is None:
        assert news(read_state(advance(state, model, to=as_of + 400 * 86_400_000), model)) == news(before)
        return
    assert at > as_of
    for moment in {max(as_of, at - 1), at, at + 1}:
        moved = advance(stored(state), model, to=moment)
        assert same_fold(moved, folded(events, model, moment)[0])
        if moment == at:
            assert news(read_state(moved, model)) != news(before)
        elif moment < at:
            assert news(read_state(moved, model)) == news(before)
