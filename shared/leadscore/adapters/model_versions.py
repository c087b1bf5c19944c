"""Every version of every scoring model, which of them is or was in force, and how far the rescoring of one has come.

A version's item holds its text. What lists and rescoring need lies in one partition of its own, so that one query
finds it: beside the pointer to the activation in force every activation, an entry for each version, the latest run.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import batch_get, query, refusals
from leadscore.adapters.dynamodb_keys import (
    ACTIVATION_PREFIX,
    PUSHED_PREFIX,
    SEGMENT_PREFIX,
    VERSION_PREFIX,
    Key,
    activation_key,
    active_model_key,
    model_key,
    pushed_key,
    run_key,
    segment_key,
)
from leadscore.use_cases.ports import Activation, Run, Segment, Version, VersionConflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, QueryInputTypeDef


class DynamoDBModelVersions:
    """ModelVersions and Runs."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    # ModelVersions

    def push(self, name: str, text: str, *, at: int) -> tuple[Version, bool]:
        latest = next(self._query(model_key(name, 0)["pk"], VERSION_PREFIX, newest_first=True, limit=1), None)
        if latest is not None and latest["text"] == text:
            return _version_from(name, latest), False
        version = Version(name, _number(latest) + 1 if latest else 1, at)
        self._put_together(
            self._put({**model_key(name, version.version), "text": text, "pushed_at": at}, "attribute_not_exists(pk)"),
            self._put({**pushed_key(name, version.version), **version._asdict()}),
            otherwise=f"somebody else pushes {name} at this moment",
        )
        return version, True

    def text(self, name: str, version: int) -> str | None:
        found = self._read(model_key(name, version))
        return None if found is None else found["text"]

    def versions(self) -> Sequence[Version]:
        entries = self._query(active_model_key()["pk"], PUSHED_PREFIX)
        return [Version(entry["name"], entry["version"], entry["pushed_at"]) for entry in entries]

    def in_force(self) -> Activation | None:
        found = self._read(active_model_key())
        return None if found is None else _activation_from(found)

    def activations(self) -> Sequence[Activation]:
        entries = self._query(active_model_key()["pk"], ACTIVATION_PREFIX, newest_first=True)
        return [_activation_from(entry) for entry in entries]

    def put_into_force(self, activation: Activation) -> None:
        # Without a pointer the model that ships is in force, and whoever counts on from there counts from it.
        self._put_together(
            self._put(
                {**active_model_key(), **activation._asdict()},
                "attribute_not_exists(pk) OR activation = :before",
                {":before": activation.activation - 1},
            ),
            self._put({**activation_key(activation.activation), **activation._asdict()}, "attribute_not_exists(pk)"),
            otherwise="somebody else activates a model at this moment",
        )

    # Runs

    def begin(self, run: Run) -> None:
        self._client.put_item(TableName=self._table, Item=to_item({**run_key(), **run._asdict()}))

    def latest(self) -> tuple[Run, Sequence[Segment]] | None:
        found = self._read(run_key())
        if found is None:
            return None
        run = Run(found["id"], found["activation"])
        entries = self._query(run_key()["pk"], SEGMENT_PREFIX)
        return run, [_segment_from(entry) for entry in entries if entry["run"] == run.id]

    def remember(self, run: Run, segment: Segment) -> None:
        values = {**segment_key(segment.stage, segment.shard), **segment._asdict(), "run": run.id}
        self._client.put_item(TableName=self._table, Item=to_item(values))

    # Calls

    def _read(self, key: Key) -> dict[str, Any] | None:
        return next(batch_get(self._client, self._table, [key], is_consistent=True), None)

    def _query(
        self, pk: str, prefix: str, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": to_item({":pk": pk, ":prefix": prefix}),
            "ScanIndexForward": not newest_first,
        }
        if limit is not None:
            request["Limit"] = limit
        return query(self._client, request)

    def _put(
        self, values: Mapping[str, Any], condition: str = "", compared: Mapping[str, Any] | None = None
    ) -> "PutTypeDef":
        put: PutTypeDef = {"TableName": self._table, "Item": to_item(values)}
        if condition:
            put["ConditionExpression"] = condition
        if compared:
            put["ExpressionAttributeValues"] = to_item(compared)
        return put

    def _put_together(self, *puts: "PutTypeDef", otherwise: str) -> None:
        try:
            self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            if refusals(error):
                raise VersionConflict(otherwise) from error
            raise


def _number(values: Mapping[str, Any]) -> int:
    return int(values["sk"].removeprefix(VERSION_PREFIX))


def _version_from(name: str, values: Mapping[str, Any]) -> Version:
    return Version(name, _number(values), values["pushed_at"])


def _activation_from(values: Mapping[str, Any]) -> Activation:
    """An attribute that came later than the item has its default."""
    known = Activation(values["activation"], values["name"], values["version"], values.get("activated_at", 0))
    return known._replace(
        stages=tuple(values.get("stages", ())),
        tells=values.get("tells", False),
        back_to=values.get("back_to", 0),
    )


def _segment_from(values: Mapping[str, Any]) -> Segment:
    return Segment(values["stage"], values["shard"], values["after"], values["sent"], values["finished"])
