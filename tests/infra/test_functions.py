import ast
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra.template import as_list, functions, of_type, statements, target

FUNCTIONS = Path(__file__).parents[2] / "functions"
NAMES = ("collect", "decay", "import_file", "leads_api", "notify", "score")

POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
ENVIRONMENT = {
    "collect": {
        "EVENTS_QUEUE_URL",
        "FAILED_EVENTS_BUCKET",
        "WRITE_KEY_SECRET_ARN",
        "WEBHOOK_SECRETS_ARN",
        "SOURCES",
        "REDIRECT_SITES",
        "INTERNAL",
        "CONSENT_CATEGORIES",
        "BEHIND_CDN",
    },
    "score": {"EVENTS_TABLE", "LEADS_TABLE", "FAILED_EVENTS_BUCKET", "EVENTS_QUEUE_URL"},
    "decay": {"LEADS_TABLE", "EVENTS_QUEUE_URL"},
    "import_file": {"IMPORT_BUCKET", "IMPORT_QUEUE_URL", "EVENTS_QUEUE_URL", "INTERNAL", "CONSENT_CATEGORIES"},
    "notify": {"EVENTS_TABLE", "LEADS_TABLE", "TOPIC_ARN", "PERSONAL_FIELDS", "LEAD_LINK"},
    "leads_api": {"EVENTS_QUEUE_URL", "EVENTS_TABLE", "LEADS_TABLE", "LEADS_TOKEN_SECRET_ARN"},
}

LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_QUEUE = {
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
}
READ_STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
#: Exactly what each function may do. Nobody may delete, update or scan an item.
ACTIONS = {
    "collect": LOG | {"sqs:SendMessage", "secretsmanager:GetSecretValue", "s3:PutObject"},
    "score": LOG
    | READ_QUEUE
    | {"dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:Query", "s3:PutObject"}
    | {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "sqs:SendMessage"},
    "decay": LOG | {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query", "sqs:SendMessage"},
    "import_file": LOG | READ_QUEUE | {"s3:GetObject", "s3:ListBucket", "s3:PutObject", "sqs:SendMessage"},
    "notify": LOG
    | READ_STREAM
    | {"dynamodb:BatchGetItem", "dynamodb:Query", "sns:Publish", "s3:PutObject", "s3:ListBucket"},
    "leads_api": LOG | {"dynamodb:BatchGetItem", "dynamodb:Query", "secretsmanager:GetSecretValue", "sqs:SendMessage"},
}


def test_there_is_a_lambda_for_each_function_and_no_other(resources: dict[str, Any]) -> None:
    assert set(functions(resources)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_may_do_exactly_what_it_does(resources: dict[str, Any], name: str) -> None:
    role = target(functions(resources)[name]["Role"])

    actions = [action for statement in statements(resources, role) for action in as_list(statement["Action"])]

    # The decay function's destination for failures is written by Lambda under its role.
    assert set(actions) - ({"sqs:GetQueueAttributes", "sqs:GetQueueUrl"} if name == "decay" else set()) == ACTIONS[name]
    assert "ManagedPolicyArns" not in resources[role]["Properties"]


def test_no_two_functions_share_a_role(resources: dict[str, Any]) -> None:
    roles = [target(function["Role"]) for function in functions(resources).values()]

    assert len(set(roles)) == len(NAMES)


def test_only_the_scorer_may_write_leads_and_the_clock_its_own_cursor(resources: dict[str, Any]) -> None:
    may_put = {
        (name, str(statement.get("Condition", "")))
        for name, function in functions(resources).items()
        for statement in statements(resources, target(function["Role"]))
        if "dynamodb:PutItem" in as_list(statement["Action"])
    }

    only_cursor = str({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["DECAY#cursor"]}})
    assert may_put == {("score", ""), ("decay", only_cursor)}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_gets_the_variables_that_it_reads(resources: dict[str, Any], name: str) -> None:
    given = set(functions(resources)[name]["Environment"]["Variables"])

    assert given == ENVIRONMENT[name] | POWERTOOLS
    assert _variables_read(FUNCTIONS / f"{name}.py") <= given


@pytest.mark.parametrize("name", NAMES)
def test_a_function_says_how_it_runs(resources: dict[str, Any], name: str) -> None:
    function = functions(resources)[name]
    log = resources[target(function["LoggingConfig"]["LogGroup"])]["Properties"]

    assert function["Handler"] == f"functions.{name}.handler"
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Timeout"] <= 300
    assert function["MemorySize"] >= 256
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert log["RetentionInDays"] == 30
    assert "TracingConfig" not in function


def test_a_deployer_can_trace_the_functions(synthesise: Callable[..., dict[str, Any]]) -> None:
    traced = functions(synthesise(tracing=True)["Resources"])

    assert {function["TracingConfig"]["Mode"] for function in traced.values()} == {"Active"}


def test_settings_reach_the_functions_as_json(synthesise: Callable[..., dict[str, Any]]) -> None:
    made = functions(
        synthesise(sources='{"shop": "public"}', redirect_sites=["https://www.example.com"], personal_fields=["email"])[
            "Resources"
        ]
    )

    assert made["collect"]["Environment"]["Variables"]["SOURCES"] == '{"shop": "public"}'
    assert made["collect"]["Environment"]["Variables"]["REDIRECT_SITES"] == '["https://www.example.com"]'
    assert made["notify"]["Environment"]["Variables"]["PERSONAL_FIELDS"] == '["email"]'


def test_the_clock_strikes_hourly_in_utc_and_gives_up_before_the_next_hour(resources: dict[str, Any]) -> None:
    [schedule] = of_type(resources, "AWS::Scheduler::Schedule").values()
    retries = schedule["Target"]["RetryPolicy"]
    [asynchronous] = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()

    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == ("cron(0 * * * ? *)", "Etc/UTC")
    assert retries["MaximumEventAgeInSeconds"] <= 3_600
    assert retries["MaximumRetryAttempts"] <= 5
    assert asynchronous["MaximumEventAgeInSeconds"] <= 3_600
    assert target(asynchronous["DestinationConfig"]["OnFailure"]["Destination"]) == target(
        schedule["Target"]["DeadLetterConfig"]["Arn"]
    )


def _variables_read(module: Path) -> set[str]:
    """The constants in `os.environ["X"]` and `os.environ.get("X")`."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case (
                ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name)))
                | ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr="environ")), args=[ast.Constant(value=str(name)), *_]
                )
            ):
                found.add(name)
    return found


def test_the_page_on_deploying_counts_what_is_created(resources: dict[str, Any]) -> None:
    page = (FUNCTIONS.parent / "docs" / "deploy.md").read_text()
    created = Counter(resource["Type"] for resource in resources.values())

    assert {what: int(count) for count, what in re.findall(r"(\d+) (Lambda functions|secrets|alarms)", page)} == {
        "Lambda functions": created["AWS::Lambda::Function"],
        "secrets": created["AWS::SecretsManager::Secret"],
        "alarms": created["AWS::CloudWatch::Alarm"],
    }
