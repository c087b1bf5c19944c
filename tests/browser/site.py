"""A website and the collector that it sends to, on loopback, each a host of one domain: `www.` and `collect.`"""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.local.front import gateway_event
from infra.local.http_server import HttpAnswer, HttpRequest, serving
from leadscore.domain.event import LeadEvent
from leadscore.ingest.http import Request
from tests.ingest.door import PUBLIC_KEY, Door
from tests.patience import PATIENCE_SECONDS

#: How long nothing must happen where nothing should.
QUIET_SECONDS = 0.5
OTHER_SITE = "https://www.example.com"


@dataclass
class Site:
    """`pages` are the website's, by path; `refusals` are the statuses with which the collector's next answers fail.

    `requests` is what came to the collector, without preflights, and `preflights` how many of these there were.
    """

    door: Door = field(default_factory=Door)
    pages: dict[str, str] = field(default_factory=dict)
    refusals: list[int] = field(default_factory=list)
    requests: list[HttpRequest] = field(default_factory=list)
    preflights: int = 0
    posted_here: list[HttpRequest] = field(default_factory=list)
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://www.site.localhost:{self.port}"

    @property
    def collector(self) -> str:
        return f"http://collect.site.localhost:{self.port}"

    def tag(self, **attributes: str) -> str:
        said = {"data-write-key": PUBLIC_KEY, **{f"data-{name}": value for name, value in attributes.items()}}
        text = " ".join(f'{name}="{value}"' for name, value in said.items())
        return f'<script async src="{self.collector}/tracker.js" {text}></script>'

    def page(self, path: str, body: str = "", *, title: str = "A page", head: str | None = None) -> str:
        """Put a page with the tracker on the website, and return its address."""
        head = self.tag() if head is None else head
        self.pages[path] = f"<!doctype html><title>{title}</title>{head}<body>{body}</body>"
        return self.url + path

    def answer(self, request: HttpRequest) -> HttpAnswer:
        with self._lock:
            host = dict(request.headers).get("Host", "")
            return self._collect(request) if host.startswith("collect.") else self._show(request)

    def _show(self, request: HttpRequest) -> HttpAnswer:
        if request.method == "POST":
            self.posted_here.append(request)
        content = self.pages.get(urlsplit(request.target).path)
        if content is None:
            return HttpAnswer(404, [("content-type", "text/html")], b"nothing here")
        kind = "text/javascript" if urlsplit(request.target).path.endswith(".js") else "text/html; charset=utf-8"
        return HttpAnswer(200, [("content-type", kind), ("cache-control", "no-store")], content.encode())

    def _collect(self, request: HttpRequest) -> HttpAnswer:
        if request.method == "OPTIONS":
            self.preflights += 1
        elif request.method == "POST":
            self.requests.append(request)
            if self.refusals:
                status = self.refusals.pop(0)
                body = json.dumps({"code": "planned", "message": "a test wants it so"}).encode()
                headers = [("content-type", "application/json"), ("access-control-allow-origin", "*")]
                return HttpAnswer(status, headers, body)
        answer = self.door.answer(Request.of_gateway(gateway_event(request, _lower(request)))).to_gateway()
        raw = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        cookies = [("set-cookie", cookie) for cookie in answer.get("cookies", ())]
        return HttpAnswer(answer["statusCode"], [*answer["headers"].items(), *cookies], raw)

    # -- What has come -------------------------------------------------------------------------------------------------

    @property
    def events(self) -> list[LeadEvent]:
        """What counts: of events with the same id the first, like in the log. Another content would be a mistake."""
        found: dict[str, LeadEvent] = {}
        with self._lock:
            everything = self.door.events
        for event in everything:
            assert found.setdefault(event.id, event).fingerprint == event.fingerprint
        return list(found.values())

    def named(self, name: str) -> list[LeadEvent]:
        return [event for event in self.events if event.name == name]

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def wait(self, name: str, count: int = 1) -> list[LeadEvent]:
        """The events of a name, as soon as there are so many of them."""
        self.wait_until(lambda: len(self.named(name)) >= count, f"{count} x {name}")
        found = self.named(name)
        assert len(found) == count
        return found

    def wait_until(self, happened: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert time.monotonic() < deadline, f"{what} did not come; there is {self.names()}"
            time.sleep(0.02)

    def stays_quiet(self) -> bool:
        before = len(self.requests)
        time.sleep(QUIET_SECONDS)
        return len(self.requests) == before

    def sent(self) -> list[dict[str, Any]]:
        """The bodies of the batches."""
        return [json.loads(request.body) for request in self.requests if request.target == "/v1/batch"]


@contextmanager
def served() -> Iterator[Site]:
    site = Site()
    with serving(site.answer) as url:
        site.port = urlsplit(url).port or 0
        yield site


def fields(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


def _lower(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in request.headers]
