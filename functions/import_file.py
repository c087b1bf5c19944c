"""SQS: import a file that somebody put into the bucket, or go on with one."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from leadscore.adapters import clients
from leadscore.adapters.events_queue import SqsEventsQueue
from leadscore.adapters.import_drop import S3ImportDrop
from leadscore.ingest.facts.uncounted import House
from leadscore.use_cases.import_drop import DropImport, Job
from leadscore.use_cases.ports import Drop, EventsQueue, FileGone

#: What one more sending, the refused rows and the report may take when AWS is slow.
RESERVE_MS = 45_000

logger = Logger()
metrics = Metrics(namespace="LeadScore")


@cache
def drop() -> Drop:
    return S3ImportDrop(clients.s3(), bucket=os.environ["IMPORT_BUCKET"])


@cache
def events_queue() -> EventsQueue:
    return SqsEventsQueue(clients.sqs(), url=os.environ["EVENTS_QUEUE_URL"])


@cache
def jobs_queue() -> EventsQueue:
    return SqsEventsQueue(clients.sqs(), url=os.environ["IMPORT_QUEUE_URL"])


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    work = DropImport(
        drop=drop(),
        queue=events_queue(),
        now=lambda: time.time_ns() // 1_000_000,
        new_token=lambda: uuid.uuid4().hex,
        house=House.read(os.environ),
        is_out_of_time=lambda: context.get_remaining_time_in_millis() < RESERVE_MS,
    )
    for record in event["Records"]:
        for job in jobs_in(json.loads(record["body"])):
            work_on(job, work)


def work_on(job: Job, work: DropImport) -> None:
    try:
        following = work.work_on(job)
    except FileGone:
        logger.warning("import.gone", extra={"part": job.part})
        return
    if following is not None:
        jobs_queue().send([following.to_json()])
    metrics.add_metric("import.parts", MetricUnit.Count, 1)
    metrics.flush_metrics()


def jobs_in(message: dict[str, Any]) -> Iterator[Job]:
    """Those of a notification by S3, or the next part of a job. S3 also sends a test, with neither."""
    if "part" in message:
        yield Job.from_json(message)
    for record in message.get("Records", ()):
        found = record["s3"]["object"]
        job = Job(unquote_plus(found["key"]), found["eTag"])
        if job.is_file:
            yield job
