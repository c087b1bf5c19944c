"""The collector with everything around it in memory, and short ways to knock at it."""

import base64
import gzip
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leadscore.adapters.memory import MemoryFailedEvents, MemoryQueue
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.write_key import write_key
from leadscore.ingest.facts.derived import DERIVED_CONTEXT, DERIVED_TRAITS
from leadscore.ingest.facts.uncounted import NO_HOUSE, House
from leadscore.ingest.http import Request, Response
from leadscore.use_cases.collecting.collector import Collector
from leadscore.use_cases.collecting.routes import answer
from leadscore.use_cases.messages import read_message

ROOT = "a root secret of this test only"
SOURCES = {"website": Trust.PUBLIC, "backend": Trust.SERVER}
PUBLIC_KEY = write_key(ROOT, "website")
SERVER_KEY = write_key(ROOT, "backend")
SITES = frozenset({"https://www.example.com"})
_SQS_TEXT = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
#: 2026-03-01T12:00:00Z
NOON = 1_772_366_400_000


@dataclass
class Door:
    """`kinds` are sources beside the usual two, each with its kind; `secrets` is what webhooks among them are signed
    with. Requests come from `address`.

    `claims` are those so far, `metrics` the counts, `reports` the exceptions that were reported.
    """

    queue: Any = field(default_factory=MemoryQueue)
    failed: MemoryFailedEvents = field(default_factory=MemoryFailedEvents)
    read_root: Callable[[], str] = lambda: ROOT
    kinds: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    house: House = NO_HOUSE
    address: str = ""
    metrics: dict[str, int] = field(default_factory=dict)
    reports: list[BaseException] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)
    minted: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, request: Request) -> Response:
        collector = Collector(
            sources=SOURCES | dict.fromkeys(self.kinds, Trust.PUBLIC),
            kinds=self.kinds,
            signing_secret=self.secrets.get,
            claim=self.claims.setdefault,
            redirect_sites=SITES,
            read_root=self.read_root,
            queue=self.queue,
            failed_events=self.failed,
            now=lambda: NOON,
            new_token=lambda: f"{next(self.minted):032x}",
            count=self._count,
            report=self.reports.append,
            house=self.house,
        )
        return answer(collector, replace(request, address=self.address))

    def post(
        self,
        path: str,
        body: Any,
        *,
        key: str | None = PUBLIC_KEY,
        headers: Mapping[str, str] | None = None,
        query: str = "",
    ) -> Response:
        """POST a document as JSON, or text or bytes as they are; `key` goes into Basic authentication."""
        own = {"content-type": "application/json"} | ({"authorization": basic(key)} if key else {})
        raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        return self.answer(Request.of_gateway(gateway_event("POST", path, query, own | dict(headers or {}), raw)))

    def get(
        self, path: str, query: str = "", *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Response:
        return self.answer(Request.of_gateway(gateway_event(method, path, query, headers or {})))

    @property
    def events(self) -> list[LeadEvent]:
        """Everything queued, in bodies that SQS takes."""
        assert all(_SQS_TEXT.fullmatch(body) for body in self.queue.bodies)
        return [event for body in self.queue.bodies for event in read_message(body).events]

    @property
    def event(self) -> LeadEvent:
        """The one event queued."""
        (event,) = self.events
        return event

    @property
    def failed_items(self) -> list[Any]:
        """Every item among the failed events."""
        return [item for kept in self.failed.kept.values() for item in json.loads(kept.raw)["batch"]]

    def _count(self, metric: str, number: int) -> None:
        self.metrics[metric] = self.metrics.get(metric, 0) + number


def gateway_event(
    method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> dict[str, Any]:
    """What an HTTP API hands to its function (payload 2.0)."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": dict(headers or {}),
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def zipped(body: Any) -> bytes:
    return gzip.compress(json.dumps(body).encode())


def document(response: Response) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(response.body)
    return parsed


def told(said: Mapping[str, Any]) -> dict[str, Any]:
    """An event's traits or context without what ingest derives, which test_facts*.py is about."""
    derived = DERIVED_TRAITS | DERIVED_CONTEXT | {"seniority"}
    return {name: value for name, value in said.items() if name not in derived}


def identifiers(event: LeadEvent) -> dict[str, str]:
    return dict(event.identifiers)
