"""Real browsers on the deployed stack: everything that people do on pages arrives, and counts once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from infra.local.stack import LocalStack
from tests.browser.chromium import chromium, visitor
from tests.browser.segment_client import bundled_client, load
from tests.browser.site import Site, served
from tests.e2e.conftest import REDIRECT_SITE
from tests.e2e.outside import Outside, new_name


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def person(browser: Browser) -> Iterator[BrowserContext]:
    with visitor(browser) as context:
        yield context


@pytest.fixture
def page(person: BrowserContext) -> Page:
    return person.new_page()


@pytest.fixture
def site() -> Iterator[Site]:
    """The website alone: what it sends goes to the stack."""
    with served() as running:
        yield running


def times(lead: dict[str, object]) -> dict[str, int]:
    lines = lead["explanation"]
    assert isinstance(lines, list)
    return {line["rule"]: line["times"] for line in lines}


def wait_for_queue(page: Page) -> None:
    """Until the tracker has nothing to send any more."""
    page.wait_for_function("localStorage.ls_queue === '[]'")


def test_what_the_tracker_tells_counts_once(outside: Outside, stack: LocalStack, site: Site, page: Page) -> None:
    email = f"{new_name()}@northwind.example"
    tag = f'<script async src="{stack.collect_url}/tracker.js" data-write-key="{stack.public_write_key}"></script>'
    form = f"""
      <button type="button" data-ls-event="Trial Started" data-ls-plan="team">Try</button>
      <form action="/thanks" method="post" data-ls-form="contact">
        <input name="email" type="email" value="{email}"><input type="submit">
      </form>"""
    site.page("/thanks", head=tag)
    page.goto(site.page("/pricing", form, head=tag))
    page.wait_for_function("window.leadscore && leadscore.loaded")
    page.click("button")
    page.click("input[type=submit]")
    page.wait_for_url(f"{site.url}/thanks")
    wait_for_queue(page)

    lead = outside.lead(email=email)
    assert times(lead) == {
        "Page viewed": 2,
        "Pricing page viewed": 1,
        "Trial started": 1,
        "Contact form submitted": 1,
    }
    assert lead["total"] == 2 + 10 + 25 + 15
    assert site.requests == []


def test_a_plain_form_counts_once_and_brings_the_browser_back(
    outside: Outside, stack: LocalStack, site: Site, page: Page
) -> None:
    email = f"{new_name()}@northwind.example"
    page.route(f"{REDIRECT_SITE}/**", lambda route: route.fulfill(body="Thank you"))
    form = f"""
      <form action="{stack.collect_url}/forms/contact" method="post">
        <input type="hidden" name="writeKey" value="{stack.public_write_key}">
        <input type="hidden" name="redirect" value="{REDIRECT_SITE}/thanks">
        <input name="email" value="{email}"><input type="submit">
      </form>"""
    page.goto(site.page("/contact", form, head=""))
    page.click("input[type=submit]")
    page.wait_for_url(f"{REDIRECT_SITE}/thanks")

    assert times(outside.lead(email=email)) == {"Contact form submitted": 1}


@pytest.mark.parametrize("strategy", ["", "batching"])
def test_what_segments_client_tells_counts_once(
    outside: Outside, stack: LocalStack, site: Site, page: Page, strategy: str
) -> None:
    user = new_name()
    site.pages["/analytics.js"] = bundled_client()
    head = load(stack.collect_url, stack.public_write_key, strategy=strategy)
    page.goto(site.page("/pricing", head=head))
    # A batch leaves half a second after its calls.
    with page.expect_response(lambda response: response.request.method == "POST" and response.ok):
        page.evaluate(
            """async (user) => {
              await analytics.page()
              await analytics.track('Trial Started')
              await analytics.identify(user)
            }""",
            user,
        )

    assert times(outside.lead(user_id=user)) == {"Page viewed": 1, "Pricing page viewed": 1, "Trial started": 1}
