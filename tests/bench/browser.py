"""Calls of analytics.js in a browser, as recorded from @segment/analytics-next 1.84.3: about 1.1 KB of JSON each.

They enter as they do in production, through `ingest`, so what a lead event holds of them is what gets measured.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.segment import read_call

SITE = "https://www.northwind-analytics.example"
#: What a browser takes from the event to the sending, and the network from there to us.
_SENT_AFTER_MS = 12
_RECEIVED_AFTER_MS = 85

_TITLES = {
    "/": "Northwind Analytics | Reporting your finance team trusts",
    "/features/reports": "Reports and dashboards | Northwind Analytics",
    "/pricing": "Plans and pricing | Northwind Analytics",
    "/blog/month-end-close": "Closing the month in two days | Northwind Analytics",
    "/blog/data-contracts": "Data contracts for small teams | Northwind Analytics",
    "/customers/contoso": "How Contoso halved its reporting time | Northwind Analytics",
    "/docs/getting-started": "Getting started | Northwind Analytics docs",
    "/careers": "Work with us | Northwind Analytics",
}
PATHS = tuple(_TITLES)


@dataclass(frozen=True)
class Visitor:
    """Somebody's browser. `rng` gives the ids that it makes up."""

    rng: Random
    anonymous_id: str
    user_id: str | None = None

    def known_as(self, user_id: str) -> "Visitor":
        return replace(self, user_id=user_id)

    def page(self, path: str, at: int) -> dict[str, Any]:
        return self._call("page", at, path, properties=_page(path), name=None)

    def track(self, event: str, at: int, properties: dict[str, Any], path: str = "/pricing") -> dict[str, Any]:
        return self._call("track", at, path, event=event, properties=properties)

    def identify(self, at: int, traits: dict[str, Any], path: str = "/pricing") -> dict[str, Any]:
        return self._call("identify", at, path, traits=traits)

    def _call(self, kind: str, at: int, path: str, **said: Any) -> dict[str, Any]:
        return {
            "timestamp": _iso(at),
            "integrations": {},
            "type": kind,
            **said,
            "context": {
                "page": _page(path),
                "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/139.0.0.0 Safari/537.36",
                "userAgentData": {
                    "brands": [{"brand": "Not;A=Brand", "version": "99"}, {"brand": "Chromium", "version": "139"}],
                    "mobile": False,
                    "platform": "Windows",
                },
                "locale": "en-GB",
                "library": {"name": "analytics.js", "version": "npm:next-1.84.3"},
                "timezone": "Europe/London",
            },
            "messageId": f"ajs-next-{at}-{_uuid(self.rng)}",
            "anonymousId": self.anonymous_id,
            "writeKey": "website_0f6c2d7e9b1a4c3d8e5f60718293a4b5",
            "userId": self.user_id,
            "sentAt": _iso(at + _SENT_AFTER_MS),
            "_metadata": {"bundled": ["Segment.io"], "unbundled": [], "bundledIds": []},
        }


def new_visitor(rng: Random) -> Visitor:
    return Visitor(rng, anonymous_id=str(_uuid(rng)))


def lead_event(call: dict[str, Any], trust: Trust = Trust.PUBLIC) -> LeadEvent:
    """The event that the call becomes when it arrives."""
    sent_at = round(datetime.fromisoformat(call["sentAt"]).timestamp() * 1_000)
    arrival = Arrival("website", trust, sent_at + _RECEIVED_AFTER_MS, new_id=lambda: "unused")
    event = read_call(call, call["type"], arrival)
    if event is None:
        raise ValueError("an alias of somebody to themselves is no event")
    return event


def json_bytes(call: dict[str, Any]) -> int:
    """As the browser sends it."""
    return len(json.dumps(call, separators=(",", ":")).encode())


def _page(path: str) -> dict[str, str]:
    return {
        "path": path,
        "referrer": "https://www.google.com/",
        "search": "",
        "title": _TITLES[path],
        "url": SITE + path,
    }


def _uuid(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
