"""Segment's own browser client, as sites bundle it, against our door: settings, calls, batches, retries."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from infra.bundle import ESBUILD
from leadscore.domain.event import Trust
from tests.browser.site import Site
from tests.ingest.door import PUBLIC_KEY, identifiers

ENTRY = Path(__file__).parent / "analytics.entry.js"


@pytest.fixture(scope="session")
def client() -> str:
    """The client, bundled for a page: it lets itself be loaded as `segment.AnalyticsBrowser`."""
    command = [str(ESBUILD), "--bundle", "--format=iife", "--global-name=segment", str(ENTRY)]
    command += ["--define:process.env.NODE_ENV='production'", "--log-level=error"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def visit(site: Site, page: Page, client: str, *, key: str = PUBLIC_KEY, **integration: Any) -> None:
    """A page that loads it as docs/collect.md says, with options for how it sends."""
    site.pages["/analytics.js"] = client
    settings = json.dumps({"writeKey": key, "cdnURL": site.collector})
    options = json.dumps({"integrations": {"Segment.io": integration}} if integration else {})
    load = f"const analytics = segment.AnalyticsBrowser.load({settings}, {options})"
    page.goto(
        site.page("/pricing", head=f'<script src="/analytics.js"></script><script>{load}</script>', title="Pricing")
    )


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


def test_with_nothing_but_our_address_every_call_counts_once(site: Site, page: Page, client: str) -> None:
    visit(site, page, client)
    do_everything(page)

    assert_everything_counts_once(site)
    assert {request.target for request in site.requests} == {"/v1/p", "/v1/t", "/v1/i", "/v1/g"}


def test_in_batches_every_call_counts_once(site: Site, page: Page, client: str) -> None:
    visit(site, page, client, deliveryStrategy={"strategy": "batching", "config": {"size": 4, "timeout": 500}})
    do_everything(page)

    assert_everything_counts_once(site)
    assert {request.target for request in site.requests} == {"/v1/b"}


def test_what_a_queue_that_is_away_did_not_take_comes_again_and_counts_once(
    site: Site, page: Page, client: str
) -> None:
    visit(site, page, client)
    site.refusals = [503]
    page.evaluate("analytics.track('Trial Started')")
    site.wait("Trial Started")

    tries = [json.loads(request.body)["messageId"] for request in site.requests]
    assert len(tries) == 2
    assert len(set(tries)) == 1


def test_a_batch_that_was_not_taken_comes_again_and_counts_once(site: Site, page: Page, client: str) -> None:
    visit(site, page, client, deliveryStrategy={"strategy": "batching", "config": {"size": 2, "timeout": 500}})
    site.refusals = [503]
    page.evaluate("analytics.track('One'); analytics.track('Two')")
    site.wait("Two")

    assert sorted(site.names()) == ["One", "Two"]
    assert len(site.requests) == 2


def test_a_call_that_is_refused_is_tried_once(site: Site, page: Page, client: str) -> None:
    """An unknown key is refused at the settings already; so this one is withdrawn while a page is open."""
    visit(site, page, client)
    site.refusals = [401]
    page.evaluate("analytics.track('Trial Started')")
    site.wait_until(lambda: len(site.requests) == 1, "the first try")
    page.wait_for_timeout(2_500)

    assert len(site.requests) == 1
    assert site.events == []


def test_with_an_unknown_key_it_sends_nothing(site: Site, page: Page, client: str) -> None:
    visit(site, page, client, key="unknown")
    page.evaluate("void analytics.track('Trial Started')")

    assert site.stays_quiet()
    assert site.requests == []
