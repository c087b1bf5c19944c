"""The one writer: folds queued events and ticks into leads."""

from aws_cdk import Duration
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from infra.events_queue import EventsQueue
from infra.grant import allow
from infra.lambda_function import Functions
from infra.queue import consume
from infra.settings import Settings
from infra.storage import Storage

TIMEOUT = Duration.seconds(60)
#: The longer it waits, the more events of one lead share a write.
WINDOW = Duration.seconds(1)
MESSAGES_PER_BATCH_MAX = 10
#: Bounds what a flood may cost, and how many connections the tables see.
CONCURRENCY_MAX = 100
#: On a laptop all share a few cores: more at once would each take longer than TIMEOUT, and the work be done twice.
LOCAL_CONCURRENCY_MAX = 2


class Scoring(Construct):
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        functions: Functions,
        settings: Settings,
        storage: Storage,
        events: EventsQueue,
    ) -> None:
        super().__init__(scope, id)
        self.function = functions.create(
            self,
            "score",
            does="Appends events to the log and brings their leads' scores up to date",
            timeout=TIMEOUT,
            memory_mb=512,
            when_it_fails="The queue keeps the messages, and its redrive policy ends in the dead-letter queue.",
            environment={
                "EVENTS_TABLE": storage.events.table_name,
                "LEADS_TABLE": storage.leads.table_name,
                "FAILED_EVENTS_BUCKET": storage.failed_events.bucket_name,
                "EVENTS_QUEUE_URL": events.queue.queue_url,
            },
        )
        # A transaction is authorised as the actions in it. Nothing is ever deleted.
        allow(self.function, storage.events.table_arn, "dynamodb:PutItem", "dynamodb:Query")
        allow(
            self.function,
            storage.leads.table_arn,
            "dynamodb:BatchGetItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        )
        # A merge and its undo: where identifiers lead, and which homes a lead has no longer. Nothing else is deleted.
        for action, keys in (("dynamodb:UpdateItem", "ID#*"), ("dynamodb:DeleteItem", "LEAD#*")):
            of_these = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [keys]}}
            allow(self.function, storage.leads.table_arn, action, conditions=of_these)
        storage.allow_keeping_failed_events(self.function)
        # Accounts follow their leads by messages.
        events.allow_sending(self.function)
        consume(
            self.function,
            event_sources.SqsEventSource(
                events.queue,
                batch_size=MESSAGES_PER_BATCH_MAX,
                max_batching_window=WINDOW,
                max_concurrency=LOCAL_CONCURRENCY_MAX if settings.local else CONCURRENCY_MAX,
                report_batch_item_failures=True,
            ),
        )
