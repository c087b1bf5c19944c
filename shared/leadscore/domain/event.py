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

#: Strongest first: an event's home is its first identifier in this order.
IDENTIFIER_KINDS = ("user_id", "email", "anonymous_id")
#: The kinds that name a person. A lead known by none of them is anonymous.
KNOWN_KINDS = frozenset({"user_id", "email"})
#: Percent-encoding can triple a byte and DynamoDB's sort key holds 1,024 bytes.
IDENTIFIER_BYTES_MAX = 256

_ID = re.compile(r"[A-Za-z0-9_-]{22}")


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
        identifiers = tuple(
            Identifier(kind, document["identifiers"][kind])
            for kind in IDENTIFIER_KINDS
            if kind in document["identifiers"]
        )
        if not identifiers or not all(0 < len(value.encode()) <= IDENTIFIER_BYTES_MAX for _, value in identifiers):
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
