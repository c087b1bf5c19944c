"""Plain values to DynamoDB's attributes and back: text, whole numbers, booleans, bytes, lists and maps of them.

boto3's own converter does more (and takes five times the CPU): Decimal, sets and None have no place in these tables.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Attribute = AttributeValueTypeDef
type Item = dict[str, AttributeValueTypeDef]


def to_item(values: Mapping[str, Any]) -> Item:
    return {name: _to_attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Also reads an image from a table's stream, which is the same thing."""
    return {name: _from_attribute(attribute) for name, attribute in item.items()}


def _to_attribute(value: Any) -> Attribute:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": to_item(value)}
        case Sequence():
            return {"L": [_to_attribute(element) for element in value]}
    raise TypeError(f"no attribute for a {type(value).__name__}")


def _from_attribute(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "L":
            return [_from_attribute(element) for element in value]
        case "M":
            return from_item(value)
    return value
