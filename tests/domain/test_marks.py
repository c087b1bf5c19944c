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


@pytest.mark.parametrize("trust", [Trust.PUBLIC, Trust.DECLARED])
@pytest.mark.parametrize("named", [{"user": "ada"}, {"email": "ada@acme.io"}, {"user": "ada", "anonymous": "another"}])
def test_nobody_but_a_server_speaks_for_a_whole_lead(trust: Trust, named: dict[str, str]) -> None:
    claim = event("Consent Withdrawn", trust=trust, source="website", **named)
    assert total(folded(claim, public(at=NOON + 1))) == 40
    assert total(folded(event("Consent Withdrawn", trust=Trust.SERVER, **named), public(at=NOON + 1))) == 0


def test_a_browser_that_withdrew_counts_nothing_and_others_of_the_lead_do() -> None:
    other = event("Webinar Attended", at=NOON + 1, trust=Trust.PUBLIC, anonymous="other", source="website")
    state = folded(public("Consent Withdrawn"), other, public(at=NOON + 2))
    assert total(state) == 40


def test_what_a_server_says_of_consent_outweighs_the_browsers() -> None:
    given = event("Consent Given", at=NOON + 1, trust=Trust.SERVER)
    assert total(folded(public("Consent Withdrawn"), given, public(at=NOON + 2))) == 40


def test_an_own_browser_counts_nothing_from_then_on() -> None:
    told = marked(public("Form Submitted", at=NOON + 1), internal="browser")
    assert total(folded(public(message="before"), told, public(at=NOON + 2, message="after"))) == 40
    assert total(stepped([public(message="before")], [told], [public(at=NOON + 2, message="after")])) == 40


@pytest.mark.parametrize("trust", Trust)
def test_an_own_browser_stays_one_whatever_is_agreed_to_with_it(trust: Trust) -> None:
    told = marked(public("Form Submitted", at=NOON + 1), internal="browser")
    given = event("Consent Given", at=NOON + 2, anonymous="v", trust=trust, properties={"channel": "web"})
    assert total(folded(told, given, public(at=NOON + 3))) == 0
    withdrawn = public("Consent Withdrawn", at=NOON)
    assert total(folded(withdrawn, told, given, public(at=NOON + 3))) == 0
