"""The bound of a state's size holds, whatever the model and the history, and says what it is made of."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_state import state_values
from leadscore.adapters.state_bound import (
    DOLLARS_PER_MILLION_WRITE_UNITS,
    ITEM_BYTES_MAX,
    state_bytes_max,
    write_units,
)
from leadscore.contracts.model_file import load_model
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent
from leadscore.domain.fold import fold
from tests.bench.item_size import item_bytes
from tests.bench.price import MILLION, WRITE_UNIT
from tests.contracts.generated_models import models
from tests.domain.generated import histories

STAGES = "model: m\nstages: [stage: new]\n"
LEAD = "0" * 22


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(models(), histories())
def test_no_state_is_larger_than_the_bound_of_its_model(document: dict[str, Any], events: list[LeadEvent]) -> None:
    model = compile_model(document)
    state, _ = fold(events, model, activation=1, lead=LEAD, as_of=events[-1].occurred_at)
    assert item_bytes(to_item(state_values(state))) <= state_bytes_max(document).bytes_max


def parts(text: str) -> dict[str, int]:
    """What a model's text adds to the bound of one that says nothing."""
    plain = state_bytes_max(load_model(STAGES, name="m")).most
    return {
        name: size - plain[name]
        for name, size in state_bytes_max(load_model(STAGES + text, name="m")).most.items()
        if size != plain[name]
    }


RULE = "engagement: [{{rule: R, event: X, points: 5, {}}}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fit: [{rule: R, points: 1, when: {a: [b]}}]", {"lines": 16}),
        (RULE.format("score: engagement"), {"lines": 16}),
        (RULE.format("once: true"), {"lines": 16, "limits": 17}),
        (RULE.format("count: {at_least: 3, within: visit}"), {"lines": 16, "counts": 19}),
        (RULE.format("count: {at_least: 3, within: 7d}"), {"lines": 16, "counts": 22}),
        (RULE.format("after: {event: Y, within: 7d}"), {"lines": 16, "sequences": 10}),
        (RULE.format("once_per: event"), {"lines": 16, "marks": 144}),
        (RULE.format("decay: {half_life: 30d}"), {"lines": 32, "pools": 22}),
        (RULE.format("decay: {expire_after: 14d}"), {"lines": 32, "pools": 8, "cells of pools": 3370}),
        (RULE.format("decay: {percent: 50, every: 15d}"), {"lines": 32, "pools": 8, "cells of pools": 310}),
        (RULE.format("group: G") + "groups: [{group: G}]", {"lines": 16, "groups": 12}),
        ("public: {at_most: {points: 9}}", {"limits": 68}),
        ("inactivity: [{rule: R, after: 1d, take: 5}]", {"lines": 16, "inactivity": 13}),
        ("bursts: []", {"bursts": -632}),
    ],
)
def test_it_says_what_each_part_of_a_model_adds(text: str, expected: dict[str, int]) -> None:
    assert parts(text) == expected


def test_a_usual_lead_has_met_a_third_of_the_rules_and_a_tenth_of_the_cells() -> None:
    bound = state_bytes_max(load_model(STAGES + RULE.format("decay: {expire_after: 20d}"), name="m"))
    assert bound.usual["lines"] == -(-bound.most["lines"] // 3)
    assert bound.usual["cells of pools"] == 21
    assert bound.bytes_usual < bound.bytes_max


def test_rules_that_share_a_pool_count_it_once() -> None:
    rules = "engagement: [{rule: A, event: X, points: 1, group: G}, {rule: B, event: X, points: 1, group: G}]\n"
    of_group = "groups: [{group: G, decay: {half_life: 1d}}]\n"
    of_score = "groups: [{group: G}]\nscores: [{score: engagement, decay: {half_life: 1d}}]\n"
    assert parts(rules + of_group)["pools"] == parts(rules + of_score)["pools"] == 22


def test_each_kilobyte_begun_is_a_write_unit_at_the_price_that_the_bench_reckons_with() -> None:
    assert [write_units(size) for size in (1, 1024, 1025, 2049)] == [1, 1, 2, 3]
    assert pytest.approx(WRITE_UNIT * MILLION) == DOLLARS_PER_MILLION_WRITE_UNITS


def test_a_state_that_one_item_cannot_hold_is_told_apart() -> None:
    rules = ", ".join(
        f"{{rule: R{number}, event: X, points: 1, decay: {{expire_after: 3650d}}}}" for number in range(12)
    )
    bound = state_bytes_max(load_model(f"{STAGES}engagement: [{rules}]", name="m"))
    assert bound.bytes_max > ITEM_BYTES_MAX
    assert not bound.is_storable
