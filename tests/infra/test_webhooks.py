"""What sources that sign, and Amazon SES, add to the stack: nothing, where there are none."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.stack import LeadScoreStack
from tests.infra.template import as_list, functions, of_type, statements, target
from tests.infra.test_settings import read

SOURCES = {"website": "public", "newsletter": "sendgrid", "mail": "ses"}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}


@pytest.fixture(scope="module")
def deployed(synthesise: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return synthesise(sources=SOURCES)


@pytest.fixture(scope="module")
def with_both(deployed: dict[str, Any]) -> dict[str, Any]:
    resources: dict[str, Any] = deployed["Resources"]
    return resources


def test_without_webhooks_there_is_no_secret_for_them(resources: dict[str, Any], template: dict[str, Any]) -> None:
    assert functions(resources)["collect"]["Environment"]["Variables"]["WEBHOOK_SECRETS_ARN"] == ""
    assert not {"WebhookSecretsArn", "SesTopicArn"} & set(template["Outputs"])
    assert of_type(resources, "AWS::Events::Rule") == {}


def test_the_secret_is_made_without_a_value_that_a_deployment_could_put_back(with_both: dict[str, Any]) -> None:
    empty = {
        name: secret
        for name, secret in of_type(with_both, "AWS::SecretsManager::Secret").items()
        if "GenerateSecretString" not in secret
    }
    [(name, secret)] = empty.items()
    assert set(secret) == {"Description"}
    assert with_both[name]["DeletionPolicy"] == with_both[name]["UpdateReplacePolicy"] == "Retain"
    variables = functions(with_both)["collect"]["Environment"]["Variables"]
    assert target(variables["WEBHOOK_SECRETS_ARN"]) == name


def test_the_collector_may_read_both_of_its_secrets_and_write_none(with_both: dict[str, Any]) -> None:
    role = target(functions(with_both)["collect"]["Role"])
    granted = [
        statement
        for statement in statements(with_both, role)
        if any(action.startswith("secretsmanager:") for action in as_list(statement["Action"]))
    ]
    assert {action for statement in granted for action in as_list(statement["Action"])} == {
        "secretsmanager:GetSecretValue"
    }
    readable = {target(resource) for statement in granted for resource in as_list(statement["Resource"])}
    assert len(readable) == 2


def test_only_with_a_mailgun_source_may_the_collector_read_and_then_nothing_but_claims(
    synthesise: Callable[..., dict[str, Any]], with_both: dict[str, Any]
) -> None:
    def readable(resources: dict[str, Any]) -> list[str]:
        role = target(functions(resources)["collect"]["Role"])
        return [
            str(statement["Resource"])
            for statement in statements(resources, role)
            if "s3:GetObject" in as_list(statement["Action"])
        ]

    (place,) = readable(synthesise(sources={"mail": "mailgun"})["Resources"])
    assert "/claims/*" in place
    assert readable(with_both) == []


def test_the_ses_function_queues_and_keeps_and_does_no_more(with_both: dict[str, Any]) -> None:
    function = functions(with_both)["ses_events"]
    actions = {
        action
        for statement in statements(with_both, target(function["Role"]))
        for action in as_list(statement["Action"])
    }
    # The destination for failures is written by Lambda under the function's role.
    destination = {"sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
    assert actions == LOG | {"sqs:SendMessage", "s3:PutObject"} | destination
    assert function["Environment"]["Variables"]["SOURCE"] == "mail"


def test_only_this_accounts_ses_may_publish_to_the_topic(with_both: dict[str, Any], deployed: dict[str, Any]) -> None:
    topic = target(deployed["Outputs"]["SesTopicArn"]["Value"])
    [policy] = [
        policy
        for policy in of_type(with_both, "AWS::SNS::TopicPolicy").values()
        if topic in map(target, policy["Topics"])
    ]
    by_effect = {each["Effect"]: each for each in policy["PolicyDocument"]["Statement"]}
    assert by_effect["Allow"]["Principal"] == {"Service": "ses.amazonaws.com"}
    assert by_effect["Allow"]["Action"] == "sns:Publish"
    assert by_effect["Allow"]["Condition"] == {"StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert by_effect["Deny"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_ses_tells_comes_by_either_way_and_is_never_lost(with_both: dict[str, Any]) -> None:
    [rule] = of_type(with_both, "AWS::Events::Rule").values()
    [aim] = rule["Targets"]
    [subscription] = [
        each for each in of_type(with_both, "AWS::SNS::Subscription").values() if each["Protocol"] == "lambda"
    ]
    [asynchronous] = [
        each
        for each in of_type(with_both, "AWS::Lambda::EventInvokeConfig").values()
        if "Ses" in target(each["FunctionName"])
    ]
    assert rule["EventPattern"] == {"source": ["aws.ses"], "detail-type": [{"prefix": "Email "}]}
    assert target(aim["Arn"]) == target(subscription["Endpoint"]) == target(asynchronous["FunctionName"])
    ends = {
        target(aim["DeadLetterConfig"]["Arn"]),
        target(subscription["RedrivePolicy"]["deadLetterTargetArn"]),
        target(asynchronous["DestinationConfig"]["OnFailure"]["Destination"]),
    }
    [end] = ends
    alarmed = [
        dimension["Value"]
        for alarm in of_type(with_both, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm.get("Dimensions", [])
    ]
    assert end in {target(value) for value in alarmed if isinstance(value, dict)}


def test_cdk_nag_finds_nothing_more(make_stack: Callable[..., LeadScoreStack]) -> None:
    app = make_stack(sources={**SOURCES, "other-mail": "mailgun"}).node.root
    assert isinstance(app, App)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    app.synth()  # Raises on an error, and prints what it is.


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        ({"News Letter": "sendgrid"}, r"`sources`: 'News Letter', a webhook's name: say some of a-z"),
        ({"a/b": "typeform"}, r"a webhook's name"),
        ({"a": "ses", "b": "ses"}, r"more than one is of kind ses"),
        ({"a": "mailchimp"}, r"`sources`: a is 'mailchimp'; say one of public, .*standard-webhooks, ses"),
    ],
)
def test_a_source_that_cannot_be_is_refused(sources: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(sources=sources)
