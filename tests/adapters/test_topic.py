"""The topic: attributes have the types that filter policies ask for."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from leadscore.adapters.topic import SnsTopic

pytestmark = pytest.mark.ministack


@pytest.fixture
def topic(aws: Callable[[str], Any]) -> tuple[SnsTopic, Callable[[], list[dict[str, Any]]]]:
    """A topic, and what arrives in the queue of somebody who wants `route` to be, or to hold, `sales`."""
    sns, sqs = aws("sns"), aws("sqs")
    arn = sns.create_topic(Name=f"topic-{uuid4().hex}")["TopicArn"]
    url = sqs.create_queue(QueueName=f"sales-{uuid4().hex}")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": json.dumps({"route": ["sales"]}), "RawMessageDelivery": "false"},
    )

    def arrived() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", ())
        return [json.loads(message["Body"]) for message in messages]

    return SnsTopic(sns, arn=arn), arrived


def test_a_list_is_an_array_and_a_text_a_string(topic: tuple[SnsTopic, Callable[[], list[dict[str, Any]]]]) -> None:
    to, arrived = topic
    to.publish(body="{}", attributes={"route": ["sales", "nurture"], "stage": "sql", "passed": [], "note": ""})
    (message,) = arrived()
    assert message["Message"] == "{}"
    assert message["MessageAttributes"] == {
        "route": {"Type": "String.Array", "Value": '["sales", "nurture"]'},
        "stage": {"Type": "String", "Value": "sql"},
    }


def test_who_does_not_ask_for_a_route_does_not_get_it(
    topic: tuple[SnsTopic, Callable[[], list[dict[str, Any]]]],
) -> None:
    to, arrived = topic
    to.publish(body="no route", attributes={"route": []})
    to.publish(body="another", attributes={"route": ["nurture"]})
    to.publish(body="sales", attributes={"route": "sales"})
    assert [message["Message"] for message in arrived()] == ["sales"]
