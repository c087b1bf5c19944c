"""SNS and EventBridge: take what Amazon SES tells of mail, and queue it."""

import os
import time
import uuid
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from leadscore.adapters import clients
from leadscore.adapters.events_queue import SqsEventsQueue
from leadscore.adapters.failed_events import S3FailedEvents
from leadscore.adapters.failure import describe
from leadscore.ingest.facts.uncounted import House
from leadscore.use_cases.collecting.ses import SesCollector, take

logger = Logger()


class NotTaken(Exception):
    """Lambda invokes again, and in the end puts what came into the dead-letter queue."""


@cache
def collector() -> SesCollector:
    return SesCollector(
        source=os.environ["SOURCE"],
        house=House.read(os.environ),
        queue=SqsEventsQueue(clients.sqs(), url=os.environ["EVENTS_QUEUE_URL"]),
        failed_events=S3FailedEvents(clients.s3, bucket=os.environ["FAILED_EVENTS_BUCKET"]),
        now=lambda: time.time_ns() // 1_000_000,
        new_token=lambda: uuid.uuid4().hex,
        count=count,
    )


def count(metric: str, number: int) -> None:
    with single_metric(name=metric, unit=MetricUnit.Count, value=number, namespace="LeadScore"):
        pass


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    try:
        take(collector(), event)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to come again
        logger.error("ses.failed", extra=describe(error))  # noqa: TRY400 - a traceback's words may be personal
        raise NotTaken from None
