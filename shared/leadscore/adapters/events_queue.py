"""The events queue: SQS."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from leadscore.adapters.parallel import run_all
from leadscore.adapters.pauses import tries

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

#: SQS takes ten messages a call, and 1 MiB in all; a quarter of it keeps one call within its read timeout.
_BATCH_MESSAGES_MAX = 10
_BATCH_BYTES_MAX = 256 * 1_024


class NotQueued(Exception):
    """The queue did not take everything: the sender has to send again."""


class SqsEventsQueue:
    """EventsQueue."""

    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, bodies: Sequence[str], *, delay_seconds: int = 0) -> None:
        # Beside each other: a client waits for the answer, and the largest request makes several calls.
        for outcome in run_all([partial(self._send, batch, delay_seconds) for batch in _batches(bodies)]):
            if isinstance(outcome, Exception):
                raise outcome

    def _send(self, batch: Sequence[str], delay_seconds: int) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)
        ]
        if delay_seconds:
            entries = [{**entry, "DelaySeconds": delay_seconds} for entry in entries]
        for _ in tries():
            response = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            failed = {failure["Id"]: failure for failure in response.get("Failed", ())}
            if not failed:
                return
            if blamed := [failure["Code"] for failure in failed.values() if failure["SenderFault"]]:
                raise NotQueued(f"SQS refused a message for what it is: {blamed[0]}")
            entries = [entry for entry in entries if entry["Id"] in failed]
        raise NotQueued(f"SQS left {len(entries)} messages unsent")


def _batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    """In order, each as large as one call may be; a body beyond the bound goes alone."""
    batch: list[str] = []
    batch_bytes = 0
    for body in bodies:
        size = len(body.encode())
        if batch and (len(batch) == _BATCH_MESSAGES_MAX or batch_bytes + size > _BATCH_BYTES_MAX):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(body)
        batch_bytes += size
    if batch:
        yield batch
