"""Leads by timer: the `due` index of the leads table, and where an interrupted run over it stopped."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadscore.adapters.dynamodb_attributes import from_item, to_item
from leadscore.adapters.dynamodb_calls import batch_get
from leadscore.adapters.dynamodb_keys import DUE_INDEX, SHARDS, cursor_key, due_shard, lead_of, state_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef


class DynamoDBDueIndex:
    """DueIndex."""

    def __init__(self, client: "DynamoDBClient", *, table: str, page_size: int = 500) -> None:
        self._client = client
        self._table = table
        self._page_size = page_size

    @property
    def due_shards(self) -> int:
        return SHARDS

    def due(self, *, until: int, shard: int, after: str | None) -> tuple[Sequence[str], str | None]:
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "due_shard = :shard AND due_at <= :until",
            "ExpressionAttributeValues": to_item({":shard": due_shard(shard), ":until": until}),
            "Limit": self._page_size,
        }
        if after is not None:
            due_at, lead = after.split(" ")
            entry = {**state_key(lead), "due_shard": due_shard(shard), "due_at": int(due_at)}
            request["ExclusiveStartKey"] = to_item(entry)
        response = self._client.query(**request)
        leads = [lead_of(from_item(entry)["pk"]) for entry in response["Items"]]
        if not (last := response.get("LastEvaluatedKey")):
            return leads, None
        end = from_item(last)
        return leads, f"{end['due_at']} {lead_of(end['pk'])}"

    def read_cursor(self) -> Mapping[str, Any] | None:
        found = next(batch_get(self._client, self._table, [cursor_key()], is_consistent=True), {})
        cursor: Mapping[str, Any] | None = json.loads(found.get("cursor", "null"))
        return cursor

    def write_cursor(self, cursor: Mapping[str, Any] | None) -> None:
        # Written, not deleted, when there is none: so the function needs no right to delete from the leads.
        values = {**cursor_key(), "cursor": json.dumps(cursor)}
        self._client.put_item(TableName=self._table, Item=to_item(values))
