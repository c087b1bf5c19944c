"""Events that are kept and count nothing, and what that does to their lead."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import OutOfOrder, extend, fold
from leadscore.domain.state import LeadState
from tests.leads import DAY, NOON, event, small_model, total

MODEL = small_model()


def marked(happened: LeadEvent, **context: Any) -> LeadEvent:
    return replace(happened, context=context)


def folded(*events: LeadEvent) -> LeadState:
    return fold(events, MODEL, activation=1, lead="lead", as_of=NOON + DAY)[0]


def stepped(*batches: Sequence[LeadEvent]) -> LeadState:
    """Batch by batch, folded anew where a step is not sure."""
    state, seen = LeadState("lead"), []
    for batch in batches:
        seen += batch
        try:
            state, _ = extend(state, batch, MODEL, profile={}, as_of=NOON + DAY)
        except OutOfOrder:
            state = folded(*seen)
    return state


def public(name: str = "Webinar Attended", *, at: int = NOON, **said: Any) -> LeadEvent:
    return event(name, at=at, trust=Trust.PUBLIC, anonymous="v", source="website", **said)


@pytest.mark.parametrize("mark", [{"machine": True}, {"internal": True}, {"unconsented": True}])
def test_a_marked_event_is_kept_and_counts_nothing(mark: dict[str, Any]) -> None:
    state = folded(marked(event("Webinar Attended"), **mark), event("Webinar Attended", at=NOON + 1))
    assert (total(state), state.folded_count) == (40, 2)


def test_a_mark_that_says_no_is_none() -> None:
    assert total(folded(marked(event("Webinar Attended"), machine=False, internal=False, unconsented=None))) == 40


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nothing_counts_of_one_of_the_own_people_whenever_that_is_told(place: int) -> None:
    events = [event("Webinar Attended", at=NOON + number, traits={"title": "Director"}) for number in range(3)]
    events[place] = marked(events[place], internal="lead")

    state = folded(*events)
    assert (total(state), state.lines, state.stage, state.folded_count) == (0, {}, "new", 3)
    assert folded(*reversed(events)) == state
    in_steps = stepped(*([one] for one in events), [event("Demo Requested", at=NOON + 9)])
    assert (total(in_steps), in_steps.stage) == (0, "new")


def test_that_a_lead_is_one_of_us_asks_for_a_fold_of_all_that_was_before() -> None:
    state = folded(event("Webinar Attended"))
    with pytest.raises(OutOfOrder):
        extend(state, [marked(event(at=NOON + 1), internal="lead")], MODEL, profile=None, as_of=NOON + DAY)


def test_after_a_withdrawal_what_a_browser_tells_counts_nothing() -> None:
    events = [
        public(at=NOON, message="a"),
        public("Consent Withdrawn", at=NOON + 1),
        public(at=NOON + 2, message="b"),
        event("White Paper Read", at=NOON + 3, anonymous="v", user="ada"),
        public("Consent Given", at=NOON + 4),
        public(at=NOON + 5, message="c"),
    ]
    assert [total(folded(*events[: number + 1])) for number in range(6)] == [40, 40, 40, 65, 65, 105]
    assert total(stepped(*([one] for one in events))) == 105
    assert total(stepped(events[1:2], events[2:3], events[0:1])) == 40  # It came late, and was before.


def test_a_late_event_from_after_the_withdrawal_counts_nothing() -> None:
    events = [public("Consent Withdrawn", at=NOON), public(at=NOON + 9, message="a"), public(at=NOON + 5, message="b")]
    assert total(stepped(*([one] for one in events))) == 0


def test_a_late_withdrawal_takes_back_what_came_after_it() -> None:
    events = [public(at=NOON, message="a"), public(at=NOON + 9, message="b"), public("Consent Withdrawn", at=NOON + 5)]
    assert total(stepped(*([one] for one in events))) == 40


def test_a_consent_to_mails_says_nothing_of_pages() -> None:
    refused = public("Consent Withdrawn", properties={"channel": "email"})
    assert total(folded(refused, public(at=NOON + 1))) == 40


def test_a_browser_speaks_for_itself_and_for_nobody_who_is_known_by_name() -> None:
    claim = event("Consent Withdrawn", user="ada", trust=Trust.PUBLIC, source="website")
    ours = event("Consent Withdrawn", user="ada", trust=Trust.SERVER)
    seen = event("Webinar Attended", at=NOON + 1, user="ada", trust=Trust.PUBLIC, source="website")
    assert total(folded(claim, seen)) == 40
    assert total(folded(ours, seen)) == 0
