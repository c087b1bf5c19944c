import json
from typing import Any

import pytest

from infra import scoring
from leadscore.use_cases.accounts import FORETOLD_SECONDS
from tests.infra.template import functions, mapping_of, of_type, target

FAILED_EVENTS = "StorageFailedEventsE8702E6F"
FOURTEEN_DAYS = 14 * 24 * 3_600


@pytest.fixture
def queues(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return of_type(resources, "AWS::SQS::Queue")


def test_every_queue_waits_two_weeks_encrypted_and_over_tls_only(
    resources: dict[str, Any], queues: dict[str, Any]
) -> None:
    refusing_plain_text = {
        target(queue)
        for policy in of_type(resources, "AWS::SQS::QueuePolicy").values()
        for queue in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert refusing_plain_text == set(queues)
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    assert {queue["MessageRetentionPeriod"] for queue in queues.values()} == {FOURTEEN_DAYS}


def test_a_batch_being_scored_is_not_delivered_again(resources: dict[str, Any], queues: dict[str, Any]) -> None:
    mapping = mapping_of(resources, "score")
    queue = queues[target(mapping["EventSourceArn"])]

    at_least = 6 * functions(resources)["score"]["Timeout"] + mapping["MaximumBatchingWindowInSeconds"]
    assert queue["VisibilityTimeout"] >= at_least


def test_a_poison_message_ends_in_a_queue_after_bounded_tries(queues: dict[str, Any]) -> None:
    redrives = {name: queue["RedrivePolicy"] for name, queue in queues.items() if "RedrivePolicy" in queue}

    assert len(redrives) == 4, "events, sales, nurture, files"
    for redrive in redrives.values():
        assert redrive["maxReceiveCount"] >= 5
        assert target(redrive["deadLetterTargetArn"]) not in redrives


def test_one_bad_message_does_not_bring_back_its_neighbours(resources: dict[str, Any]) -> None:
    mapping = mapping_of(resources, "score")

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 10
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert "FilterCriteria" not in mapping, "a queue's mapping deletes what it filters out"


def test_only_news_wakes_the_notifier(resources: dict[str, Any]) -> None:
    [pattern] = mapping_of(resources, "notify")["FilterCriteria"]["Filters"]

    assert json.loads(pattern["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {
            "Keys": {"sk": {"S": [{"prefix": "TRANSITION#"}]}},
            "NewImage": {"publish": {"BOOL": [True]}},
        },
    }


def test_a_transition_that_cannot_be_told_blocks_no_other_and_is_kept(resources: dict[str, Any]) -> None:
    mapping = mapping_of(resources, "notify")

    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 5 <= mapping["MaximumRetryAttempts"] <= 10
    assert mapping["MaximumRecordAgeInSeconds"] <= 12 * 3_600
    assert target(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == FAILED_EVENTS


def test_each_route_has_a_queue_that_gets_the_bare_notification(
    resources: dict[str, Any], queues: dict[str, Any]
) -> None:
    subscriptions = of_type(resources, "AWS::SNS::Subscription").values()

    assert sorted(s["FilterPolicy"]["route"] for s in subscriptions) == [["nurture"], ["sales"]]
    for subscription in subscriptions:
        assert subscription["Protocol"] == "sqs"
        assert subscription["RawMessageDelivery"] is True
        assert "FilterPolicyScope" not in subscription, "by attribute; a body would need another policy"
        assert target(subscription["RedrivePolicy"]["deadLetterTargetArn"]) in queues


def test_every_dead_letter_queue_is_watched(resources: dict[str, Any], queues: dict[str, Any]) -> None:
    ends = {name for name, queue in queues.items() if "RedrivePolicy" not in queue}
    watched = {
        target(dimension["Value"])
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
        for dimension in alarm["Dimensions"]
    }

    assert len(ends) == 5, "events, decay, sales, nurture, files"
    assert watched == ends


def test_what_a_worker_foretells_comes_when_it_is_gone_for_sure() -> None:
    assert scoring.TIMEOUT.to_seconds() < FORETOLD_SECONDS <= 900
