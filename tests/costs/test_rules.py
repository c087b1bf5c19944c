"""The rules and events that engines are compared on: what there is to do, whoever does it. Needs no other engine."""

from itertools import chain

import pytest

from tests.bench.ours import fold_history, points_by_event
from tests.bench.rescore import PerLead, Projection, Rescored
from tests.bench.rules import TIMED, Load, Moment, histories, load_of, model_of, rules

RULES = 100


@pytest.fixture(scope="module")
def moments() -> list[Moment]:
    return list(chain.from_iterable(histories(20)))


def loaded(number: int, moments: list[Moment], *, narrow: bool = False) -> Load:
    return load_of(rules(number, narrow=narrow), moments)


def test_a_hundred_rules_are_as_many_conditions_candidates_and_matches_as_is_said(moments: list[Moment]) -> None:
    load = loaded(RULES, moments)

    assert sum(rule.of_fit for rule in rules(RULES)) == 20
    assert (load.rules, load.conditions) == (100, 216)
    assert load.candidates == 36
    assert 9.5 < load.matches < 10.5


def test_ten_times_the_rules_ask_ten_times_as_much_of_events_and_as_much_of_traits(moments: list[Moment]) -> None:
    few, many = loaded(RULES, moments), loaded(10 * RULES, moments)

    assert sum(rule.of_fit for rule in rules(10 * RULES)) == 20
    assert (few.candidates - 20) * 12 < many.candidates - 20 < (few.candidates - 20) * 12.5
    assert many.matches > 7 * few.matches


def test_narrow_rules_match_no_more_often_however_many_they_are(moments: list[Moment]) -> None:
    few, many = loaded(RULES, moments), loaded(10 * RULES, moments, narrow=True)

    assert few.matches < many.matches < 1.05 * few.matches


def test_histories_are_the_same_each_time_and_in_order() -> None:
    assert histories(3) == histories(3)
    for history in histories(3):
        orders = [moment.event.order for moment in history]
        assert orders == sorted(orders)


def test_our_engine_gives_the_points_that_the_rules_say() -> None:
    every = rules(RULES)
    model = model_of(every)
    for history in histories(6):
        expected = [sum(rule.points for rule in every if rule.matches(moment.facts)) for moment in history]

        assert points_by_event([moment.event for moment in history], model) == expected


@pytest.mark.parametrize("feature", TIMED)
def test_every_feature_that_is_timed_has_something_to_do(feature: str) -> None:
    every = rules(RULES)
    plain, featured = model_of(every), model_of(every, features=[feature])
    folded = [[moment.event for moment in history] for history in histories(6)]

    assert [fold_history(events, plain) for events in folded] != [fold_history(events, featured) for events in folded]


def test_a_rescoring_costs_what_its_leads_cost_by_their_shares() -> None:
    free = PerLead(write=0, read=0, calls=1, cpu=0.001)
    paid = PerLead(write=1, read=4, calls=3, cpu=0.002)
    rescored = Rescored(stays=free, score_changes=paid, stage_changes=paid, entry_bytes=64)
    projection = Projection(rescored, leads=1_000, score_changes=0.5, stage_changes=0.1)

    assert projection.write_units == pytest.approx(600)
    assert projection.read_units == pytest.approx(2_400 + 1_000 * 64 / 8_192)
    assert projection.dollars["writes"] == pytest.approx(600 * 0.625 / 1_000_000)
    assert projection.seconds["4,000 write units a second"] == pytest.approx(0.15)
