"""Programs that load pages and pictures with nobody looking, by how they name themselves."""

import re
from functools import lru_cache

from leadscore.ingest.facts.crawler_list import crawler_list

#: A browser as browsers write it: no name in it but those of engines and of the browsers that people use. Nearly all
#: events come from one, and need no look at the long list. What hides behind such a name no list would find, either.
_BROWSER = re.compile(
    r"Mozilla/5\.0 \((?!compatible)(?:(?!bot|crawl|spider|http|preview)[\w .;:,/_+-]){1,120}\)"
    r"(?: (?:AppleWebKit|Gecko|Chrome|Version|Mobile|Safari|Edg|EdgA|EdgiOS|OPR|Firefox|FxiOS|CriOS|SamsungBrowser)"
    r"(?:/[\w.]+)?| \(KHTML, like Gecko\)){1,8}",
    re.IGNORECASE,
)
#: Gmail and Yahoo fetch a mail's pictures on behalf of whoever opens it, at that moment: these opens are a person's.
_MAIL_READERS = ("GoogleImageProxy", "YahooMailProxy")
#: Programs in which people read mail and messages themselves. They are on the list, which is made to count visits of
#: pages: what counts here is what else stands beside these names.
_READERS = re.compile(
    r"Microsoft Office/\d[\d.]*|Microsoft Outlook(?: Mail)? \d[\d.]*|Outlook-(?:iOS|Android|Express)[\w-]*/[\w.]+"
    r"|MacOutlook/[\w.]+|Airmail[ /][\d.]+|^Mail/[\d.]+(?= CFNetwork)|Slack/[\d.]+(?=.*Slack_SSB/)|Slack_SSB/[\d.]+",
    re.IGNORECASE,
)
#: Outlook's scanner, which opens the links of a mail before anybody reads it.
_SCANNER = "safelinks"
#: A crawler says what it is well before.
_NAME_CHARACTERS_MAX = 512


def is_crawler(user_agent: str) -> bool:
    """Whether a program of this name is one of the crawlers, previewers and scripts that are known."""
    return _is_crawler(user_agent[:_NAME_CHARACTERS_MAX])


@lru_cache(maxsize=4_096)
def _is_crawler(user_agent: str) -> bool:
    if not user_agent or _BROWSER.fullmatch(user_agent) or any(reader in user_agent for reader in _MAIL_READERS):
        return False
    return _SCANNER in user_agent.lower() or crawler_list().has(_READERS.sub("", user_agent))
