"""Leads by stage: the `stage` index of the leads table, which lags a little behind it."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from leadscore.adapters.dynamodb_attributes import from_item, to_item
from leadscore.adapters.dynamodb_calls import query
from leadscore.adapters.dynamodb_keys import SHARDS, STAGE_INDEX, lead_of, stage_shard, state_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBStageIndex:
    """StageIndex and StageShards."""

    def __init__(self, client: "DynamoDBClient", *, table: str, page_size: int = 500) -> None:
        self._client = client
        self._table = table
        self._page_size = page_size

    def leads_in(self, stage: str, *, limit: int) -> Sequence[str]:
        return list(islice(self._leads_in(stage), limit))

    @property
    def stage_shards(self) -> int:
        return SHARDS

    def page(self, stage: str, *, shard: int, after: str) -> Sequence[str]:
        response = self._client.query(
            TableName=self._table,
            IndexName=STAGE_INDEX,
            KeyConditionExpression="stage_shard = :shard AND pk > :after",
            ExpressionAttributeValues=to_item({":shard": stage_shard(stage, shard), ":after": state_key(after)["pk"]}),
            Limit=self._page_size,
        )
        return [lead_of(from_item(entry)["pk"]) for entry in response["Items"]]

    def _leads_in(self, stage: str) -> Iterator[str]:
        for shard in range(SHARDS):
            entries = query(
                self._client,
                {
                    "TableName": self._table,
                    "IndexName": STAGE_INDEX,
                    "KeyConditionExpression": "stage_shard = :shard",
                    "ExpressionAttributeValues": to_item({":shard": stage_shard(stage, shard)}),
                },
            )
            yield from (lead_of(values["pk"]) for values in entries)
