"""CPU of the collecting function for a request, over parsing its body and the very same queue calls made by hand."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    request = _single() if size == 1 else _batch(size)
    with running_endpoint({}) as url, _function(client_of(url, "sqs")) as (handle, client):

        def answer() -> None:
            if handle(request, None)["statusCode"] != 200:
                raise RuntimeError("the collecting function took no event")

        calls = _recorded(client, answer)
        body = request["body"]

        def by_hand() -> None:
            json.loads(body)
            for arguments in calls:
                client.send_message_batch(**arguments)

        times = max(1, STRETCH // size)
        return compare(_often(answer, times), _often(by_hand, times), pairs)


def _often(work: Any, times: int) -> Any:
    def stretch() -> None:
        for _ in range(times):
            work()

    return stretch


def _single() -> dict[str, Any]:
    person = new_visitor(Random(1)).known_as("usr_01J8Z3K4M5N6P7Q8R9S0T10001")
    call = person.page("/pricing", time.time_ns() // 1_000_000 - 1_000)
    return _gateway_event("/v1/page", call)


def _batch(size: int) -> dict[str, Any]:
    person = new_visitor(Random(1)).known_as("usr_01J8Z3K4M5N6P7Q8R9S0T10001")
    now = time.time_ns() // 1_000_000
    calls = [person.page(PATHS[number % len(PATHS)], now - 1_000 * number) for number in range(size)]
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
def _function(client: Any) -> Iterator[tuple[Any, Any]]:
    """The deployed handler, with a client of ours."""
    with patch.dict(os.environ, _ENVIRONMENT):
        from functions import collect

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
            f"Calls of analytics.js, 1.1 KB each; answered at once by a process on loopback. Medians of {PAIRS} pairs.",
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
