"""When it was where somebody was, and by which way they came."""

from typing import Any

import pytest

from leadscore.domain.event import Trust
from leadscore.ingest.facts.channel import channel
from leadscore.ingest.facts.derived import context_with_facts
from leadscore.ingest.facts.referrer_list import listed_hosts
from leadscore.ingest.facts.referrers import HOSTS, channel_of_host
from leadscore.ingest.facts.sites import are_one_site

#: A Sunday
NOON = 1_772_366_400_000
URL = "https://www.acme.com/pricing"
BY_CAMPAIGN = {
    "paid-search": [("google", "cpc"), ("google", "PPC"), ("adwords", ""), ("", "paid_search"), ("acme", "cpc")],
    "paid-social": [("linkedin", "cpc"), ("facebook", "paid"), ("", "paid-social"), ("lnkd.in", "ads")],
    "organic-search": [("google", "organic"), ("bing", "")],
    "social": [("linkedin", "social"), ("Facebook", ""), ("x", "organic"), ("", "Social Media"), ("t.co", "")],
    "email": [("spring", "email"), ("", "E-Mail"), ("newsletter", ""), ("linkedin", "email"), ("mailchimp", "x")],
    "display": [("acme", "banner"), ("", "display"), ("taboola.com", "cpc")],
    "affiliate": [("awin", "affiliate")],
    "referral": [("partner-site", "referral"), ("acme-blog", ""), ("partner-x", "webinar")],
}
BY_CLICK_ID = {
    "paid-search": ["gclid", "wbraid", "msclkid"],
    "paid-social": ["li_fat_id", "ttclid", "twclid"],
    "social": ["fbclid"],
    "email": ["mc_eid", "_hsenc"],
    "display": ["dclid"],
    "affiliate": ["awc"],
}
BY_REFERRER = {
    "organic-search": [
        "https://www.google.com/", "https://www.google.co.uk/", "https://google.de", "https://www.bing.com/search?q=x",
        "https://duckduckgo.com/", "https://de.search.yahoo.com/", "https://www.ecosia.org/", "https://yandex.ru/",
        "android-app://com.google.android.googlequicksearchbox/",
    ],
    "social": [
        "https://www.linkedin.com/feed/", "https://lnkd.in/abc", "https://t.co/x", "https://l.facebook.com/",
        "https://www.xing.com/", "https://out.reddit.com/", "android-app://com.linkedin.android/",
    ],
    "email": [
        "https://mail.google.com/", "https://outlook.live.com/mail/", "https://mail.yahoo.com/", "https://3c.web.de/",
        "android-app://com.google.android.gm/",
    ],
    "referral": [
        "https://www.partner.example/", "https://netflix.com/", "https://notgoogle.com/", "https://google.evil.example/",
        "https://acme.com.evil.example/", "https://notacme.com/", "https://stripe.com/partners", "https://www.okta.com/",
        "https://acme.de/", "android-app://com.slack/",
    ],
    "internal": [
        "https://www.acme.com/", "https://acme.com/blog", "http://www.ACME.com:8080/", "https://blog.acme.com/",
        "https://a.b.acme.com/", "https://www.paypal.com/", "https://checkout.stripe.com/c/pay", "https://pay.klarna.com/",
        "https://checkoutshopper-live.adyen.com/", "https://accounts.google.com/", "https://login.microsoftonline.com/",
        "https://appleid.apple.com/", "https://acme.okta.com/", "https://acme.eu.auth0.com/login",
    ],
    "direct": ["", "   ", None, 5],
    None: ["about:blank", "not a url", "https://["],
}  # fmt: skip


def page_view(url: Any = URL, referrer: Any = "", **campaign: str) -> str | None:
    return channel("page", {"url": url, "referrer": referrer}, {"campaign": campaign})


@pytest.mark.parametrize(
    ("source", "medium", "came_by"), [(*t, way) for way, tags in BY_CAMPAIGN.items() for t in tags]
)
def test_a_campaign_names_the_way(source: str, medium: str, came_by: str) -> None:
    assert page_view(source=source, medium=medium) == came_by
    assert page_view(f"{URL}?utm_source={source}&utm_medium={medium}") == came_by


@pytest.mark.parametrize(("name", "came_by"), [(name, way) for way, names in BY_CLICK_ID.items() for name in names])
def test_an_ad_networks_mark_names_the_way(name: str, came_by: str) -> None:
    assert page_view(f"{URL}?{name}=abc", "https://www.google.com/") == came_by


@pytest.mark.parametrize(("referrer", "came_by"), [(each, way) for way, known in BY_REFERRER.items() for each in known])
def test_a_referrer_names_the_way(referrer: Any, came_by: str | None) -> None:
    assert page_view(referrer=referrer) == came_by


@pytest.mark.parametrize("referrer", ["https://www.acme.com/go", "https://www.google.com/", "https://t.co/x"])
def test_a_campaign_that_fits_nothing_still_counts_more_than_the_referrer(referrer: str) -> None:
    assert page_view(f"{URL}?utm_source=partner-x&utm_medium=webinar", referrer) == "referral"
    assert page_view(f"{URL}?utm_source=partner-x&utm_medium=webinar&gclid=1", referrer) == "paid-search"


@pytest.mark.parametrize(
    ("host", "other", "are_one"),
    [
        ("blog.acme.com", "acme.com", True),
        ("blog.acme.co.uk", "shop.acme.co.uk", True),
        ("acme.co.uk", "rival.co.uk", False),
        ("acme.github.io", "rival.github.io", False),
        ("acme.github.io", "docs.acme.github.io", True),
        ("blog.acme.xn--p1ai", "acme.xn--p1ai", True),
        ("acme.intranet.corp", "wiki.intranet.corp", True),
        ("10.0.1.1", "10.9.1.1", False),
        ("github.io", "acme.github.io", False),
        ("localhost", "localhost", True),
        ("com", "acme.com", False),
        ("", "", True),
        ("a..com", "b..com", False),
    ],
)
def test_hosts_under_one_registered_name_are_one_site(host: str, other: str, *, are_one: bool) -> None:
    assert are_one_site(host, other) is are_one
    assert are_one_site(other, host) is are_one


def test_the_sites_of_the_settings_bring_nobody_here() -> None:
    own = frozenset({"acme-pay.example"})

    def came_by(referrer: str, own_referrers: frozenset[str]) -> str | None:
        return channel("page", {"url": URL, "referrer": referrer}, {}, own_referrers)

    assert came_by("https://www.acme-pay.example/x", own) == "internal"
    assert came_by("https://eu.acme-pay.example/x", own) == "internal"
    assert came_by("https://www.acme-pay.example/x", frozenset()) == "referral"
    assert came_by("https://my-acme-pay.example/x", own) == "referral"


def test_what_is_longer_than_any_host_is_none_of_those_known() -> None:
    # Looking up each of its endings took seconds for what an event may hold.
    assert page_view(referrer=f"https://{'a.' * 130}google.com/") == "referral"
    assert page_view(source="a." * 130 + "linkedin.com") == "referral"


def test_a_marketers_word_counts_more_than_a_networks_and_that_more_than_the_referrer() -> None:
    assert page_view(f"{URL}?gclid=1", "https://t.co/", medium="email") == "email"
    assert page_view(f"{URL}?gclid=1", "https://t.co/") == "paid-search"
    assert page_view(f"{URL}?fbclid=1", medium="cpc") == "paid-social"
    assert page_view(f"{URL}?gclid=1", source="google") == "paid-search"


def test_no_campaign_in_many_words_is_none() -> None:
    assert page_view(source="(direct)", medium="(none)") == "direct"


@pytest.mark.parametrize(
    ("call", "properties", "context", "came_by"),
    [
        ("page", {}, {"page": {"url": URL, "referrer": "https://t.co/"}}, "social"),
        ("page", {}, {}, "direct"),
        ("track", {}, {"page": {"url": URL, "referrer": "https://t.co/"}}, "social"),
        ("track", {"referrer": "https://t.co/"}, {}, None),
        ("track", {}, {"page": {"url": URL, "referrer": ""}}, None),
        ("track", {}, {"campaign": {"medium": "email"}}, "email"),
        ("form", {"page": f"{URL}?utm_medium=email"}, {}, "email"),
        ("form", {"page": URL}, {}, None),
        ("form", {"page": URL}, {"click_ids": {"gclid": "1"}}, "paid-search"),
        ("form", {"page": URL}, {"click_ids": ["gclid"]}, None),
        ("screen", {}, {}, None),
        ("track", {}, {"page": "x", "campaign": "x"}, None),
    ],
)
def test_only_a_page_view_can_be_direct(
    call: str, properties: dict[str, Any], context: dict[str, Any], came_by: str | None
) -> None:
    assert channel(call, properties, context) == came_by


@pytest.mark.parametrize(
    ("timezone", "timestamp", "local"),
    [
        ("Europe/Berlin", None, (13, "sun")),
        ("America/Los_Angeles", None, (4, "sun")),
        ("Pacific/Auckland", None, (1, "mon")),
        ("UTC", None, (12, "sun")),
        ("GMT+0100", None, (13, "sun")),
        ("GMT-0330", None, (8, "sun")),
        ("GMT+1345", "2026-03-01T05:00:00-07:00", (1, "mon")),
        ("GMT+9900", None, None),
        ("Europe/Berlin", "2026-03-01T05:00:00-07:00", (13, "sun")),
        (None, "2026-03-01T05:00:00-07:00", (5, "sun")),
        ("Mars/Olympus", "2026-03-01T17:30:00+05:30", (17, "sun")),
        (None, "2026-03-01T12:00:00Z", None),
        (None, "2026-03-01T12:00:00+00:00", None),
        (None, "2026-03-01T12:00:00", None),
        (None, 1_772_366_400, None),
        (None, None, None),
        ("Europe", None, None),
        ("../../etc/passwd", None, None),
        ("/etc/localtime", None, None),
        (5, None, None),
    ],
)
def test_the_local_time_is_that_of_the_zone_or_else_of_the_timestamp(
    timezone: Any, timestamp: Any, local: tuple[int, str] | None
) -> None:
    context = context_with_facts(
        {"timezone": timezone}, Trust.PUBLIC, call="track", properties={}, occurred_at=NOON, timestamp=timestamp
    )

    assert (context.get("local_hour"), context.get("local_weekday")) == (local or (None, None))


def test_summer_time_is_known() -> None:
    half_a_year_later = NOON + 183 * 86_400_000
    context = context_with_facts(
        {"timezone": "Europe/Berlin"},
        Trust.PUBLIC,
        call="track",
        properties={},
        occurred_at=half_a_year_later,
        timestamp=None,
    )

    assert context["local_hour"] == 14


def test_the_long_list_knows_what_the_short_one_does_not() -> None:
    assert len(listed_hosts()) > 1_000
    assert channel_of_host("fireball.de") == "organic-search"
    assert channel_of_host("mail.live.com") == "email"
    assert channel_of_host("orkut.com") == "social"


def test_a_host_below_a_listed_one_is_another_site() -> None:
    assert channel_of_host("amazon.com") == "organic-search"
    assert channel_of_host("aws.amazon.com") is None


def test_where_both_lists_have_a_host_the_newer_one_counts() -> None:
    assert {host: HOSTS[host] for host in HOSTS} == {host: channel_of_host(host) for host in HOSTS}
