"""Amazon SES's events, without a way through the public door: a topic that SES publishes to, and a rule on EventBridge.

Either is enough, and a configuration set that uses both does no harm: the same event has the same id on both ways.
"""

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as eventbridge
from aws_cdk import aws_events_targets as event_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.events_queue import EventsQueue
from infra.lambda_function import Functions
from infra.queue import dead_letter_queue
from infra.settings import Settings
from infra.storage import Storage

RETRIES = 2
MAX_AGE = Duration.hours(6)


class SesEvents(Construct):
    """`source` is the name of the source that the events are of."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        functions: Functions,
        settings: Settings,
        storage: Storage,
        events: EventsQueue,
        source: str,
    ) -> None:
        super().__init__(scope, id)
        self.dead_letters = dead_letter_queue(self, "DeadLetters", settings=settings)
        self.function = functions.create(
            self,
            "ses_events",
            does="Takes what Amazon SES tells of mail, and queues it",
            timeout=Duration.seconds(30),
            memory_mb=512,
            when_it_fails="Its destination for failures is a dead-letter queue.",
            environment={
                "EVENTS_QUEUE_URL": events.queue.queue_url,
                "FAILED_EVENTS_BUCKET": storage.failed_events.bucket_name,
                "SOURCE": source,
                **settings.house,
            },
        )
        events.allow_sending(self.function)
        storage.allow_keeping_failed_events(self.function)
        self.function.configure_async_invoke(
            retry_attempts=RETRIES,
            max_event_age=MAX_AGE,
            on_failure=destinations.SqsDestination(self.dead_letters),
        )
        acknowledge(self.dead_letters, "AwsSolutions-SQS3", "The topic, the rule and the function use it as their own.")
        self.topic = self._topic(settings)
        self._rule(self.function)

    def _topic(self, settings: Settings) -> sns.Topic:
        # Not encrypted: SES cannot publish through the AWS-managed key. Nothing rests here, and the way in is TLS.
        topic = sns.Topic(self, "Topic", display_name="Amazon SES events", enforce_ssl=settings.tls_only)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("ses.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"AWS:SourceAccount": Stack.of(self).account}},
            )
        )
        topic.add_subscription(subscriptions.LambdaSubscription(self.function, dead_letter_queue=self.dead_letters))
        return topic

    def _rule(self, function: lambda_.Function) -> None:
        eventbridge.Rule(
            self,
            "Rule",
            description="What Amazon SES tells of mail",
            # SES tells of other things, too: identities, dashboards.
            event_pattern=eventbridge.EventPattern(source=["aws.ses"], detail_type=eventbridge.Match.prefix("Email ")),
            targets=[
                event_targets.LambdaFunction(
                    function, dead_letter_queue=self.dead_letters, retry_attempts=RETRIES, max_event_age=MAX_AGE
                )
            ],
        )
