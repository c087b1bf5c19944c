"""The event log: the events table."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import CONDITION_FAILED, item_there, query, refusals
from leadscore.adapters.dynamodb_event import event_from, event_values
from leadscore.adapters.dynamodb_keys import event_key
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.use_cases.ports import Recorded

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBEventLog:
    """EventLog."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, event: LeadEvent, *, token: str) -> Recorded | None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(event_values(event, token)),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if refusals(error) != [CONDITION_FAILED]:
                raise
            there = item_there(error, 0)
            return Recorded(there["token"], there["fingerprint"])
        return None

    def has(self, event: LeadEvent) -> bool:
        key = event_key(event.home, event.id)
        found = self._client.query(
            TableName=self._table,
            ConsistentRead=True,
            Select="COUNT",
            KeyConditionExpression="pk = :pk AND sk = :sk",
            ExpressionAttributeValues=to_item({":pk": key["pk"], ":sk": key["sk"]}),
        )
        return found["Count"] > 0

    def read(self, homes: Iterable[Identifier]) -> list[LeadEvent]:
        return [
            event_from(values)
            for home in set(homes)
            for values in query(
                self._client,
                {
                    "TableName": self._table,
                    "ConsistentRead": True,
                    "KeyConditionExpression": "pk = :home",
                    "ExpressionAttributeValues": to_item({":home": home.key}),
                },
            )
        ]
