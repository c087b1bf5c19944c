"""What an operator must hear of: something stopped, something is late, or something could not be processed."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.lambda_function import METRICS_NAMESPACE
from infra.settings import Settings

MINUTE = Duration.minutes(1)
LATE = Duration.minutes(5)


class Alarms(Construct):
    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        # Not encrypted: CloudWatch cannot publish through the AWS-managed key, and an alarm says no more than a name.
        self.topic = sns.Topic(
            self, "Operations", display_name="Lead scoring operations", enforce_ssl=settings.tls_only
        )
        if settings.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))

    def when_not_empty(self, queues: Mapping[str, sqs.Queue]) -> None:
        for name, queue in queues.items():
            metric = queue.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
            self._alarm(f"{name}NotEmpty", metric, above=0, says=f"{name} holds what could not be delivered")

    def when_late(self, queue: sqs.Queue) -> None:
        metric = queue.metric_approximate_age_of_oldest_message(period=MINUTE, statistic="Maximum")
        self._alarm("EventsLate", metric, above=LATE.to_seconds(), says="Events wait: leads are behind")

    def when_behind(self, reader: lambda_.Function) -> None:
        metric = reader.metric("IteratorAge", period=MINUTE, statistic="Maximum")
        self._alarm("NotificationsLate", metric, above=LATE.to_milliseconds(), says="Stage changes wait to be told")

    def when_failing(self, functions: Mapping[str, lambda_.Function]) -> None:
        for name, function in functions.items():
            metric = function.metric_errors(period=Duration.minutes(5), statistic="Sum")
            self._alarm(f"{name}Failing", metric, above=0, says=f"{name} raised an error", periods=3)

    def when_answering_errors(self, apis: Mapping[str, apigatewayv2.HttpApi]) -> None:
        """What breaks behind an API is answered, and no error of its function's any more."""
        for name, api in apis.items():
            metric = api.metric_server_error(period=Duration.minutes(5), statistic="Sum")
            self._alarm(f"{name}AnsweringErrors", metric, above=0, says=f"{name} answered with a 5xx", periods=3)

    def when_not_published(self) -> None:
        """The function fails for no record: it says which ones have to come again, until the stream gives them up."""
        failed = _counted("notify.failed", service="notify", period=Duration.minutes(5))
        self._alarm("NotificationsFailing", failed, above=0, says="A stage change could not be published")

    def when_decay_is_overdue(self) -> None:
        """No data is bad news here: a clock that stopped reports nothing."""
        finished = _counted("decay.finished", service="decay", period=Duration.hours(1))
        alarm = finished.create_alarm(
            self,
            "DecayOverdue",
            alarm_description="The hourly run has not finished for two hours",
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=2,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def _alarm(self, name: str, metric: cloudwatch.Metric, *, above: float, says: str, periods: int = 1) -> None:
        alarm = metric.create_alarm(
            self,
            name,
            alarm_description=says,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))


def _counted(metric: str, *, service: str, period: Duration) -> cloudwatch.Metric:
    """What one of the functions counts itself."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric,
        dimensions_map={"service": service},
        period=period,
        statistic="Sum",
    )
