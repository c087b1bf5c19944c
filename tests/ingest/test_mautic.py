"""Mautic's clients as they are: views of people whom nobody vouches for, and a script that stands in for its own."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import Trust
from leadscore.ingest.http import Response
from leadscore.ingest.mautic_script import MTC_JS
from tests.ingest.door import PUBLIC_KEY, SERVER_KEY, Door, document, identifiers, told

RECORDED = (Path(__file__).parent / "bodies/mautic/mtc-event.txt").read_text().strip()
DEVICE = "1x8kqv0h3mzr5t7w9c2e4f6"
PAGE = "https://www.example.com/pricing?utm_source=newsletter"
OWN, FOREIGN = {"origin": "https://www.example.com"}, {"origin": "https://elsewhere.example"}


def moved() -> Door:
    return Door(kinds={"old-site": "mautic"})


def send(door: Door, headers: dict[str, str] | None = None, **fields: str) -> dict[str, Any]:
    response = door.post("/mtc/event", urlencode(fields), key=None, headers=FORM | (headers or {}))
    assert response.status == 200
    return document(response)


FORM = {"content-type": "application/x-www-form-urlencoded", "x-requested-with": "XMLHttpRequest"}


def look(door: Door, *, headers: dict[str, str] | None = None, **fields: str) -> Response:
    response = door.get("/mtracking.gif", urlencode(fields), headers=headers)
    assert (response.status, response.content_type, len(response.body)) == (200, "image/gif", 43)
    return response


# The script's event


def test_mautics_own_script_is_understood() -> None:
    door = moved()
    response = door.post("/mtc/event", RECORDED, key=None, headers=FORM)
    assert document(response) == {"success": 1, "id": DEVICE, "sid": DEVICE, "device_id": DEVICE, "events": {}}
    event = door.event
    assert (event.name, event.call, event.source, event.trust) == ("Page Viewed", "page", "old-site", Trust.PUBLIC)
    assert identifiers(event) == {"email": "ada@example.org", "anonymous_id": DEVICE}
    assert event.properties == {
        "url": PAGE,
        "path": "/pricing",
        "title": "Pricing",
        "referrer": "https://www.google.com/",
        "plan_interest": "team",
    }
    assert told(event.traits) == {"email": "ada@example.org", "first_name": "Ada", "title": "CTO", "salutation": "Ms"}
    assert event.context["campaign"] == {"source": "newsletter"}
    assert (event.context["locale"], event.context["timezone"]) == ("en-US", "Europe/Berlin")


def test_what_a_visitor_says_is_public_whatever_the_key() -> None:
    door = Door()
    door.post("/mtc/event", RECORDED, key=SERVER_KEY, headers=FORM)
    assert (door.event.source, door.event.trust) == ("backend", Trust.PUBLIC)


def test_a_new_browser_gets_an_id_and_is_known_by_it() -> None:
    door = moved()
    device = send(door, page_url=PAGE)["device_id"]
    assert send(door, page_url=PAGE, mautic_device_id=device)["device_id"] == device
    first, second = door.events
    assert first.identifiers == second.identifiers
    assert first.id != second.id


@pytest.mark.parametrize("said", ["", "null", "undefined", "ada@example.org", "x" * 65, "0123456789abcdef#"])
def test_what_mautic_did_not_draw_is_no_id(said: str) -> None:
    door = moved()
    assert send(door, mautic_device_id=said)["device_id"] not in {said, None}


def test_mautics_cookie_goes_on() -> None:
    door = moved()
    cookie = {"cookie": f"mautic_device_id={DEVICE}"}
    assert send(door, cookie, page_url=PAGE)["device_id"] == DEVICE
    assert document(door.get("/mtc", headers=cookie)) == {"id": DEVICE, "sid": DEVICE, "device_id": DEVICE}
    assert document(door.get("/mtc")) == {"id": None, "sid": None, "device_id": None}


@pytest.mark.parametrize(
    ("headers", "fields"), [({}, {"do_not_track": "true"}), ({"dnt": "1"}, {}), ({"sec-gpc": "1"}, {})]
)
def test_who_does_not_want_to_be_followed_is_not(headers: dict[str, str], fields: dict[str, str]) -> None:
    door = moved()
    answer = send(door, {"cookie": f"mautic_device_id={DEVICE}", **headers}, page_url=PAGE, **fields)
    assert answer == {"success": 1, "id": None, "sid": None, "device_id": None, "events": {}}
    assert door.events == []
    assert door.metrics == {"event.anonymous": 1}
    # Who is named all the same is kept, and counts nothing.
    send(door, headers, mautic_device_id=DEVICE, **fields)
    assert door.event.context["unconsented"] is True


@pytest.mark.parametrize(
    ("kinds", "status"), [({"old-site": "mautic"}, 200), ({"shop-web": "snowplow"}, 401), ({}, 401)]
)
def test_the_one_source_of_its_kind_is_meant(kinds: dict[str, str], status: int) -> None:
    door = Door(kinds=kinds)
    response = door.post("/mtc/event", RECORDED, key=None, headers=FORM)
    assert response.status == status
    assert [event.source for event in door.events] == ["old-site"] * (status == 200)
    assert door.get("/mtc").status == status


def test_a_key_in_the_address_names_another() -> None:
    door = moved()
    assert door.post("/mtc/event", RECORDED, key=None, headers=FORM, query=f"writeKey={PUBLIC_KEY}").status == 200
    assert door.event.source == "website"
    assert door.post("/mtc/event", RECORDED, key=None, headers=FORM, query="writeKey=unknown").status == 401


@pytest.mark.parametrize("path", ["/mtc", "/mtc/event"])
@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_only_own_pages_send_cookies_and_read_who_it_was(path: str, method: str) -> None:
    own, foreign = (moved().get(path, method=method, headers=page).to_gateway()["headers"] for page in (OWN, FOREIGN))
    assert own["access-control-allow-origin"] == OWN["origin"]
    assert own["access-control-allow-credentials"] == "true"
    assert foreign["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in foreign


@given(st.binary(max_size=300))
def test_any_body_is_taken_or_refused(body: bytes) -> None:
    door = moved()
    response = door.post("/mtc/event", body, key=None, headers=FORM)
    assert (response.status == 200) == (len(door.events) == 1)


@given(
    st.dictionaries(st.sampled_from(["page_url", "page_referrer", "email", "tags[]", "title"]) | st.text(), st.text())
)
def test_any_fields_are_taken_or_refused(fields: dict[str, str]) -> None:
    assert moved().post("/mtc/event", urlencode(fields), key=None, headers=FORM).status in {200, 400}


# The pixel


def test_the_pixel_is_a_view() -> None:
    door = moved()
    look(door, page_url=PAGE, page_title="Pricing", page_referrer="https://www.google.com/", utm_campaign="spring")
    assert door.event.properties == {
        "url": PAGE,
        "path": "/pricing",
        "title": "Pricing",
        "referrer": "https://www.google.com/",
    }
    assert door.event.context["campaign"] == {"source": "newsletter", "name": "spring"}


def test_the_pixel_knows_a_browser_again() -> None:
    door = moved()
    cookie = look(door, page_url=PAGE).cookie
    assert cookie is not None
    assert look(door, page_url=PAGE, headers={"cookie": cookie.split("; ")[0]}).cookie is None
    assert look(door, page_url=PAGE, mautic_device_id=DEVICE).cookie is None
    first, second, third = door.events
    assert first.identifiers == second.identifiers
    assert identifiers(third) == {"anonymous_id": DEVICE}


def packed(**said: str | int | None) -> str:
    """`urlencode(base64_encode(serialize($said)))` of PHP, but for the first."""

    def value(each: str | int | None) -> str:
        if isinstance(each, str):
            return f's:{len(each.encode())}:"{each}";'
        return "N;" if each is None else f"i:{each};"

    inside = "".join(value(name) + value(each) for name, each in said.items())
    return base64.b64encode(f"a:{len(said)}:{{{inside}}}".encode()).decode()


@pytest.mark.parametrize(
    ("url", "title", "referrer"), [("page_url", "page_title", "referrer"), ("url", "title", "page_referrer")]
)
def test_the_pixel_of_a_content_management_system_is_a_view_of_its_page(url: str, title: str, referrer: str) -> None:
    door = moved()
    said: dict[str, str | int | None] = {
        url: PAGE,
        title: 'Preise; "für" alle?>',
        referrer: None,
        "language": "de_DE",
        "wp_user": "ada",
        "hits": 3,
    }
    # A browser tells another site no more than this of the page.
    look(door, d=packed(**said), headers={"referer": "https://www.example.com/"})
    assert door.event.properties == {
        "url": PAGE,
        "path": "/pricing",
        "title": 'Preise; "für" alle?>',
        "wp_user": "ada",
        "hits": "3",
    }
    assert door.event.context["locale"] == "de_DE"
    assert door.event.context["campaign"] == {"source": "newsletter"}


@pytest.mark.parametrize("text", ['O:8:"stdClass":0:{}', "a:1:{i:0;a:0:{}}", 'a:1:{s:9:"x";N;}', "plain"])
def test_what_is_packed_otherwise_takes_no_view_along(text: str) -> None:
    door = moved()
    look(door, d=base64.b64encode(text.encode()).decode(), page_url=PAGE)
    assert door.event.properties["path"] == "/pricing"


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_packed_parameter_gets_a_picture(raw: bytes) -> None:
    look(moved(), d=base64.b64encode(raw).decode(), page_url=PAGE)
    look(moved(), d=base64.b64encode(b"a:1:{" + raw + b"}").decode(), page_url=PAGE)


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"email": "ada@example.org"}, {}),
        ({"d": packed(url=PAGE, email="ada@example.org")}, {}),
        ({"d": base64.b64encode(b"something of ada@example.org").decode()}, {}),
        ({"page_url": "https://x.example/?email=ada%40x.example"}, {}),
        ({}, {"referer": "https://x.example/?email=ada@x.example"}),
        ({}, {"dnt": "1"}),
        ({"do_not_track": "1"}, {}),
    ],
)
def test_a_view_that_cannot_be_taken_is_counted_and_sets_no_cookie(
    fields: dict[str, Any], headers: dict[str, str]
) -> None:
    door = moved()
    assert look(door, headers=headers, **fields).cookie is None
    assert door.events == []
    assert door.metrics == {"pixel.dropped": 1}


# The script

#: The least of a browser that the script needs; what it does is printed as JSON.
BROWSER = """
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const stored = given.stored, sent = [], cookies = [], seen = [];
const queue = given.calls.map((call) => call.concat(
  call.length === 3 ? [{onload: () => seen.push('load'), onerror: () => seen.push('error')}] : []));
const later = queue.splice(given.queued);
const mt = function () {}; mt.q = queue;
const window = {
  MauticTrackingObject: 'mt', mt, location: new URL(given.page),
  localStorage: {getItem: (key) => stored[key] || null, setItem: (key, value) => { stored[key] = value; }},
  fetch: async (url, options) => {
    sent.push({url, method: options.method, credentials: options.credentials, body: String(options.body)});
    return {ok: given.status === 200, status: given.status, json: async () => given.answer};
  },
};
const document = {
  currentScript: {src: given.script}, title: 'Pricing', referrer: 'https://www.google.com/search',
  get cookie() { return given.cookie; }, set cookie(value) { cookies.push(value); },
};
const navigator = {language: 'en-US', doNotTrack: given.dnt};
new Function('window', 'document', 'navigator', 'URL', given.code)(window, document, navigator, URL);
later.forEach((call) => window.mt(...call));
setTimeout(() => console.log(JSON.stringify({sent, cookies, seen, stored})), 50);
"""


def browse(*calls: list[Any], queued: int = 1, **given: Any) -> dict[str, Any]:
    """What the script does in a browser whose page has made these calls, so many of them before it was loaded."""
    defaults = {
        "script": "https://collect.example.com/mtc.js",
        "page": PAGE,
        "code": MTC_JS,
        "cookie": "",
        "stored": {},
        "status": 200,
        "answer": {"success": 1, "device_id": DEVICE},
        "dnt": None,
    }
    node = shutil.which("node")
    assert node, "node runs the CDK, and this test"
    text = json.dumps({**defaults, **given, "calls": calls, "queued": queued})
    done = subprocess.run([node, "-e", BROWSER], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_script_is_served_to_be_kept_for_a_while() -> None:
    response = Door().get("/mtc.js")
    assert (response.status, response.content_type) == (200, "text/javascript; charset=utf-8")
    assert response.to_gateway()["headers"]["cache-control"] == "public, max-age=3600"


def test_the_script_sends_what_was_queued_and_what_comes_later() -> None:
    did = browse(["send", "pageview", {"email": "ada@example.org"}], ["send", "pageview"], ["send", "other"])
    first, second = did["sent"]
    assert (first["url"], first["method"], first["credentials"]) == (
        "https://collect.example.com/mtc/event", "POST", "omit"
    )  # fmt: skip
    door = moved()
    for view in (first, second):
        assert door.post(urlsplit(view["url"]).path, view["body"], key=None, headers=FORM).status == 200
    with_email, after = door.events
    assert identifiers(with_email)["email"] == "ada@example.org"
    assert with_email.properties["url"] == PAGE
    assert with_email.properties["referrer"] == "https://www.google.com/"
    # The first answer's id is named by the second view, and kept for the next page.
    assert identifiers(after) == {"anonymous_id": DEVICE}
    assert did["stored"] == {"mautic_device_id": DEVICE}
    assert did["seen"] == ["load"]


@pytest.mark.parametrize(
    "known", [{"stored": {"mautic_device_id": DEVICE}}, {"cookie": f"a=b; mautic_device_id={DEVICE}"}]
)
def test_the_script_goes_on_with_mautics_id(known: dict[str, Any]) -> None:
    (view,) = browse(["send", "pageview"], **known)["sent"]
    assert f"mautic_device_id={DEVICE}" in view["body"]


def test_the_script_keeps_the_key_of_its_address() -> None:
    (view,) = browse(["send", "pageview"], script="https://collect.example.com/mtc.js?writeKey=k")["sent"]
    assert view["url"] == "https://collect.example.com/mtc/event?writeKey=k"


def test_the_script_follows_nobody_who_does_not_want_it() -> None:
    did = browse(["send", "pageview"], dnt="1", stored={"mautic_device_id": DEVICE})
    assert DEVICE not in did["sent"][0]["body"]
    assert "do_not_track=true" in did["sent"][0]["body"]
    assert did["cookies"] == []


def test_the_script_says_when_it_fails() -> None:
    did = browse(["send", "pageview", {}], status=503)
    assert (did["seen"], did["cookies"]) == (["error"], [])
