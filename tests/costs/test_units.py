"""Request units per event, exactly: what an event costs is a promise. `make bench` prints the same figures."""

from collections.abc import Callable

import pytest

from tests.bench import units
from tests.bench.browser import PATHS, json_bytes
from tests.bench.scoring import NOON
from tests.bench.units import BATCH_SIZES, READ_UNITS_MAX, Cost, Leads

pytestmark = pytest.mark.ministack


def test_the_calls_are_as_large_as_a_browsers(leads: Leads) -> None:
    person = leads.visitor().known_as("usr_01J8Z3K4M5N6P7Q8R9S0T1V2W3")
    calls = [person.page(path, NOON) for path in PATHS]
    calls.append(person.track("Content Downloaded", NOON, units.DOWNLOAD))

    assert 1_100 < sum(map(json_bytes, calls)) / len(calls) < 1_250


def test_an_event_of_a_known_lead_takes_two_write_units(leads: Leads) -> None:
    assert [cost.write for cost in units.single_events(leads)] == [2.0, 2.0]


@pytest.mark.parametrize("size", BATCH_SIZES)
def test_events_of_a_lead_that_arrive_together_share_one_state_write(leads: Leads, size: int) -> None:
    for cost in units.batches(leads, size):
        assert cost.bill.write_units == size + 1


@pytest.mark.parametrize("size", BATCH_SIZES)
def test_ordinary_activity_writes_no_index_entry(leads: Leads, size: int) -> None:
    for cost in (*units.single_events(leads), *units.batches(leads, size)):
        assert cost.bill.indexed.total() == 0


@pytest.mark.parametrize("size", BATCH_SIZES)
def test_reading_takes_at_most_two_units_an_event_identities_included(leads: Leads, size: int) -> None:
    for cost in (*units.single_events(leads), *units.batches(leads, size)):
        assert 0 < cost.read <= READ_UNITS_MAX


@pytest.mark.parametrize(
    ("measure", "write_units"),
    [
        # Identity 1, event 1; state, birth and home 2 each, as a transaction; an entry in both indexes.
        (units.first_contact, 10),
        # And then an event and a state each.
        (units.visit, 10 + 2 + 2),
        (units.visit_at_once, 10 + 1 + 1),
        # Event 1; state and transition 2 each; out of one list and into the other.
        (units.stage_change, 7),
        # Two names at 6 each: lead open, owner, claim. Event 1; state, profile and home 2 each.
        (units.identified, 19),
        (units.merge, 20),
        (units.nothing_new, 5),
        (units.late_event, 2),
        (units.duplicate, 1),
        (units.redelivery, 1),
        (units.early_tick, 0),
        (units.decay_step, 3),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_rare_costs_no_more_than_it_must(
    leads: Leads, measure: Callable[[Leads], Cost], write_units: int
) -> None:
    assert measure(leads).bill.write_units <= write_units


def test_a_tick_that_finds_nothing_to_do_writes_only_a_new_timer(leads: Leads) -> None:
    tick = units.tick_with_nothing_to_do(leads)

    assert tick.writes_only_a_timer
    assert tick.after.due_at is not None
    assert tick.before.due_at is not None
    assert tick.after.due_at > tick.before.due_at
    assert (tick.cost.bill.written, dict(tick.cost.bill.indexed)) == (1, {"due": 2})
