"""The front door on a laptop: it stands where CloudFront stands on AWS, and mends what the emulator's HTTP API lacks.

Clean paths (many clients take no more than a host), compressed bodies of any type, and preflights that reach the
function. Everything else is the emulator's API. What it does to a request's headers is what infra/edge.js does on AWS.
"""

import argparse
import base64
import json
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.http_server import Headers, HttpAnswer, HttpRequest, serving
from infra.local.ministack import client

ANSWER_SECONDS_MAX = 30
ORIGINAL_TYPE = "x-original-content-type"
#: Set here, whatever a client says.
OURS = frozenset({ORIGINAL_TYPE, "x-forwarded-host", "x-viewer-address"})

#: Invokes the function with an event, and returns what it returns.
type Invoke = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Front:
    """Answers as the public door does on AWS. `api_url` is the API's at the emulator, `invoke` calls its function."""

    def __init__(self, api_url: str, invoke: Invoke) -> None:
        self._api = urlsplit(api_url)
        self._invoke = invoke

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        headers = [*at_the_edge(request.headers, request.address), *_forwarded(request)]
        try:
            if request.method == "OPTIONS":  # The emulator's API would answer by itself.
                return _answer_of(self._invoke(gateway_event(request, headers)))
            return self._pass_on(request, headers)
        except TimeoutError:
            return _failure(504, "gateway_timeout", "the emulator did not answer in time: send it again")
        except (OSError, HTTPException, BotoCoreError, ClientError):
            return _failure(502, "bad_gateway", "the emulator cannot be reached: is it up? Then send it again")

    def _pass_on(self, request: HttpRequest, headers: Headers) -> HttpAnswer:
        # A connection for each request: one that is kept may be closed by the other side just when it is used.
        connection = HTTPConnection(str(self._api.hostname), self._api.port, timeout=ANSWER_SECONDS_MAX)
        try:
            connection.putrequest(request.method, self._api.path + request.target, skip_accept_encoding=True)
            for name, value in headers:
                if name.lower() not in {"host", "content-length", "accept-encoding"}:
                    connection.putheader(name, value)
            if request.body:
                connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body)
            answer = connection.getresponse()
            return HttpAnswer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()


def at_the_edge(headers: Headers, address: str) -> Headers:
    """The headers as CloudFront would pass them on, in lower case (infra/edge.js is the same on AWS).

    API Gateway decides by the content type whether a body is text, and text it reads as UTF-8, compressed or not. So a
    compressed body is labelled as what it is, and how the client labelled it stands in a header of its own.
    """
    given = [(name.lower(), value) for name, value in headers if name.lower() not in OURS]
    single = dict(given)
    ours = [("x-forwarded-host", single.get("host", "")), ("x-viewer-address", address)]
    if single.get("content-encoding", "").strip().lower() in {"", "identity"}:
        return [*given, *ours]
    if "content-type" in single:
        ours.append((ORIGINAL_TYPE, single["content-type"]))
    ours.append(("content-type", "application/octet-stream"))
    return [*((name, value) for name, value in given if name != "content-type"), *ours]


def gateway_event(request: HttpRequest, headers: Headers) -> dict[str, Any]:
    """The event that an HTTP API makes of a request: payload 2.0, a route for everything."""
    path, _, query = request.target.partition("?")
    joined: dict[str, str] = {}
    for name, value in headers:
        if name != "cookie":
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    cookies = [part.strip() for name, value in headers if name == "cookie" for part in value.split(";")]
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": joined,
        **({"cookies": cookies} if cookies else {}),
        "requestContext": {
            "http": {
                "method": request.method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": request.address,
                "userAgent": joined.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": time.time_ns() // 1_000_000,
        },
        **({"body": base64.b64encode(request.body).decode()} if request.body else {}),
        "isBase64Encoded": bool(request.body),
    }


def lambda_invoker(endpoint_url: str, function: str) -> Invoke:
    """Invokes the function at the emulator."""
    lambda_ = client("lambda", endpoint_url)

    def invoke(event: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        if "FunctionError" in answer:  # What API Gateway says then.
            return {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}
        returned: Mapping[str, Any] = json.loads(answer["Payload"].read())
        return returned

    return invoke


def _forwarded(request: HttpRequest) -> Headers:
    """What API Gateway adds."""
    before = [value for name, value in request.headers if name.lower() == "x-forwarded-for"]
    return [("x-forwarded-for", ", ".join([*before, request.address])), ("x-forwarded-proto", "http")]


def _answer_of(returned: Mapping[str, Any]) -> HttpAnswer:
    body = str(returned.get("body") or "")
    content = base64.b64decode(body) if returned.get("isBase64Encoded") else body.encode()
    cookies = [("set-cookie", cookie) for cookie in returned.get("cookies", ())]
    return HttpAnswer(int(returned["statusCode"]), [*(returned.get("headers") or {}).items(), *cookies], content)


def _failure(status: int, code: str, message: str) -> HttpAnswer:
    body = json.dumps({"code": code, "message": message}).encode()
    return HttpAnswer(status, [("content-type", "application/json")], body)


def main() -> int:
    """Serve until somebody ends this process. The first line of output is the URL."""
    parser = argparse.ArgumentParser(prog="infra.local.front")
    for name in ("api_url", "endpoint_url", "function"):
        parser.add_argument(name)
    given = parser.parse_args()
    front = Front(given.api_url, lambda_invoker(given.endpoint_url, given.function))
    with serving(front) as url, suppress(KeyboardInterrupt):
        print(url, flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
