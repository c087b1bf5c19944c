"""What senders of webhooks put on the wire: each signs as its documentation says, written anew from there."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from leadscore.domain.write_key import write_key
from leadscore.ingest.http import Response
from tests.ingest.door import NOON, ROOT, Door, basic

RECORDED = Path(__file__).parent
HOST = "collect.example.com"
#: A source of each kind, and a second one with a secret of its own.
KINDS = {
    kind: kind for kind in ("sendgrid", "mailgun", "postmark", "typeform", "calendly", "hubspot", "standard-webhooks")
} | {f"other-{kind}": kind for kind in ("sendgrid", "mailgun", "typeform", "calendly", "hubspot", "standard-webhooks")}
SIGNED = sorted(set(KINDS.values()) - {"postmark"})


def _private_key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())


def _public_text(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


PRIVATE = {"sendgrid": _private_key(2026), "other-sendgrid": _private_key(2027)}
#: What the collector knows of each source.
SECRETS = {
    source: _public_text(PRIVATE[source])
    if kind == "sendgrid"
    else "whsec_" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    if kind == "standard-webhooks"
    else f"signing-secret-of-{source}"
    for source, kind in KINDS.items()
    if kind != "postmark"
}


@dataclass
class Recorded:
    """One request as its sender makes it, and what it says in our words: name, identifiers, properties."""

    name: str
    kind: str
    body: Any
    expected: list[tuple[str, dict[str, str], dict[str, Any]]]
    machine: list[int]
    more: Mapping[str, Any]


def recorded() -> Iterator[Recorded]:
    for path in sorted(RECORDED.glob("*.json")):
        content = json.loads(path.read_text())
        expected = [(name, ids, properties) for name, ids, properties in content.pop("expected")]
        yield Recorded(
            path.stem, content.pop("kind"), content.pop("body"), expected, content.pop("machine", []), content
        )


def of(name: str) -> Recorded:
    (found,) = (each for each in recorded() if each.name == name)
    return found


def new_door() -> Door:
    return Door(kinds=KINDS, secrets=SECRETS)


@dataclass
class Sent:
    """A signed request, ready to be broken."""

    body: bytes
    headers: dict[str, str]
    path: str

    def to(self, door: Door) -> Response:
        return door.post(self.path, self.body, key=None, headers=self.headers)


def signed(
    kind: str, body: Any, *, at: int = NOON, secret_of: str | None = None, message: str = "msg_2KWPBgLlAfxdpx2AI54p"
) -> Sent:
    """The request of a sender of this kind, signed at a time in ms with the secret of a source: its own, if unsaid."""
    source = secret_of or kind
    seconds = str(at // 1000)
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers: dict[str, str] = {}
    match kind:
        case "sendgrid":
            raw += b"\r\n"
            signature = PRIVATE[source].sign(seconds.encode() + raw, ec.ECDSA(hashes.SHA256()))
            headers = {
                "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
                "x-twilio-email-event-webhook-timestamp": seconds,
            }
        case "mailgun":
            token = hashlib.sha256(raw).hexdigest()[:50]
            stamp = {"timestamp": seconds, "token": token, "signature": _hmac(source, seconds + token).hexdigest()}
            raw = json.dumps({"signature": stamp, **body}).encode()
        case "postmark":
            headers = {"authorization": basic(write_key(ROOT, "postmark"))}
        case "typeform":
            headers = {"typeform-signature": f"sha256={_base64(_hmac(source, raw))}"}
        case "calendly":
            mac = _hmac(source, f"{seconds}.".encode() + raw).hexdigest()
            headers = {"calendly-webhook-signature": f"t={seconds},v1={mac}"}
        case "hubspot":
            text = f"POSThttps://{HOST}/webhooks/hubspot".encode() + raw + str(at).encode()
            headers = {
                "host": "abc123.execute-api.eu-central-1.amazonaws.com",
                "x-forwarded-host": HOST,
                "x-hubspot-signature-v3": _base64(_hmac(source, text)),
                "x-hubspot-request-timestamp": str(at),
            }
        case "standard-webhooks":
            key = base64.b64decode(SECRETS[source].removeprefix("whsec_"))
            mac = hmac.new(key, f"{message}.{seconds}.".encode() + raw, hashlib.sha256)
            headers = {
                "webhook-id": message,
                "webhook-timestamp": seconds,
                "webhook-signature": f"v1,{_base64(mac)}",
            }
    return Sent(raw, headers, f"/webhooks/{kind}")


def signed_record(record: Recorded) -> Sent:
    sent = signed(record.kind, record.body)
    if record.more.get("headers") == "svix":
        sent.headers = {name.replace("webhook-", "svix-"): value for name, value in sent.headers.items()}
    return sent


def _hmac(source: str, content: str | bytes) -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    return hmac.new(SECRETS[source].encode(), raw, hashlib.sha256)


def _base64(mac: Any) -> str:
    return base64.b64encode(mac.digest()).decode()
