"""A lead's state stays one write unit, whatever the lead has done."""

from tests.bench.item_size import WRITE_UNIT_BYTES
from tests.bench.state_size import EVENTS, measure


def test_the_state_of_a_lead_that_did_everything_fits_one_write_unit() -> None:
    busy = measure()

    assert busy.state.folded_count == EVENTS
    assert not busy.missing, "every line of the shipped model is there"
    assert busy.size < WRITE_UNIT_BYTES
