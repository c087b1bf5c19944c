"""The whole system as one stack: it is deployed, changed and removed as one."""

from pathlib import Path

from aws_cdk import CfnOutput, IStackSynthesizer, Stack
from constructs import Construct

from infra import scoring
from infra.alarms import Alarms
from infra.collection import Collection
from infra.decay import Decay
from infra.events_queue import EventsQueue
from infra.file_import import FileImport
from infra.lambda_function import Functions
from infra.leads_api import LeadsApi
from infra.notification import Notification
from infra.scoring import Scoring
from infra.ses_events import SesEvents
from infra.settings import Settings
from infra.storage import Storage


class LeadScoreStack(Stack):
    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, bundle: Path, synthesizer: IStackSynthesizer | None
    ) -> None:
        super().__init__(
            scope,
            id,
            description="Lead scoring: collects lead events, scores leads, tells sales and marketing",
            synthesizer=synthesizer,
            termination_protection=not settings.ephemeral,
        )
        functions = Functions(bundle=bundle, tracing=settings.tracing)
        storage = Storage(self, "Storage", settings=settings)
        events = EventsQueue(
            self, "Events", settings=settings, consumer_timeout=scoring.TIMEOUT, consumer_window=scoring.WINDOW
        )
        collection = Collection(
            self, "Collection", functions=functions, settings=settings, storage=storage, events=events
        )
        score = Scoring(self, "Scoring", functions=functions, settings=settings, storage=storage, events=events)
        decay = Decay(self, "Decay", functions=functions, settings=settings, storage=storage, events=events)
        notification = Notification(self, "Notification", functions=functions, settings=settings, storage=storage)
        leads = LeadsApi(self, "Leads", functions=functions, settings=settings, storage=storage, events=events)
        files = FileImport(self, "Import", functions=functions, settings=settings, events=events)
        ses = self._ses_events(functions, settings, storage, events)

        alarms = Alarms(self, "Alarms", settings=settings)
        alarms.when_not_empty(
            {
                "EventsDeadLetters": events.dead_letters,
                "DecayDeadLetters": decay.dead_letters,
                "ImportDeadLetters": files.dead_letters,
                **notification.dead_letters,
                **({"SesDeadLetters": ses.dead_letters} if ses else {}),
            }
        )
        alarms.when_late(events.queue)
        alarms.when_behind(notification.function)
        alarms.when_not_published()
        alarms.when_decay_is_overdue()
        alarms.when_failing(
            {
                "Collect": collection.function,
                "Score": score.function,
                "Decay": decay.function,
                "Import": files.function,
                "Notify": notification.function,
                "Leads": leads.function,
                **({"SesEvents": ses.function} if ses else {}),
            }
        )
        alarms.when_answering_errors({"Collect": collection.api.api, "Leads": leads.api.api})
        self._outputs(
            CollectUrl=collection.url,
            LeadsUrl=leads.api.url,
            SalesQueueUrl=notification.sales.queue_url,
            NurtureQueueUrl=notification.nurture.queue_url,
            TopicArn=notification.topic.topic_arn,
            OperationsTopicArn=alarms.topic.topic_arn,
            EventsQueueUrl=events.queue.queue_url,
            EventsDlqUrl=events.dead_letters.queue_url,
            EventsTableName=storage.events.table_name,
            LeadsTableName=storage.leads.table_name,
            FailedEventsBucketName=storage.failed_events.bucket_name,
            ImportBucketName=files.bucket.bucket_name,
            WriteKeySecretArn=collection.write_key_root.arn,
            LeadsTokenSecretArn=leads.token.arn,
            CollectFunctionName=collection.function.function_name,
            DecayFunctionName=decay.function.function_name,
            NotifyFunctionName=notification.function.function_name,
        )
        if collection.cdn:
            self._outputs(CdnDomainName=collection.cdn.distribution.distribution_domain_name)
        if collection.webhook_secrets:
            self._outputs(WebhookSecretsArn=collection.webhook_secrets.arn)
        if ses:
            self._outputs(SesTopicArn=ses.topic.topic_arn)

    def _ses_events(
        self, functions: Functions, settings: Settings, storage: Storage, events: EventsQueue
    ) -> SesEvents | None:
        """For who has a source of this kind."""
        source = settings.ses_source
        if source is None:
            return None
        return SesEvents(
            self, "Ses", functions=functions, settings=settings, storage=storage, events=events, source=source
        )

    def _outputs(self, **values: str) -> None:
        for name, value in values.items():
            CfnOutput(self, name, value=value)
