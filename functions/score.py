"""SQS: record the queued events, rescore their leads, and say which messages have to come back."""

import os
import time
import uuid
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from leadscore.adapters import clients, models
from leadscore.adapters.dynamodb_accounts import DynamoDBAccountStore
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.events_queue import SqsEventsQueue
from leadscore.adapters.failed_events import S3FailedEvents
from leadscore.adapters.failure import describe
from leadscore.adapters.parallel import run_all
from leadscore.adapters.pauses import pause
from leadscore.use_cases.accounts import FORETOLD_SECONDS, AccountKeeping
from leadscore.use_cases.ports import EventsQueue, FailedEvents
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.score_batch import BatchResult, score_batch

logger = Logger()
metrics = Metrics(namespace="LeadScore")


@cache
def rescoring() -> Rescoring:
    client, table = clients.dynamodb(), os.environ["LEADS_TABLE"]
    return Rescoring(
        store=DynamoDBLeadStore(client, table=table),
        log=DynamoDBEventLog(client, table=os.environ["EVENTS_TABLE"]),
        models=models.StoredModels(
            client, table=table, default_text=models.shipped_text, clock=time.monotonic, installs=True
        ),
        now=lambda: time.time_ns() // 1_000_000,
        pause=pause,
        foretell=lambda leads: accounts().tell(leads, delay_seconds=FORETOLD_SECONDS),
    )


@cache
def accounts() -> AccountKeeping:
    return AccountKeeping(
        leads=rescoring().store,
        accounts=DynamoDBAccountStore(clients.dynamodb(), table=os.environ["LEADS_TABLE"]),
        models=rescoring().models,
        queue=events_queue,
        run_all=run_all,
        now=rescoring().now,
        pause=pause,
    )


@cache
def events_queue() -> EventsQueue:
    return SqsEventsQueue(clients.sqs(), url=os.environ["EVENTS_QUEUE_URL"])


@cache
def failed_events() -> FailedEvents:
    return S3FailedEvents(clients.s3, bucket=os.environ["FAILED_EVENTS_BUCKET"])


def report(result: BatchResult) -> None:
    for failure in result.failures:
        whose = {"messages": sorted(failure.messages), "lead": failure.lead}
        logger.error("score.failed", extra=whose | describe(failure.error))
    for name in ("events", "duplicates", "steps", "full_folds", "commits", "conflicts", "transitions"):
        metrics.add_metric(f"score.{name}", MetricUnit.Count, getattr(result.tally, name))
    metrics.flush_metrics()


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    result = score_batch(
        {record["messageId"]: record["body"] for record in event["Records"]},
        rescoring=rescoring(),
        store=rescoring().store,
        accounts=accounts(),
        failed_events=failed_events(),
        new_lead=lambda: uuid.uuid4().hex[:24],
        run_all=run_all,
    )
    report(result)
    return {"batchItemFailures": [{"itemIdentifier": message} for message in sorted(result.failed_messages)]}
