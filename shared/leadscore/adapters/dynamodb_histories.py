"""A lead's events for whoever only looks: read at half the price of the reads that a commit relies on."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import query
from leadscore.adapters.dynamodb_event import event_from
from leadscore.adapters.dynamodb_keys import HOME_PREFIX, home_of, state_key
from leadscore.domain.event import LeadEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBHistories:
    """Histories."""

    def __init__(self, client: "DynamoDBClient", *, events: str, leads: str) -> None:
        self._client = client
        self._events = events
        self._leads = leads

    def read_history(self, lead: str) -> Sequence[LeadEvent]:
        homes = self._query(
            self._leads,
            "pk = :pk AND begins_with(sk, :prefix)",
            {":pk": state_key(lead)["pk"], ":prefix": HOME_PREFIX},
        )
        return [
            event_from(values)
            for home in homes
            for values in self._query(self._events, "pk = :home", {":home": home_of(home["sk"]).key})
        ]

    def _query(self, table: str, condition: str, values: dict[str, str]) -> Iterator[dict[str, Any]]:
        return query(
            self._client,
            {"TableName": table, "KeyConditionExpression": condition, "ExpressionAttributeValues": to_item(values)},
        )
