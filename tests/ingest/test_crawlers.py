"""Crawlers are those that the package `crawlerdetect` knows, found faster than it finds them."""

import re
import time
from random import Random
from string import ascii_lowercase

from crawlerdetect import CrawlerDetect  # type: ignore[import-untyped]
from crawlerdetect.providers.crawlers import data as crawlers  # type: ignore[import-untyped]
from crawlerdetect.providers.exclusions import data as exclusions  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from leadscore.ingest.facts.crawler_list import crawler_list
from leadscore.ingest.facts.crawlers import is_crawler

#: What some of the list's expressions that are more than text stand for, and what comes close.
SPECIAL = (
    "b0t", "Aether", "DebugBear", "Daum/1", "Daumoa 1", "Fetch/", "Fetch/1", "Go 1.1 package http", "Go package http",
    "Java outbrain", "Project25499", "Ruby", "Ruby/3", "Sitemap Generator", "Y!J-ABC", "Y!J-A", "Yandex",
    "YandexSearch", "a-bot", "_CRAWLER_", "; M bot", "cubot", "Windows NT 10.0", "Opera/9.8", "Gecko",
)  # fmt: skip
PIECES = (*(re.sub(r"\\(\W)", r"\1", expression) for expression in (*crawlers, *exclusions)), *SPECIAL)


def is_known_to_the_package(user_agent: str) -> bool:
    return bool(CrawlerDetect().isCrawler(user_agent))


def test_every_name_on_the_list_is_judged_as_the_package_judges_it() -> None:
    told = [text for piece in PIECES for text in (piece, piece.upper(), f"Mozilla/5.0 (X {piece}; de) Gecko")]
    assert [text for text in told if crawler_list().has(text) != is_known_to_the_package(text)] == []
    assert sum(map(is_known_to_the_package, told)) > len(crawlers)


@given(
    st.lists(
        st.sampled_from(PIECES) | st.sampled_from(SPECIAL) | st.text("abot/1 ;()", max_size=8), min_size=1, max_size=4
    ),
    st.sampled_from(("", " ", "/")),
)
def test_any_name_is_judged_as_the_package_judges_it(pieces: list[str], between: str) -> None:
    user_agent = between.join(pieces)
    assert crawler_list().has(user_agent) == is_known_to_the_package(user_agent)


def test_many_long_names_in_a_request_cost_little() -> None:
    random = Random(1)
    names = ["".join(random.choices(ascii_lowercase, k=500)) for _ in range(40)]
    crawler_list()
    before = time.process_time()
    for name in names:
        is_crawler(name)
    assert time.process_time() - before < 0.4  # The package alone takes more than twice as long.
