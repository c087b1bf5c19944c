"""Faults on the wire: the SDK stays whole, its retries included, and what it hears is broken on purpose."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Self

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from tests.use_cases.world import Crash

#: Every try of the SDK for one call: a throttle that a retry outlives would be no fault.
SDK_TRIES = 3


class Fault(StrEnum):
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    LOST = "response lost"
    THROTTLE = "throttle"
    CONFLICT = "conflict"


class Wire:
    """Counts a client's calls, and breaks one of them."""

    def __init__(self, client: Any) -> None:
        self.calls: list[str] = []
        self.fired = False
        self._client = client
        self._position = -1
        self._fault: Fault | None = None
        self._throttles_left = 0
        client.meta.events.register_first("before-send.dynamodb", self._before_send)

    def break_call(self, position: int, fault: Fault) -> None:
        self._position, self._fault = position, fault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.meta.events.unregister("before-send.dynamodb", self._before_send)

    def _before_send(self, request: Any, **_: Any) -> AWSResponse | None:
        operation = request.headers["X-Amz-Target"].decode().split(".")[-1]
        position = len(self.calls)
        self.calls.append(operation)
        if self._throttles_left:
            self._throttles_left -= 1
            return _refusal(request, "ProvisionedThroughputExceededException")
        if position != self._position:
            return None
        return self._break(request, operation)

    def _break(self, request: Any, operation: str) -> AWSResponse | None:
        match self._fault:
            case Fault.CRASH_BEFORE:
                self.fired = True
                raise Crash
            case Fault.CRASH_AFTER:
                self.fired = True
                self._send(request)
                raise Crash
            case Fault.LOST:
                self.fired = True
                self._send(request)
                raise ReadTimeoutError(endpoint_url=request.url)
            case Fault.THROTTLE:
                self.fired = True
                self._throttles_left = SDK_TRIES - 1
                return _refusal(request, "ProvisionedThroughputExceededException")
            case Fault.CONFLICT if operation in _CONFLICTS:
                self.fired = True
                return _refusal(request, *_CONFLICTS[operation])
        return None

    def _send(self, request: Any) -> None:
        # Botocore has no public way to send a prepared request; the endpoint's session is what it uses itself.
        self._client._endpoint.http_session.send(request)


_CONFLICTS: dict[str, tuple[str, str]] = {
    "PutItem": ("TransactionConflictException", ""),
    "TransactWriteItems": (
        "TransactionCanceledException",
        ', "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]',
    ),
}


def _refusal(request: Any, code: str, more: str = "") -> AWSResponse:
    body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "[None, TransactionConflict]"{more}}}'
    return AWSResponse(request.url, 400, {"Content-Type": "application/x-amz-json-1.0"}, _Raw(body.encode()))


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body
