"""What docs/collect.md shows of the tracker works in a browser as it stands, but for the addresses."""

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.site import Site
from tests.ingest.door import PUBLIC_KEY
from tests.ingest.test_collect_docs import PLACEHOLDER_KEY, section

TEXT = section("From a page")
BLOCKS = [block.partition("```")[0] for block in TEXT.split("```html\n")[1:]]


def ours(tag: str, site: Site) -> str:
    return tag.replace("https://collect.example.com", site.collector).replace(PLACEHOLDER_KEY, PUBLIC_KEY)


def test_a_tag_that_a_script_makes_works_as_it_is_shown(site: Site, page: Page) -> None:
    (_, _, made, _) = BLOCKS
    page.goto(site.page("/", head=ours(made, site)))

    site.wait("Page Viewed")


def test_the_tag_and_the_calls_work_as_they_are_shown(site: Site, page: Page) -> None:
    tag, calls, *_ = BLOCKS
    page.goto(site.page("/", calls, head=ours(tag, site)))
    (downloaded,) = site.wait("Content Downloaded")
    page.click("button")
    (watched,) = site.wait("Video Watched")

    assert downloaded.properties == {"kind": "ebook", "asset_id": "eb-3"}
    assert watched.properties == {"video_id": "intro", "share": 50}


def test_every_call_that_is_listed_is_there(site: Site, page: Page) -> None:
    page.goto(site.page("/"))
    page.wait_for_function("window.leadscore && leadscore.loaded")
    there = set(page.evaluate("Object.keys(leadscore)")) - {"loaded"}

    assert {name for name in there if f"`leadscore.{name}(" in TEXT} == there


def test_every_event_that_is_listed_is_one_of_the_trackers() -> None:
    source = (Path(__file__).parents[2] / "shared/leadscore/tracker/tracker.js").read_text()
    names = [line.split("`")[1] for line in TEXT.splitlines() if line.startswith("| `")][:7]

    assert names[:5] == ["Page Viewed", "Page Read", "Page Scrolled", "Link Clicked", "File Accessed"]
    assert [name for name in names[1:5] if f'"{name}"' not in source] == []
