"""What real clients send, and states at the edge of what may be."""

from random import Random
from typing import Any

from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent, Trust, event_id
from leadscore.domain.state import HOMES_MAX, RECENT_MAX, LeadState, Line
from leadscore.domain.transition import Transition

NOW = 1_790_000_000_000
DAY_MS = 86_400_000

_PAGE = {
    "path": "/pricing/enterprise",
    "referrer": "https://www.google.com/",
    "search": "?utm_source=google&utm_medium=cpc&utm_campaign=brand-dach-2026-q3&gclid=EAIaIQobChMI8sWk1N7zhwMV",
    "title": "Pricing for teams and enterprises | Northwind Analytics",
    "url": "https://www.northwind-analytics.example/pricing/enterprise?utm_source=google&utm_medium=cpc"
    "&utm_campaign=brand-dach-2026-q3&gclid=EAIaIQobChMI8sWk1N7zhwMV",
}
_CONTEXT = {
    "page": _PAGE,
    "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/128.0.0.0 Safari/537.36",
    "userAgentData": {
        "brands": [
            {"brand": "Chromium", "version": "128"},
            {"brand": "Not;A=Brand", "version": "24"},
            {"brand": "Google Chrome", "version": "128"},
        ],
        "mobile": False,
        "platform": "macOS",
    },
    "locale": "de-DE",
    "library": {"name": "analytics.js", "version": "npm:next-1.84.3"},
    "timezone": "Europe/Berlin",
    "campaign": {"source": "google", "medium": "cpc", "name": "brand-dach-2026-q3"},
}
#: The bodies of two calls of @segment/analytics-next 1.84.3 in Chrome, as they arrive (about 1.4 KB each).
ANALYTICS_JS_PAGE: dict[str, Any] = {
    "timestamp": "2026-09-21T13:46:38.102Z",
    "integrations": {},
    "anonymousId": "5b1f0a52-9d3e-4a3b-8a7c-2f6f0f3f9a41",
    "type": "page",
    "properties": _PAGE,
    "context": _CONTEXT,
    "messageId": "ajs-next-1790000798102-5b1f0a52-9d3e-4a3b-8a7c-2f6f0f3f9a41",
    "userId": None,
    "writeKey": "website_0f6c2d7e9b1a4c3d8e5f60718293a4b5",
    "sentAt": "2026-09-21T13:46:38.110Z",
    "_metadata": {"bundled": ["Segment.io"], "unbundled": [], "bundledIds": []},
}
ANALYTICS_JS_TRACK: dict[str, Any] = {
    **ANALYTICS_JS_PAGE,
    "type": "track",
    "event": "Content Downloaded",
    "properties": {"kind": "white paper", "asset_id": "buyers-guide-2026", "title": "The buyer's guide to analytics"},
    "messageId": "ajs-next-1790000801377-9c0d7a10-6f1b-4b5f-9a55-0c2b6f7d1e22",
    "userId": "usr_01J8Z3K4M5N6P7Q8R9S0T1V2W3",
}


def event_of(call: dict[str, Any], *, occurred_at: int = NOW) -> LeadEvent:
    """The lead event that an analytics.js call becomes, with everything of it that says something."""
    named = (("user_id", call["userId"]), ("anonymous_id", call["anonymousId"]))
    return LeadEvent(
        id=event_id("website", call["messageId"]),
        name=call.get("event", "Page Viewed"),
        call=call["type"],
        source="website",
        trust=Trust.PUBLIC,
        occurred_at=occurred_at,
        received_at=NOW,
        identifiers=tuple(Identifier(kind, value) for kind, value in named if value),
        fingerprint="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        properties=call["properties"],
        context=call["context"],
    )


def event(home: Identifier, number: int = 1, **changes: Any) -> LeadEvent:
    """A small event; two with the same number differ in nothing."""
    values: dict[str, Any] = {
        "id": event_id("website", f"message-{number}"),
        "name": "Page Viewed",
        "call": "page",
        "source": "website",
        "trust": Trust.PUBLIC,
        "occurred_at": NOW + number,
        "received_at": NOW + number,
        "identifiers": (home,),
        "fingerprint": f"fingerprint-{number}",
        "properties": {"url": "https://www.example.com/"},
    }
    return LeadEvent(**values | changes)


def largest_state(random: Random, *, version: int = 999_999) -> LeadState:
    """The state of a lead as busy as one may be under the model that ships: every ring full, numbers of six digits."""

    def ago() -> int:
        return NOW - random.randrange(2 * 365 * DAY_MS)

    return LeadState(
        lead="".join(random.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=26)),
        version=version,
        activation=999,
        as_of=NOW,
        stage="sql",
        stage_since=ago(),
        due_at=NOW + 30 * DAY_MS + 1,
        created_at=ago(),
        last_event=(NOW - 1, event_id("website", "x")),
        last_activity_at=ago(),
        settled_at=ago(),
        floor="sql",
        identified=True,
        scores={name: -random.randrange(100_000, 1_000_000) for name in ("fit", "engagement", "vouched")},
        idle={number: (1, random.randrange(1_000)) for number in random.sample(range(1 << 16), 2)},
        lines={
            number: Line(-random.randrange(100_000, 1_000_000), random.randrange(100_000, 1_000_000), ago())
            for number in random.sample(range(1 << 16), 47)
        },
        folded_count=999_999,
        folded_xor=random.getrandbits(64),
        recent=tuple((version - place, random.getrandbits(64)) for place in range(RECENT_MAX)),
        recent_since=999_000,
        homes=tuple(random.getrandbits(64) for _ in range(HOMES_MAX)),
    )


def transition(lead: str, version: int, **changes: Any) -> Transition:
    values: dict[str, Any] = {
        "lead": lead,
        "version": version,
        "from_stage": "new",
        "to_stage": "sql",
        "passed": ("warm", "mql"),
        "direction": "up",
        "cause": Cause.EVENT,
        "occurred_at": NOW,
        "as_of": NOW + 1,
        "model": "b2b",
        "activation": 3,
        "routes": ("sales",),
        "fit": 45,
        "engagement": -12,
        "total": 33,
        "reasons": (("Asked for a demo", 60), ("Left the trial early", -15)),
        "publish": True,
    }
    return Transition(**values | changes)
