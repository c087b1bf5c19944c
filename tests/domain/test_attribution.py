"""Where a lead came from: first touch, last touch, and every touch in between."""

import random
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.attribution import CLICK_IDS, SAME_TOUCH_MS, Touch, attribution
from leadscore.domain.event import Identifier, LeadEvent, Trust
from tests.leads import DAY, NOON, event

SITE = "https://www.northwind.example"
COOKIE = Identifier("anonymous_id", "c1")


def view(
    at: int, channel: str | None, *, path: str = "/", referrer: str = "", call: str = "track", **context: Any
) -> LeadEvent:
    said = {"page": {"url": f"{SITE}{path}", "referrer": referrer}, **context}
    if channel is not None:
        said["channel"] = channel
    return replace(event(at=at, message=f"{at} {channel} {path}"), context=said, call=call)


def channels(*events: LeadEvent) -> list[str]:
    return [touch.channel for touch in attribution(events).touches]


def test_a_touch_is_all_that_the_link_and_the_page_say() -> None:
    link = "/pricing?utm_source=Google&utm_medium=cpc&utm_campaign=Spring+24&utm_term=crm&utm_content=b&gclid=Cj0K&x=1"
    happened = view(NOON, "paid-search", path=link, referrer="https://www.google.com/search?q=secret")
    assert attribution([happened]).touches == (
        Touch(
            at=NOON,
            channel="paid-search",
            source="Google",
            medium="cpc",
            campaign="Spring 24",
            term="crm",
            content="b",
            referrer="www.google.com",
            landing_page=f"{SITE}/pricing",
            click_ids=(("gclid", "Cj0K"),),
        ),
    )


def test_what_the_client_says_of_the_campaign_outweighs_the_link() -> None:
    happened = view(NOON, "email", path="/?utm_source=a&utm_medium=b", campaign={"source": "letter", "name": "May"})
    touch = attribution([happened]).first
    assert touch is not None
    assert (touch.source, touch.medium, touch.campaign) == ("letter", "b", "May")


def test_what_a_form_carried_along_of_the_link_is_the_same_touch_again() -> None:
    landed = view(NOON, "paid-search", path="/?gclid=Cj0K", referrer="https://www.google.com/")
    sent = view(
        NOON + 60_000, "paid-search", path="/form", call="form", click_ids={"gclid": "Cj0K", "x": "y", "awc": 5}
    )
    assert [touch.at for touch in attribution([landed, sent]).touches] == [NOON]
    alone = attribution([sent]).first
    assert alone is not None
    assert alone.click_ids == (("gclid", "Cj0K"),)


def test_other_referrers_are_other_touches() -> None:
    one, other = (view(NOON + at, "referral", referrer=f"https://{at}.example/") for at in range(2))
    assert channels(one, other) == ["referral", "referral"]


def test_the_first_touch_stays_and_the_last_moves_on() -> None:
    events = [view(NOON, "organic-search"), view(NOON + DAY, "email"), view(NOON + 2 * DAY, "paid-social")]
    found = attribution(events)
    assert found.first is not None
    assert found.last is not None
    assert (found.first.channel, found.last.channel) == ("organic-search", "paid-social")
    assert channels(*events) == ["organic-search", "email", "paid-social"]


def test_a_direct_visit_counts_only_where_nothing_came_before() -> None:
    assert channels(view(NOON, "email"), view(NOON + DAY, "direct")) == ["email"]
    assert channels(view(NOON, "direct"), view(NOON + DAY, "direct"), view(NOON + 2 * DAY, "email")) == [
        "direct",
        "email",
    ]


def test_pages_reached_from_the_own_site_and_events_without_a_channel_are_no_touch() -> None:
    assert channels(view(NOON, "internal"), view(NOON + 1, None)) == []


def test_what_counts_nothing_brought_nobody_here() -> None:
    assert channels(view(NOON, "email", machine=True), view(NOON + 1, "email", internal=True)) == []


def test_whoever_withdrew_consent_is_not_followed_by_touches() -> None:
    views = [replace(view(NOON + day * DAY, "email"), trust=Trust.PUBLIC, identifiers=(COOKIE,)) for day in (4, 2, 0)]
    withdrawn, given = (event(f"Consent {word}", anonymous=COOKIE.value) for word in ("Withdrawn", "Given"))
    for trust in Trust:
        refused = replace(withdrawn, trust=trust, occurred_at=NOON + DAY)
        allowed = replace(given, trust=trust, occurred_at=NOON + 3 * DAY)
        touches = attribution([*views, refused, allowed]).touches
        assert [touch.at for touch in touches] == [NOON, NOON + 4 * DAY], trust


def test_nothing_brought_one_of_the_own_people_here() -> None:
    told = view(NOON + 1, None, internal="lead")
    assert channels(view(NOON, "email"), told, view(NOON + 2, "paid-search")) == []


def test_pages_of_one_visit_that_say_the_same_are_one_touch() -> None:
    same = [view(NOON + number * SAME_TOUCH_MS, "email", path=f"/{number}") for number in range(3)]
    assert channels(*same) == ["email"]
    assert channels(*same, view(NOON + 3 * SAME_TOUCH_MS + 1, "email")) == ["email", "email"]
    assert channels(same[0], view(NOON + 1, "email", referrer="https://mail.example/")) == ["email", "email"]


def test_no_address_of_mail_is_in_a_touch() -> None:
    path = "/ada@acme.io?utm_source=ada%40acme.io&utm_campaign=May&gclid=ada@acme.io"
    touch = attribution([view(NOON, "email", path=path)]).first
    assert touch == Touch(NOON, "email", campaign="May")


def test_the_order_of_arrival_makes_no_difference() -> None:
    events = [view(NOON + number * DAY, list(set(CLICK_IDS.values()))[number % 5]) for number in range(20)]
    shuffled = random.Random(1).sample(events, len(events))
    assert attribution(shuffled) == attribution(events)


TEXT = st.text(max_size=30)
PAGES = st.fixed_dictionaries(
    {}, optional={"url": st.one_of(TEXT, TEXT.map(lambda text: f"https://{text}")), "referrer": TEXT}
)


@given(
    st.fixed_dictionaries(
        {"channel": TEXT},
        optional={"page": st.one_of(PAGES, TEXT), "campaign": st.one_of(TEXT, st.dictionaries(TEXT, TEXT))},
    )
)
def test_any_context_can_be_read(context: dict[str, Any]) -> None:
    found = attribution([replace(event(), context=context)])
    assert len(found.touches) <= 1
