"""EventBridge Scheduler, hourly: queue a tick for every lead whose timer has run out."""

import os
import time
import uuid
from functools import cache
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_due import DynamoDBDueIndex
from leadscore.adapters.events_queue import SqsEventsQueue
from leadscore.use_cases.decay import send_due_ticks
from leadscore.use_cases.ports import DueIndex, EventsQueue

#: What one more page and the cursor may take when AWS is slow: a run that is killed has to start from its beginning.
RESERVE_MS = 30_000

metrics = Metrics(namespace="LeadScore")


@cache
def due_index() -> DueIndex:
    return DynamoDBDueIndex(clients.dynamodb(), table=os.environ["LEADS_TABLE"])


@cache
def events_queue() -> EventsQueue:
    return SqsEventsQueue(clients.sqs(), url=os.environ["EVENTS_QUEUE_URL"])


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    run = send_due_ticks(
        index=due_index(),
        queue=events_queue(),
        now=time.time_ns() // 1_000_000,
        out_of_time=lambda: context.get_remaining_time_in_millis() < RESERVE_MS,
        new_token=lambda: uuid.uuid4().hex,
    )
    metrics.add_metric("decay.ticks_sent", MetricUnit.Count, run.sent)
    metrics.add_metric("decay.finished", MetricUnit.Count, int(run.finished))
    metrics.flush_metrics()
    return {"sent": run.sent, "finished": run.finished}
