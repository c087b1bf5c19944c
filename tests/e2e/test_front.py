"""What browsers and compressing clients need of the public door, on the deployed stack."""

import gzip
import json
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.e2e.outside import Outside, new_name


@pytest.mark.parametrize("label", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_a_compressed_batch_is_read_whatever_its_label(outside: Outside, label: str) -> None:
    user = new_name()
    batch = {"batch": [{"type": "track", "event": "Trial Started", "userId": user, "properties": {"note": "ü" * 99}}]}

    answer = outside.without_key(
        "POST",
        "/v1/batch",
        content=gzip.compress(json.dumps(batch).encode()),
        headers={"Content-Encoding": "gzip"} | ({"Content-Type": label} if label else {}),
        auth=(outside.stack.server_write_key, ""),
    )

    assert answer.json() == {"success": True}
    assert outside.lead(user_id=user)["total"] == 25


def test_a_compressed_form_is_read_as_the_form_that_it_is(outside: Outside) -> None:
    email = f"{new_name()}@northwind.example"
    form = urlencode({"email": email, "writeKey": outside.stack.public_write_key})

    answer = outside.without_key(
        "POST",
        "/forms/contact",
        content=gzip.compress(form.encode()),
        headers={"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.json() == {"success": True}
    assert outside.lead(email=email)["total"] == 15


def test_a_batch_of_half_a_megabyte_is_taken_and_a_larger_one_refused(outside: Outside) -> None:
    user = new_name()
    event = {"type": "track", "event": "Trial Started", "userId": user, "properties": {"note": "x" * 30_000}}

    taken = outside.by_server("/v1/batch", {"batch": [event | {"messageId": new_name()} for _ in range(16)]})
    refused = outside.by_server("/v1/batch", {"batch": [event | {"messageId": new_name()} for _ in range(18)]})

    assert (taken.status_code, refused.status_code) == (200, 413)
    assert outside.lead(user_id=user)["total"] == 16 * 25


def test_a_browser_may_send_from_any_page(outside: Outside) -> None:
    asked = {
        "Origin": "https://www.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    preflight = outside.without_key("OPTIONS", "/v1/t", headers=asked)
    sent = outside.without_key("POST", "/v1/t", json={}, headers={"Origin": "https://www.example.com"})

    assert preflight.status_code == httpx.codes.NO_CONTENT
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    # Twice the same header, and a browser takes neither.
    for answer in (preflight, sent):
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]


def test_a_browsers_client_is_sent_to_the_host_that_it_asked(outside: Outside) -> None:
    settings = outside.without_key("GET", f"/v1/projects/{outside.stack.public_write_key}/settings").json()

    host = urlsplit(outside.stack.collect_url).netloc
    assert settings["integrations"]["Segment.io"]["apiHost"] == f"{host}/v1"
    assert settings["integrations"]["Segment.io"]["protocol"] == "http"
