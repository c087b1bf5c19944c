"""The topic that transitions are published to: SNS."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef


class SnsTopic:
    """Topic. An empty attribute is left out, as SNS takes none: a filter sees it as not there."""

    def __init__(self, client: "SNSClient", *, arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, *, body: str, attributes: Mapping[str, str | Sequence[str]]) -> None:
        self._client.publish(
            TopicArn=self._arn,
            Message=body,
            MessageAttributes={name: _attribute(value) for name, value in attributes.items() if value},
        )


def _attribute(value: str | Sequence[str]) -> "MessageAttributeValueTypeDef":
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    return {"DataType": "String.Array", "StringValue": json.dumps(list(value))}
