"""Random interleavings of several workers with crashes, redeliveries, lost answers and client duplicates.

Every run ends with the oracle of `World.check`. The mutants are plausible mistakes of this project's own: the same
runs must find each of them, or they prove nothing.
"""

import pytest

from leadscore.use_cases.rescore import Rescoring, Tally
from tests.use_cases.mutants import MUTANTS
from tests.use_cases.world import interleave

RUNS = 2_000
SHARE = 250


@pytest.mark.parametrize("first", range(0, RUNS, SHARE))
def test_any_interleaving_ends_in_the_fold_of_the_log(first: int) -> None:
    tally = Tally()
    for seed in range(first, first + SHARE):
        try:
            tally.add(interleave(seed).tally)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    # A run in which nobody got in anybody's way would prove nothing.
    assert min(tally.duplicates, tally.full_folds, tally.conflicts, tally.transitions) > SHARE


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_each_plausible_mistake_is_found(mutant: type[Rescoring]) -> None:
    for seed in range(RUNS):
        try:
            interleave(seed, rescoring_type=mutant)
        except AssertionError:
            return
    pytest.fail(f"{RUNS} runs found nothing wrong with {mutant.__doc__}")
