"""The stores under test: the ones in memory, and DynamoDB's on MiniStack with the tables as the stack makes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.local.ministack import CREDENTIALS, REGION, MiniStack, running_ministack
from leadscore.adapters.clients import CONFIG
from leadscore.adapters.dynamodb_due import DynamoDBDueIndex
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.dynamodb_transitions import DynamoDBTransitionLog
from leadscore.adapters.memory import MemoryStore
from leadscore.use_cases.ports import DueIndex, EventLog, LeadStore, StageIndex, TransitionLog

#: So small that a few leads fill several pages.
PAGE_SIZE = 3


@dataclass(frozen=True)
class Stores:
    events: EventLog
    leads: LeadStore
    transitions: TransitionLog
    stages: StageIndex
    due: DueIndex


@dataclass(frozen=True)
class Tables:
    client: Any
    events: str
    leads: str


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    with running_ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture(scope="session")
def aws(ministack: MiniStack) -> Callable[[str], Any]:
    """Makes clients as the functions have them, of MiniStack."""
    return lambda service: _client(service, ministack.endpoint_url)


@pytest.fixture
def tables(aws: Callable[[str], Any]) -> Tables:
    return create_tables(aws("dynamodb"))


def create_tables(client: Any) -> Tables:
    suffix = uuid4().hex[:12]
    made = Tables(client, events=f"events-{suffix}", leads=f"leads-{suffix}")
    keys = {"pk": "HASH", "sk": "RANGE"}
    _create_table(client, made.events, keys, {})
    _create_table(
        client,
        made.leads,
        keys,
        {"due": {"due_shard": "HASH", "due_at": "RANGE"}, "stage": {"stage_shard": "HASH", "pk": "RANGE"}},
    )
    return made


@pytest.fixture(params=["memory", pytest.param("ministack", marks=pytest.mark.ministack)])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        store = MemoryStore(page_size=PAGE_SIZE)
        return Stores(store, store, store, store, store)
    return dynamodb_stores(request.getfixturevalue("tables"))


def dynamodb_stores(tables: Tables) -> Stores:
    return Stores(
        events=DynamoDBEventLog(tables.client, table=tables.events),
        leads=DynamoDBLeadStore(tables.client, table=tables.leads),
        transitions=DynamoDBTransitionLog(tables.client, table=tables.leads),
        stages=DynamoDBStageIndex(tables.client, table=tables.leads),
        due=DynamoDBDueIndex(tables.client, table=tables.leads, page_size=PAGE_SIZE),
    )


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    made: list[float] = []
    monkeypatch.setattr("leadscore.adapters.pauses.time.sleep", made.append)
    monkeypatch.setattr("botocore.endpoint.time.sleep", made.append)
    return made


class Answers:
    """A client of a service that gives prepared answers, the last one over and over, and keeps what it was asked.

    The whole SDK stays real, its retries included: only the wire is cut.
    """

    def __init__(self, service: str) -> None:
        self.client = _client(service, "http://127.0.0.1:1")
        self.requests: list[dict[str, Any]] = []
        self._answers: list[tuple[int, bytes]] = []
        self.client.meta.events.register(f"provide-client-params.{service}", self._keep)
        self.client.meta.events.register(f"before-send.{service}", self._answer)

    def prepare(self, status: int, body: bytes) -> None:
        self._answers.append((status, body))

    def _keep(self, params: dict[str, Any], **_: Any) -> None:
        self.requests.append(params)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        status, body = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.0"}, _Raw(body))


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


@pytest.fixture
def answers() -> type[Answers]:
    return Answers


def _client(service: str, endpoint_url: str) -> Any:
    session = boto3.session.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return session.client(service, endpoint_url=endpoint_url, config=CONFIG)


def _create_table(client: Any, name: str, keys: dict[str, str], indexes: dict[str, dict[str, str]]) -> None:
    attributes = {attribute for schema in (keys, *indexes.values()) for attribute in schema}
    index_definitions = [
        {"IndexName": index, "KeySchema": _schema(schema), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        for index, schema in indexes.items()
    ]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_schema(keys),
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "N" if attribute == "due_at" else "S"}
            for attribute in sorted(attributes)
        ],
        **({"GlobalSecondaryIndexes": index_definitions} if index_definitions else {}),
    )


def _schema(keys: dict[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": role} for name, role in keys.items()]
