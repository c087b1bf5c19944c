from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.template import of_type

#: Changing one of these replaces the table, and leaves its data behind.
EVENTS_TABLE = "StorageEventsTable624F63BE"
LEADS_TABLE = "StorageLeadsTableDF8DD650"


def test_the_tables_stay_where_they_are(resources: dict[str, Any]) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")

    assert set(tables) == {EVENTS_TABLE, LEADS_TABLE}
    for table in tables.values():
        assert table["KeySchema"] == [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ]


@pytest.mark.parametrize("table", [EVENTS_TABLE, LEADS_TABLE])
def test_data_survives_accidents_and_the_stack(resources: dict[str, Any], table: str) -> None:
    assert resources[table]["DeletionPolicy"] == "Retain"
    assert resources[table]["UpdateReplacePolicy"] == "Retain"
    assert resources[table]["Properties"]["DeletionProtectionEnabled"] is True
    assert resources[table]["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert resources[table]["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


def test_an_ephemeral_stack_takes_its_data_with_it(synthesise: Callable[..., dict[str, Any]]) -> None:
    resources = synthesise(ephemeral=True)["Resources"]

    kept = {name for name, resource in resources.items() if resource.get("DeletionPolicy") == "Retain"}
    assert kept == set()
    assert not any(t["DeletionProtectionEnabled"] for t in of_type(resources, "AWS::DynamoDB::Table").values())


def test_the_indexes_hold_keys_that_ordinary_activity_does_not_change(resources: dict[str, Any]) -> None:
    indexes = resources[LEADS_TABLE]["Properties"]["GlobalSecondaryIndexes"]

    assert {i["IndexName"]: [key["AttributeName"] for key in i["KeySchema"]] for i in indexes} == {
        "due": ["due_shard", "due_at"],
        "stage": ["stage_shard", "pk"],
    }
    assert [index["Projection"] for index in indexes] == [{"ProjectionType": "KEYS_ONLY"}] * 2
    assert "GlobalSecondaryIndexes" not in resources[EVENTS_TABLE]["Properties"]


def test_only_the_leads_have_a_stream(resources: dict[str, Any]) -> None:
    assert resources[LEADS_TABLE]["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert "StreamSpecification" not in resources[EVENTS_TABLE]["Properties"]


def test_failed_events_are_private_versioned_and_never_expire(resources: dict[str, Any]) -> None:
    [(name, bucket)] = (
        (n, b) for n, b in of_type(resources, "AWS::S3::Bucket").items() if "VersioningConfiguration" in b
    )

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    expiring = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in expiring] == [("claims/", 1)]
    assert resources[name]["DeletionPolicy"] == "Retain"
