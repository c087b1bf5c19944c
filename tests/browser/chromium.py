"""The machine's own Chromium, driven by Playwright. None is downloaded: where there is none, tests are skipped."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.patience import PATIENCE_SECONDS

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: A browser that a test drives says so in two places, and what it sends then counts nothing.
LIKE_A_PERSONS = ["--disable-blink-features=AutomationControlled", "--no-proxy-server"]
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Skips the test where the machine has none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"there is no Chromium on this machine: install one of {', '.join(NAMES)} to run browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=LIKE_A_PERSONS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of somebody new: no cookies, nothing stored."""
    context = browser.new_context(user_agent=USER_AGENT, viewport={"width": 800, "height": 600})
    context.set_default_timeout(PATIENCE_SECONDS * 1_000)
    try:
        yield context
    finally:
        context.close()
