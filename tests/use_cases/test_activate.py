"""Which version is in force, and the way back."""

import pytest

from leadscore.adapters.memory import MemoryModelVersions
from leadscore.use_cases.activate import NothingBefore, activate, goes_back_to, roll_back
from leadscore.use_cases.ports import Activation, VersionConflict
from tests.leads import NOON, small_model


def put(versions: MemoryModelVersions, text: str, *, tells: bool = False) -> Activation:
    """Push a text and put it into force."""
    version, _ = versions.push("small", text, at=NOON)
    return activate(version=version, model=small_model(), tells=tells, versions=versions, now=NOON)


def in_force(versions: MemoryModelVersions) -> tuple[int, int]:
    """The activation, and which version that is."""
    present = versions.in_force()
    assert present is not None
    return present.activation, present.version


@pytest.fixture
def versions() -> MemoryModelVersions:
    return MemoryModelVersions()


def test_the_first_activation_follows_that_of_the_model_that_ships(versions: MemoryModelVersions) -> None:
    first = put(versions, "one", tells=True)
    assert first == Activation(2, "small", 1, NOON, ("new", "warm", "mql", "sql"), tells=True)
    assert versions.in_force() == first


def test_a_rollback_is_a_new_activation_of_the_version_before(versions: MemoryModelVersions) -> None:
    put(versions, "one")
    put(versions, "two", tells=True)
    back = roll_back(tells=False, versions=versions, now=NOON + 1)
    assert (back.activation, back.version, back.activated_at, back.tells) == (4, 1, NOON + 1, False)
    assert in_force(versions) == (4, 1)
    assert [(then.activation, then.version) for then in versions.activations()] == [(4, 1), (3, 2), (2, 1)]


def test_two_rollbacks_are_two_steps_back_and_not_there_and_back(versions: MemoryModelVersions) -> None:
    for text in ("one", "two", "three"):
        put(versions, text)
    roll_back(tells=False, versions=versions, now=NOON)
    assert in_force(versions) == (5, 2)
    roll_back(tells=False, versions=versions, now=NOON)
    assert in_force(versions) == (6, 1)
    with pytest.raises(NothingBefore):
        roll_back(tells=False, versions=versions, now=NOON)
    assert in_force(versions) == (6, 1)


def test_what_is_activated_after_a_rollback_goes_back_to_where_the_rollback_went(versions: MemoryModelVersions) -> None:
    for text in ("one", "two"):
        put(versions, text)
    roll_back(tells=False, versions=versions, now=NOON)
    put(versions, "three")
    roll_back(tells=False, versions=versions, now=NOON)
    assert in_force(versions) == (6, 1)


def test_a_version_that_is_activated_twice_is_no_step_of_its_own(versions: MemoryModelVersions) -> None:
    for text in ("one", "two", "two"):
        put(versions, text)
    assert in_force(versions) == (4, 2)
    earlier = goes_back_to(versions)
    assert earlier is not None
    assert earlier.version == 1


def test_where_nothing_was_in_force_there_is_nothing_to_go_back_to(versions: MemoryModelVersions) -> None:
    assert goes_back_to(versions) is None
    with pytest.raises(NothingBefore):
        roll_back(tells=False, versions=versions, now=NOON)


def test_of_two_that_activate_at_once_one_is_told(versions: MemoryModelVersions) -> None:
    put(versions, "one")

    def somebody_else(call: str) -> None:
        if call == "put_into_force":
            versions.before_call = lambda _: None
            put(versions, "theirs")

    versions.before_call = somebody_else
    with pytest.raises(VersionConflict):
        put(versions, "ours")
    assert versions.text("small", in_force(versions)[1]) == "theirs"
