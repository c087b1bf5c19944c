"""The size of an item as DynamoDB bills it, from the attributes as they go over the wire."""

from collections.abc import Mapping
from math import ceil
from typing import Any

WRITE_UNIT_BYTES = 1_024
READ_UNIT_BYTES = 4_096


def item_bytes(item: Mapping[str, Any]) -> int:
    """Names and values."""
    return sum(len(name.encode()) + _attribute_bytes(attribute) for name, attribute in item.items())


def read_units(size: int, *, is_consistent: bool) -> float:
    """Reading what is not there costs as much as reading a small item."""
    return max(1, ceil(size / READ_UNIT_BYTES)) * (1 if is_consistent else 0.5)


def write_units(size: int) -> int:
    return max(1, ceil(size / WRITE_UNIT_BYTES))


def _attribute_bytes(attribute: Mapping[str, Any]) -> int:
    match attribute:
        case {"S": str(text)}:
            return len(text.encode("utf-8", "surrogatepass"))
        case {"B": bytes(content)}:
            return len(content)
        case {"N": str(digits)}:
            # One byte for every two digits, zeros at either end left out, and one or two more.
            return 2 + (len(digits.lstrip("-").strip("0")) + 1) // 2 + digits.startswith("-")
        case {"BOOL": _}:
            return 1
        case {"L": list(elements)}:
            return 3 + sum(1 + _attribute_bytes(element) for element in elements)
        case {"M": dict(members)}:
            return 3 + len(members) + item_bytes(members)
    raise TypeError(f"no attribute of these tables is like {attribute}")
