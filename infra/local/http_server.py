"""An HTTP/1.1 server on loopback that hands each request, whole, to a function, and sends back what it returns."""

import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

#: What API Gateway takes at most.
BODY_BYTES_MAX = 10 * 1024 * 1024
LINE_BYTES_MAX = 8 * 1024
IDLE_SECONDS_MAX = 75
#: They concern one connection, and none behind it.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

type Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class HttpRequest:
    """`target` is the path with its query, as it came; `headers` lack those of one hop; `body` is in one piece."""

    method: str
    target: str
    headers: Headers
    body: bytes
    address: str


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: Headers = ()
    body: bytes = b""


type Answer = Callable[[HttpRequest], HttpAnswer]


class _BadBody(Exception):
    """The body cannot be read; the arguments are the status and why."""


@contextmanager
def serving(answer: Answer, *, port: int = 0) -> Iterator[str]:
    """The server's URL, for as long as the block lasts. `answer` is called by many threads; port 0 is any free one."""
    with _Server(("127.0.0.1", port), answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.close_connections()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    #: A burst of connections waits here; whoever does not fit comes again a second later.
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Answer) -> None:
        super().__init__(address, _Handler)
        self.answer = answer
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End what clients keep alive, and with it the threads that wait there for another request."""
        for connection in list(self._open):
            with suppress(OSError):  # The client was quicker.
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):  # A client that went away is no error.
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS_MAX
    #: The head and the body of an answer leave together, and at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except _BadBody as bad:
            self.send_error(*bad.args)  # And closes: where the next request would begin is not known.
            return
        request = HttpRequest(
            self.command, self.path, _end_to_end(self.headers.items()), body, str(self.client_address[0])
        )
        self._send(self.server.answer(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - named by the library

    def _send(self, answer: HttpAnswer) -> None:
        has_body = self.command != "HEAD" and answer.status not in {204, 304}
        self.send_response_only(answer.status)
        for name, value in _end_to_end(answer.headers):
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        if has_body:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if has_body:
            self.wfile.write(answer.body)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
            return b"".join(self._chunks())
        length = self.headers.get("Content-Length", "0").strip()
        if not (length.isascii() and length.isdigit()):
            raise _BadBody(400, "Content-Length is no number")
        return self._read(_within_bounds(int(length)))

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := self._chunk_size():
            total = _within_bounds(total + size)
            yield self._read(size)
            self._read_line()
        while self._read_line():
            pass  # Trailers, which nobody here asked for.

    def _chunk_size(self) -> int:
        try:
            return int(self._read_line().partition(b";")[0], 16)
        except ValueError:
            raise _BadBody(400, "a chunk has no length") from None

    def _read_line(self) -> bytes:
        return self.rfile.readline(LINE_BYTES_MAX).rstrip(b"\r\n")

    def _read(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) < size:
            raise ConnectionAbortedError
        return content

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing: a path may hold an id."""


def _end_to_end(headers: Any) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


def _within_bounds(size: int) -> int:
    if not 0 <= size <= BODY_BYTES_MAX:
        raise _BadBody(413, f"a body has at most {BODY_BYTES_MAX} bytes")
    return size
