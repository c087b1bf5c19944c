"""The front door on a laptop, before an API that only writes down what reaches it."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from infra.local import processes
from infra.local.front import Front
from infra.local.front_process import FrontProcess, start
from infra.local.http_server import BODY_BYTES_MAX, HttpAnswer, HttpRequest, serving
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PREFIX = "/_aws/execute-api/abc123"


class Api:
    """What stands behind the front: says yes, and remembers."""

    def __init__(self) -> None:
        self.reached: list[HttpRequest] = []
        self.answer = HttpAnswer(200, [("Content-Type", "application/json")], b'{"success": true}')

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        self.reached.append(request)
        return self.answer


class Function:
    """The function, when it is invoked without the API."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []
        self.returns: Mapping[str, Any] = {"statusCode": 204, "headers": {"access-control-allow-origin": "*"}}

    def __call__(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        self.events.append(event)
        return self.returns


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def front(api: Api, function: Function) -> Iterator[str]:
    with serving(api) as behind, serving(Front(behind + PREFIX, function)) as url:
        yield url


@pytest.fixture
def client(front: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=front, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield client


def headers_of(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers}


def test_a_request_reaches_the_api_under_its_path_as_it_came(client: httpx.Client, front: str, api: Api) -> None:
    answer = client.post(
        "/v1/batch?a=%2F&b=%20c", content=b'{"x": 1}', headers={"X-Retry-Count": "2", "Cookie": "a=1; b=2"}
    )

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    [reached] = api.reached
    assert (reached.method, reached.target, reached.body) == ("POST", f"{PREFIX}/v1/batch?a=%2F&b=%20c", b'{"x": 1}')
    headers = headers_of(reached)
    assert (headers["x-retry-count"], headers["cookie"]) == ("2", "a=1; b=2")
    assert headers["x-forwarded-host"] == urlsplit(front).netloc
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")


def test_who_forwarded_it_before_stays_first(client: httpx.Client, api: Api) -> None:
    client.get("/", headers={"X-Forwarded-For": "203.0.113.7"})

    assert headers_of(api.reached[0])["x-forwarded-for"] == "203.0.113.7, 127.0.0.1"


def test_a_compressed_body_arrives_as_bytes_whatever_its_label(client: httpx.Client, api: Api) -> None:
    body = bytes(range(256))

    client.post("/v1/batch", content=body, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})

    [reached] = api.reached
    assert reached.body == body
    assert headers_of(reached)["content-type"] == "application/octet-stream"
    assert headers_of(reached)["x-original-content-type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_is_passed_on(client: httpx.Client, api: Api, method: str) -> None:
    answer = client.request(method, "/x")

    assert answer.status_code == 200
    assert api.reached[0].method == method


def test_a_preflight_goes_to_the_function_and_not_to_the_api(
    client: httpx.Client, front: str, api: Api, function: Function
) -> None:
    asked = {"Origin": "https://www.example.com", "Access-Control-Request-Method": "POST", "Cookie": "a=1; b=2"}

    answer = client.options("/v1/t%20x?y=1", headers=asked)

    assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (204, ["*"])
    assert answer.content == b""
    assert api.reached == []
    [event] = function.events
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/v1/t x", "y=1")
    assert event["requestContext"]["http"]["method"] == "OPTIONS"
    assert event["requestContext"]["stage"] == "$default"
    assert event["headers"]["origin"] == "https://www.example.com"
    assert event["headers"]["x-forwarded-host"] == urlsplit(front).netloc
    assert event["cookies"] == ["a=1", "b=2"]


def test_cookies_are_set_one_by_one(client: httpx.Client, api: Api, function: Function) -> None:
    api.answer = HttpAnswer(200, [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Expires=Thu, 01 Jan 2026")])
    function.returns = {"statusCode": 200, "cookies": ["a=1", "b=2"], "body": "b2s=", "isBase64Encoded": True}

    by_api, by_function = client.get("/"), client.options("/")

    assert by_api.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Expires=Thu, 01 Jan 2026"]
    assert by_function.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert by_function.content == b"ok"


def test_an_answer_to_head_has_the_length_and_no_body(front: str, api: Api) -> None:
    address = urlsplit(front)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE_SECONDS)
    for _ in range(2):  # A body in the way of the second answer would show.
        connection.request("HEAD", "/pixel.gif")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    connection.close()

    assert len(api.reached) == 2


def test_one_connection_serves_many_requests(front: str, api: Api) -> None:
    address = urlsplit(front)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE_SECONDS)
    connection.connect()
    used = connection.sock
    for number in range(20):
        connection.request("POST", f"/{number}", body=b"x" * number)
        assert connection.getresponse().read() == b'{"success": true}'
    assert connection.sock is used
    connection.close()

    assert [len(request.body) for request in api.reached] == list(range(20))


def test_many_clients_at_once_get_their_own_answers(front: str, api: Api) -> None:
    def ask(number: int) -> int:
        answer = httpx.post(f"{front}/{number}", content=str(number) * 1_000, trust_env=False, timeout=PATIENCE_SECONDS)
        return answer.status_code

    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(ask, range(96)))

    assert set(statuses) == {200}
    assert all(request.body.decode().startswith(request.target.rpartition("/")[2]) for request in api.reached)
    assert len(api.reached) == 96


def test_a_body_of_a_megabyte_arrives_whole_in_one_piece_or_in_chunks(client: httpx.Client, api: Api) -> None:
    body = b"0123456789" * 100_000

    whole = client.post("/v1/batch", content=body)
    chunked = client.post("/v1/batch", content=(body[start : start + 70_001] for start in range(0, len(body), 70_001)))

    assert (whole.status_code, chunked.status_code) == (200, 200)
    assert [request.body == body for request in api.reached] == [True, True]
    assert "transfer-encoding" not in headers_of(api.reached[1])


def test_what_cannot_be_read_is_refused_before_it_is_passed_on(front: str, api: Api) -> None:
    for head, status in (
        ("Content-Length: many", b"400"),
        ("Content-Length: -1", b"400"),
        (f"Content-Length: {BODY_BYTES_MAX + 1}", b"413"),
        ("Transfer-Encoding: chunked\r\n\r\nno number", b"400"),
    ):
        assert _said(front, f"POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n").split()[1] == status

    assert api.reached == []


def test_an_emulator_that_is_down_is_an_error_that_clients_take_for_a_passing_one(function: Function) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with serving(Front(f"http://127.0.0.1:{port}{PREFIX}", function)) as url:
            answer = httpx.post(f"{url}/v1/batch", json={}, trust_env=False, timeout=PATIENCE_SECONDS)

    assert answer.status_code == 502
    assert {"code", "message"} <= set(answer.json())


def test_a_function_that_returns_an_error_is_a_500(client: httpx.Client, function: Function) -> None:
    function.returns = {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}

    assert client.options("/").status_code == 500


def test_after_the_block_nothing_answers_and_kept_connections_are_closed(api: Api) -> None:
    before = threading.active_count()
    with serving(api) as url:
        address = urlsplit(url)
        kept = HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE_SECONDS)
        kept.request("GET", "/")
        kept.getresponse().read()
        assert kept.sock

    assert kept.sock.recv(1) == b""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
    kept.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port), timeout=PATIENCE_SECONDS)


def test_left_running_it_is_found_again_and_stopped(api: Api, tmp_path: Path) -> None:
    saved = tmp_path / "front.json"
    with serving(api) as behind:
        started = start([behind + PREFIX, behind, "collect"], tmp_path / "front.log")
        try:
            started.save(saved)
            assert httpx.get(f"{started.url}/health", trust_env=False, timeout=PATIENCE_SECONDS).status_code == 200
            assert api.reached[0].target == f"{PREFIX}/health"
            assert FrontProcess.load(saved) == started
        finally:
            started.stop()

    assert not processes.group(started.pid)
    assert FrontProcess.load(saved) is None


def test_a_stranger_with_the_same_process_id_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, start_new_session=True
    ) as stranger:
        saved = tmp_path / "front.json"
        saved.write_text(json.dumps({"pid": stranger.pid, "url": "http://127.0.0.1:1", "serves": []}))
        assert FrontProcess.load(saved) is None
        assert stranger.poll() is None
        stranger.communicate()


def _said(url: str, text: str) -> bytes:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(text.encode())
        return connection.recv(1_000)
