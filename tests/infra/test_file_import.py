from typing import Any

import pytest

from tests.infra.template import functions, of_type, statements, target


@pytest.fixture
def bucket(resources: dict[str, Any]) -> dict[str, Any]:
    [found] = (each for each in of_type(resources, "AWS::S3::Bucket").values() if "NotificationConfiguration" in each)
    return found


def test_only_what_is_put_into_the_inbox_is_imported(bucket: dict[str, Any]) -> None:
    [told] = bucket["NotificationConfiguration"]["QueueConfigurations"]

    assert told["Event"] == "s3:ObjectCreated:*"
    assert told["Filter"] == {"S3Key": {"Rules": [{"Name": "prefix", "Value": "import/"}]}}


def test_files_of_people_are_private_and_expire(bucket: dict[str, Any]) -> None:
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert [rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"]] == [30]


def test_nobody_else_s_bucket_may_fill_the_queue(resources: dict[str, Any], bucket: dict[str, Any]) -> None:
    [told] = bucket["NotificationConfiguration"]["QueueConfigurations"]
    allowed = [
        (statement["Principal"], statement["Condition"])
        for policy in of_type(resources, "AWS::SQS::QueuePolicy").values()
        if target(policy["Queues"][0]) == target(told["Queue"])
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert allowed == [({"Service": "s3.amazonaws.com"}, account)]


def test_a_part_that_is_worked_on_is_not_delivered_again(resources: dict[str, Any], bucket: dict[str, Any]) -> None:
    [told] = bucket["NotificationConfiguration"]["QueueConfigurations"]
    queue = resources[target(told["Queue"])]["Properties"]

    assert queue["VisibilityTimeout"] >= 6 * functions(resources)["import_file"]["Timeout"]


def test_the_function_writes_reports_and_no_files_to_import(resources: dict[str, Any]) -> None:
    role = target(functions(resources)["import_file"]["Role"])
    [written] = (each["Resource"] for each in statements(resources, role) if each["Action"] == "s3:PutObject")

    assert written["Fn::Join"][1][-1] == "/report/*"
