"""The public door: HTTP in, events on the queue out. It answers success only when the queue has taken everything.

A batch's bad items go to the failed events first, so they are kept, too. A single bad call is refused and nothing kept:
its sender is told. The pixel gets its picture whatever happens, and what it could not deliver is counted.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival, find_source
from leadscore.ingest.browser_settings import browser_settings
from leadscore.ingest.form import read_fields, read_form
from leadscore.ingest.http import Request, Response, failure, json_response, preflight
from leadscore.ingest.json_body import parse
from leadscore.ingest.pixel import picture, read_pixel
from leadscore.ingest.redirect import allowed_redirect
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import Batch, Failure, failed_text, read_batch, read_call
from leadscore.ingest.visitor import visitor_cookie, visitor_of
from leadscore.use_cases.messages import BODY_BYTES_MAX, EVENTS_MAX, events_body
from leadscore.use_cases.ports import EventsQueue, FailedEvents

RETRY_AFTER_SECONDS = 5
#: How many of a batch's failures the answer names; all of them are kept.
NAMED_FAILURES_MAX = 20
PIXEL_PATH = "/pixel.gif"

_SUCCESS = json_response({"success": True})
#: analytics.js calls /v1/t and its like where its API host is told to be ours; old servers' clients import.
_SHORT_CALLS = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}


class Unavailable(Exception):
    """Something that collecting needs did not answer: nothing is promised, the sender has to come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """`sources` are believed as far as their trust says. `report` gets what failed, `count` what is worth a metric."""

    sources: Mapping[str, Trust]
    redirect_sites: Collection[str]
    read_root: Callable[[], str]
    queue: EventsQueue
    failed_events: FailedEvents
    now: Callable[[], int]
    new_token: Callable[[], str]
    count: Callable[[str, int], None]
    report: Callable[[BaseException], None]

    def answer(self, request: Request) -> Response:
        """The answer to any request. Raises nothing but what is broken here."""
        try:
            response = self._route(request)
        except Rejected as rejected:
            response = failure(rejected.status, rejected.code, rejected.message)
        except Unavailable as error:
            self._report(error)
            response = unavailable()
        return replace(response, body=b"") if request.method == "HEAD" else response

    def _route(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        for pattern, methods, endpoint in _ROUTES:
            if match := pattern.fullmatch(path):
                if request.method == "OPTIONS":
                    return preflight()
                if request.method in methods:
                    return endpoint(self, request, *match.groups())
                allowed = ", ".join((*methods, "OPTIONS"))
                return failure(
                    405, "method_not_allowed", f"this path answers {allowed}: use one of them", {"allow": allowed}
                )
        return failure(404, "not_found", "there is nothing at this path: see docs/collect.md for those that there are")

    # Endpoints

    def _call(self, request: Request, call: str) -> Response:
        document = parse(request.content())
        arrival = self._arrival(request, _write_key(document))
        event = read_call(document, _SHORT_CALLS.get(call, call), arrival)
        self._keep([event] if event is not None else [])
        return _SUCCESS

    def _batch(self, request: Request) -> Response:
        document = parse(request.content())
        arrival = self._arrival(request, _write_key(document))
        batch = read_batch(document, arrival)
        self._keep_failures(document, batch.failures, arrival)
        self._keep(batch.events)
        return _batch_answer(batch)

    def _form(self, request: Request, form: str) -> Response:
        query = request.query_fields()
        fields = read_fields(request.header("content-type"), request.content())
        event = read_form(
            form,
            fields,
            self._arrival(request, fields.get("writeKey") or query.get("writeKey")),
            visitor=visitor_of(request),
            page_url=request.header("referer"),
            user_agent=request.header("user-agent"),
        )
        self._keep([event])
        return self._thanks(request, str(fields.get("redirect", "")))

    def _pixel(self, request: Request) -> Response:
        if request.method == "HEAD":
            return picture()
        try:
            return self._counted_pixel(request)
        except Rejected:
            self.count("pixel.dropped", 1)
        except Unavailable as error:
            self._report(error)
            self.count("pixel.dropped", 1)
        return picture()

    def _settings(self, request: Request, key: str) -> Response:
        find_source(key, root=self._root(), sources=self.sources)
        return json_response(browser_settings(request, key))

    def _health(self, _request: Request) -> Response:
        return json_response({"status": "ok"})

    # Their parts

    def _counted_pixel(self, request: Request) -> Response:
        if request.is_prefetch:
            raise Rejected("prefetched", "nobody looked at it yet")
        query = request.query_fields()
        arrival = self._arrival(request, query.get("writeKey"))
        visitor = visitor_of(request)
        is_new_visitor = not visitor and not query.get("anonymousId") and not request.opts_out
        if is_new_visitor:
            visitor = self.new_token()
        event = read_pixel(
            query,
            arrival,
            visitor=visitor,
            referer=request.header("referer"),
            user_agent=request.header("user-agent"),
        )
        self._keep([event])
        return picture(visitor_cookie(visitor) if visitor and is_new_visitor else None)

    def _thanks(self, request: Request, redirect: str) -> Response:
        """Back to a site that is allowed, where a browser or the form itself asks for it; else just a yes."""
        if request.wants_json:
            return _SUCCESS
        target = redirect or (request.header("referer") if request.is_page_load else "")
        location = allowed_redirect(target, self.redirect_sites)
        return _SUCCESS if location is None else replace(_SUCCESS, status=303, headers={"location": location})

    def _arrival(self, request: Request, key: Any) -> Arrival:
        source, trust = find_source(request.basic_user() or key, root=self._root(), sources=self.sources)
        return Arrival(source, trust, self.now(), self.new_token)

    def _root(self) -> str:
        with _or_unavailable():
            return self.read_root()

    def _keep(self, events: Sequence[LeadEvent]) -> None:
        if events:
            with _or_unavailable():
                self.queue.send(list(_bodies(events, self.new_token)))

    def _keep_failures(self, document: Mapping[str, Any], failures: Sequence[Failure], arrival: Arrival) -> None:
        """One object for each reason, not for each item: a batch of 2,500 bad ones must not cost 2,500 writes."""
        by_reason: dict[tuple[str, str], list[Failure]] = defaultdict(list)
        for failed in failures:
            by_reason[failed.rejected.code, failed.rejected.message].append(failed)
        for (code, message), alike in by_reason.items():
            with _or_unavailable():
                self.failed_events.put(
                    raw=failed_text(document, alike, arrival.source), code=code, reason=message, at=arrival.received_at
                )
        if failures:
            self.count("event.failed", len(failures))

    def _report(self, error: Unavailable) -> None:
        self.report(error.__cause__ or error)


type _Endpoint = Callable[..., Response]
_ROUTES: tuple[tuple[re.Pattern[str], tuple[str, ...], _Endpoint], ...] = (
    (re.compile(r"/v1/(?:batch|import|b)"), ("POST",), Collector._batch),
    (re.compile(r"/v1/(identify|track|page|screen|group|alias|[itpsga])"), ("POST",), Collector._call),
    (re.compile(r"/v1/projects/([^/]+)/settings"), ("GET", "HEAD"), Collector._settings),
    (re.compile(re.escape(PIXEL_PATH)), ("GET", "HEAD"), Collector._pixel),
    (re.compile(r"/forms/([^/]+)"), ("POST",), Collector._form),
    (re.compile(r"/health"), ("GET", "HEAD"), Collector._health),
)


def unavailable() -> Response:
    return failure(
        503,
        "unavailable",
        "the event could not be queued: send it again, with the same messageId",
        {"retry-after": str(RETRY_AFTER_SECONDS)},
    )


def broken(path: str) -> Response:
    """What is left to say where this program failed: the pixel still gets its picture."""
    if path.rstrip("/").endswith(PIXEL_PATH):
        return picture()
    return failure(500, "internal_error", "something broke on our side: send it again later")


@contextmanager
def _or_unavailable() -> Iterator[None]:
    """Whatever went wrong out there, the answer is the same: not taken, come again."""
    try:
        yield
    except Exception as error:
        raise Unavailable from error


def _bodies(events: Sequence[LeadEvent], new_token: Callable[[], str]) -> Iterator[str]:
    """Queue messages of at most 50 events and 200 KB, each with its own delivery token."""
    for start in range(0, len(events), EVENTS_MAX):
        yield from _sized_bodies(events[start : start + EVENTS_MAX], new_token)


def _sized_bodies(events: Sequence[LeadEvent], new_token: Callable[[], str]) -> Iterator[str]:
    body = events_body(new_token(), events)
    if len(events) == 1 or len(body.encode()) <= BODY_BYTES_MAX:
        yield body
        return
    half = len(events) // 2
    yield from _sized_bodies(events[:half], new_token)
    yield from _sized_bodies(events[half:], new_token)


def _batch_answer(batch: Batch) -> Response:
    """Success even if every item was bad: they are kept, and on anything else clients would drop the good ones, too."""
    if not batch.failures:
        return _SUCCESS
    named = [
        {"index": failed.index, "code": failed.rejected.code, "message": failed.rejected.message}
        for failed in batch.failures[:NAMED_FAILURES_MAX]
    ]
    return json_response({"success": True, "failed": len(batch.failures), "failures": named})


def _write_key(document: Any) -> Any:
    return document.get("writeKey") if isinstance(document, dict) else None
