"""Where a lead came from: every touch, the first and the last, as marketing counts them.

A touch is a contact that somebody brought about: a campaign, a search, a link on another site. The door works out its
`context.channel`; here the rest of what the link and the page say is put beside it. By the rules that analytics tools
share, a page reached from the same site is no touch, and a direct visit is one only where nothing came before it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from leadscore.domain.event import DIRECT_CHANNEL, INTERNAL_CHANNEL, Json, LeadEvent
from leadscore.domain.page import campaign_of, page_of, query_of, split_url, text_of
from leadscore.domain.state import LeadState
from leadscore.domain.uncounted import counts_nothing, heed_wishes, is_of_own_lead

#: What ad networks and mail platforms add to a link, with the channel it tells, the clearest first. Facebook's stands
#: on unpaid links, too.
CLICK_IDS = {
    name: channel
    for channel, names in {
        "paid-search": ("gclid", "gbraid", "wbraid", "msclkid", "yclid"),
        "paid-social": ("li_fat_id", "ttclid", "twclid", "rdt_cid", "sccid", "epik"),
        "display": ("dclid",),
        "affiliate": ("irclickid", "awc", "cjevent"),
        "email": ("_hsenc", "_hsmi", "mc_eid", "mkt_tok", "ml_subscriber", "vero_id"),
        "social": ("fbclid", "igsh", "igshid"),
        "organic-search": ("srsltid",),
    }.items()
    for name in names
}
NOTHING: Mapping[str, Any] = {}
#: Pages of one visit repeat what brought it about, single-page apps above all: within so much time that is one touch.
SAME_TOUCH_MS = 30 * 60_000
#: Of a text that a link carried; nobody's campaign has a longer name.
TEXT_CHARACTERS_MAX = 256


class Touch(NamedTuple):
    """What brought the lead here, at `at` (ms). What nobody said is empty, and so is what may be an address of mail.

    `referrer` is a host, `landing_page` an address without its query, which may be personal.
    """

    at: int
    channel: str
    source: str = ""
    medium: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    referrer: str = ""
    landing_page: str = ""
    click_ids: tuple[tuple[str, str], ...] = ()

    @property
    def brought_about_by(self) -> tuple[str, ...]:
        told = (self.source, self.medium, self.campaign, self.term, self.content)
        # A form on the page says again what the link to it said, and nothing of the referrer.
        return (self.channel, *told, "" if any(told) or self.click_ids else self.referrer)


class Attribution(NamedTuple):
    """Every touch, oldest first. `last` is the last that was not direct, unless all were."""

    touches: tuple[Touch, ...]

    @property
    def first(self) -> Touch | None:
        return self.touches[0] if self.touches else None

    @property
    def last(self) -> Touch | None:
        return self.touches[-1] if self.touches else None


def attribution(events: Iterable[LeadEvent]) -> Attribution:
    """The touches in a lead's events, which come in any order. What counts nothing brought nobody here."""
    touches: list[Touch] = []
    seen_at: dict[tuple[str, ...], int] = {}
    ordered = sorted(events, key=lambda event: event.order)
    lead = LeadState("", is_own=any(map(is_of_own_lead, ordered)))
    for event in ordered:
        heed_wishes(lead, event)
        touch = None if counts_nothing(lead, event) else _touch(event)
        if touch is None or (touch.channel == DIRECT_CHANNEL and touches):
            continue
        before = seen_at.get(touch.brought_about_by)
        seen_at[touch.brought_about_by] = touch.at
        if before is None or touch.at - before > SAME_TOUCH_MS:
            touches.append(touch)
    return Attribution(tuple(touches))


def _touch(event: LeadEvent) -> Touch | None:
    channel = event.context.get("channel")
    if not isinstance(channel, str) or not channel or channel == INTERNAL_CHANNEL:
        return None
    page = page_of(event.call, event.properties, event.context)
    url = split_url(text_of(page.get("url")))
    referrer = split_url(text_of(page.get("referrer")))
    query = query_of(url)
    campaign = campaign_of(event.context.get("campaign"), query)
    return Touch(
        at=event.occurred_at,
        channel=channel,
        source=_cut(campaign.get("source", "")),
        medium=_cut(campaign.get("medium", "")),
        campaign=_cut(campaign.get("name", "")),
        term=_cut(campaign.get("term", "")),
        content=_cut(campaign.get("content", "")),
        referrer=_cut((referrer.hostname or "") if referrer is not None else ""),
        landing_page=_cut(f"{url.scheme}://{url.netloc}{url.path or '/'}" if url is not None else ""),
        click_ids=_click_ids({**query, **click_ids_of(event.context)}),
    )


def click_ids_of(context: Json) -> Mapping[str, Any]:
    """What ad networks had added to a link, where a form carried it along: `context.click_ids`."""
    carried = context.get("click_ids")
    return carried if isinstance(carried, dict) else NOTHING


def _click_ids(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, kept)
        for name, value in parameters.items()
        if name.lower() in CLICK_IDS and isinstance(value, str) and (kept := _cut(value))
    )


def _cut(text: str) -> str:
    return "" if "@" in unquote(text) else text[:TEXT_CHARACTERS_MAX]
