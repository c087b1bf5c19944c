"""Nothing is taken that its sender has not signed: over these bytes, with this source's secret, not long ago."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.write_key import write_key
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.webhooks import hubspot, mailgun, postmark, sendgrid, standard, typeform
from leadscore.ingest.webhooks.kinds import vendor
from leadscore.ingest.webhooks.p256 import PublicKey
from leadscore.ingest.webhooks.signature import from_base64
from tests.ingest.door import NOON, ROOT, SERVER_KEY, Door, basic, document
from tests.ingest.webhooks.senders import HOST, SECRETS, SIGNED, Sent, new_door, of, signed

SAMPLES = {
    "sendgrid": "sendgrid",
    "mailgun": "mailgun-opened",
    "typeform": "typeform",
    "calendly": "calendly-booked",
    "hubspot": "hubspot",
    "standard-webhooks": "resend-opened",
}
TIMED = {"mailgun": 9 * 3_600, "calendly": 180, "hubspot": 300, "standard-webhooks": 300}
SIGNATURES = {
    "sendgrid": "x-twilio-email-event-webhook-signature",
    "typeform": "typeform-signature",
    "calendly": "calendly-webhook-signature",
    "hubspot": "x-hubspot-signature-v3",
    "standard-webhooks": "webhook-signature",
}


def sample(kind: str, **more: object) -> Sent:
    return signed(kind, of(SAMPLES[kind]).body, **more)  # type: ignore[arg-type]


def refusal(sent: Sent, door: Door | None = None) -> tuple[int, str]:
    door = door or new_door()
    response = sent.to(door)
    assert door.events == []
    assert door.failed.kept == {}
    return response.status, document(response)["code"]


@pytest.mark.parametrize("kind", SIGNED)
def test_the_secret_of_another_source_opens_nothing(kind: str) -> None:
    assert refusal(sample(kind, secret_of=f"other-{kind}")) == (401, "invalid_signature")


@pytest.mark.parametrize("kind", sorted(SIGNATURES))
def test_every_bit_of_the_signature_counts(kind: str) -> None:
    header = SIGNATURES[kind]
    good = sample(kind).headers[header]
    encoded = good.rpartition("," if kind == "standard-webhooks" else "sha256=" if kind == "typeform" else "v1=")[2]
    raw = bytes.fromhex(encoded) if kind == "calendly" else base64.b64decode(encoded)
    places = range(0, len(raw) * 8, 7)
    for place in places:
        flipped = bytearray(raw)
        flipped[place // 8] ^= 1 << place % 8
        text = flipped.hex() if kind == "calendly" else base64.b64encode(flipped).decode()
        sent = sample(kind)
        sent.headers[header] = good.removesuffix(encoded) + text
        assert refusal(sent) == (401, "invalid_signature"), place
    assert len(places) >= 30


@pytest.mark.parametrize("kind", sorted(SIGNATURES))
def test_every_byte_of_the_body_counts(kind: str) -> None:
    good = sample(kind).body
    for place in range(0, len(good), max(1, len(good) // 40)):
        sent = sample(kind)
        sent.body = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert refusal(sent) == (401, "invalid_signature"), place
    sent = sample(kind)
    sent.body = good + b" "
    assert refusal(sent) == (401, "invalid_signature")


@pytest.mark.parametrize("kind", sorted(SIGNATURES))
def test_every_header_that_is_signed_or_signs_must_be_there(kind: str) -> None:
    for header in sample(kind).headers:
        if header in {"host", "x-forwarded-host"}:
            continue
        sent = sample(kind)
        del sent.headers[header]
        assert refusal(sent) == (401, "invalid_signature"), header
        sent.headers[header] = ""
        assert refusal(sent) == (401, "invalid_signature"), header


@pytest.mark.parametrize("part", ["timestamp", "token", "signature"])
def test_every_part_of_mailguns_signature_counts(part: str) -> None:
    sent = sample("mailgun")
    body = json.loads(sent.body)
    for value in (body["signature"][part][:-1] + "x", "", None, 7, []):
        sent.body = json.dumps({**body, "signature": {**body["signature"], part: value}}).encode()
        assert refusal(sent) == (401, "invalid_signature")
    for nothing in ({}, [], None, "x"):
        sent.body = json.dumps({**body, "signature": nothing}).encode()
        assert refusal(sent) == (401, "invalid_signature")


def test_one_of_mailguns_signatures_tells_one_event_and_no_other() -> None:
    door = new_door()
    sent = sample("mailgun")
    assert sent.to(door).status == 200
    genuine = json.loads(sent.body)
    event = genuine["event-data"]
    for forged in (
        {**event, "event": "unsubscribed", "id": "another", "recipient": "victim@northwind.example"},
        {**event, "event": "unsubscribed"},
        {**event, "id": "another"},
        {**event, "event": "accepted"},
        7,
    ):
        response = door.post(sent.path, json.dumps({**genuine, "event-data": forged}), key=None)
        assert (response.status, document(response)["code"]) == (406, "signature_reused")
    assert len(door.events) == 1
    assert [kept.code for kept in door.failed.kept.values()] == ["signature_reused"] * 5
    assert genuine["signature"]["token"] not in str(door.failed.kept) + str(door.claims)


@pytest.mark.parametrize("digits", [3, 6, 9])
def test_one_of_mailguns_signatures_tells_no_other_event_with_its_token_cut_elsewhere(digits: int) -> None:
    """So many digits more, and the timestamp is the same moment in ms, us or ns."""
    door = new_door()
    genuine = json.loads(sample("mailgun").body)
    timestamp, token = genuine["signature"]["timestamp"], "123456789" + "a" * 41
    genuine["signature"] |= {"token": token, "signature": _mailgun_mac(timestamp + token)}
    assert door.post("/webhooks/mailgun", genuine, key=None).status == 200
    elsewhere = {"timestamp": timestamp + token[:digits], "token": token[digits:]}
    forged = {
        "signature": genuine["signature"] | elsewhere,
        "event-data": {**genuine["event-data"], "event": "unsubscribed", "recipient": "victim@northwind.example"},
    }
    response = door.post("/webhooks/mailgun", forged, key=None)
    assert (response.status, document(response)["code"]) == (406, "signature_reused")
    assert len(door.events) == 1


def test_one_of_mailguns_signatures_tells_no_other_event_at_another_source_of_the_account() -> None:
    door = new_door()
    door.secrets = SECRETS | {"other-mailgun": SECRETS["mailgun"]}
    sent = sample("mailgun")
    assert sent.to(door).status == 200
    genuine = json.loads(sent.body)
    forged = {**genuine, "event-data": {**genuine["event-data"], "event": "unsubscribed"}}
    assert door.post("/webhooks/other-mailgun", forged, key=None).status == 406
    assert len(door.events) == 1


def test_what_mailgun_passes_over_uses_its_signature_up_too() -> None:
    door = new_door()
    sent = signed("mailgun", of("mailgun-accepted").body)
    assert sent.to(door).status == 200
    sent.body = json.dumps({**json.loads(sent.body), **of("mailgun-opened").body}).encode()
    assert sent.to(door).status == 406
    assert door.events == []


def test_mailgun_may_come_again_with_the_same_signature_or_with_another_one() -> None:
    door = new_door()
    again = sample("mailgun")
    anew = json.loads(again.body)
    token = "another token"
    anew["signature"] |= {"token": token, "signature": _mailgun_mac(anew["signature"]["timestamp"] + token)}
    for body in (again.body, again.body, json.dumps(anew).encode()):
        assert door.post(again.path, body, key=None).status == 200
    assert len(door.events) == 3
    assert len({(event.id, event.fingerprint) for event in door.events}) == 1


def test_an_event_that_could_not_be_queued_may_come_again_under_its_signature() -> None:
    def fail(_call: str) -> None:
        raise OSError("the queue is gone")

    door = new_door()
    sent = sample("mailgun")
    door.queue.before_call = fail
    assert sent.to(door).status == 503
    door.queue.before_call = lambda _call: None
    assert sent.to(door).status == 200
    assert len(door.events) == 1


@pytest.mark.parametrize("kind", sorted(TIMED))
def test_an_old_signature_is_worth_nothing_and_neither_is_one_of_the_future(kind: str) -> None:
    tolerance = TIMED[kind] * 1000
    for age in (tolerance + 1000, -tolerance - 1000):
        status = 406 if kind == "mailgun" else 401
        assert refusal(sample(kind, at=NOON - age)) == (status, "stale_signature")
    for age in (tolerance, -tolerance):
        assert sample(kind, at=NOON - age).to(new_door()).status == 200


@pytest.mark.parametrize("kind", ["sendgrid", "typeform"])
def test_where_senders_promise_no_time_a_delivery_of_yesterday_is_taken(kind: str) -> None:
    assert sample(kind, at=NOON - 29 * 3_600_000).to(new_door()).status == 200


@pytest.mark.parametrize("kind", SIGNED)
def test_until_a_secret_is_stored_a_sender_is_told_to_come_again(kind: str) -> None:
    door = new_door()
    door.secrets = {}
    response = sample(kind).to(door)
    assert (response.status, document(response)["code"]) == (503, "secret_not_set")
    assert int(response.headers["retry-after"]) > 0
    assert door.events == []
    door.secrets = SECRETS
    assert sample(kind).to(door).status == 200


def test_when_secrets_cannot_be_read_a_sender_is_told_to_come_again() -> None:
    class Broken(dict[str, str]):
        def get(self, *_: object) -> str:  # type: ignore[override]
            raise OSError("Secrets Manager is gone")

    door = new_door()
    door.secrets = Broken()
    assert refusal(sample("typeform"), door) == (503, "unavailable")
    assert len(door.reports) == 1


def test_only_webhooks_have_such_a_path() -> None:
    for source in ("website", "backend", "nobody", "sendgrid%00", ".."):
        sent = sample("sendgrid")
        sent.path = f"/webhooks/{source}"
        assert refusal(sent) == (404, "unknown_webhook")


def test_one_of_several_signatures_is_enough_while_a_secret_is_exchanged() -> None:
    sent = sample("standard-webhooks")
    good = sent.headers["webhook-signature"]
    sent.headers["webhook-signature"] = f"v1,{'A' * 43}= v1a,xyz {good} v2,abc"
    assert sent.to(new_door()).status == 200
    sent.headers["webhook-signature"] = good.replace("v1,", "v2,")
    assert refusal(sent) == (401, "invalid_signature")


def test_hubspots_signature_is_of_the_public_url_or_of_the_gateways() -> None:
    sent = sample("hubspot")
    del sent.headers["x-forwarded-host"]
    assert refusal(sent) == (401, "invalid_signature")
    sent.headers["host"] = "collect.example.com"
    assert sent.to(new_door()).status == 200
    sent.path = "/webhooks/other-hubspot"
    assert refusal(sent) == (401, "invalid_signature")


@pytest.mark.parametrize(
    ("sent_as", "signed_as"),
    [
        ("to=ada%40x.example&at=12%3A30", "to=ada@x.example&at=12:30"),
        ("a=%21%24%27%28%29%2A%2C%3B%2F%3F", "a=!$'()*,;/?"),
        ("a=%2f", "a=/"),
        ("a=%20%2B%26%3D%25%C3%A4", "a=%20%2B%26%3D%25%C3%A4"),
        ("a=%2540", "a=%2540"),
        ("a=%40", "a=%40"),
    ],
)
def test_hubspot_signs_some_characters_of_its_url_decoded(sent_as: str, signed_as: str) -> None:
    sent = sample("hubspot")
    sent.headers["x-hubspot-signature-v3"] = hubspot_signature(f"/webhooks/hubspot?{signed_as}", sent.body)
    door = new_door()
    response = door.post(sent.path, sent.body, key=None, headers=sent.headers, query=sent_as)
    assert (response.status, bool(door.events)) == (200, True)
    for other in ("", "a=b", f"{sent_as}&b=c"):
        assert door.post(sent.path, sent.body, key=None, headers=sent.headers, query=other).status == 401


def hubspot_signature(url: str, body: bytes) -> str:
    text = f"POSThttps://{HOST}{url}".encode() + body + str(NOON).encode()
    return base64.b64encode(hmac.new(SECRETS["hubspot"].encode(), text, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("kind", SIGNED)
def test_a_body_that_was_signed_and_says_nothing_readable_is_refused_for_good(kind: str) -> None:
    if kind == "mailgun":
        sent = sample("mailgun")
        sent.body = json.dumps({"signature": json.loads(sent.body)["signature"], "event-data": 1}).encode()
        assert sent.to(new_door()).status == 200
        sent.body = b"{"
        assert refusal(sent) == (406, "invalid_json")
        return
    # An array where an object is expected, or the other way round.
    response = signed(kind, {} if kind in {"sendgrid", "hubspot"} else 7).to(door := new_door())
    code = document(response).get("code")
    assert (response.status, code) == (400, "invalid_webhook") or len(door.failed.kept) == 1


@pytest.mark.parametrize("where", ["basic", "query"])
def test_postmark_has_a_key_in_its_url(where: str) -> None:
    key = write_key(ROOT, "postmark")
    for said, status in ((key, 200), (key[:-1], 401), (SERVER_KEY, 401), ("", 401)):
        door = new_door()
        headers = {"authorization": basic(said)} if where == "basic" else {}
        query = f"writeKey={said}" if where == "query" else ""
        response = door.post("/webhooks/postmark", of("postmark-open").body, key=None, headers=headers, query=query)
        assert response.status == status
        assert len(door.events) == (status == 200)


def test_sendgrids_own_example_has_a_good_signature() -> None:
    """The key and the signature that SendGrid's clients are tested with."""
    key = PublicKey(
        base64.b64decode(
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1F"
            "wCM/QmGUhA=="
        )
    )
    signature = base64.b64decode(
        "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
    )
    content = b'1588788367{"category":"example_payload","event":"test_event","message_id":"message_id"}'
    assert key.has_signed(signature, content)
    assert not key.has_signed(signature, content + b" ")


@given(st.binary(max_size=150))
def test_no_key_and_no_signature_break_the_check(raw: bytes) -> None:
    key = PublicKey(from_base64(SECRETS["sendgrid"]) or b"")
    assert not key.has_signed(raw, b"content")
    try:
        PublicKey(raw)
    except ValueError:
        pass
    else:
        raise AssertionError("a random text was a key")


@pytest.mark.parametrize(
    ("check", "good", "kept"),
    [
        (typeform.VENDOR.secret_of, " abcdefgh12\n", "abcdefgh12"),
        (mailgun.VENDOR.secret_of, "key-1234567890", "key-1234567890"),
        (hubspot.VENDOR.secret_of, "12345678-aaaa", "12345678-aaaa"),
        (standard.VENDOR.secret_of, SECRETS["standard-webhooks"] + "\n", SECRETS["standard-webhooks"]),
        (
            sendgrid.VENDOR.secret_of,
            "\n".join(["-----BEGIN PUBLIC KEY-----", SECRETS["sendgrid"][:64], SECRETS["sendgrid"][64:], "-----END"]),
            SECRETS["sendgrid"],
        ),
    ],
)
def test_a_pasted_secret_is_stored_in_its_own_form(check: Callable[[str], str], good: str, kept: str) -> None:
    assert check(good) == kept


@pytest.mark.parametrize("kind", sorted({*SIGNED, "postmark"}))
@pytest.mark.parametrize(
    "pasted", ["", "short", "two words here", "whsec_", "whsec_AAAA", "=====", "ключ-от-вебхука!" * 3]
)
def test_what_can_be_no_secret_is_refused_with_a_remedy(kind: str, pasted: str) -> None:
    if pasted.startswith("ключ") and kind not in {"sendgrid", "standard-webhooks", "postmark"}:
        return
    if pasted == "whsec_AAAA" and kind not in {"sendgrid", "standard-webhooks", "postmark"}:
        return
    with pytest.raises(ValueError, match=r"paste it whole|copy it from|webhooks list"):
        vendor(kind).secret_of(pasted)


def test_a_key_on_another_curve_is_no_key_of_sendgrids() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    der = (
        ec.generate_private_key(ec.SECP384R1())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(ValueError, match="P-256"):
        sendgrid.VENDOR.secret_of(base64.b64encode(der).decode())


def test_postmark_says_that_it_needs_no_secret() -> None:
    with pytest.raises(ValueError, match="signs nothing"):
        postmark.VENDOR.secret_of("whatever it is")


def test_no_refusal_says_what_was_sent() -> None:
    for kind in SIGNED:
        sent = sample(kind, secret_of=f"other-{kind}")
        assert b"ada" not in sent.to(new_door()).body.lower()
    assert "ada" not in str(Rejected("code", "message"))


def _mailgun_mac(signed: str) -> str:
    return hmac.new(SECRETS["mailgun"].encode(), signed.encode(), hashlib.sha256).hexdigest()
