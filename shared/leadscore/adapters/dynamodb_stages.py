"""Leads by stage: the `stage` index of the leads table, which lags a little behind it."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import query
from leadscore.adapters.dynamodb_keys import SHARDS, STAGE_INDEX, lead_of, stage_shard

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBStageIndex:
    """StageIndex."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def leads_in(self, stage: str, *, limit: int) -> Sequence[str]:
        return list(islice(self._leads_in(stage), limit))

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
