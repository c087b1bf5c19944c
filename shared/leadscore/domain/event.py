"""A lead event: one thing a lead did or said, in the one form that the rest of the system knows.

Wire formats are turned into it by `ingest`; nothing behind the queue ever sees a vendor's format again.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

type Json = Mapping[str, Any]

#: The kinds that every deployment has. Between an address and an anonymous id stand the ids that other systems gave,
#: each type a kind of its own: `rank` has the order.
IDENTIFIER_KINDS = ("user_id", "email", "anonymous_id")
#: The kinds that name a person. A lead known by none of them is anonymous.
KNOWN_KINDS = frozenset({"user_id", "email"})
#: How many ids of other systems one event may name.
EXTERNAL_IDS_MAX = 5
#: Percent-encoding can triple a byte and DynamoDB's sort key holds 1,024 bytes.
IDENTIFIER_BYTES_MAX = 256
#: The trait that says of which company somebody is; a `group` call gives it.
ACCOUNT = "account"
#: Values of `context.channel`: a page reached from another of the same site, and one whose address was typed in.
INTERNAL_CHANNEL, DIRECT_CHANNEL = "internal", "direct"

#: The source of what signed links in e-mails tell. No write key is of it.
SIGNED_LINKS = "email-links"

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_EXTERNAL_TYPE = re.compile(r"[a-z][a-z0-9_]{0,31}")


def is_external_type(kind: str) -> bool:
    """Whether it may be the type of an id that another system gave, like `hubspot`: a kind of its own."""
    return kind not in IDENTIFIER_KINDS and _EXTERNAL_TYPE.fullmatch(kind) is not None


def rank(kind: str) -> tuple[int, str]:
    """Where a kind of identifier stands, the strongest first: an event's home is its first identifier in this order."""
    match kind:
        case "user_id":
            return (0, "")
        case "email":
            return (1, "")
        case "anonymous_id":
            return (3, "")
    return (2, kind)


class Trust(IntEnum):
    """How far a source is believed: a pixel or browser key, a form that a person submitted, a secret key."""

    PUBLIC = 0
    DECLARED = 1
    SERVER = 2


class Identifier(NamedTuple):
    """One name that a lead goes by. `value` is normalised and junk-free: `ingest` sees to that."""

    kind: str
    value: str

    @property
    def key(self) -> str:
        """`<kind>:<value>`, percent-encoded so that no value can forge another key (`#` is the tables' separator)."""
        return _key(self.kind, self.value)

    @property
    def is_known(self) -> bool:
        return self.kind in KNOWN_KINDS

    @property
    def short(self) -> int:
        """64 bits that stand for the identifier in a lead's state."""
        return _short(self.key)


def identifiers_in(named: Mapping[str, str | None]) -> tuple[Identifier, ...]:
    """The identifiers that are there, by kind, the strongest first. Raises ValueError on a kind that is none."""
    found = [Identifier(kind, value) for kind, value in named.items() if value]
    if not all(kind in IDENTIFIER_KINDS or is_external_type(kind) for kind, _ in found):
        raise ValueError("an identifier's kind is user_id, email, anonymous_id or the type of an external id")
    return tuple(sorted(found, key=lambda identifier: rank(identifier.kind)))


@dataclass(frozen=True, slots=True)
class LeadEvent:
    """One accepted event. Times are milliseconds since the epoch, UTC.

    `occurred_at` is corrected for the client's clock and never lies after `received_at`. `identifiers` holds at least
    one, strongest first. `fingerprint` is the hash of what was sent, without its sending time, reception time and
    address: the same id with another fingerprint is another event under a stolen or reused id.
    """

    id: str
    name: str
    call: str
    source: str
    trust: Trust
    occurred_at: int
    received_at: int
    identifiers: tuple[Identifier, ...]
    fingerprint: str
    properties: Json = field(default_factory=dict)
    traits: Json = field(default_factory=dict)
    context: Json = field(default_factory=dict)

    @property
    def home(self) -> Identifier:
        """Where the event is logged: a function of the event alone, so a copy meets the first one after any merge."""
        return self.identifiers[0]

    @property
    def order(self) -> tuple[int, str]:
        """Position in the fold: by time, ties by id."""
        return (self.occurred_at, self.id)

    @property
    def short(self) -> int:
        """64 bits that stand for the event in a lead's state (the ring, the xor): its place in the log, hashed.

        Its id is a hash already: of eight characters 48 bits. Only the home's has to be made, once for many events.
        """
        return _home_short(self.home) ^ int.from_bytes(self.id[:8].encode())

    def to_json(self) -> dict[str, Any]:
        """The JSON form of the queue and of the log; `from_json` reads it back."""
        return {
            "id": self.id,
            "name": self.name,
            "call": self.call,
            "source": self.source,
            "trust": self.trust.name.lower(),
            "occurred_at": self.occurred_at,
            "received_at": self.received_at,
            "identifiers": dict(self.identifiers),
            "fingerprint": self.fingerprint,
            "properties": self.properties,
            "traits": self.traits,
            "context": self.context,
        }

    @classmethod
    def from_json(cls, document: Json) -> "LeadEvent":
        """Raises KeyError, TypeError or ValueError on anything that `to_json` did not make.

        What becomes part of a key is checked: one bad key would fail a whole batch of reads.
        """
        named = document["identifiers"]
        identifiers = identifiers_in(named)
        is_short = all(0 < len(value.encode()) <= IDENTIFIER_BYTES_MAX for value in named.values())
        if not identifiers or not is_short:
            raise ValueError(f"an event needs an identifier, and none may have more than {IDENTIFIER_BYTES_MAX} bytes")
        if not _ID.fullmatch(document["id"]):
            raise ValueError("an event's id is what `event_id` makes")
        return cls(
            id=document["id"],
            name=str(document["name"]),
            call=str(document["call"]),
            source=str(document["source"]),
            trust=Trust[str(document["trust"]).upper()],
            occurred_at=int(document["occurred_at"]),
            received_at=int(document["received_at"]),
            identifiers=identifiers,
            fingerprint=str(document["fingerprint"]),
            properties=dict(document["properties"]),
            traits=dict(document["traits"]),
            context=dict(document["context"]),
        )


def event_id(source: str, message_id: str) -> str:
    """The event's id in the log: 22 characters, whatever the client sent, in its source's own name space.

    Hashing bounds the length, admits any character and keeps one source from claiming another's ids.
    """
    digest = hashlib.sha256(f"{source}\0{message_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


@lru_cache(maxsize=1024)
def _key(kind: str, value: str) -> str:
    # A batch asks for each key many times: for reads, writes, homes and hashes.
    return f"{kind}:{quote(value, safe='@.+-_')}"


@lru_cache(maxsize=1024)
def _home_short(home: Identifier) -> int:
    return _short(f"home {home.key}")


def _short(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
