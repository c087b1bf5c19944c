"""The leads table's stream: publish each new transition that is news."""

import json
import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_histories import DynamoDBHistories
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_transition import transition_from_item
from leadscore.adapters.failure import describe
from leadscore.adapters.topic import SnsTopic
from leadscore.use_cases.notify import NotificationSettings, publish_transition
from leadscore.use_cases.ports import Histories, LeadStore, Topic

logger = Logger()
metrics = Metrics(namespace="LeadScore")


@cache
def lead_store() -> LeadStore:
    return DynamoDBLeadStore(clients.dynamodb(), table=os.environ["LEADS_TABLE"])


@cache
def histories() -> Histories:
    return DynamoDBHistories(clients.dynamodb(), events=os.environ["EVENTS_TABLE"], leads=os.environ["LEADS_TABLE"])


@cache
def topic() -> Topic:
    return SnsTopic(clients.sns(), arn=os.environ["TOPIC_ARN"])


@cache
def settings() -> NotificationSettings:
    return NotificationSettings(
        source=os.environ["TOPIC_ARN"],
        link=os.environ.get("LEAD_LINK", ""),
        personal=frozenset(json.loads(os.environ.get("PERSONAL_FIELDS", "[]"))),
    )


def is_published(record: dict[str, Any]) -> bool:
    try:
        transition = transition_from_item(record["dynamodb"]["NewImage"])
        publish_transition(
            transition=transition, leads=lead_store(), histories=histories(), topic=topic(), settings=settings()
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the stream brings the record back or keeps it aside
        logger.error("notify.failed", extra=describe(error))  # noqa: TRY400 - a traceback's words may be personal
        return False
    return True


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Every record is tried, so that a bad one holds up no other; what follows the first failed one comes again.

    Lambda then halves the batch until the bad one is alone, and keeps it in the failed-events bucket in the end.
    """
    failed = [record["dynamodb"]["SequenceNumber"] for record in event["Records"] if not is_published(record)]
    metrics.add_metric("notify.published", MetricUnit.Count, len(event["Records"]) - len(failed))
    metrics.add_metric("notify.failed", MetricUnit.Count, len(failed))
    metrics.flush_metrics()
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed[:1]]}
