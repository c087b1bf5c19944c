"""What cannot be processed, on the deployed stack: it is kept, and holds up nobody."""

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.ministack import REGION
from tests.e2e.outside import Outside, new_name


def test_a_poison_message_ends_in_the_dead_letter_queue_and_its_neighbours_are_scored(outside: Outside) -> None:
    poison, users = f"no message of ours, {new_name()}", [new_name() for _ in range(4)]

    with outside.quick_tries():
        outside.poison(poison)
        for user in users:
            outside.by_server("/v1/track", {"userId": user, "event": "Trial Started"}).raise_for_status()
        dead_letter = outside.take_dead_letter()

    assert dead_letter == poison
    assert [outside.lead(user_id=user)["total"] for user in users] == [25] * 4


def test_permissions_are_enforced_here_so_a_missing_grant_fails_as_on_aws(outside: Outside) -> None:
    iam, name = outside.stack.client("iam"), f"nobody-{new_name()}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    somebody = boto3.client(
        "dynamodb",
        endpoint_url=outside.stack.aws_endpoint_url,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        somebody.scan(TableName=outside.stack.outputs["LeadsTableName"])
