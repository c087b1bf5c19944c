"""How much waits in a queue, as SQS counts it: approximately, and a little late."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

_COUNTS: "Sequence[Literal['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
)


def read_backlog(client: "SQSClient", *, url: str) -> int:
    """Messages that wait, and those that somebody works on."""
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)
    return sum(int(answer["Attributes"][count]) for count in _COUNTS)
