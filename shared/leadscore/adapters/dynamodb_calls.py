"""What every adapter of a table needs: batches and pages read to their end, and refusals told apart."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from leadscore.adapters.dynamodb_attributes import from_item, to_item
from leadscore.adapters.dynamodb_keys import Key
from leadscore.adapters.pauses import tries

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesUnionTypeDef, QueryInputTypeDef

#: DynamoDB's own bound on one BatchGetItem.
BATCH_GET_MAX = 100

CONDITION_FAILED = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"


class Unserved(Exception):
    """DynamoDB kept leaving part of a batch unread: it is throttling, and a later try may do better."""


def batch_get(
    client: "DynamoDBClient", table: str, keys: Iterable[Key], *, is_consistent: bool
) -> Iterator[dict[str, Any]]:
    """The items that exist, each once, in no order."""
    distinct = {(key["pk"], key["sk"]): key for key in keys}
    for chunk in batched(distinct.values(), BATCH_GET_MAX, strict=False):
        request: KeysAndAttributesUnionTypeDef = {
            "Keys": [to_item(key) for key in chunk],
            "ConsistentRead": is_consistent,
        }
        yield from _get_chunk(client, {table: request})


def _get_chunk(
    client: "DynamoDBClient", requests: "Mapping[str, KeysAndAttributesUnionTypeDef]"
) -> Iterator[dict[str, Any]]:
    for _ in tries():
        response = client.batch_get_item(RequestItems=requests)
        for items in response["Responses"].values():
            yield from map(from_item, items)
        requests = response.get("UnprocessedKeys", {})
        if not requests:
            return
    raise Unserved


def query(client: "DynamoDBClient", request: "QueryInputTypeDef") -> Iterator[dict[str, Any]]:
    """Every item of every page."""
    while True:
        response = client.query(**request)
        yield from map(from_item, response["Items"])
        if not (end := response.get("LastEvaluatedKey")):
            return
        request = {**request, "ExclusiveStartKey": end}


def refusals(error: ClientError) -> list[str]:
    """Why a write was refused, by the position of its actions ("" for one that would have passed).

    Empty for an error that refuses nothing but reports trouble, and where any action met trouble: what the others say
    is then only half of it.
    """
    code = error.response.get("Error", {}).get("Code")
    if code == "ConditionalCheckFailedException":
        return [CONDITION_FAILED]
    if code == "TransactionConflictException":
        return [CONFLICT]
    if code != "TransactionCanceledException":
        return []
    reasons = [reason.get("Code") for reason in _reasons(error)]
    codes = ["" if reason in (None, "None") else str(reason) for reason in reasons]
    return codes if set(codes) <= {"", CONDITION_FAILED, CONFLICT} else []


def item_there(error: ClientError, position: int) -> dict[str, Any]:
    """The item that failed the condition of the action at this position, if the action asked for it back."""
    holders = _reasons(error) or [dict(error.response)]
    return from_item(holders[position].get("Item", {}))


def _reasons(error: ClientError) -> list[dict[str, Any]]:
    response: Mapping[str, Any] = error.response
    return list(response.get("CancellationReasons", ()))
