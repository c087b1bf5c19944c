"""HTTP API, public: take events from analytics clients, pixels and forms, and queue them."""

import json
import os
import time
import uuid
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from leadscore.adapters import clients
from leadscore.adapters.claims import S3Claims
from leadscore.adapters.events_queue import SqsEventsQueue
from leadscore.adapters.failed_events import S3FailedEvents
from leadscore.adapters.failure import describe
from leadscore.adapters.secrets import StoredSecrets
from leadscore.adapters.signing_secrets import SigningSecrets
from leadscore.domain.event import Trust
from leadscore.ingest.facts.uncounted import House
from leadscore.ingest.http import Request
from leadscore.use_cases.collecting.collector import Collector
from leadscore.use_cases.collecting.routes import answer, broken
from leadscore.use_cases.ports import FailedEvents

#: The kinds that have a write key: the others sign what they send. A form is declared whatever the key: nobody
#: configures that. Mautic's and Snowplow's clients run in browsers.
KINDS = {"public": Trust.PUBLIC, "server": Trust.SERVER, "mautic": Trust.PUBLIC, "snowplow": Trust.PUBLIC}

logger = Logger()


@cache
def collector() -> Collector:
    secrets = StoredSecrets(clients.secrets_manager(), clock=time.monotonic)
    write_key_secret = os.environ["WRITE_KEY_SECRET_ARN"]
    kinds = json.loads(os.environ["SOURCES"])
    return Collector(
        sources={source: KINDS[kind] for source, kind in kinds.items() if kind in KINDS},
        kinds=kinds,
        signing_secret=lambda source: signing_secrets().of(source),
        house=House.read(os.environ),
        redirect_sites=frozenset(site.lower() for site in json.loads(os.environ["REDIRECT_SITES"])),
        read_root=lambda: secrets.read(write_key_secret),
        queue=SqsEventsQueue(clients.sqs(), url=os.environ["EVENTS_QUEUE_URL"]),
        failed_events=failed_events(),
        claim=S3Claims(clients.s3, bucket=os.environ["FAILED_EVENTS_BUCKET"]).claim,
        now=lambda: time.time_ns() // 1_000_000,
        new_token=lambda: uuid.uuid4().hex,
        count=count,
        report=report,
    )


@cache
def signing_secrets() -> SigningSecrets:
    return SigningSecrets(clients.secrets_manager(), arn=os.environ["WEBHOOK_SECRETS_ARN"], clock=time.monotonic)


@cache
def failed_events() -> FailedEvents:
    return S3FailedEvents(clients.s3, bucket=os.environ["FAILED_EVENTS_BUCKET"])


def count(metric: str, number: int) -> None:
    # Written at once and only where there is something to tell: one log line per request would cost more than the rest.
    with single_metric(name=metric, unit=MetricUnit.Count, value=number, namespace="LeadScore"):
        pass


def report(error: BaseException) -> None:
    logger.error("collect.failed", extra=describe(error))


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    try:
        response = answer(collector(), Request.of_gateway(event, behind_cdn=os.environ.get("BEHIND_CDN") == "true"))
    except Exception as error:  # noqa: BLE001 - reported, and answered in the form that clients understand
        report(error)
        response = broken(str(event.get("rawPath")))
    return response.to_gateway()
