"""What is kept and counts nothing: machines, own people and tests, and those who do not want to be followed."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.ingest.facts.crawlers import is_crawler
from leadscore.ingest.facts.uncounted import House
from leadscore.ingest.file_lines import lines_of
from leadscore.use_cases.import_file import Importer, rows_of_json
from tests.ingest.door import PUBLIC_KEY, SERVER_KEY, Door, basic

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
)
GOOGLEBOT = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
HOUSE = House.of(
    {
        "email_domains": ["Northwind.example"],
        "emails": ["qa+*@gmail.com"],
        "hosts": ["staging.northwind.example"],
        "addresses": ["203.0.113.0/24", "2001:db8::/32"],
    },
    ["analytics", "C0002"],
)
FLAGS = ("machine", "internal", "unconsented")


def sent(
    call: str = "track",
    *,
    key: str = PUBLIC_KEY,
    address: str = "198.51.100.7",
    headers: Mapping[str, str] | None = None,
    **item: Any,
) -> dict[str, Any]:
    """The context of the event that a call becomes."""
    door = Door(house=HOUSE, address=address)
    body = {"event": "Trial Started", "anonymousId": "v", **item}
    assert door.post(f"/v1/{call}", body, key=key, headers=headers).status == 200
    return dict(door.event.context)


def flags(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: context[name] for name in FLAGS if name in context}


# -- machines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "user_agent",
    [
        GOOGLEBOT,
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36",
        "python-requests/2.32.3",
        "curl/8.9.1",
        "Slackbot 1.0 (+https://api.slack.com/robots)",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Microsoft Outlook SafeLinks)",
        "Microsoft Office Existence Discovery",
        "Microsoft Office/16.0 (Microsoft Outlook 16.0.4266; Pro) Googlebot/2.1",
    ],
)
def test_a_crawler_names_itself(user_agent: str) -> None:
    assert is_crawler(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        CHROME,
        GMAIL,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1"
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
            "Chrome/121.0.0.0 Mobile Safari/537.36"
        ),
    ],
)
def test_a_persons_browser_is_no_crawler(user_agent: str) -> None:
    assert not is_crawler(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.4266; Pro)",
        "Microsoft Office/16.0 (Microsoft Outlook Mail 16.0.6416; Pro)",
        (
            "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E; "
            "Microsoft Outlook 16.0.4266; ms-office; MSOffice 16)"
        ),
        "Outlook-iOS/709.2226530.prod.iphone (3.24.0)",
        "Outlook-iOS-Android/1.0",
        "Outlook-Android/2.0",
        "MacOutlook/16.24.19041401 (Intelx64 Mac OS X Version 10.14.4)",
        "Outlook-Express/7.0 (MSIE 7.0; Windows NT 6.1; WOW64; Trident/4.0)",
        "Airmail 1.0 rv:148",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 13_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Airmail/5",
        "Mail/3696.120.41 CFNetwork/1335 Darwin/21.6.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.10.0",
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.35.126 "
            "Chrome/116.0.5845.188 Electron/26.2.4 Safari/537.36 Slack_SSB/4.35.126"
        ),
    ],
)
def test_what_people_read_their_mail_in_is_no_crawler(user_agent: str) -> None:
    assert not is_crawler(user_agent)


def test_a_mail_that_is_opened_in_outlook_is_opened_by_a_person() -> None:
    outlook = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.4266; Pro)"
    assert flags(sent(key=SERVER_KEY, event="Email Opened", context={"userAgent": outlook})) == {}
    assert flags(sent(key=SERVER_KEY, event="Email Opened", context={"userAgent": "curl/8"})) == {"machine": True}


def test_apples_proxy_opens_every_mail_and_nobody_has() -> None:
    apple = {"userAgent": "Mozilla/5.0"}
    assert flags(sent(key=SERVER_KEY, event="Email Opened", context=apple)) == {"machine": True}
    assert flags(sent(event="Email Opened", context=apple)) == {"machine": True}
    assert flags(sent(event="Trial Started", context=apple)) == {}


@given(st.text(max_size=300))
def test_any_name_of_a_program_is_judged(user_agent: str) -> None:
    assert is_crawler(user_agent) in (True, False)


def test_a_name_of_any_length_is_judged_at_once() -> None:
    before = time.process_time()
    assert not is_crawler("a" * 10_000)
    assert is_crawler(f"Googlebot/2.1 {'a' * 10_000}")
    assert time.process_time() - before < 5  # The whole of it took ten seconds, and 30 KB two minutes.


def test_a_crawlers_page_view_is_kept_and_flagged() -> None:
    assert flags(sent("page", context={"userAgent": GOOGLEBOT})) == {"machine": True}
    assert flags(sent("page", key=SERVER_KEY, context={"userAgent": GOOGLEBOT})) == {"machine": True}


def test_a_crawler_with_a_pages_key_does_nothing_that_counts() -> None:
    assert flags(sent(context={"userAgent": GOOGLEBOT})) == {"machine": True}


def test_a_persons_page_view_has_no_flag() -> None:
    assert flags(sent("page", context={"userAgent": CHROME})) == {}


def test_a_script_of_a_server_may_tell_what_somebody_did() -> None:
    assert flags(sent(key=SERVER_KEY, context={"userAgent": "python-requests/2.32.3"})) == {}


def test_a_script_may_post_a_form_for_somebody() -> None:
    door = Door(house=HOUSE)
    door.post("/forms/demo", {"email": "ada@acme.io"}, headers={"user-agent": "python-requests/2.32.3"})
    assert flags(door.event.context) == {}


def test_a_browser_that_a_program_drives_is_a_machine() -> None:
    assert flags(sent("page", context={"userAgent": CHROME, "webdriver": True})) == {"machine": True}
    assert flags(sent("page", context={"userAgent": CHROME, "webdriver": "false"})) == {}


def test_what_is_fetched_in_advance_is_a_machines() -> None:
    assert flags(sent("page", headers={"sec-purpose": "prefetch;prerender"})) == {"machine": True}


# -- own people and tests ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "inside"),
    [("203.0.113.9", True), ("203.0.114.9", False), ("2001:db8::1", True), ("", False), ("no address", False)],
)
def test_what_comes_from_an_own_address_is_internal(address: str, *, inside: bool) -> None:
    assert flags(sent("page", address=address)) == ({"internal": True} if inside else {})


def test_an_own_server_tells_of_others_and_says_where_they_were() -> None:
    assert flags(sent(key=SERVER_KEY, address="203.0.113.9")) == {}
    assert flags(sent(key=SERVER_KEY, context={"ip": "203.0.113.9"})) == {"internal": True}


def test_an_own_address_in_a_property_makes_nobodys_lead_a_test() -> None:
    """A customer writes to one of the own people: the address is theirs, the event the customer's."""
    own = {"email": "ben@northwind.example"}
    assert flags(sent(key=SERVER_KEY, userId="u-1042", properties=own)) == {"internal": True}
    stated = sent(key=SERVER_KEY, userId="u-1042", properties=own, context={"traits": own})
    assert flags(stated) == {"internal": "lead"}
    assert flags(sent(key=SERVER_KEY, properties=own)) == {"internal": "lead"}


def test_a_visitor_does_not_say_from_where_he_comes() -> None:
    assert flags(sent("page", address="203.0.113.9", context={"ip": "198.51.100.7"})) == {"internal": True}


def test_pages_of_an_own_host_are_internal() -> None:
    page = {"url": "https://staging.northwind.example/pricing"}
    assert flags(sent("page", properties=page)) == {"internal": True}
    assert flags(sent(context={"page": page})) == {"internal": True}
    assert flags(sent("page", properties={"url": "https://www.northwind.example/pricing"})) == {}


def test_an_address_that_is_none_is_no_page_of_an_own_host() -> None:
    assert flags(sent(context={"page": {"url": "https://[staging.northwind.example/"}})) == {}


@pytest.mark.parametrize("email", ["ann@northwind.example", "Ann@NORTHWIND.example", "qa+17@gmail.com"])
def test_whoever_has_an_own_address_of_mail_counts_nothing_at_all(email: str) -> None:
    assert flags(sent("identify", key=SERVER_KEY, userId="u", traits={"email": email})) == {"internal": "lead"}


def test_nobody_can_make_another_lead_one_of_ours() -> None:
    claim = {"userId": "somebody-else", "traits": {"email": "ann@northwind.example"}}
    assert flags(sent("identify", **claim)) == {"internal": "browser"}


def test_a_form_with_an_own_address_is_of_an_own_browser() -> None:
    door = Door(house=HOUSE)
    door.post("/forms/demo", {"email": "ann@northwind.example", "anonymousId": "v"})
    assert flags(door.event.context) == {"internal": "browser"}


def test_only_a_server_may_say_that_an_event_is_internal() -> None:
    claim = {"internal": "lead", "unconsented": True}
    assert flags(sent(context=claim)) == {}
    assert flags(sent(key=SERVER_KEY, context=claim)) == claim


def test_without_settings_nothing_is_internal() -> None:
    door = Door(address="203.0.113.9")
    door.post("/v1/identify", {"userId": "u", "traits": {"email": "ann@northwind.example"}}, key=SERVER_KEY)
    assert flags(door.event.context) == {}


# -- consent -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
def test_a_browsers_wish_is_honoured_and_kept(header: str) -> None:
    context = sent("page", headers={header: "1"})
    assert flags(context) == {"unconsented": True}
    assert context["consent"] == {"opted_out": True}
    said = {"categoryPreferences": {"Analytics": True}}
    assert sent("page", headers={header: "1"}, context={"consent": said})["consent"] == {**said, "opted_out": True}


@pytest.mark.parametrize("category", ["analytics", "Analytics", "C0002"])
def test_a_refusal_is_honoured(category: str) -> None:
    consent = {"categoryPreferences": {category: False, "Advertising": True}}
    context = sent("page", context={"consent": consent})
    assert flags(context) == {"unconsented": True}
    assert context["consent"] == consent


@pytest.mark.parametrize(
    "said",
    [
        {"consent": {"categoryPreferences": {"analytics": "false"}}},
        {"consent": {"categoryPreferences": {"analytics": " Denied "}}},
        {"consent": {"categoryPreferences": {"analytics": 0}}},
        {
            "consentManagement": {
                "deniedConsentIds": ["C0004", "c0002"],
                "allowedConsentIds": [],
                "provider": "oneTrust",
            }
        },
        {"consentManagement": {"deniedConsentIds": "C0002, C0004"}},
        {"consentManagement": {"deniedConsentIds": '["C0002"]'}},
    ],
)
def test_a_refusal_is_understood_however_a_client_writes_it(said: dict[str, Any]) -> None:
    assert flags(sent("page", context=said)) == {"unconsented": True}


@pytest.mark.parametrize(
    "said",
    [
        {"consent": {"categoryPreferences": {"analytics": "true"}}},
        {"consent": {"categoryPreferences": {"analytics": "granted"}}},
        {"consentManagement": {"deniedConsentIds": ["C0004"], "allowedConsentIds": ["C0002"]}},
    ],
)
def test_a_permission_is_understood_however_a_client_writes_it(said: dict[str, Any]) -> None:
    assert flags(sent("page", context=said, headers={"sec-gpc": "1"})) == {}


@pytest.mark.parametrize(
    "said",
    [
        {"consent": {"categoryPreferences": {"analytics": "perhaps"}}},
        {"consent": {"categoryPreferences": {"analytics": None}}},
        {"consentManagement": {"deniedConsentIds": ["C0004"], "allowedConsentIds": []}},
        {"consentManagement": "C0002"},
        {"consentManagement": {"deniedConsentIds": [2, {"C0002": 1}]}},
    ],
)
def test_what_answers_nothing_leaves_it_to_the_browsers_signal(said: dict[str, Any]) -> None:
    assert flags(sent("page", context=said)) == {}
    assert flags(sent("page", context=said, headers={"sec-gpc": "1"})) == {"unconsented": True}


def test_a_refusal_in_a_pictures_address_is_honoured() -> None:
    door = Door(house=HOUSE)
    said = "context.consent.categoryPreferences.analytics=false"
    door.get("/pixel/v1/page", f"writeKey={PUBLIC_KEY}&anonymousId=v&{said}")
    assert flags(door.event.context) == {"unconsented": True}


@pytest.mark.parametrize(
    ("preferences", "name"),
    [
        ({"Analytics": True, "Advertising": False}, "Consent Given"),
        ({"Analytics": False, "Advertising": True}, "Consent Withdrawn"),
        ({"Advertising": True}, "Segment Consent Preference Updated"),
    ],
)
def test_what_segments_consent_manager_tells_is_consent(preferences: dict[str, bool], name: str) -> None:
    door = Door(house=HOUSE)
    said = {"consent": {"categoryPreferences": preferences}}
    event = {"event": "Segment Consent Preference Updated", "anonymousId": "v", "context": said}
    door.post("/v1/track", event, key=PUBLIC_KEY)
    assert door.event.name == name


def test_a_refusal_of_something_else_is_none() -> None:
    assert flags(sent("page", context={"consent": {"categoryPreferences": {"Advertising": False}}})) == {}


def test_what_is_said_on_the_page_outweighs_the_browsers_signal() -> None:
    said = {"consent": {"categoryPreferences": {"Analytics": True}}}
    assert flags(sent("page", headers={"sec-gpc": "1"}, context=said)) == {}


def test_what_a_server_tells_is_no_browsers_request() -> None:
    assert flags(sent(key=SERVER_KEY, headers={"dnt": "1"})) == {}


def test_a_form_is_an_answer_whatever_the_browser_says() -> None:
    door = Door(house=HOUSE)
    door.post("/forms/demo", {"email": "ada@acme.io"}, headers={"sec-gpc": "1", "authorization": basic(PUBLIC_KEY)})
    assert flags(door.event.context) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("consent", "consentManagement", "page", "userAgent", "machine", "webdriver"), JSON)
    )
)
def test_no_context_is_a_reason_to_fail(context: dict[str, Any]) -> None:
    sent("page", context=context)


def test_own_people_in_a_file_are_own_people() -> None:
    importer = Importer("crm", 1, HOUSE)
    rows = rows_of_json(
        lines_of([b'{"type": "identify", "userId": "u", "traits": {"email": "ann@northwind.example"}}']), importer
    )
    [row] = rows
    assert row.event is not None
    assert flags(row.event.context) == {"internal": "lead"}
