"""What the world can reach, and what it is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.stack import LeadScoreStack
from tests.infra.template import of_type, target

#: Values of API Gateway that may hold who somebody is.
PERSONAL = ("$context.identity", "$context.path", "queryString", "userAgent", "authorizer", "$context.requestOverride")


def test_every_path_goes_to_the_function_which_alone_answers_errors(resources: dict[str, Any]) -> None:
    routes = [route["RouteKey"] for route in of_type(resources, "AWS::ApiGatewayV2::Route").values()]

    assert routes == ["$default", "$default"]


def test_every_api_is_throttled_and_logs_nothing_personal(resources: dict[str, Any]) -> None:
    stages = of_type(resources, "AWS::ApiGatewayV2::Stage").values()

    assert len(stages) == 2
    for stage in stages:
        assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
        assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
        logged = stage["AccessLogSettings"]["Format"]
        assert not [value for value in PERSONAL if value in logged]
        assert "$context.requestId" in logged


def test_no_api_answers_preflights_in_the_place_of_its_function(resources: dict[str, Any]) -> None:
    apis = of_type(resources, "AWS::ApiGatewayV2::Api").values()

    assert [api for api in apis if "CorsConfiguration" in api] == []


def test_the_topics_refuse_plain_text_and_the_leads_topic_is_encrypted(resources: dict[str, Any]) -> None:
    topics = of_type(resources, "AWS::SNS::Topic")
    refusing = {
        target(topic)
        for policy in of_type(resources, "AWS::SNS::TopicPolicy").values()
        for topic in policy["Topics"]
        if any(statement["Effect"] == "Deny" for statement in policy["PolicyDocument"]["Statement"])
    }

    assert refusing == set(topics)
    assert [name for name, topic in topics.items() if "KmsMasterKeyId" in topic] == ["NotificationTransitionsAC53AF03"]


def test_a_person_or_a_webhook_is_told_when_the_deployer_says_so(synthesise: Callable[..., dict[str, Any]]) -> None:
    resources = synthesise(
        notify_email="sales@example.com", notify_https="https://crm.example.com/hook", alarm_email="ops@example.com"
    )["Resources"]

    told = {
        (subscription["Protocol"], subscription["Endpoint"], "RedrivePolicy" in subscription)
        for subscription in of_type(resources, "AWS::SNS::Subscription").values()
        if subscription["Protocol"] != "sqs"
    }
    assert told == {
        ("email", "sales@example.com", False),
        ("https", "https://crm.example.com/hook", True),
        ("email", "ops@example.com", False),
    }


def test_an_operator_hears_of_what_stopped_what_is_late_and_what_failed(resources: dict[str, Any]) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()

    says = {alarm["AlarmDescription"] for alarm in alarms}
    assert {"Events wait: leads are behind", "Stage changes wait to be told"} <= says
    [overdue] = [alarm for alarm in alarms if alarm.get("MetricName") == "decay.finished"]
    assert overdue["TreatMissingData"] == "breaching"
    assert all(alarm["AlarmActions"] for alarm in alarms)


def test_an_operator_hears_of_stage_changes_that_nobody_was_told(resources: dict[str, Any]) -> None:
    [alarm] = [
        alarm
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "notify.failed"
    ]
    services = {
        function["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in resources.values()
        if function["Type"] == "AWS::Lambda::Function"
    }

    assert (alarm["Namespace"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("LeadScore", 0, 1)
    assert {dimension["Value"] for dimension in alarm["Dimensions"]} == {"notify"} <= services


def test_an_operator_hears_of_requests_that_fail_though_no_function_raises(resources: dict[str, Any]) -> None:
    alarmed = [
        dimension["Value"]["Ref"]
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if (alarm.get("Namespace"), alarm.get("MetricName")) == ("AWS/ApiGateway", "5xx")
        for dimension in alarm["Dimensions"]
    ]

    assert sorted(alarmed) == sorted(of_type(resources, "AWS::ApiGatewayV2::Api"))


def test_secrets_are_made_on_aws_and_never_in_the_template(template: dict[str, Any]) -> None:
    secrets = of_type(template["Resources"], "AWS::SecretsManager::Secret").values()

    assert len(secrets) == 2
    assert all(secret["GenerateSecretString"]["PasswordLength"] >= 32 for secret in secrets)
    assert not any("SecretString" in secret for secret in secrets)


def test_the_outputs_are_what_the_runner_and_the_readme_name(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) == {
        "CollectUrl",
        "LeadsUrl",
        "SalesQueueUrl",
        "NurtureQueueUrl",
        "TopicArn",
        "OperationsTopicArn",
        "EventsQueueUrl",
        "EventsDlqUrl",
        "EventsTableName",
        "LeadsTableName",
        "FailedEventsBucketName",
        "ImportBucketName",
        "WriteKeySecretArn",
        "LeadsTokenSecretArn",
        "CollectFunctionName",
        "DecayFunctionName",
        "NotifyFunctionName",
    }


def test_cdk_nag_finds_nothing_that_is_not_acknowledged_with_a_reason(
    make_stack: Callable[..., LeadScoreStack],
) -> None:
    app = make_stack().node.root
    assert isinstance(app, App)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))

    app.synth()  # Raises on an error, and prints what it is.

    reports = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
    assert {report["pluginName"] for report in reports} == {"AwsSolutions", "Serverless"}
    assert [violation["ruleName"] for report in reports for violation in report.get("violations", [])] == []
    acknowledged = {v["ruleName"].partition("[")[0] for report in reports for v in report["suppressedViolations"]}
    assert acknowledged == {
        "AwsSolutions-APIG4",
        "AwsSolutions-IAM5",
        "AwsSolutions-L1",
        "AwsSolutions-S1",
        "AwsSolutions-SMG4",
        "AwsSolutions-SQS3",
        "Serverless-LambdaDLQ",
        "Serverless-LambdaEventSourceMappingDestination",
        "Serverless-LambdaLatestVersion",
        "Serverless-LambdaTracing",
        "Serverless-SQSRedrivePolicy",
    }
