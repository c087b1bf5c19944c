"""Events and a small model for tests: short to write, and unlike the shipped model nobody changes its points."""

import hashlib
from collections.abc import Mapping
from typing import Any

from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent, Trust, event_id, identifiers_in
from leadscore.domain.model import Model
from leadscore.domain.state import LeadState

HOUR = 3_600_000
DAY = 24 * HOUR
#: 2026-03-01T12:00Z
NOON = 1_772_366_400_000

SMALL_MODEL: dict[str, Any] = {
    "model": "small",
    "stages": [
        {"stage": "new"},
        {"stage": "warm", "at": 20, "route": "nurture"},
        {"stage": "mql", "at": 50, "route": "nurture"},
        {"stage": "sql", "at": 100, "route": "sales"},
    ],
    "fit": [
        {"rule": "Director", "points": 15, "when": {"title": [{"prefix": {"equals-ignore-case": "director"}}]}},
        {"rule": "Competitor", "points": -100, "when": {"email": [{"suffix": "@competitor.example"}]}},
    ],
    "engagement": [
        {"rule": "Page", "event": "Page Viewed", "points": 1},
        {"rule": "Blog", "event": "Blog Subscribed", "points": 2},
        {"rule": "White paper", "event": "White Paper Read", "points": 25},
        {"rule": "Webinar", "event": "Webinar Attended", "points": 40},
        {
            "rule": "Careers page",
            "event": "Page Viewed",
            "points": -10,
            "when": {"properties": {"path": [{"prefix": "/careers"}]}},
        },
    ],
    "fast_track": [{"rule": "Demo requested", "event": "Demo Requested", "stage": "sql"}],
    "set_stage": [{"rule": "Content downloaded", "event": "Content Downloaded", "stage": "mql"}],
    "disqualify": [{"rule": "Ruled out", "event": "Lead Disqualified"}],
    "requalify": [{"rule": "Ruled in", "event": "Lead Requalified"}],
    "escape": [{"rule": "Unsubscribed", "event": "Unsubscribed"}],
    "return": [{"rule": "Came back", "event": ["Form Submitted", "Consent Given"]}],
    "inactivity": [
        {"rule": "Quiet for 30 days", "after": "30d", "take": 50},
        {"rule": "Quiet for 90 days", "after": "90d", "reset": True},
    ],
}


def small_model(**changes: Any) -> Model:
    return compile_model({**SMALL_MODEL, **changes})


def total(state: LeadState) -> int:
    """Under a model without caps and further scores, as the one above."""
    return state.fit + state.engagement


def event(
    name: str = "Page Viewed",
    *,
    at: int = NOON,
    message: str | None = None,
    user: str | None = None,
    email: str | None = None,
    anonymous: str | None = None,
    trust: Trust = Trust.SERVER,
    properties: Mapping[str, Any] | None = None,
    traits: Mapping[str, Any] | None = None,
    source: str = "backend",
    external: Mapping[str, str] | None = None,
) -> LeadEvent:
    """An event; without a message id its name, time and identifiers make one. By default of the user `ada`."""
    named = {"user_id": user, "email": email, "anonymous_id": anonymous, **(external or {})}
    if not any(named.values()):
        named["user_id"] = "ada"
    identifiers = identifiers_in(named)
    message = message or f"{name} {at} {identifiers}"
    said = repr((name, identifiers, properties, traits))
    return LeadEvent(
        id=event_id(source, message),
        name=name,
        call="track",
        source=source,
        trust=trust,
        occurred_at=at,
        received_at=at,
        identifiers=identifiers,
        fingerprint=hashlib.sha256(said.encode()).hexdigest()[:16],
        properties=properties or {},
        traits=traits or {},
    )
