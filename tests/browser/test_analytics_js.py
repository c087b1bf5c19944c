"""Segment's own browser client, as sites bundle it, against our door: settings, calls, batches, retries."""

import json

from playwright.sync_api import Page

from leadscore.domain.event import Trust
from tests.browser.segment_client import bundled_client, load
from tests.browser.site import Site
from tests.ingest.door import PUBLIC_KEY, identifiers


def visit(site: Site, page: Page, *, key: str = PUBLIC_KEY, strategy: str = "") -> None:
    site.pages["/analytics.js"] = bundled_client()
    page.goto(site.page("/pricing", head=load(site.collector, key, strategy=strategy), title="Pricing"))


def do_everything(page: Page) -> None:
    page.evaluate(
        """async () => {
          await analytics.page('Pricing')
          await analytics.track('Trial Started', {plan: 'team'})
          await analytics.identify('u-1042', {email: 'ada@northwind.example'})
          await analytics.group('northwind', {employees: 250})
        }"""
    )


DONE = ["Grouped", "Identified", "Page Viewed", "Trial Started"]


def assert_everything_counts_once(site: Site) -> None:
    site.wait_until(lambda: len(site.events) >= len(DONE), "every event")
    assert site.stays_quiet()
    assert sorted(site.names()) == DONE
    by_name = {event.name: event for event in site.events}
    assert {event.trust for event in site.events} == {Trust.PUBLIC}
    anonymous = identifiers(by_name["Page Viewed"])["anonymous_id"]
    assert identifiers(by_name["Identified"]) == {
        "user_id": "u-1042", "email": "ada@northwind.example", "anonymous_id": anonymous
    }  # fmt: skip
    assert by_name["Page Viewed"].properties["path"] == "/pricing"
    assert by_name["Trial Started"].properties == {"plan": "team"}


def test_with_nothing_but_our_address_every_call_counts_once(site: Site, page: Page) -> None:
    visit(site, page)
    do_everything(page)

    assert_everything_counts_once(site)
    assert {request.target for request in site.requests} == {"/v1/p", "/v1/t", "/v1/i", "/v1/g"}


def test_in_batches_every_call_counts_once(site: Site, page: Page) -> None:
    visit(site, page, strategy="batching")
    do_everything(page)

    assert_everything_counts_once(site)
    assert {request.target for request in site.requests} == {"/v1/b"}


def test_what_a_queue_that_is_away_did_not_take_comes_again_and_counts_once(site: Site, page: Page) -> None:
    visit(site, page)
    site.refusals = [503]
    page.evaluate("analytics.track('Trial Started')")
    site.wait("Trial Started")

    tries = [json.loads(request.body)["messageId"] for request in site.requests]
    assert len(tries) == 2
    assert len(set(tries)) == 1


def test_a_batch_that_was_not_taken_comes_again_and_counts_once(site: Site, page: Page) -> None:
    visit(site, page, strategy="batching")
    site.refusals = [503]
    page.evaluate("analytics.track('One'); analytics.track('Two')")
    site.wait("Two")

    assert sorted(site.names()) == ["One", "Two"]
    assert len(site.requests) == 2


def test_a_call_that_is_refused_is_tried_once(site: Site, page: Page) -> None:
    """An unknown key is refused at the settings already; so this one is withdrawn while a page is open."""
    visit(site, page)
    site.refusals = [401]
    page.evaluate("analytics.track('Trial Started')")
    site.wait_until(lambda: len(site.requests) == 1, "the first try")
    page.wait_for_timeout(2_500)

    assert len(site.requests) == 1
    assert site.events == []


def test_with_an_unknown_key_it_sends_nothing(site: Site, page: Page) -> None:
    visit(site, page, key="unknown")
    page.evaluate("void analytics.track('Trial Started')")

    assert site.stays_quiet()
    assert site.requests == []
