"""Which way somebody came to a page: the channel that marketing counts it under.

What a marketer wrote into the link counts first, then what an ad network wrote, then where the browser came from.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from leadscore.domain.attribution import CLICK_IDS, click_ids_of
from leadscore.domain.event import DIRECT_CHANNEL, INTERNAL_CHANNEL, Json
from leadscore.domain.page import campaign_of, page_of, query_of, split_url, text_of
from leadscore.ingest.facts.referrers import APPS, MEDIUMS, PAID_MEDIUMS, SOURCES, channel_of_host
from leadscore.ingest.facts.sites import are_one_site, is_passed_through, lies_in

_PAID = {"social": "paid-social", "paid-social": "paid-social", "display": "display"}
NO_HOSTS: frozenset[str] = frozenset()
#: What of a campaign tells its channel.
_TELLING = ("source", "medium", "name")
#: What analytics tools write where there was no campaign.
_NO_CAMPAIGN = frozenset({"", "(direct)", "(none)", "(not-set)", "direct", "none"})


def channel(call: str, properties: Json, context: Json, own_referrers: frozenset[str] = NO_HOSTS) -> str | None:
    """The channel of a page view, or of an event that says of its page where the visitor came from.

    `own_referrers` are hosts that bring nobody here, beside the page's own site.
    """
    page = page_of(call, properties, context)
    url, referrer = text_of(page.get("url")), text_of(page.get("referrer"))
    query = query_of(split_url(url)) if "?" in url else {}
    tagged = _tagged(context.get("campaign"), query if "utm_" in url else {})
    by_click = _by_click_id(query) or _by_click_id(click_ids_of(context))
    if tagged:
        return _by_campaign(tagged, by_click) or "referral"
    came_by = by_click or _by_referrer(referrer, url, own_referrers)
    return DIRECT_CHANNEL if came_by is None and call == "page" and not referrer else came_by


def _tagged(said: Any, query: Mapping[str, str]) -> Mapping[str, str]:
    """The campaign, in one spelling."""
    if not said and not query:
        return {}
    stated = campaign_of(said, query)
    alike = {name: stated.get(name, "").lower().replace("_", "-").replace(" ", "-") for name in _TELLING}
    return {name: text for name, text in alike.items() if text not in _NO_CAMPAIGN}


def _by_campaign(tagged: Mapping[str, str], by_click: str | None) -> str | None:
    medium, source = tagged.get("medium", ""), tagged.get("source", "")
    by_source = SOURCES.get(source) or channel_of_host(source)
    if medium in PAID_MEDIUMS:
        return _PAID.get(by_source or by_click or "", "paid-search")
    if medium == "organic" and by_source == "social":
        return "social"
    return MEDIUMS.get(medium) or by_click or by_source


def _by_click_id(query: Mapping[str, Any]) -> str | None:
    if not query:
        return None
    names = {name.lower() for name in query}
    return next((channel for name, channel in CLICK_IDS.items() if name in names), None)


def _by_referrer(referrer: str, url: str, own_referrers: frozenset[str]) -> str | None:
    if referrer.startswith("android-app://"):
        return APPS.get(referrer.removeprefix("android-app://").partition("/")[0], "referral")
    host = _host(referrer)
    if not host:
        return None
    if are_one_site(host, _host(url)) or is_passed_through(host) or lies_in(host, own_referrers):
        return INTERNAL_CHANNEL
    return channel_of_host(host) or "referral"


@lru_cache(maxsize=128)
def _host(url: str) -> str:
    parts = split_url(url)
    return (parts.hostname or "").removeprefix("www.") if parts is not None else ""
