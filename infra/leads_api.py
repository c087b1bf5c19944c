"""The private door: why a lead has its score, which leads are in a stage, and which of them are one person."""

from aws_cdk import Duration
from constructs import Construct

from infra.events_queue import EventsQueue
from infra.grant import allow
from infra.http_api import HttpApi
from infra.lambda_function import Functions
from infra.secret import RandomSecret
from infra.settings import Settings
from infra.storage import Storage

REQUESTS_PER_SECOND_MAX = 50


class LeadsApi(Construct):
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
        self.token = RandomSecret(self, "Token", settings=settings, description="The bearer token of the leads API")
        self.function = functions.create(
            self,
            "leads_api",
            does="Answers what a lead's score is and why",
            timeout=Duration.seconds(20),
            memory_mb=512,
            when_it_fails="The caller is told, and asks again.",
            environment={
                "EVENTS_QUEUE_URL": events.queue.queue_url,
                "EVENTS_TABLE": storage.events.table_name,
                "LEADS_TABLE": storage.leads.table_name,
                "LEADS_TOKEN_SECRET_ARN": self.token.arn,
            },
        )
        allow(self.function, storage.events.table_arn, "dynamodb:Query")
        allow(self.function, storage.leads.table_arn, "dynamodb:BatchGetItem", "dynamodb:Query")
        storage.allow_index(self.function, "stage")
        # What it changes takes the way of everything: it may queue a word on who is who, and write nothing itself.
        events.allow_sending(self.function)
        self.token.allow_reading(self.function)
        self.api = HttpApi(
            self,
            "Http",
            function=self.function,
            requests_per_second=REQUESTS_PER_SECOND_MAX,
            description="Leads, their scores and why",
            open_because="The function compares the bearer token, in constant time, before it does anything else.",
        )
