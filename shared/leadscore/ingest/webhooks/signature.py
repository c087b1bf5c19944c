"""What all signatures of webhooks need: HMAC, comparing in constant time, and how old a delivery may be."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from leadscore.ingest.clock import parse_time
from leadscore.ingest.rejection import Rejected

TOLERANCE_SECONDS = 300
_SECRET_CHARACTERS_MIN = 8


def sha256_hmac(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def compare(expected: Iterable[str], given: Iterable[str]) -> None:
    """Refuse unless one of those given is one of those expected. All are compared, each in constant time."""
    right, said = [[one.encode("utf-8", "replace") for one in many] for many in (expected, given)]
    matches = [hmac.compare_digest(one, another) for one in right for another in said]
    if not any(matches):
        raise wrong()


def wrong(status: int = 401) -> Rejected:
    return Rejected(
        "invalid_signature",
        "the webhook's signature is missing or wrong: store the sender's signing secret for this source with"
        " `leadscore webhooks set`",
        status=status,
    )


def check_age(timestamp: Any, now: int, *, tolerance_seconds: int = TOLERANCE_SECONDS, status: int = 401) -> None:
    """Refuse what was signed too long ago, or in the future: a recorded delivery must not work for ever."""
    signed_at = parse_time(timestamp)
    if signed_at is None:
        raise wrong()
    if abs(now - signed_at) > tolerance_seconds * 1000:
        raise Rejected(
            "stale_signature",
            f"the webhook was signed more than {tolerance_seconds} seconds ago, or in the future: send it anew, and"
            " check the sender's clock",
            status=status,
        )


def base64_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def plain_secret(secret: str) -> str:
    """A secret that is used as it is."""
    stripped = secret.strip()
    if len(stripped) < _SECRET_CHARACTERS_MIN or any(character.isspace() for character in stripped):
        raise ValueError(
            f"a signing secret has no blanks and at least {_SECRET_CHARACTERS_MIN} characters: paste it whole"
        )
    return stripped
