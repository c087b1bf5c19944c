"""A logged event as an item: what a person in the console looks for in plain attributes, the rest packed."""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, Self

from leadscore.adapters.dynamodb_keys import EVENT_PREFIX, event_key
from leadscore.adapters.packing import pack, read_text, unpack, unpack_text
from leadscore.domain.event import Json, LeadEvent

_PLAIN = ("name", "occurred_at", "source", "trust", "fingerprint")
_SAID = ("properties", "traits", "context")
#: Bytes and parts of the JSON beyond which an event stays packed. A browser's call has 1 KB and some thirty parts.
_HEAVY_BYTES, _HEAVY_PARTS = 4_096, 200
#: Events that are looked at at the same time: a worker folds eight leads beside each other.
_UNPACKED_MAX = 16


class PackedEvent(LeadEvent):
    """An event whose content is unpacked whenever it is looked at.

    A fold has all events of a lead at hand. In 100 bytes of the log there can be half a megabyte of objects, and
    anybody can send such events: a few hundred were more than a worker has room for.
    """

    __slots__ = ("_packed",)
    _packed: bytes

    @classmethod
    def of(cls, event: LeadEvent, packed: bytes) -> Self:
        light = object.__new__(cls)
        for field in fields(event):
            if field.name not in _SAID:
                object.__setattr__(light, field.name, getattr(event, field.name))
        object.__setattr__(light, "_packed", packed)
        return light

    @property
    def properties(self) -> Json:
        return self._said("properties")

    @property
    def traits(self) -> Json:
        return self._said("traits")

    @property
    def context(self) -> Json:
        return self._said("context")

    def _said(self, name: str) -> Json:
        said: Json = _unpacked(self._packed)[name]
        return said

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LeadEvent) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return self.short


@lru_cache(_UNPACKED_MAX)
def _unpacked(packed: bytes) -> Mapping[str, Any]:
    """Nobody may change it: it is given out more than once."""
    document: Mapping[str, Any] = unpack(packed)
    return document


def event_values(event: LeadEvent, token: str) -> dict[str, Any]:
    """The item's attributes: nothing is said twice."""
    document = event.to_json()
    plain = {name: document.pop(name) for name in _PLAIN}
    del document["id"]
    return {**event_key(event.home, event.id), **plain, "token": token, "rest": pack(document)}


def event_from(values: Mapping[str, Any]) -> LeadEvent:
    plain = {name: values[name] for name in _PLAIN}
    text = unpack_text(values["rest"])
    event = LeadEvent.from_json({"id": values["sk"].removeprefix(EVENT_PREFIX), **plain, **read_text(text)})
    return PackedEvent.of(event, values["rest"]) if _is_heavy(text) else event


def _is_heavy(text: bytes) -> bool:
    return len(text) > _HEAVY_BYTES or sum(map(text.count, (b",", b"{", b"["))) > _HEAVY_PARTS
