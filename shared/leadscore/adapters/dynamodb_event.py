"""A logged event as an item: what a person in the console looks for in plain attributes, the rest packed."""

from collections.abc import Mapping
from typing import Any

from leadscore.adapters.dynamodb_keys import EVENT_PREFIX, event_key
from leadscore.adapters.packing import pack, unpack
from leadscore.domain.event import LeadEvent

_PLAIN = ("name", "occurred_at", "source", "trust", "fingerprint")


def event_values(event: LeadEvent, token: str) -> dict[str, Any]:
    """The item's attributes: nothing is said twice."""
    document = event.to_json()
    plain = {name: document.pop(name) for name in _PLAIN}
    del document["id"]
    return {**event_key(event.home, event.id), **plain, "token": token, "rest": pack(document)}


def event_from(values: Mapping[str, Any]) -> LeadEvent:
    plain = {name: values[name] for name in _PLAIN}
    return LeadEvent.from_json({"id": values["sk"].removeprefix(EVENT_PREFIX), **plain, **unpack(values["rest"])})
