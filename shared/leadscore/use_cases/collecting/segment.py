"""Segment's HTTP API, which the clients of RudderStack, Customer.io, Hightouch, June and Jitsu speak, too."""

from typing import Any

from leadscore.ingest.arrival import find_source
from leadscore.ingest.browser_settings import browser_settings
from leadscore.ingest.http import Request, Response, json_response
from leadscore.ingest.json_body import parse
from leadscore.ingest.segment import Batch, as_batch, read_batch, read_call
from leadscore.use_cases.collecting.collector import SUCCESS, Collector

#: How many of a batch's failures the answer names; all of them are kept.
NAMED_FAILURES_MAX = 20
#: analytics.js calls /v1/t and its like where its API host is told to be ours.
_SHORT_CALLS = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}


def call(collector: Collector, request: Request, name: str) -> Response:
    document = parse(request.content())
    arrival = collector.arrival(request, _jitsus_key(request) or write_key_in(document))
    event = read_call(document, _SHORT_CALLS.get(name, name), arrival)
    collector.keep([event] if event is not None else [])
    return SUCCESS


def batch(collector: Collector, request: Request) -> Response:
    document = parse(request.content())
    return take_batch(collector, document, request, write_key_in(document))


def take_batch(collector: Collector, document: Any, request: Request, key: Any) -> Response:
    """Keep what a batch holds, good and bad."""
    arrival = collector.arrival(request, key)
    document = as_batch(document)
    content = read_batch(document, arrival)
    collector.keep_failures(document, content.failures, arrival)
    collector.keep(content.events)
    return _batch_answer(content)


def write_key_in(document: Any) -> Any:
    """The key where clients put it that can set no header."""
    return document.get("writeKey") if isinstance(document, dict) else None


def _jitsus_key(request: Request) -> str:
    """The key where Jitsu's clients put it. They insist on a colon and something behind it, which says nothing here."""
    return request.header("x-write-key").partition(":")[0]


def settings(collector: Collector, request: Request, key: str) -> Response:
    find_source(key, root=collector.root(), sources=collector.sources)
    return json_response(browser_settings(request, key))


def _batch_answer(content: Batch) -> Response:
    """Success even if every item was bad: they are kept, and on anything else clients would drop the good ones, too."""
    if not content.failures:
        return SUCCESS
    named = [
        {"index": failed.index, "code": failed.rejected.code, "message": failed.rejected.message}
        for failed in content.failures[:NAMED_FAILURES_MAX]
    ]
    return json_response({"success": True, "failed": len(content.failures), "failures": named})
