"""A browser for each module, and for each test somebody new in it, on a website of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import chromium, visitor
from tests.browser.site import Site, served
from tests.conftest import LOOPBACK

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


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
    with served() as running:
        yield running
