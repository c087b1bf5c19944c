"""Looking into a document that anybody may have written: what is missing, or not of its type, says nothing."""

from collections.abc import Mapping
from typing import Any

from leadscore.ingest.json_body import EMPTY
from leadscore.ingest.rejection import Rejected


def an_object(what: str, value: Any) -> Mapping[str, Any]:
    """The value, if it is a JSON object."""
    if not isinstance(value, dict):
        raise Rejected("invalid_webhook", f"{what} must be a JSON object: check the source's kind")
    return value


def part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside another one; an empty one where there is none, be it missing or, as PHP writes it, a list."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def listed(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def first(holder: Mapping[str, Any], *names: str) -> Any:
    """The first of these that says something."""
    return next((holder[name] for name in names if holder.get(name) not in EMPTY), None)


def text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
