"""A lead that another model changes nothing about: nothing is written for it, and nothing is lost by that."""

import pytest

from leadscore.domain.cause import Cause
from tests.leads import DAY, HOUR, NOON, event, total
from tests.use_cases.test_rescore import CHEAPER, Desk, activate

#: Matters to nobody who did not read a white paper.
DEARER = [
    {"rule": "Page", "event": "Page Viewed", "points": 1},
    {"rule": "White paper", "event": "White Paper Read", "points": 26},
]
EARLIER = [{"rule": "Quiet for 20 days", "after": "20d", "take": 50}]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.record(event("Page Viewed"))
    return desk


def test_a_tick_reads_its_events_and_writes_nothing(desk: Desk) -> None:
    before = desk.lead
    activate(desk, engagement=DEARER)
    assert desk.tick(Cause.MODEL) == ["read_states", "read_homes", "read"]
    assert desk.tick(Cause.MODEL) == ["read_states", "read_homes", "read"]
    assert desk.lead == before


def test_the_next_event_is_stepped_in_and_carries_the_activation(desk: Desk) -> None:
    activate(desk, engagement=DEARER)
    desk.tick(Cause.MODEL)
    desk.record(event("White Paper Read", at=NOON + 1))
    assert (desk.lead.activation, total(desk.lead), desk.lead.version) == (2, 27, 2)
    assert desk.lead.recent_since == 0  # The ring is whole: only a written full fold empties it.
    assert "read" not in desk.record(event("White Paper Read", at=NOON + 2))


def test_a_redelivery_of_what_was_folded_before_is_recognised_after_it(desk: Desk) -> None:
    desk.record(event("White Paper Read", at=NOON + 1), token="t")
    activate(desk)
    desk.tick(Cause.MODEL)
    desk.record(event("White Paper Read", at=NOON + 1), token="t")
    assert (total(desk.lead), desk.lead.version) == (26, 2)


def test_a_lead_whose_timer_would_come_too_late_is_written(desk: Desk) -> None:
    armed = desk.lead.due_at
    activate(desk, inactivity=EARLIER)
    assert "commit" in desk.tick(Cause.MODEL)
    assert armed is not None
    assert desk.lead.due_at == NOON + 20 * DAY < armed


def test_a_timer_that_comes_too_early_stays_and_is_set_anew_by_its_tick(desk: Desk) -> None:
    activate(desk, inactivity=[{"rule": "Quiet for 40 days", "after": "40d", "take": 50}])
    assert "commit" not in desk.tick(Cause.MODEL)
    desk.world.now = NOON + 30 * DAY
    desk.tick(Cause.TIME)
    assert (desk.lead.due_at, total(desk.lead), desk.lead.activation) == (NOON + 40 * DAY, 1, 2)
    assert "commit" not in desk.tick(Cause.TIME)


def test_what_time_takes_by_the_new_model_until_its_tick_is_taken_then(desk: Desk) -> None:
    desk.world.now = NOON + 25 * DAY
    activate(desk, inactivity=EARLIER)
    desk.tick(Cause.MODEL)
    assert (total(desk.lead), desk.lead.as_of) == (0, NOON + 25 * DAY)


def test_the_same_points_for_another_reason_are_a_change(desk: Desk) -> None:
    activate(desk, engagement=[{"rule": "Any page", "event": "Page Viewed", "points": 1}])
    assert "commit" in desk.tick(Cause.MODEL)


def test_rules_in_another_order_are_none(desk: Desk) -> None:
    activate(desk, engagement=list(reversed(DEARER)))
    assert "commit" not in desk.tick(Cause.MODEL)


def test_an_event_that_lies_unfolded_in_the_log_is_folded_in(desk: Desk) -> None:
    desk.store.put(event("Blog Subscribed", at=NOON + 1), token="of a worker that died")
    activate(desk)
    desk.tick(Cause.MODEL)
    assert (total(desk.lead), desk.lead.activation) == (3, 2)


def test_what_a_worker_that_is_still_behind_scores_is_brought_to_the_model_by_the_next(desk: Desk) -> None:
    models = desk.world.models
    behind = models.activation, models.model
    activate(desk, engagement=DEARER)
    noticed = models.activation, models.model
    desk.tick(Cause.MODEL)
    models.activation, models.model = behind
    desk.record(event("White Paper Read", at=NOON + 1))
    assert (desk.lead.activation, total(desk.lead)) == (1, 26)
    models.activation, models.model = noticed
    desk.record(event("White Paper Read", at=NOON + 2))
    assert (desk.lead.activation, total(desk.lead)) == (2, 1 + 2 * 26)


def test_a_lead_that_changes_is_written_once_and_its_profile_is_only_read(desk: Desk) -> None:
    desk.record(event("Identified", at=NOON + HOUR, traits={"title": "Director"}))
    profile = desk.store.read_profile(desk.lead.lead)
    activate(desk, stages=CHEAPER)
    assert desk.tick(Cause.MODEL) == ["read_states", "read_homes", "read", "read_profile", "commit"]
    assert (desk.lead.stage, desk.lead.activation) == ("mql", 2)
    assert desk.store.read_profile(desk.lead.lead) == profile
