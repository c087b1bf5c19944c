"""A queue as this project has them: encrypted, TLS only, two weeks of patience."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.grant import allow
from infra.settings import Settings

RETENTION = Duration.days(14)
RECEIVES_MAX = 5


def encrypted_queue(
    scope: Construct,
    name: str,
    *,
    settings: Settings,
    dead_letters: sqs.Queue | None = None,
    visibility_timeout: Duration | None = None,
) -> sqs.Queue:
    """A queue. What is received RECEIVES_MAX times without being deleted moves to `dead_letters`."""
    redrive = sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=RECEIVES_MAX) if dead_letters else None
    return sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=settings.tls_only,
        retention_period=RETENTION,
        visibility_timeout=visibility_timeout,
        dead_letter_queue=redrive,
    )


def dead_letter_queue(scope: Construct, name: str, *, settings: Settings) -> sqs.Queue:
    """Where things end up that a queue, a subscription, a schedule or a function gave up on."""
    queue = encrypted_queue(scope, name, settings=settings)
    acknowledge(
        queue, "Serverless-SQSRedrivePolicy", "It is the end of the line: an alarm says when something is in it."
    )
    return queue


def visibility(*, consumer_timeout: Duration, consumer_window: Duration | None = None) -> Duration:
    """AWS asks for six times the consumer's timeout, so that what is throttled is not delivered twice meanwhile."""
    window_seconds = consumer_window.to_seconds() if consumer_window else 0
    return Duration.seconds(6 * consumer_timeout.to_seconds() + window_seconds)


def allow_sending(queue: sqs.Queue, grantee: iam.IGrantable, *, settings: Settings) -> None:
    allow(grantee, queue.queue_arn, "sqs:SendMessage")
    if settings.local:
        # On AWS the one action covers both calls; the emulator asks for an action that AWS does not have.
        allow(grantee, queue.queue_arn, "sqs:SendMessageBatch")


def consume(function: lambda_.Function, source: event_sources.SqsEventSource) -> None:
    """Have the function work on what is in a queue."""
    function.add_event_source(source)
    acknowledge(
        function,
        "Serverless-LambdaEventSourceMappingDestination",
        "A queue has a redrive policy instead: mappings of queues know no destination.",
    )
