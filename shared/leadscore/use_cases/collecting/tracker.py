"""The tracker: the script of our own that pages include."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from leadscore.ingest.http import Request, Response
from leadscore.use_cases.collecting.collector import Collector

FRESH_SECONDS = 3_600
#: A page that isolates itself from others (Cross-Origin-Embedder-Policy) loads nothing that does not say this.
_HEADERS = {
    "cache-control": f"public, max-age={FRESH_SECONDS}",
    "cross-origin-resource-policy": "cross-origin",
}


class Script(NamedTuple):
    """`tag` is the entity tag, by which a browser asks whether its copy still is the current one."""

    content: bytes
    tag: str


def script(_collector: Collector, request: Request) -> Response:
    content, tag = tracker()
    headers = {**_HEADERS, "etag": tag}
    if tag in request.header("if-none-match"):  # One of a list, perhaps marked as weak by something on the way.
        return Response(304, b"", "text/javascript; charset=utf-8", headers)
    return Response(200, content, "text/javascript; charset=utf-8", headers)


@cache
def tracker() -> Script:
    """The tracker as it lies beside this program: its source, or what the bundle has made of it."""
    content = files("leadscore").joinpath("tracker", "tracker.js").read_bytes()
    return Script(content, f'"{sha256(content).hexdigest()[:32]}"')
