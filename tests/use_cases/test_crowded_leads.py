"""A lead with very many browsers, or events: whoever knows somebody's address could send as many as they like."""

import json

import pytest

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.use_cases import resolve
from leadscore.use_cases.messages import events_body
from leadscore.use_cases.people import people_in
from leadscore.use_cases.rescoring import intake
from tests.leads import NOON, event
from tests.use_cases.test_rescore import Desk
from tests.use_cases.world import Crash, check, everything

MOST = 3
ADDRESS = "ada@x.example"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(resolve, "BROWSERS_MAX", MOST)
    desk = Desk()
    desk.record(event(email=ADDRESS))
    return desk


def visit(browser: int, at: int = NOON + 1_000) -> LeadEvent:
    return event(anonymous=f"a{browser}", at=at + browser, trust=Trust.PUBLIC)


def claim(browser: int, trust: Trust = Trust.PUBLIC, at: int = NOON + 2_000) -> LeadEvent:
    return event("Identified", email=ADDRESS, anonymous=f"a{browser}", at=at + browser, trust=trust)


def browsers(desk: Desk, lead: str = "lead1") -> list[str]:
    return [home.value for home in desk.store.read_homes(lead) if home.kind == "anonymous_id"]


@pytest.mark.parametrize("trust", [Trust.PUBLIC, Trust.DECLARED])
def test_anybodys_word_joins_some_browsers_and_the_others_stay_leads_of_their_own(desk: Desk, trust: Trust) -> None:
    for browser in range(MOST + 2):
        desk.record(visit(browser))
        desk.record(claim(browser, trust))
    assert browsers(desk) == ["a0", "a1", "a2"]
    assert len(desk.leads) == 3
    # What names the address is the person's all the same.
    assert desk.leads["lead1"].folded_count == 1 + MOST + MOST + 2


@pytest.mark.parametrize("at_once", [True, False])
def test_browsers_that_did_nothing_yet_count_too(desk: Desk, at_once: bool) -> None:
    claims = [claim(browser) for browser in range(MOST + 2)]
    for batch in [claims] if at_once else [[one] for one in claims]:
        desk.record(*batch)
    desk.record(*(visit(browser, NOON + 5_000) for browser in range(MOST + 2)))
    assert browsers(desk) == ["a0", "a1", "a2"]
    assert len(desk.leads) == 3


def test_a_lead_that_nobody_knew_takes_no_more_than_others(desk: Desk) -> None:
    for batch in range(2):
        claims = [event(email="new@x.example", anonymous=f"b{batch}{n}", trust=Trust.PUBLIC) for n in range(MOST + 1)]
        desk.record(*claims)
    assert len(browsers(desk, desk.store.find([Identifier("email", "new@x.example")]).popitem()[1])) == MOST


def test_a_server_joins_any_number(desk: Desk) -> None:
    for browser in range(MOST + 2):
        desk.record(visit(browser))
        desk.record(claim(browser, Trust.SERVER))
    assert len(browsers(desk)) == MOST + 2
    assert len(desk.leads) == 1


def test_a_browser_that_found_no_room_joins_when_a_server_says_so(desk: Desk) -> None:
    for browser in range(MOST + 1):
        desk.record(visit(browser))
        desk.record(claim(browser))
    assert len(desk.leads) == 2
    desk.record(claim(MOST, Trust.SERVER, NOON + 9_000))
    assert len(desk.leads) == 1


def test_a_browser_that_is_joined_goes_on_counting(desk: Desk) -> None:
    for browser in range(MOST + 1):
        desk.record(claim(browser))
    before = desk.leads["lead1"].folded_count
    desk.record(visit(0, NOON + 9_000), claim(1, at=NOON + 9_000))
    assert desk.leads["lead1"].folded_count == before + 2


def test_in_a_file_the_same_browsers_join(desk: Desk) -> None:
    story = [event(email=ADDRESS)]
    for browser in range(MOST + 2):
        story += [visit(browser, NOON + 10_000 * browser), claim(browser, at=NOON + 10_000 * browser + 1)]
    for one in story[1:]:
        desk.world.score([(one.id, events_body(one.id, [one]))])
    deployed = {frozenset(item.short for item in desk.store.read_history(lead)) for lead in desk.leads}
    assert deployed == {frozenset(item.short for item in person.events) for person in people_in(story)}


# -- events ------------------------------------------------------------------------------------------------------------

PLENTY = 6


@pytest.fixture
def full_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(intake, "PUBLIC_EVENTS_MAX", PLENTY)
    desk.record(*(page(number) for number in range(PLENTY - 1)))
    return desk


def page(number: int, trust: Trust = Trust.PUBLIC) -> LeadEvent:
    return event(email=ADDRESS, at=NOON + 1_000 + number, trust=trust)


def kept_aside(desk: Desk) -> list[tuple[str, int]]:
    return [(kept.code, len(json.loads(kept.raw)["events"])) for kept in desk.world.failed_events.kept.values()]


def test_what_browsers_tell_of_a_lead_with_very_many_events_is_kept_aside(full_desk: Desk) -> None:
    full_desk.record(page(20), page(21))
    assert full_desk.lead.folded_count == PLENTY
    assert kept_aside(full_desk) == [("lead_full", 2)]


@pytest.mark.parametrize("trust", [Trust.DECLARED, Trust.SERVER])
def test_forms_and_servers_are_heard_all_the_same(full_desk: Desk, trust: Trust) -> None:
    full_desk.record(page(20, trust))
    assert full_desk.lead.folded_count == PLENTY + 1
    assert not kept_aside(full_desk)


def test_a_browser_with_more_history_than_there_is_room_for_stays_a_lead_of_its_own(full_desk: Desk) -> None:
    full_desk.record(visit(0))
    full_desk.record(claim(0))
    assert len(full_desk.leads) == 2
    full_desk.record(claim(0, Trust.SERVER))
    assert len(full_desk.leads) == 1


def test_what_was_logged_before_a_crash_is_folded_though_the_lead_is_full_by_then(full_desk: Desk) -> None:
    desk = full_desk
    before = [event(email=ADDRESS), *(page(number) for number in range(PLENTY - 1))]
    logged = event("White Paper Read", email="ben@x.example", at=NOON, trust=Trust.PUBLIC)
    body = events_body("of a worker that died", [logged])

    def die(call: str) -> None:
        if call == "commit":
            raise Crash

    desk.store.before_call = die
    with pytest.raises(Crash):
        desk.world.score([("m", body)])
    desk.store.before_call = lambda _call: None
    others = [event(email="ben@x.example", at=NOON + 1 + number, trust=Trust.SERVER) for number in range(PLENTY)]
    desk.record(*others)
    desk.world.score([("m", body)])
    assert not kept_aside(desk)
    check(everything(desk.store), accepted=[*before, logged, *others], model=desk.world.models.model)
