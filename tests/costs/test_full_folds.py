"""Reading all events of a lead instead of its state has to stay rare, duplicates and late messages or not."""

from tests.bench.full_folds import FULL_FOLDS_PER_EVENT_MAX, simulate
from tests.bench.visits import NAMED


def test_late_and_repeated_messages_hardly_ever_need_a_full_fold() -> None:
    tally, _ = simulate(NAMED, visitors=400)

    assert tally.duplicates > 100
    assert tally.full_folds / tally.events < FULL_FOLDS_PER_EVENT_MAX
