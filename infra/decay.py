"""The clock: once an hour, leads whose score changes by time alone are sent for another look."""

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.acknowledge import acknowledge, acknowledge_wildcard
from infra.events_queue import EventsQueue
from infra.grant import allow
from infra.lambda_function import Functions
from infra.queue import dead_letter_queue
from infra.settings import Settings
from infra.storage import Storage

RETRIES = 2
#: The partition key under which an interrupted run leaves where it stopped: all that the function may read or write.
CURSOR = "DECAY#cursor"


class Decay(Construct):
    """A run missed or repeated changes no score, so retries are few: the next hour catches up."""

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
        self.dead_letters = dead_letter_queue(self, "DeadLetters", settings=settings)
        self.function = functions.create(
            self,
            "decay",
            does="Finds leads whose timer has run out, and queues a tick for each",
            timeout=Duration.minutes(5),
            memory_mb=512,
            when_it_fails="Its destination for failures is a dead-letter queue.",
            environment={"LEADS_TABLE": storage.leads.table_name, "EVENTS_QUEUE_URL": events.queue.queue_url},
        )
        storage.allow_index(self.function, "due")
        allow(
            self.function,
            storage.leads.table_arn,
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [CURSOR]}},
        )
        events.allow_sending(self.function)
        # Scheduler hands the run over to Lambda's own queue: either side may fail, and both have a place to put it.
        self.function.configure_async_invoke(
            retry_attempts=RETRIES,
            max_event_age=Duration.hours(1),
            on_failure=destinations.SqsDestination(self.dead_letters),
        )
        acknowledge(self.dead_letters, "AwsSolutions-SQS3", "The schedule and the function use it as their own.")
        self._schedule()

    def _schedule(self) -> None:
        scheduler.Schedule(
            self,
            "Hourly",
            description="Decay of lead scores",
            schedule=scheduler.ScheduleExpression.cron(minute="0", time_zone=TimeZone.ETC_UTC),
            target=targets.LambdaInvoke(
                self.function,
                dead_letter_queue=self.dead_letters,
                retry_attempts=RETRIES,
                max_event_age=Duration.hours(1),
            ),
        )
        # The schedule's role is the CDK's own, at the root of the stack.
        acknowledge_wildcard(
            Stack.of(self), self.function, ":*", "The schedule may start the function, and so its versions."
        )
