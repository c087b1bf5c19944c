"""Files of people and events: put into a bucket, imported, and reported on beside."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledge import acknowledge, acknowledge_wildcard
from infra.events_queue import EventsQueue
from infra.grant import allow
from infra.lambda_function import Functions
from infra.queue import allow_sending, consume, dead_letter_queue, encrypted_queue, visibility
from infra.settings import Settings

INBOX = "import/"
REPORTS = "report/"
TIMEOUT = Duration.minutes(5)
#: Lambda's least. More files at once would only wait for the scorer together.
CONCURRENCY_MAX = 2
#: What is imported is in the event log then, and what was refused has been told.
KEPT = Duration.days(30)


class FileImport(Construct):
    def __init__(
        self, scope: Construct, id: str, *, functions: Functions, settings: Settings, events: EventsQueue
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self.dead_letters = dead_letter_queue(self, "DeadLetters", settings=settings)
        self._queue = self._notified_queue()
        self.bucket = self._bucket()
        self.function = functions.create(
            self,
            "import_file",
            does="Imports files of people and events from a bucket",
            timeout=TIMEOUT,
            memory_mb=1_024,
            when_it_fails="The queue keeps the messages, and its redrive policy ends in the dead-letter queue.",
            environment={
                "IMPORT_BUCKET": self.bucket.bucket_name,
                "IMPORT_QUEUE_URL": self._queue.queue_url,
                "EVENTS_QUEUE_URL": events.queue.queue_url,
                **settings.house,
            },
        )
        events.allow_sending(self.function)
        self._allow_files()
        # A file that takes longer than the function may goes on with the next message.
        allow_sending(self._queue, self.function, settings=settings)
        consume(self.function, event_sources.SqsEventSource(self._queue, batch_size=1, max_concurrency=CONCURRENCY_MAX))

    def _notified_queue(self) -> sqs.Queue:
        queue = encrypted_queue(
            self,
            "Queue",
            settings=self._settings,
            dead_letters=self.dead_letters,
            visibility_timeout=visibility(consumer_timeout=TIMEOUT),
        )
        # By account, not by bucket: the bucket can be made only when its queue lets it in.
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        return queue

    def _bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=self._settings.tls_only,
            lifecycle_rules=[s3.LifecycleRule(expiration=KEPT, abort_incomplete_multipart_upload_after=KEPT)],
            removal_policy=self._settings.removal,
        )
        # The CDK's own way of notifying brings a function of its own; CloudFormation needs none.
        template: s3.CfnBucket = bucket.node.default_child
        template.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(
                    event="s3:ObjectCreated:*",
                    queue=self._queue.queue_arn,
                    filter=s3.CfnBucket.NotificationFilterProperty(
                        s3_key=s3.CfnBucket.S3KeyFilterProperty(
                            rules=[s3.CfnBucket.FilterRuleProperty(name="prefix", value=INBOX)]
                        )
                    ),
                )
            ]
        )
        bucket.node.add_dependency(self._queue)
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "Whoever may import files puts them here, and they expire; CloudTrail data events audit that where it"
            " matters, without a second bucket of logs.",
        )
        return bucket

    def _allow_files(self) -> None:
        allow(self.function, self.bucket.arn_for_objects(f"{INBOX}*"), "s3:GetObject")
        allow(self.function, self.bucket.arn_for_objects(f"{REPORTS}*"), "s3:PutObject")
        # Without it a mapping that is not there looks like one that may not be read.
        inbox = {"StringLike": {"s3:prefix": f"{INBOX}*"}}
        allow(self.function, self.bucket.bucket_arn, "s3:ListBucket", conditions=inbox)
        for prefix in (INBOX, REPORTS):
            reason = "Files have the names that their senders give them."
            acknowledge_wildcard(self.function.role, self.bucket, f"/{prefix}*", reason)
