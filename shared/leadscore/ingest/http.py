"""An HTTP request and its answer, apart from any framework, and API Gateway's form of both (HTTP API, payload 2.0)."""

import base64
import binascii
import gzip
import io
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from leadscore.ingest.json_body import well_formed
from leadscore.ingest.rejection import Rejected

#: Whatever it was on the wire. Segment's specification says 500 KB, but its client for Rust and RudderStack's in pages
#: fill a batch up to 512 KB, before its envelope.
BODY_BYTES_MAX = 520 * 1024
QUERY_FIELDS_MAX = 100
_GZIP = b"\x1f\x8b"
#: What the edge has to change, and where it keeps what the client sent (infra/edge.js, infra/local/front.py). Whoever
#: sets these without an edge in between changes how their own request is read, and no one else's.
_KEPT_AT_THE_EDGE = {"host": "x-forwarded-host", "content-type": "x-original-content-type"}
_ADDRESS_AT_THE_EDGE = "x-viewer-address"
#: Any site may send, and none with the visitor's cookies but by `with_credentials`.
_CORS = {"access-control-allow-origin": "*"}
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-max-age": "7200",
    "vary": "Origin, Access-Control-Request-Headers",
}
_HEADER_NAMES = re.compile(r"[A-Za-z0-9_, -]{1,1000}")


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` have lower-case names and the client's values; `body` is as the gateway gave it; `address` is the
    client's."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    is_base64: bool = False
    address: str = ""

    @classmethod
    def of_gateway(cls, event: Mapping[str, Any], *, behind_cdn: bool = False) -> "Request":
        """The request in an API Gateway event. Behind a CDN the gateway sees no client, and the CDN says who it was."""
        gateway = event["requestContext"]
        headers = _as_sent({name.lower(): well_formed(value) for name, value in (event.get("headers") or {}).items()})
        address = headers.get(_ADDRESS_AT_THE_EDGE, "") if behind_cdn else gateway["http"].get("sourceIp", "")
        if event.get("cookies"):
            headers["cookie"] = "; ".join(event["cookies"])
        return cls(
            method=gateway["http"]["method"],
            path=_without_stage(event["rawPath"], gateway.get("stage", "$default")),
            query=event.get("rawQueryString") or "",
            headers=headers,
            body=event.get("body") or "",
            is_base64=bool(event.get("isBase64Encoded")),
            address=str(address),
        )

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def query_fields(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last counts."""
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
        except ValueError:
            raise Rejected("invalid_query", f"the query has more than {QUERY_FIELDS_MAX} parameters") from None
        return {well_formed(name): well_formed(value) for name, value in pairs}

    def basic_user(self) -> str | None:
        """The user of Basic authentication, where clients put the write key. Old ones leave out the colon."""
        scheme, _, credentials = self.header("authorization").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            return base64.b64decode(credentials).decode().partition(":")[0] or None
        except ValueError:
            return None

    def cookie(self, name: str) -> str | None:
        for part in self.header("cookie").split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
        return None

    @property
    def opts_out(self) -> bool:
        """Whether the browser says that its user does not want to be followed."""
        return self.header("sec-gpc") == "1" or self.header("dnt") == "1"

    @property
    def is_prefetch(self) -> bool:
        """Whether a browser or mail client fetches this in advance, with nobody looking."""
        return any("pre" in self.header(name).lower() for name in ("sec-purpose", "purpose", "x-moz"))

    @property
    def wants_json(self) -> bool:
        """A script's request, or one that asks for JSON. A browser's own form post navigates."""
        mode, accept = self.header("sec-fetch-mode"), self.header("accept")
        if mode:
            return mode != "navigate"
        return bool(self.header("x-requested-with")) or ("application/json" in accept and "text/html" not in accept)

    @property
    def is_page_load(self) -> bool:
        """A browser waits for something to show."""
        return not self.wants_json and "text/html" in self.header("accept")

    def content(self, *, bytes_max: int = BODY_BYTES_MAX) -> bytes:
        """The body as the client made it: out of the gateway's base64, and decompressed up to the limit."""
        raw = _from_base64(self.body) if self.is_base64 else self.body.encode("utf-8", "surrogatepass")
        if len(raw) > bytes_max:
            raise _body_too_large(bytes_max)
        encoding = self.header("content-encoding").strip().lower()
        if encoding in {"", "identity"}:
            return raw
        if encoding not in {"gzip", "x-gzip"}:
            raise Rejected("unsupported_encoding", "Content-Encoding must be gzip or absent", status=415)
        # Something on the way may have decompressed it already and left the header.
        return _gunzip(raw, bytes_max) if raw[:1] == _GZIP[:1] else raw


@dataclass(frozen=True, slots=True)
class Response:
    """Without `is_readable` no page of another site may read it: to a page's script it looks like no answer at all."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None
    is_readable: bool = True

    def to_gateway(self) -> dict[str, Any]:
        """The answer in API Gateway's form."""
        is_text = not self.content_type.startswith("image/")
        answer: dict[str, Any] = {
            "statusCode": self.status,
            "headers": {
                "content-type": self.content_type,
                "cache-control": "no-store",
                "x-content-type-options": "nosniff",
                **(_CORS if self.is_readable else {}),
                **self.headers,
            },
            "body": self.body.decode() if is_text else base64.b64encode(self.body).decode(),
            "isBase64Encoded": not is_text,
        }
        return answer if self.cookie is None else {**answer, "cookies": [self.cookie]}


def json_response(
    document: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(status, json.dumps(document).encode(), headers=headers or {})


def failure(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Every error has both `code` and `message`: clients that miss one of them take a final error for a passing one."""
    return json_response({"code": code, "message": message}, status=status, headers=headers)


def preflight(request: Request) -> Response:
    """Whatever headers a page wants to send, it may: every vendor's client adds its own, with each version others.

    They are named one by one, since `*` does not cover Authorization.
    """
    asked = request.header("access-control-request-headers")
    headers = asked if _HEADER_NAMES.fullmatch(asked) else "Authorization, Content-Type"
    return Response(204, headers={**_PREFLIGHT, "access-control-allow-headers": headers})


def with_credentials(response: Response, origin: str) -> Response:
    """The same answer for a page of `origin` that sends its visitor's cookies along: browsers insist on its name."""
    named = {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
    return replace(response, headers={"vary": "Origin", **response.headers, **named})


def _as_sent(headers: dict[str, str]) -> dict[str, str]:
    kept = {name: headers[place] for name, place in _KEPT_AT_THE_EDGE.items() if headers.get(place)}
    return headers | kept if kept else headers


def _without_stage(path: str, stage: str) -> str:
    """A stage that is not the default one leads every path."""
    return path if stage == "$default" else path.removeprefix(f"/{stage}") or "/"


def _from_base64(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Rejected("invalid_body", "the body cannot be decoded") from None


def _gunzip(raw: bytes, bytes_max: int) -> bytes:
    """Never holds more than the limit, however well the input is compressed."""
    try:
        content = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(bytes_max + 1)
    except (OSError, EOFError, zlib.error):
        raise Rejected(
            "unsupported_encoding",
            "the body is labelled gzip and does not decompress: API Gateway damages compressed bodies whose"
            " Content-Type is text or JSON, so switch compression off in the client, send"
            " Content-Type: application/octet-stream, or put CloudFront in front (see docs/deploy.md)",
            status=415,
        ) from None
    if len(content) > bytes_max:
        raise _body_too_large(bytes_max)
    return content


def _body_too_large(bytes_max: int) -> Rejected:
    return Rejected(
        "body_too_large", f"the body is larger than {bytes_max // 1024} KB: send smaller batches", status=413
    )
