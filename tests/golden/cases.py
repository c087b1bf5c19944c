"""The published cases as data: what leads do, in Segment's format, and what must come of it.

A file holds one case of several leads. A lead takes steps; each sends calls and then expects a score. A call is one of
Segment's (`type: track`) or a form post (`form: demo`), from the secret key's source unless it says `source: public`.
`at` says how long ago it happened: `-30d`, `-12h`; without it, just now. Calls of a step happen in their order.

The same files run through the fold (`test_golden.py`) and over HTTP: `requests` gives what to send.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
_UNIT_MS = {"d": 86_400_000, "h": 3_600_000}


@dataclass(frozen=True)
class Request:
    """A POST to the public door: `source` is `server` or `public` and says whose write key goes with it."""

    path: str
    body: dict[str, Any]
    source: str
    occurred_at: int


@dataclass(frozen=True)
class Expected:
    """`lines` are all lines of the explanation that have points; `fit` and `engagement` are told where they matter."""

    total: int
    stage: str
    lines: Mapping[str, int]
    fit: int | None = None
    engagement: int | None = None


@dataclass(frozen=True)
class Step:
    send: tuple[Mapping[str, Any], ...]
    expect: Expected


@dataclass(frozen=True)
class Lead:
    name: str
    steps: tuple[Step, ...]

    def requests(self, *, user_id: str, now: int) -> Iterator[tuple[list[Request], Expected]]:
        """For each step what to send, and what to expect once it is processed. `now` is ms since the epoch."""
        sent = 0
        left = sum(len(step.send) for step in self.steps)
        for step in self.steps:
            requests = []
            for call in step.send:
                # A millisecond apart, and none of them later than its `at`: 30 days ago is at least 30 days ago.
                requests.append(_request(call, user_id, f"{user_id}-{sent}", now + _offset_ms(call) - left))
                sent, left = sent + 1, left - 1
            yield requests, step.expect


@dataclass(frozen=True)
class Case:
    """`model` is None where the shipped model is meant, which is what a fresh deployment has in force."""

    id: str
    tells: str
    leads: tuple[Lead, ...]
    model: Mapping[str, Any] | None = field(default=None, repr=False)


def cases() -> list[Case]:
    return [_case(yaml.safe_load(file.read_text())) for file in FILES]


def _case(document: Mapping[str, Any]) -> Case:
    leads = tuple(
        Lead(name, tuple(Step(tuple(step["send"]), Expected(**step["expect"])) for step in steps))
        for name, steps in document["leads"].items()
    )
    return Case(document["case"], document["tells"], leads, document.get("model"))


def _offset_ms(call: Mapping[str, Any]) -> int:
    at = call.get("at", "-0d")
    return int(at[:-1]) * _UNIT_MS[at[-1]]


def _request(call: Mapping[str, Any], user_id: str, message_id: str, occurred_at: int) -> Request:
    if "form" in call:
        fields = {**call.get("fields", {}), "userId": user_id, "messageId": message_id}
        return Request(f"/forms/{call['form']}", fields, "public", occurred_at)
    said = {name: value for name, value in call.items() if name not in ("at", "source")}
    timestamp = datetime.fromtimestamp(occurred_at / 1000, UTC).isoformat(timespec="milliseconds")
    body = {**said, "userId": user_id, "messageId": message_id, "timestamp": timestamp}
    return Request(f"/v1/{call['type']}", body, call.get("source", "server"), occurred_at)
