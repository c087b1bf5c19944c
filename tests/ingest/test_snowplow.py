"""Snowplow's trackers, as they are: whose their events are, what they become, and what becomes of the bad ones."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.adapters.memory import MemoryQueue
from leadscore.domain.event import Trust, event_id
from leadscore.ingest.facts.uncounted import House
from leadscore.ingest.http import Response
from leadscore.ingest.snowplow import PING_SECONDS
from tests.ingest.door import NOON, PUBLIC_KEY, SERVER_KEY, Door, basic, document, identifiers, told

BODIES = Path(__file__).parent / "bodies/snowplow"
PATH = "/com.snowplowanalytics.snowplow/tp2"
APP = "shop-web"
DEVICE = "64159881-d735-470a-adde-6e1a3a60988e"
PAGE = "https://www.example.com/pricing?utm_source=newsletter"
SCHEMA = "iglu:com.snowplowanalytics.snowplow/{}/jsonschema/1-0-0"
ORIGIN = {"origin": "https://shop.example"}
#: Whatever JSON may be, with the names that mean something here.
LEAF = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.just(SCHEMA.format("x"))
NAMES = st.sampled_from(["schema", "data", "type", "elements", "name", "value", "terms", "userId"]) | st.text(
    max_size=5
)
JSON = st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=10)


def shop() -> Door:
    return Door(kinds={APP: "snowplow"})


def payload(e: Any, **fields: Any) -> dict[str, Any]:
    return {"e": e, "aid": APP, "duid": DEVICE, "p": "web", **fields}


def post(door: Door, *payloads: Any, headers: dict[str, str] | None = None, query: str = "") -> Response:
    return door.post(PATH, {"schema": "payload_data", "data": list(payloads)}, key=None, headers=headers, query=query)


def look(door: Door, path: str = "/i", *, headers: dict[str, str] | None = None, **fields: Any) -> Response:
    response = door.get(path, urlencode({"e": "pv", "p": "web", "aid": APP, **fields}), headers=headers)
    assert (response.status, response.content_type, len(response.body)) == (200, "image/gif", 43)
    return response


def wrapped(name: str, data: Any) -> str:
    return json.dumps({"schema": SCHEMA.format(name), "data": data})


def happened(schema: str, data: Any, **fields: Any) -> dict[str, Any]:
    return payload("ue", ue_pr=wrapped("unstruct_event", {"schema": schema, "data": data}), **fields)


def entity(name: str, data: Any) -> dict[str, Any]:
    return {"schema": SCHEMA.format(name), "data": data}


# What trackers send


def recorded(client: str, door: Door) -> None:
    sent = json.loads((BODIES / f"{client}.json").read_text())
    response = door.post(sent["path"], sent["body"], key=None, headers=sent["headers"])
    assert (response.status, response.body, response.content_type) == (200, b"ok", "text/plain; charset=utf-8")


def test_the_browser_tracker_is_understood() -> None:
    door = shop()
    recorded("js-4.10.1", door)
    known = {"user_id": "u-1042", "anonymous_id": DEVICE}
    assert [(event.name, identifiers(event), NOON - event.occurred_at) for event in door.events] == [
        ("Page Viewed", known, 30_000),
        ("Page Read", known, 20_000),
        ("Video Watched", known, 10_000),
        ("Link Clicked", known, 5_000),
        ("Form Submitted", {**known, "email": "ada@example.org"}, 1_000),
    ]
    view, read, video, click, form = door.events
    assert view.properties == {
        "url": PAGE,
        "path": "/pricing",
        "title": "Pricing",
        "referrer": "https://www.google.com/",
    }
    assert view.context["campaign"] == {"source": "newsletter"}
    assert view.context["entities"] == {"web_page": {"id": "b8cff753-bc84-4db4-b675-3f7a8744fb41"}}
    assert read.properties == {"url": PAGE, "path": "/pricing", "seconds": PING_SECONDS}
    assert video.properties == {"category": "video", "label": "demo", "property": "x", "value": 75}
    assert video.context["page"]["path"] == "/pricing"
    assert click.properties["url"] == "https://partner.example/"
    assert form.properties == {"form": "contact", "message": "Please call me."}
    assert told(form.traits) == {"email": "ada@example.org", "title": "CTO"}
    assert {(event.source, event.trust) for event in door.events} == {(APP, Trust.PUBLIC)}
    assert view.id == event_id(APP, "9ebbfa2e-d264-45bc-bd2e-dc3387c72fca")


def test_the_python_tracker_is_understood() -> None:
    door = shop()
    recorded("python-1.1.0", door)
    view, trial = door.events
    assert (view.name, identifiers(view), view.occurred_at) == ("Page Viewed", {"user_id": "u-7"}, NOON - 2_000)
    assert (trial.name, trial.properties) == ("Trial Started", {"plan": "team"})
    assert trial.context["entities"] == {"account": {"tier": "gold"}}
    # Its own program is no visitor's browser, and no machine that looks at pages.
    assert "userAgent" not in view.context
    assert "machine" not in view.context


def test_bad_payloads_of_many_apps_are_kept_together() -> None:
    door = Door()
    post(door, *(payload("xx", aid=f"app{number}") for number in range(50)), query=f"writeKey={PUBLIC_KEY}")
    assert len(door.failed_items) == 50
    assert len(door.failed.kept) == 1  # Each object is a write, and a request may name 2,500 apps.


def test_what_a_request_says_once_stays_short_in_each_event() -> None:
    door = shop()
    post(door, payload("pv", p="web"), payload("pv", p="web"), headers={"user-agent": "Mozilla/5.0 " + "x" * 8_000})
    assert [len(event.context["userAgent"]) for event in door.events] == [1_000, 1_000]


def test_a_retry_is_the_same_event_although_it_is_sent_later() -> None:
    door = shop()
    for sent_at in (NOON, NOON + 60_000):
        post(door, payload("pv", eid="e-1", url=PAGE, dtm=str(sent_at - 5_000), stm=str(sent_at)))
    first, second = door.events
    assert first.id == second.id
    assert first.occurred_at == NOON - 5_000


def test_the_sending_time_is_no_content() -> None:
    door = shop()
    for sent_at in (NOON, NOON + 60_000):
        post(door, payload("pv", eid="e-1", url=PAGE, dtm=str(NOON - 5_000), stm=str(sent_at)))
    first, second = door.events
    assert first.fingerprint == second.fingerprint


def test_a_true_time_is_not_corrected() -> None:
    door = shop()
    post(door, payload("pv", ttm=str(NOON - 9_000), dtm=str(NOON - 1_000), stm=str(NOON - 500)))
    assert door.event.occurred_at == NOON - 9_000


@pytest.mark.parametrize(
    ("schema", "data", "name", "properties"),
    [
        ("iglu:com.acme/demoBooked/jsonschema/2-0-1", {"rep": "x"}, "Demo Booked", {"rep": "x"}),
        ("iglu:com.acme/link_click/jsonschema/1-0-0", {"targetUrl": "x"}, "Link Click", {"targetUrl": "x"}),
        ("iglu:com.acme/note/jsonschema/1-0-0", ["x"], "Note", {"data": ["x"]}),
        (
            SCHEMA.format("site_search"),
            {"terms": ["red", "hat"]},
            "Site Searched",
            {"terms": ["red", "hat"], "query": "red hat"},
        ),
        (SCHEMA.format("focus_form"), {"formId": "f"}, "Focus Form", {"formId": "f"}),
        (
            SCHEMA.format("add_to_cart"),
            {"sku": "s", "unitPrice": 5, "quantity": 2},
            "Product Added",
            {"sku": "s", "unitPrice": 5, "quantity": 2, "product_id": "s", "price": 5},
        ),
        (
            "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0",
            {"name": "Home"},
            "Screen Viewed",
            {"name": "Home"},
        ),
    ],
)
def test_events_are_named_after_their_schemas(schema: str, data: Any, name: str, properties: dict[str, Any]) -> None:
    door = shop()
    post(door, happened(schema, data))
    assert (door.event.name, door.event.properties) == (name, properties)


@pytest.mark.parametrize(
    ("schema", "data", "name"),
    [
        ("consent_preferences", {"eventType": "allow_all"}, "Consent Given"),
        ("consent_preferences", {"eventType": "deny_all"}, "Consent Withdrawn"),
        ("consent_preferences", {"eventType": "withdrawn"}, "Consent Withdrawn"),
        ("consent_preferences", {"eventType": "expired"}, "Consent Withdrawn"),
        ("consent_preferences", {"eventType": "pending", "consentScopes": ["analytics"]}, "Consent Preferences"),
        (
            "consent_preferences",
            {"eventType": "allow_selected", "consentScopes": ["necessary", "Analytics"]},
            "Consent Given",
        ),
        ("consent_preferences", {"eventType": "allow_selected", "consentScopes": ["necessary"]}, "Consent Withdrawn"),
        ("consent_preferences", {"eventType": "implicit_consent", "consentScopes": ["analytics"]}, "Consent Given"),
        ("consent_preferences", {"eventType": ["allow_all"], "consentScopes": [5]}, "Consent Preferences"),
        ("consent_granted", {"expiry": "2026-05-01T00:00:00Z"}, "Consent Given"),
        ("consent_withdrawn", {"all": True}, "Consent Withdrawn"),
        ("cmp_visible", {"elapsedTime": 1.5}, "Cmp Visible"),
    ],
)
def test_what_the_consent_plugin_tells_is_consent(schema: str, data: dict[str, Any], name: str) -> None:
    door = Door(kinds={"shop-web": "snowplow"}, house=House.of({}, ["analytics"]))
    post(door, happened(SCHEMA.format(schema), data))
    assert (door.event.name, door.event.properties) == (name, data)


@pytest.mark.parametrize(
    ("event", "data", "player", "name", "properties"),
    [
        (
            "snowplow.media/percent_progress_event",
            {"percentProgress": 50},
            {"label": "Tour", "mediaType": "video"},
            "Video Watched",
            {"percentProgress": 50, "share": 50, "video_id": "Tour"},
        ),
        ("snowplow.media/end_event", {}, {}, "Video Watched", {"share": 100}),
        (
            "snowplow/media_player_event",
            {"type": "percentprogress", "label": "Tour"},
            {"percentProgress": 25},
            "Video Watched",
            {"type": "percentprogress", "label": "Tour", "share": 25, "video_id": "Tour"},
        ),
        ("snowplow/media_player_event", {"type": "play"}, {}, "Media Player Event", {"type": "play"}),
        (
            "snowplow.media/percent_progress_event",
            {"percentProgress": 50},
            {"mediaType": "audio"},
            "Percent Progress Event",
            {"percentProgress": 50},
        ),
    ],
)
def test_the_media_plugins_tell_how_much_of_a_video_was_seen(
    event: str, data: dict[str, Any], player: dict[str, Any], name: str, properties: dict[str, Any]
) -> None:
    door = shop()
    schema = f"iglu:com.snowplowanalytics.{event}/jsonschema/1-0-0"
    post(door, happened(schema, data, co=wrapped("contexts", [entity("media_player", player)])))
    assert (door.event.name, door.event.properties) == (name, properties)


@pytest.mark.parametrize(
    ("action", "entities", "name", "properties"),
    [
        (
            {"type": "add_to_cart"},
            [entity("product", {"id": "p", "price": 5, "category": "hats"})],
            "Product Added",
            {"product_id": "p", "price": 5, "category": "hats"},
        ),
        (
            {"type": "list_view", "name": "sale"},
            [entity("product", {"id": "p"}), entity("product", {"id": "q"})],
            "Product List Viewed",
            {"name": "sale", "products": [{"product_id": "p"}, {"product_id": "q"}]},
        ),
        (
            {"type": "transaction"},
            [entity("transaction", {"transaction_id": "o", "revenue": 30, "currency": "EUR"})],
            "Order Completed",
            {"order_id": "o", "total": 30, "revenue": 30, "currency": "EUR"},
        ),
        (
            {"type": "refund"},
            [entity("refund", {"transaction_id": "o", "refund_amount": 9})],
            "Order Refunded",
            {"order_id": "o", "total": 9},
        ),
        ({"type": "promo_click"}, [], "Promo Click", {}),
    ],
)
def test_the_shop_plugin_tells_what_in_entities(
    action: dict[str, Any], entities: list[Any], name: str, properties: dict[str, Any]
) -> None:
    door = shop()
    schema = "iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2"
    post(door, happened(schema, action, co=wrapped("contexts", entities)))
    assert (door.event.name, door.event.properties) == (name, properties)


def test_an_order_has_its_amounts_as_numbers() -> None:
    door = shop()
    post(
        door,
        payload("tr", tr_id="o-1", tr_tt="49.90", tr_tx="", tr_sh="0", tr_cu="EUR"),
        payload("ti", ti_id="o-1", ti_sk="s-1", ti_pr="24.95", ti_qu="2"),
    )
    order, item = door.events
    assert (order.name, order.properties) == (
        "Order Completed",
        {"order_id": "o-1", "total": 49.9, "shipping": 0, "currency": "EUR"},
    )
    assert (item.name, item.properties) == (
        "Product Purchased",
        {"order_id": "o-1", "product_id": "s-1", "price": 24.95, "quantity": 2},
    )


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padding", ["", "="])
def test_base64_is_read_in_either_alphabet_with_or_without_padding(encode: Any, padding: str) -> None:
    door = shop()
    raw = wrapped("unstruct_event", {"schema": SCHEMA.format("a_b"), "data": {"text": "ü>?~~ÿÿ"}})
    text = encode(raw.encode()).decode()
    post(door, payload("ue", ue_px=text if padding else text.rstrip("=")))
    assert door.event.properties == {"text": "ü>?~~ÿÿ"}


# Who it was


@pytest.mark.parametrize(
    ("fields", "device"),
    [
        ({"duid": "d", "nuid": "n"}, "d"),
        ({"nuid": "n"}, "n"),
        ({"tnuid": "t"}, "t"),
        ({"duid": "null", "nuid": "n"}, "n"),
        ({"nuid": "n", "co": wrapped("contexts", [entity("client_session", {"userId": "s"})])}, "s"),
    ],
)
def test_the_trackers_own_id_of_a_device_comes_first(fields: dict[str, Any], device: str) -> None:
    door = shop()
    post(door, {"e": "pv", "aid": APP, **fields})
    assert identifiers(door.event) == {"anonymous_id": device}


COOKIE = "0aa1b1c1-0000-4000-8000-0123456789ab"


@pytest.mark.parametrize(
    ("headers", "device"),
    [
        ({"cookie": f"sp={COOKIE}"}, COOKIE),
        ({"cookie": "sp=ada@example.org"}, None),
        ({"cookie": "sp=00000000-0000-0000-0000-000000000000"}, None),
        ({"cookie": f"sp={COOKIE}", "sp-anonymous": "*"}, None),
        ({"cookie": f"sp={COOKIE}", "sec-gpc": "1"}, None),
        ({"cookie": "ls_aid=" + "a" * 32}, "a" * 32),
    ],
)
def test_the_cookie_of_snowplows_collector_goes_on(headers: dict[str, str], device: str | None) -> None:
    door = shop()
    assert post(door, {"e": "pv", "p": "web", "aid": APP}, headers=headers).status == 200
    assert [identifiers(event) for event in door.events] == ([{"anonymous_id": device}] if device else [])


def test_an_anonymous_visit_is_nobodys_and_no_fault() -> None:
    door = shop()
    page = wrapped("contexts", [entity("web_page", {"id": "1"})])
    session = wrapped("contexts", [entity("client_session", {"userId": "00000000-0000-0000-0000-000000000000"})])
    in_page, in_app = ({"e": "pv", "p": platform, "aid": APP} for platform in ("web", "mob"))
    post(door, {**in_page, "co": page}, {**in_app, "co": session}, {"e": "pv", "p": "srv", "aid": APP}, payload("pv"))
    assert len(door.events) == 1
    assert door.metrics == {"event.anonymous": 2, "event.failed": 1}
    assert door.failed_items == [{"e": "pv", "p": "srv", "aid": APP}]


@pytest.mark.parametrize(("key", "flagged"), [(SERVER_KEY, True), (PUBLIC_KEY, False)])
def test_only_a_server_says_at_which_address_somebody_was(key: str, flagged: bool) -> None:
    door = Door(house=House.of({"addresses": ["203.0.113.0/24"]}, []), address="198.51.100.1")
    post(door, payload("pv", aid=key, ip="203.0.113.9"))
    assert ("internal" in door.event.context) is flagged
    assert "203.0.113.9" not in json.dumps(door.event.to_json())


# Whose it was


@pytest.mark.parametrize(("key", "trust"), [(PUBLIC_KEY, Trust.PUBLIC), (SERVER_KEY, Trust.SERVER)])
def test_an_app_id_may_be_a_write_key(key: str, trust: Trust) -> None:
    door = Door()
    post(door, payload("pv", aid=key))
    assert door.event.trust is trust
    assert key not in json.dumps(door.event.to_json())


def test_a_key_in_the_request_counts_for_all_apps() -> None:
    door = Door()
    post(door, payload("pv", aid="a"), payload("pv", aid="b"), query=f"writeKey={PUBLIC_KEY}")
    post(door, payload("pv", aid="a"), headers={"authorization": basic(SERVER_KEY)})
    assert [(event.source, event.context["app"]) for event in door.events] == [
        ("website", "a"),
        ("website", "b"),
        ("backend", "a"),
    ]


def test_an_app_id_of_any_length_takes_no_more_room_than_one_of_snowplows() -> None:
    door = shop()
    post(door, payload("pv", aid="a" * 400_000), payload("pv"), query=f"writeKey={PUBLIC_KEY}")
    assert [len(event.context["app"]) for event in door.events] == [255, len(APP)]


@pytest.mark.parametrize("app", ["unknown", "", "website", "backend", "old-site", None, ["shop-web"]])
def test_no_other_name_is_a_key(app: Any) -> None:
    door = Door(kinds={APP: "snowplow", "old-site": "mautic"})
    response = post(door, payload("pv", aid=app))
    assert (response.status, document(response)["code"]) == (401, "invalid_write_key")
    assert door.events == []


def test_an_unknown_app_takes_no_neighbour_along() -> None:
    door = shop()
    assert post(door, payload("pv", aid="unknown"), payload("pv")).status == 200
    assert len(door.events) == 1
    assert [item["aid"] for item in door.failed_items] == ["unknown"]


# Bad ones


@pytest.mark.parametrize(
    "bad",
    [
        "pv",
        None,
        {"aid": APP, "duid": DEVICE},
        payload("xx"),
        payload(["pv"]),
        payload("se"),
        payload("ue"),
        payload("ue", ue_px="%%%"),
        payload("ue", ue_pr="{"),
        payload("ue", ue_pr="[]"),
        payload("ue", ue_pr=wrapped("unstruct_event", "x")),
        payload("ue", ue_pr=wrapped("unstruct_event", {"schema": "link_click", "data": {}})),
        payload("pv", cx="e30"),
        payload("pv", co=wrapped("contexts", {"schema": "x"})),
        payload("pv", duid={"a": 1}),
        payload("pv", dtm="yesterday"),
        payload("pv", eid="x" * 101),
        payload("pv", page="x" * 40_000),
        happened("iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2", {}),
    ],
)
def test_a_bad_payload_is_kept_and_takes_no_neighbour_along(bad: Any) -> None:
    door = shop()
    response = post(door, bad, payload("pv"))
    assert (response.status, response.body) == (200, b"ok")
    assert door.event.name == "Page Viewed"
    assert door.failed_items == [bad]


def test_a_key_is_not_kept_with_a_bad_payload() -> None:
    door = Door()
    post(door, payload("xx", aid=SERVER_KEY))
    assert [item["e"] for item in door.failed_items] == ["xx"]
    assert SERVER_KEY not in "".join(kept.raw for kept in door.failed.kept.values())


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"data": {}}', "\0", '{"data": [' + '{"e": "pv"},' * 2_501 + "{}]}"])
def test_a_body_that_is_no_batch_is_refused(body: str) -> None:
    response = shop().post(PATH, body, key=None)
    assert response.status == 400
    assert document(response).keys() == {"code", "message"}


def test_a_queue_that_fails_makes_trackers_come_again() -> None:
    def fail(_call: str) -> None:
        raise ConnectionError

    door = Door(queue=MemoryQueue(before_call=fail), kinds={APP: "snowplow"})
    assert post(door, payload("pv")).status == 503


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(["e", "eid", "dtm", "stm", "ttm", "uid", "duid", "p", "se_ac", "tr_tt"]), JSON),
    JSON,
    st.sampled_from(["pv", "pp", "se", "ue", "tr", "ti"]),
    st.sampled_from(["link_click", "submit_form", "site_search", "snowplow_ecommerce_action", "other"]),
)
def test_any_payload_is_taken_or_kept(fields: dict[str, Any], data: Any, e: str, name: str) -> None:
    door = shop()
    inner = {"schema": SCHEMA.format(name), "data": data}
    sent = {"aid": APP, "duid": DEVICE, "e": e, "ue_pr": wrapped("unstruct_event", inner), **fields}
    sent["co"] = wrapped("contexts", [entity("product", data), entity("client_session", data)])
    response = door.post(PATH, json.dumps({"data": [sent]}), key=None)
    assert response.status == 200
    assert len(door.events) + len(door.failed_items) + door.metrics.get("event.anonymous", 0) == 1


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_in_place_of_json_is_taken_or_kept(event: str, entities: str) -> None:
    door = shop()
    post(door, payload("ue", ue_px=event), payload("pv", cx=entities))
    assert len(door.events) + len(door.failed_items) == 2


# Pictures

HIDDEN_ADDRESS = wrapped("unstruct_event", {"schema": SCHEMA.format("x"), "data": {"mail": "ada@example.org"}})


@pytest.mark.parametrize("path", ["/i", "/ice.png", PATH, "/com.acme/track"])
def test_a_picture_is_a_view_of_the_page_that_shows_it(path: str) -> None:
    door = shop()
    look(door, path, headers={"referer": PAGE}, duid=DEVICE)
    assert (door.event.name, door.event.properties["path"]) == ("Page Viewed", "/pricing")
    assert identifiers(door.event) == {"anonymous_id": DEVICE}


def test_a_picture_is_public_whatever_its_key() -> None:
    door = Door()
    look(door, aid=SERVER_KEY, uid="u-1")
    assert (door.event.source, door.event.trust) == ("backend", Trust.PUBLIC)


def test_a_picture_without_an_id_sets_a_cookie_and_knows_it_again() -> None:
    door = shop()
    cookie = look(door).cookie
    assert cookie is not None
    assert look(door, headers={"cookie": cookie.split("; ")[0]}).cookie is None
    first, second = door.events
    assert first.identifiers == second.identifiers


@pytest.mark.parametrize("header", ["sp-anonymous", "sec-gpc", "dnt"])
def test_who_wants_no_cookie_gets_none(header: str) -> None:
    door = shop()
    assert look(door, headers={header: "1"}).cookie is None
    assert door.events == []


@pytest.mark.parametrize(
    "fields",
    [
        {"uid": "ada@example.org"},
        {"url": "https://x.example/?email=ada%40x.example"},
        {"e": "ue", "ue_px": base64.b64encode(HIDDEN_ADDRESS.encode()).decode()},
    ],
)
def test_a_picture_that_tells_an_address_is_dropped(fields: dict[str, Any]) -> None:
    door = shop()
    assert look(door, duid=DEVICE, **fields).cookie is None
    assert door.events == []
    assert door.metrics == {"pixel.dropped": 1}


# Pages of any site


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
@pytest.mark.parametrize("path", [PATH, "/com.acme/track"])
def test_a_page_may_send_its_cookies_since_nothing_is_told(method: str, path: str) -> None:
    asked = {**ORIGIN, "access-control-request-headers": "content-type,sp-anonymous"}
    response = shop().get(path, method=method, headers=asked).to_gateway()["headers"]
    assert response["access-control-allow-origin"] == "https://shop.example"
    assert response["access-control-allow-credentials"] == "true"
    assert "Origin" in response["vary"]
    if method == "OPTIONS":
        assert response["access-control-allow-headers"] == "content-type,sp-anonymous"


def test_no_other_path_lets_a_page_send_its_cookies() -> None:
    for path in ("/v1/t", "/forms/contact", "/pixel.gif", "/nowhere"):
        headers = Door().get(path, method="OPTIONS", headers=ORIGIN).to_gateway()["headers"]
        assert headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in headers
