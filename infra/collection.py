"""The public door: SDK calls, pixels and forms, answered once they are queued."""

import json

from aws_cdk import Duration
from constructs import Construct

from infra.cdn import Cdn
from infra.events_queue import EventsQueue
from infra.http_api import HttpApi
from infra.lambda_function import Functions
from infra.secret import EmptySecret, RandomSecret
from infra.settings import Settings
from infra.storage import Storage

REQUESTS_PER_SECOND_MAX = 500


class Collection(Construct):
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
        self.write_key_root = RandomSecret(
            self,
            "WriteKeyRoot",
            settings=settings,
            description="Every source's write key is derived from this: a change withdraws all of them",
        )
        self.webhook_secrets = (
            EmptySecret(
                self,
                "WebhookSecrets",
                settings=settings,
                description="What webhooks are signed with, by source: `leadscore webhooks set` stores it",
            )
            if settings.has_webhooks
            else None
        )
        self.function = functions.create(
            self,
            "collect",
            does="Takes what lead sources send, and queues it",
            timeout=Duration.seconds(10),
            memory_mb=512,
            when_it_fails="The sender is told, and sends again.",
            environment={
                "EVENTS_QUEUE_URL": events.queue.queue_url,
                "FAILED_EVENTS_BUCKET": storage.failed_events.bucket_name,
                "WRITE_KEY_SECRET_ARN": self.write_key_root.arn,
                "SOURCES": json.dumps(settings.sources),
                "REDIRECT_SITES": json.dumps(settings.redirect_sites),
                **settings.house,
                "WEBHOOK_SECRETS_ARN": self.webhook_secrets.arn if self.webhook_secrets else "",
                "BEHIND_CDN": json.dumps(settings.has_cdn),
            },
        )
        events.allow_sending(self.function)
        storage.allow_keeping_failed_events(self.function)
        if "mailgun" in settings.sources.values():  # Its signatures would fit any body, so each is good for one.
            storage.allow_claiming(self.function)
        self.write_key_root.allow_reading(self.function)
        if self.webhook_secrets:
            self.webhook_secrets.allow_reading(self.function)
        self.api = HttpApi(
            self,
            "Http",
            function=self.function,
            requests_per_second=REQUESTS_PER_SECOND_MAX,
            description="Lead events: SDKs, pixels, forms",
            open_because="Public by design: a browser cannot keep a secret. The function checks the write key, which"
            " decides how far a source is believed.",
        )
        self.cdn = Cdn(self, "Cdn", api=self.api.api, settings=settings) if settings.has_cdn else None

    @property
    def url(self) -> str:
        """Where senders send to."""
        return self.api.url if self.cdn is None else self.cdn.url
