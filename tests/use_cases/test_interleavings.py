"""Random interleavings of several workers with crashes, redeliveries, lost answers and client duplicates.

Every run ends with the oracle of `World.check`. The mutants are plausible mistakes of this project's own: the same
runs must find each of them, or they prove nothing.
"""

import pytest

from leadscore.adapters.memory import MemoryStore
from leadscore.domain.state import RECENT_MAX
from leadscore.use_cases.messages import events_body
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Tally
from tests.leads import NOON, event
from tests.use_cases.mutants import MUTANTS
from tests.use_cases.world import MARKS_MAX, World, check, everything, interleave

RUNS = 2_000
SHARE = 250


@pytest.fixture(autouse=True)
def _few_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that keeps hardly any marks, so that they leave it often."""
    monkeypatch.setattr("leadscore.domain.repetition.MARKS_MAX", MARKS_MAX)


@pytest.mark.parametrize("first", range(0, RUNS, SHARE))
def test_any_interleaving_ends_in_the_fold_of_the_log(first: int) -> None:
    tally, unwritten = Tally(), 0
    for seed in range(first, first + SHARE):
        try:
            world = interleave(seed)
            tally.add(world.tally)
            unwritten += world.unwritten
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    # A run in which nobody got in anybody's way would prove nothing.
    assert min(tally.duplicates, tally.full_folds, tally.conflicts, tally.transitions) > SHARE
    assert unwritten > SHARE / 25


def full_fold_beside_a_commit(rescoring_type: type[Rescoring]) -> None:
    """While a worker is about to commit a late event, another folds the whole log, that event among many others."""
    visit = [event(at=NOON + number * 1000, message=f"page {number}") for number in range(RECENT_MAX + 4)]
    late = event(at=NOON + 1500, message="late")
    store = MemoryStore()
    world = World(store, store, rescoring_type)
    world.score([("first", events_body("first", visit[:1]))])
    for page in visit[1:]:
        store.put(page, token="of a worker that died")

    def fold_first(call: str) -> None:
        if call == "commit":
            store.before_call = lambda _: None
            world.score([("again", events_body("of a worker that died", visit[1:]))])

    store.before_call = fold_first
    world.score([("late", events_body("late", [late]))])
    check(everything(store), accepted=[*visit, late], model=world.models.model)


def test_what_a_full_fold_took_in_is_not_stepped_in_again() -> None:
    full_fold_beside_a_commit(Rescoring)


def find_mistake(rescoring_type: type[Rescoring]) -> None:
    """Raises AssertionError where a run or the scene above ends wrong."""
    full_fold_beside_a_commit(rescoring_type)
    for seed in range(RUNS):
        interleave(seed, rescoring_type=rescoring_type)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_each_plausible_mistake_is_found(mutant: type[Rescoring]) -> None:
    with pytest.raises(AssertionError):
        find_mistake(mutant)
