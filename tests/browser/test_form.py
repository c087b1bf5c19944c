"""A form without any script: the browser posts it, and comes back to the site."""

from playwright.sync_api import BrowserContext, Page

from leadscore.domain.event import Trust
from tests.browser.site import OTHER_SITE, Site
from tests.ingest.door import PUBLIC_KEY, identifiers


def form(site: Site, redirect: str, encoding: str = "application/x-www-form-urlencoded") -> str:
    return f"""
    <form action="{site.collector}/forms/demo-request" method="post" enctype="{encoding}">
      <input type="hidden" name="writeKey" value="{PUBLIC_KEY}">
      <input type="hidden" name="redirect" value="{redirect}">
      <input name="email" type="email" value="ada@northwind.example" required>
      <input name="message" value="Grüße 👋"><button>Send</button>
    </form>"""


def test_the_browser_is_sent_to_the_thanks_and_the_form_counts_once(site: Site, page: Page) -> None:
    page.route(f"{OTHER_SITE}/**", lambda route: route.fulfill(body="Thank you"))
    for encoding in ("application/x-www-form-urlencoded", "multipart/form-data"):
        html = form(site, f"{OTHER_SITE}/thanks", encoding).replace("👋", f"👋 as {encoding}")
        page.goto(site.page("/demo", html, head=""))
        page.click("button")
        page.wait_for_url(f"{OTHER_SITE}/thanks")
        assert page.inner_text("body") == "Thank you"

    assert len(site.requests) == 2
    for event in site.wait("Form Submitted", 2):
        assert (event.trust, identifiers(event)) == (Trust.DECLARED, {"email": "ada@northwind.example"})
        assert event.properties["message"].startswith("Grüße 👋 as ")


def test_a_form_that_was_not_taken_and_is_sent_again_by_hand_counts_once(site: Site, page: Page) -> None:
    site.refusals = [503]
    page.route(f"{OTHER_SITE}/**", lambda route: route.fulfill(body="Thank you"))
    address = site.page("/demo", form(site, f"{OTHER_SITE}/thanks"), head="")
    page.goto(address)
    page.click("button")
    page.wait_for_url(f"{site.collector}/forms/demo-request")
    assert (site.events, site.stays_quiet()) == ([], True), "a browser sends no form again by itself"

    for _ in range(2):  # The first time it is taken; the second time somebody is not sure of that.
        page.goto(address)
        page.click("button")
        page.wait_for_url(f"{OTHER_SITE}/thanks")
    assert len(site.requests) == 3
    (event,) = site.events
    assert (event.name, identifiers(event)) == ("Form Submitted", {"email": "ada@northwind.example"})


def test_a_double_click_on_a_form_that_the_tracker_knows_counts_once(site: Site, page: Page) -> None:
    page.route(f"{OTHER_SITE}/**", lambda route: route.fulfill(body="Thank you"))
    for _ in range(2):
        page.goto(site.page("/demo", form(site, f"{OTHER_SITE}/thanks")))
        site.wait_until(lambda: bool(page.evaluate("window.leadscore && leadscore.loaded")), "the tracker")
        page.click("button")
        page.wait_for_url(f"{OTHER_SITE}/thanks")

    (event,) = site.wait("Form Submitted")
    assert set(identifiers(event)) == {"email", "anonymous_id"}


def test_a_form_with_a_refused_key_is_tried_once_and_its_sender_is_told(site: Site, page: Page) -> None:
    html = form(site, f"{OTHER_SITE}/thanks").replace(PUBLIC_KEY, "website_0123456789abcdef0123456789abcdef")
    page.goto(site.page("/demo", html, head=""))
    with page.expect_navigation() as navigation:
        page.click("button")

    assert navigation.value is not None
    assert (navigation.value.status, navigation.value.json()["code"]) == (401, "invalid_write_key")
    assert site.stays_quiet()
    assert (len(site.requests), site.events, site.door.failed.kept) == (1, [], {})


def test_a_browser_is_sent_to_no_strange_site(site: Site, page: Page) -> None:
    page.goto(site.page("/demo", form(site, "https://phishing.example/thanks"), head=""))
    page.click("button")
    site.wait("Form Submitted")

    page.wait_for_url(f"{site.collector}/forms/demo-request")


def test_a_picture_knows_the_visitor_again_and_so_does_a_form(site: Site, page: Page, person: BrowserContext) -> None:
    picture = f'<img src="{site.collector}/pixel.gif?writeKey={PUBLIC_KEY}" alt="">'
    page.goto(site.page("/demo", picture + form(site, ""), head=""))
    site.wait("Page Viewed")
    page.reload()
    first, second = site.wait("Page Viewed", 2)
    page.click("button")
    (sent,) = site.wait("Form Submitted")

    assert identifiers(first) == identifiers(second)
    assert identifiers(sent) == {"email": "ada@northwind.example", **identifiers(first)}
    (cookie,) = person.cookies()
    assert (cookie["name"], cookie["httpOnly"]) == ("ls_aid", True)
