"""The way out: transitions go from the leads table's stream to a topic, and from there to whom they concern."""

import json

import jsii
from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledge import acknowledge, acknowledge_wildcard
from infra.grant import allow
from infra.lambda_function import Functions
from infra.queue import dead_letter_queue, encrypted_queue
from infra.settings import Settings
from infra.storage import Storage

#: Only what is new and meant to be told: the table's other writes never wake the function.
PUBLISHED_TRANSITION = lambda_.FilterCriteria.filter(
    {
        "eventName": ["INSERT"],
        "dynamodb": {
            "Keys": {"sk": {"S": [{"prefix": "TRANSITION#"}]}},
            "NewImage": {"publish": {"BOOL": [True]}},
        },
    }
)


@jsii.implements(lambda_.IEventSourceDlq)
class FailedBatches:
    """Where the stream's reader puts what it gives up on, records and all. The CDK's own may also read and delete."""

    def __init__(self, bucket: s3.Bucket) -> None:
        self._bucket = bucket

    def bind(self, _mapping: lambda_.IEventSourceMapping, reader: lambda_.IFunction) -> lambda_.DlqDestinationConfig:
        allow(reader, self._bucket.arn_for_objects("aws/lambda/*"), "s3:PutObject")
        allow(reader, self._bucket.bucket_arn, "s3:ListBucket")
        return lambda_.DlqDestinationConfig(destination=self._bucket.bucket_arn)


class Notification(Construct):
    def __init__(
        self, scope: Construct, id: str, *, functions: Functions, settings: Settings, storage: Storage
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self.topic = sns.Topic(
            self,
            "Transitions",
            display_name="Lead stage changes",
            enforce_ssl=settings.tls_only,
            master_key=kms.Alias.from_alias_name(self, "SnsKey", "alias/aws/sns"),
        )
        self.function = self._function(functions, storage)
        self.dead_letters: dict[str, sqs.Queue] = {}
        self.sales = self._route("sales")
        self.nurture = self._route("nurture")
        self._subscribe_people()

    def _function(self, functions: Functions, storage: Storage) -> lambda_.Function:
        function = functions.create(
            self,
            "notify",
            does="Publishes stage changes of leads",
            timeout=Duration.seconds(60),
            memory_mb=512,
            when_it_fails="The stream's mapping tries again, then keeps the records in the failed-events bucket.",
            environment={
                "LEADS_TABLE": storage.leads.table_name,
                "EVENTS_TABLE": storage.events.table_name,
                "TOPIC_ARN": self.topic.topic_arn,
                "PERSONAL_FIELDS": json.dumps(self._settings.personal_fields),
                "LEAD_LINK": self._settings.lead_link,
            },
        )
        allow(function, storage.leads.table_arn, "dynamodb:BatchGetItem", "dynamodb:Query")
        # Where the lead came from is told along, and stands in its events.
        allow(function, storage.events.table_arn, "dynamodb:Query")
        self.topic.grant_publish(function)
        function.add_event_source(
            event_sources.DynamoEventSource(
                storage.leads,
                # From the oldest record: one written while the mapping is being made must not be missed.
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=25,
                filters=[PUBLISHED_TRANSITION],
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                retry_attempts=8,
                # A stream forgets after 24 hours; whoever is woken by the alarm needs the other twelve.
                max_record_age=Duration.hours(12),
                on_failure=FailedBatches(storage.failed_events),
            )
        )
        acknowledge(function.role, "AwsSolutions-IAM5[Resource::*]", "dynamodb:ListStreams knows no resource.")
        acknowledge_wildcard(
            function.role, storage.failed_events, "/aws/lambda/*", "Lambda chooses the name of what it gives up on."
        )
        return function

    def _route(self, route: str) -> sqs.Queue:
        """A queue for the transitions of one route."""
        dead_letters = self._dead_letters(route.title())
        queue = encrypted_queue(self, route.title(), settings=self._settings, dead_letters=dead_letters)
        self.topic.add_subscription(
            subscriptions.SqsSubscription(
                queue,
                raw_message_delivery=True,
                filter_policy={"route": sns.SubscriptionFilter.string_filter(allowlist=[route])},
                dead_letter_queue=dead_letters,
            )
        )
        return queue

    def _dead_letters(self, receiver: str) -> sqs.Queue:
        """Where what a receiver does not take ends up, be it SNS that cannot deliver or a reader that keeps failing."""
        name = f"{receiver}DeadLetters"
        self.dead_letters[name] = dead_letter_queue(self, name, settings=self._settings)
        return self.dead_letters[name]

    def _subscribe_people(self) -> None:
        if self._settings.notify_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(self._settings.notify_email))
        if self._settings.notify_https:
            self.topic.add_subscription(
                subscriptions.UrlSubscription(
                    self._settings.notify_https,
                    raw_message_delivery=True,
                    dead_letter_queue=self._dead_letters("Webhook"),
                )
            )
