"""The one way in: whatever can change a lead's score waits here, and what will not be processed ends in the DLQ."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.grant import allow
from infra.queue import dead_letter_queue, encrypted_queue
from infra.settings import Settings


class EventsQueue(Construct):
    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, consumer_timeout: Duration, consumer_window: Duration
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self.dead_letters = dead_letter_queue(self, "DeadLetters", settings=settings)
        # AWS asks for six times the consumer's timeout, so that a throttled batch is not delivered twice meanwhile.
        visibility = Duration.seconds(6 * consumer_timeout.to_seconds() + consumer_window.to_seconds())
        self.queue = encrypted_queue(
            self, "Queue", settings=settings, dead_letters=self.dead_letters, visibility_timeout=visibility
        )

    def allow_sending(self, grantee: iam.IGrantable) -> None:
        allow(grantee, self.queue.queue_arn, "sqs:SendMessage")
        if self._settings.local:
            # On AWS the one action covers both calls; the emulator asks for an action that AWS does not have.
            allow(grantee, self.queue.queue_arn, "sqs:SendMessageBatch")
