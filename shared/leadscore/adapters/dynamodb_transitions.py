"""The history of a lead's stages: the TRANSITION items of the leads table."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import query
from leadscore.adapters.dynamodb_keys import TRANSITION_PREFIX, state_key
from leadscore.adapters.dynamodb_transition import transition_from
from leadscore.domain.transition import Transition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBTransitionLog:
    """TransitionLog."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def read_transitions(self, lead: str, *, limit: int) -> Sequence[Transition]:
        key = {":pk": state_key(lead)["pk"], ":prefix": TRANSITION_PREFIX}
        newest_first = query(
            self._client,
            {
                "TableName": self._table,
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
                "ExpressionAttributeValues": to_item(key),
                "ScanIndexForward": False,
                "Limit": limit,
            },
        )
        return [transition_from(values) for values in islice(newest_first, limit)]
