"""A model beside the one in force: what leads would have, with nothing written."""

from collections.abc import Callable

import pytest

from leadscore.use_cases.compare import Compared
from leadscore.use_cases.shadow import WHOLE, Shadow, in_sample
from tests.leads import DAY, NOON, event, small_model
from tests.use_cases.test_rescore import CHEAPER, Desk


def in_turn(tasks: list[Callable[[], Compared]]) -> list[Compared | Exception]:
    return [task() for task in tasks]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    for number in range(40):
        desk.record(event("White Paper Read", user=f"user {number}"))
    return desk


def run(desk: Desk, *, sample: int = WHOLE, as_of: int = NOON) -> list[Compared]:
    shadow = Shadow(active=small_model(), shadow=small_model(stages=CHEAPER), as_of=as_of, sample=sample)
    stages = ["new", "warm", "mql"]
    return list(shadow.run(stages=stages, shards=desk.store, histories=desk.store, run_all=in_turn))


def places(lead: Compared) -> tuple[tuple[int, str], ...]:
    """Under the model in force, and under the other."""
    return tuple((course.total, course.stage) for course in lead.courses)


def test_every_lead_is_scored_by_both_models_and_nothing_is_written(desk: Desk) -> None:
    before = desk.store.all_states()
    found = run(desk)
    assert {lead.lead for lead in found} == set(before)
    assert {places(lead) for lead in found} == {((25, "warm"), (25, "mql"))}
    assert {lead.courses[1].reached["mql"].rule for lead in found} == {"White paper"}
    assert desk.store.all_states() == before


def test_all_leads_are_judged_at_one_moment(desk: Desk) -> None:
    assert {places(lead) for lead in run(desk, as_of=NOON + 31 * DAY)} == {((0, "new"), (0, "new"))}


def test_a_sample_is_always_the_same_part(desk: Desk) -> None:
    half = {lead.lead for lead in run(desk, sample=WHOLE // 2)}
    assert half == {lead for lead in desk.leads if in_sample(lead, WHOLE // 2)}
    assert 10 < len(half) < 30


def test_a_larger_sample_holds_the_smaller_one_and_each_has_its_size() -> None:
    leads = [f"lead{number}" for number in range(10_000)]
    small, large = ({lead for lead in leads if in_sample(lead, share)} for share in (1_000, 2_000))
    assert small < large
    assert 900 < len(small) < 1_100
    assert len([lead for lead in leads if in_sample(lead, WHOLE)]) == len(leads)
