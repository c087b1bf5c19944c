"""The values that a lead's rules have counted, as an item, once they are too many for the state: six bytes each."""

from collections.abc import Mapping
from itertools import batched
from typing import Any

from leadscore.adapters.dynamodb_keys import marks_key

_MARK_BYTES = 6


def marks_values(lead: str, marks: frozenset[int]) -> dict[str, Any]:
    return {**marks_key(lead), "marks": b"".join(mark.to_bytes(_MARK_BYTES) for mark in sorted(marks))}


def marks_from(values: Mapping[str, Any]) -> frozenset[int]:
    return frozenset(int.from_bytes(mark) for mark in batched(values["marks"], _MARK_BYTES, strict=True))
