"""CPU of the collecting function for a request, over parsing its body and the very same queue calls made by hand."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from random import Random
from statistics import median
from typing import Any
from unittest.mock import patch

from leadscore.adapters import clients
from leadscore.domain.write_key import write_key
from tests.bench.browser import PATHS, new_visitor
from tests.bench.endpoint import running_endpoint
from tests.bench.figures import Figure, Progress, Section
from tests.bench.handler_cpu import Pairs, compare
from tests.bench.ministack import client_of

RATIO_MAX = 1.5
ROOT = "a root secret of this benchmark"
SIZES = (1, 10, 100)
PAIRS = 31
#: Events of a timed stretch: a request alone takes too little time to measure.
STRETCH = 200
#: Their addresses are more than any cache of addresses holds.
VISITS = 150
#: At most, where each is a request.
PAGES_OF_A_VISIT = 3
_ENVIRONMENT = {
    "EVENTS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/events",
    "FAILED_EVENTS_BUCKET": "failed-events",
    "WRITE_KEY_SECRET_ARN": "root",
    "SOURCES": '{"website": "public", "backend": "server"}',
    "REDIRECT_SITES": "[]",
    "INTERNAL": "{}",
    "CONSENT_CATEGORIES": '["analytics"]',
    "POWERTOOLS_SERVICE_NAME": "collect",
}


class _Secrets:
    def read(self, _arn: str) -> str:
        return ROOT


def measure(size: int, pairs: int = PAIRS) -> Pairs:
    """For requests of so many events."""
    requests = [_request(visit, size) for visit in range(VISITS)]
    with running_endpoint({}) as url, _function(url) as (handle, client):

        def answer(request: Mapping[str, Any]) -> None:
            if handle(request, None)["statusCode"] != 200:
                raise RuntimeError("the collecting function took no event")

        def by_hand(recorded: tuple[str, list[Mapping[str, Any]]]) -> None:
            body, calls = recorded
            json.loads(body)
            for arguments in calls:
                client.send_message_batch(**arguments)

        recorded = [(request["body"], _recorded(client, partial(answer, request))) for request in requests]
        times = max(1, STRETCH // size)
        return compare(_in_turns(answer, requests, times), _in_turns(by_hand, recorded, times), pairs)


def _in_turns[T](work: Callable[[T], None], given: Sequence[T], times: int) -> Callable[[], None]:
    """Goes on in the next stretch where it stopped in this one."""
    turns = cycle(given)

    def stretch() -> None:
        for one in islice(turns, times):
            work(one)

    return stretch


def _request(visit: int, size: int) -> dict[str, Any]:
    """Page views of a visit, which an advertisement led to; of so many pages, or the last of one to three."""
    person = new_visitor(Random(visit)).known_as(f"usr_01J8Z3K4M5N6P7Q8R9S0T1{visit:04}")
    now = time.time_ns() // 1_000_000
    advertised = f"?utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=EAIaIQobChMI{visit:012}"
    came_from, calls = "https://www.google.com/", []
    for number in range(size if size > 1 else visit % PAGES_OF_A_VISIT + 1):
        call = person.page(PATHS[(visit + number) % len(PATHS)], now - 1_000 * (size - number))
        search = "" if number else advertised
        page = {**call["properties"], "search": search, "url": call["properties"]["url"] + search}
        page["referrer"], came_from = came_from, page["url"]
        calls.append({**call, "properties": page, "context": {**call["context"], "page": page}})
    if size == 1:
        return _gateway_event("/v1/page", calls[-1])
    return _gateway_event("/v1/batch", {"batch": calls, "sentAt": calls[0]["sentAt"]})


def _gateway_event(path: str, document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "content-type": "text/plain",
            "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
            "x-forwarded-proto": "https",
        },
        "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1"}, "stage": "$default"},
        "body": json.dumps({**document, "writeKey": write_key(ROOT, "website")}),
        "isBase64Encoded": False,
    }


@contextmanager
def _function(endpoint: str) -> Iterator[tuple[Any, Any]]:
    """The deployed handler, with a client of ours."""
    with patch.dict(os.environ, _ENVIRONMENT):
        from functions import collect

        # Not before, as in the function: Powertools names itself in all requests of clients that are made afterwards.
        client = client_of(endpoint, "sqs")
        collect.collector.cache_clear()
        with (
            patch.object(clients, "sqs", lambda: client),
            patch.object(collect, "StoredSecrets", lambda *_, **__: _Secrets()),
            patch.object(clients, "secrets_manager", lambda: None),
        ):
            yield collect.handler, client
        collect.collector.cache_clear()


def _recorded(client: Any, work: Any) -> list[Mapping[str, Any]]:
    calls: list[Mapping[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        calls.append(params)

    client.meta.events.register("provide-client-params.sqs", note)
    work()
    client.meta.events.unregister("provide-client-params.sqs", note)
    return calls


def sections(progress: Progress) -> list[Section]:
    figures = []
    for size in SIZES:
        progress(f"{PAIRS} pairs of requests of {size}")
        figures.append(_figure(size, measure(size)))
    return [
        Section(
            "CPU of the collecting function for a request, over the same queue calls by hand and parsing its body",
            f"Calls of analytics.js, 1.1 KB each, of {VISITS} visits in turns; answered at once by a process on"
            f" loopback. Medians of {PAIRS} pairs.",
            figures,
            unit="ratio",
        )
    ]


def _figure(size: int, pairs: Pairs) -> Figure:
    low, high = pairs.quartiles
    by_hand = pairs.by_hand_ms / max(1, STRETCH // size)
    name = "one event" if size == 1 else f"{size} events at once"
    note = f"quartiles {low:.2f} to {high:.2f}; by hand {by_hand:.2f} ms, {pairs.python_calls:.2f} times the calls"
    return Figure(name, median(pairs.ratios), most=RATIO_MAX if size == 1 else None, note=note)
