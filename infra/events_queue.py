"""The one way in: whatever can change a lead's score waits here, and what will not be processed ends in the DLQ."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.queue import allow_sending, dead_letter_queue, encrypted_queue, visibility
from infra.settings import Settings


class EventsQueue(Construct):
    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, consumer_timeout: Duration, consumer_window: Duration
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self.dead_letters = dead_letter_queue(self, "DeadLetters", settings=settings)
        self.queue = encrypted_queue(
            self,
            "Queue",
            settings=settings,
            dead_letters=self.dead_letters,
            visibility_timeout=visibility(consumer_timeout=consumer_timeout, consumer_window=consumer_window),
        )

    def allow_sending(self, grantee: iam.IGrantable) -> None:
        allow_sending(self.queue, grantee, settings=self._settings)
