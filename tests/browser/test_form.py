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
        page.goto(site.page("/demo", form(site, f"{OTHER_SITE}/thanks", encoding), head=""))
        page.click("button")
        page.wait_for_url(f"{OTHER_SITE}/thanks")
        assert page.inner_text("body") == "Thank you"

    assert len(site.requests) == 2
    for event in site.wait("Form Submitted", 2):
        assert (event.trust, identifiers(event)) == (Trust.DECLARED, {"email": "ada@northwind.example"})
        assert event.properties["message"] == "Grüße 👋"


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
