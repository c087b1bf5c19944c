"""What RudderStack's clients send beside Segment's format, and what they ask for before they start."""

from collections.abc import Mapping
from typing import Any

from leadscore.domain.event import LeadEvent, is_external_type
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.clock import occurred_at
from leadscore.ingest.form import snake_case
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import checked
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import EVENT_NAMES

#: More than two make no sense, and a list must not cost without bound.
_MERGED_IDS_MAX = 10
_NOT_CONTENT = frozenset({"sentAt", "receivedAt", "writeKey"})


def source_config(source: str, key: str) -> dict[str, Any]:
    """The answer of RudderStack's control plane: a source that is enabled, has no destination and reports nothing.

    With `statsCollection` on, the browser client would report its errors and metrics to RudderStack.
    """
    unchanged_since = "2024-01-01T00:00:00.000Z"
    return {
        "isHosted": True,
        "source": {
            "id": source,
            "name": source,
            "writeKey": key,
            "enabled": True,
            "deleted": False,
            "transient": False,
            "workspaceId": "leadscore",
            "createdAt": unchanged_since,
            "updatedAt": unchanged_since,
            "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
            "liveEventsConfig": {"eventUpload": False},
            "sourceDefinition": {"name": "leadscore", "category": None},
            "connections": [],
            "destinations": [],
        },
    }


def read_merge(document: Any, arrival: Arrival) -> LeadEvent:
    """Two ids of one person. As with an alias, two of one kind that names a person merge nobody: the first is taken."""
    merged = document.get("mergeProperties") if isinstance(document, dict) else None
    if not isinstance(merged, list) or not 0 < len(merged) <= _MERGED_IDS_MAX:
        raise Rejected(
            "invalid_event",
            "`mergeProperties` must be a list of two objects, each with `type` and `value`, that name the same person",
        )
    content = checked({name: value for name, value in document.items() if name not in _NOT_CONTENT})
    timestamp = document.get("timestamp") or document.get("originalTimestamp")
    return arrival.event(
        call="alias",
        name=EVENT_NAMES["alias"],
        identifiers=_merged_ids(document, merged),
        content=content,
        message_id=document.get("messageId"),
        is_dated=timestamp is not None,
        occurred_at=occurred_at(timestamp=timestamp, sent_at=document.get("sentAt"), received_at=arrival.received_at),
        timestamp=timestamp,
        properties={"mergeProperties": merged},
        context={},
    )


def _merged_ids(document: Mapping[str, Any], merged: list[Any]) -> dict[str, str | None]:
    found: dict[str, str | None] = {
        "user_id": identifier("userId", document.get("userId")),
        "anonymous_id": identifier("anonymousId", document.get("anonymousId")),
    }
    for entry in merged:
        kind, value = _merged_id(entry)
        if found.get(kind) is None:
            found[kind] = value
    return found


def _merged_id(entry: Any) -> tuple[str, str | None]:
    kind = snake_case(entry["type"]) if isinstance(entry, dict) and isinstance(entry.get("type"), str) else ""
    if kind == "email":
        return kind, email_address(entry.get("value"))
    if kind not in {"user_id", "anonymous_id"} and not is_external_type(kind):
        raise Rejected("invalid_event", "each of `mergeProperties` must be an object with `type`, such as email")
    return kind, identifier("mergeProperties.value", entry.get("value"))
