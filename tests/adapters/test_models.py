"""The model in force: the shipped one until another is activated, and never one that is older than asked for."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_keys import model_key
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.models import FRESH_SECONDS, StoredModels, shipped_text
from leadscore.use_cases.ports import Activation, ModelBehind
from tests.adapters.conftest import Answers, Tables

SHIPPED = "model: shipped\nstages:\n  - stage: new\n"
NEXT = "model: next\nstages:\n  - stage: new\n  - stage: sql\n    at: 50\n    route: sales\n"
#: Texts that no program of ours can make a model of, each for another reason.
BAD = [
    "model: [",
    "",
    "model: bad\nstages: 3\n",
    "model: bad\n",
    "model: bad\nstages:\n  - stage: new\nfit:\n  - {rule: r, points: 1, when: {a: []}}\n",
]
NOTHING = b'{"Responses": {"leads": []}}'
THROTTLED = b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}'
UNSERVED = b'{"Responses": {}, "UnprocessedKeys": {"leads": {"Keys": [{"pk": {"S": "x"}, "sk": {"S": "x"}}]}}}'


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(tables: Tables, clock: Clock) -> Callable[[], StoredModels]:
    """Each has a cache of its own, as each process does."""
    return lambda: StoredModels(tables.client, table=tables.leads, default_text=lambda: SHIPPED, clock=clock)


def installing(tables: Tables, clock: Clock, text: str = SHIPPED) -> StoredModels:
    """A worker's, as it is deployed."""
    return StoredModels(
        tables.client, table=tables.leads, default_text=lambda: text, clock=clock, now=lambda: 5, installs=True
    )


@pytest.fixture
def versions(tables: Tables) -> DynamoDBModelVersions:
    return DynamoDBModelVersions(tables.client, table=tables.leads)


def activate(versions: DynamoDBModelVersions, name: str, text: str, *, tells: bool = False) -> Activation:
    before = versions.in_force()
    pushed, _ = versions.push(name, text, at=7)
    after = Activation(before.activation + 1 if before else 2, name, pushed.version, 7, tells=tells)
    versions.put_into_force(after)
    return after


@pytest.mark.ministack
class TestStoredModels:
    def test_the_shipped_model_is_the_first_activation(self, make: Callable[[], StoredModels]) -> None:
        activation, model = make().active()
        assert (activation, model.name) == (1, "shipped")

    def test_a_shipped_model_that_was_used_outlives_the_deployment_that_ships_another(
        self, tables: Tables, clock: Clock, versions: DynamoDBModelVersions
    ) -> None:
        assert installing(tables, clock).active()[1].name == "shipped"
        activation, model = installing(tables, clock, NEXT).active()
        assert (activation, model.name) == (1, "shipped")
        assert activate(versions, "next", NEXT).activation == 2

    def test_the_shipped_model_is_installed_with_its_stages_and_is_part_of_the_history(
        self, tables: Tables, clock: Clock, versions: DynamoDBModelVersions
    ) -> None:
        installing(tables, clock).active()
        shipped = Activation(1, "shipped", 1, 5, stages=("new",))
        assert (versions.in_force(), versions.activations()) == (shipped, [shipped])

    def test_a_worker_that_died_while_installing_leaves_what_the_next_one_finishes(
        self, tables: Tables, clock: Clock, versions: DynamoDBModelVersions
    ) -> None:
        versions.push("shipped", SHIPPED, at=3)
        installing(tables, clock).active()
        assert [version.version for version in versions.versions()] == [1]
        assert versions.in_force() == Activation(1, "shipped", 1, 3, stages=("new",))

    def test_a_model_that_was_only_pushed_is_not_taken_for_the_one_that_ships(
        self, tables: Tables, clock: Clock, versions: DynamoDBModelVersions
    ) -> None:
        versions.push("shipped", NEXT, at=3)
        worker = installing(tables, clock)
        assert worker.active()[1].route("sql") is None
        assert versions.text("shipped", 2) == SHIPPED

    def test_workers_that_install_at_once_agree(self, tables: Tables, clock: Clock) -> None:
        workers = [installing(tables, clock) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda worker: worker.active(), workers))
        assert {(activation, model.name) for activation, model in found} == {(1, "shipped")}

    def test_a_worker_knows_which_activations_want_to_be_told_of(
        self, make: Callable[[], StoredModels], versions: DynamoDBModelVersions
    ) -> None:
        activate(versions, "next", NEXT, tells=True)
        worker = make()
        worker.active()
        assert worker.tells(2)
        activate(versions, "next", NEXT)
        worker.active(at_least=3)
        assert (worker.tells(1), worker.tells(2), worker.tells(3)) == (False, True, False)

    def test_a_worker_goes_on_with_its_model_for_a_moment(
        self, make: Callable[[], StoredModels], clock: Clock, versions: DynamoDBModelVersions
    ) -> None:
        worker = make()
        worker.active()
        activate(versions, "next", NEXT)
        clock.now += FRESH_SECONDS - 1
        assert worker.active()[0] == 1
        clock.now += 1
        activation, model = worker.active()
        assert (activation, model.name, model.route("sql")) == (2, "next", "sales")

    def test_a_worker_that_meets_a_newer_state_looks_at_once(
        self, make: Callable[[], StoredModels], versions: DynamoDBModelVersions
    ) -> None:
        worker = make()
        worker.active()
        activate(versions, "next", NEXT)
        assert worker.active(at_least=2)[0] == 2

    def test_a_worker_never_takes_an_older_model(self, make: Callable[[], StoredModels]) -> None:
        with pytest.raises(ModelBehind):
            make().active(at_least=2)

    @pytest.mark.parametrize("bad", BAD)
    def test_a_model_that_is_none_leaves_the_one_before_in_force(
        self, make: Callable[[], StoredModels], clock: Clock, versions: DynamoDBModelVersions, bad: str
    ) -> None:
        worker = make()
        worker.active()
        activate(versions, "bad", bad)
        clock.now += FRESH_SECONDS
        assert worker.active()[1].name == "shipped"
        activate(versions, "next", NEXT)
        assert worker.active()[1].name == "shipped"
        clock.now += FRESH_SECONDS
        assert worker.active()[1].name == "next"

    @pytest.mark.parametrize("bad", BAD)
    def test_a_model_that_is_none_is_not_made_up_for_by_an_older_one(
        self, make: Callable[[], StoredModels], versions: DynamoDBModelVersions, bad: str
    ) -> None:
        worker = make()
        worker.active()
        activate(versions, "bad", bad)
        with pytest.raises(ModelBehind):
            worker.active(at_least=2)
        assert worker.active()[0] == 1
        with pytest.raises(ModelBehind):
            make().active()

    def test_a_model_that_is_gone_leaves_the_one_before_in_force(
        self, make: Callable[[], StoredModels], tables: Tables, clock: Clock, versions: DynamoDBModelVersions
    ) -> None:
        worker = make()
        worker.active()
        activate(versions, "next", NEXT)
        tables.client.delete_item(TableName=tables.leads, Key=to_item(model_key("next", 1)))
        clock.now += FRESH_SECONDS
        assert worker.active()[0] == 1


class TestTrouble:
    """While DynamoDB cannot tell which model is in force."""

    @pytest.fixture
    def dynamodb(self, answers: type[Answers]) -> Answers:
        """It tells once that none was activated."""
        dynamodb = answers("dynamodb")
        dynamodb.prepare(200, NOTHING)
        return dynamodb

    @pytest.fixture
    def models(self, dynamodb: Answers, clock: Clock) -> StoredModels:
        return StoredModels(dynamodb.client, table="leads", default_text=lambda: SHIPPED, clock=clock)

    @pytest.mark.parametrize(
        "trouble", [(400, THROTTLED), (500, b"{}"), (200, UNSERVED)], ids=["4xx", "5xx", "unserved"]
    )
    @pytest.mark.usefixtures("pauses")
    def test_a_worker_goes_on_with_its_model_and_looks_again_soon(
        self, models: StoredModels, dynamodb: Answers, clock: Clock, trouble: tuple[int, bytes]
    ) -> None:
        dynamodb.prepare(*trouble)
        models.active()
        clock.now += FRESH_SECONDS
        assert models.active()[1].name == "shipped"
        asked = len(dynamodb.requests)
        clock.now += 4
        assert models.active()[1].name == "shipped"
        assert len(dynamodb.requests) == asked
        clock.now += 1
        assert models.active()[1].name == "shipped"
        assert len(dynamodb.requests) > asked

    @pytest.mark.usefixtures("pauses")
    def test_a_broken_connection_is_no_reason_to_stop_and_is_told_by_its_kind(
        self, models: StoredModels, dynamodb: Answers, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        def break_off(request: Any, **_: Any) -> None:
            raise ConnectionClosedError(endpoint_url=request.url)

        models.active()
        dynamodb.client.meta.events.register_first("before-send.dynamodb", break_off)
        clock.now += FRESH_SECONDS
        assert models.active()[1].name == "shipped"
        told = [line for line in caplog.records if line.name == "leadscore.adapters.models"]
        assert [(line.message, line.__dict__["error"]) for line in told] == [
            ("model.refresh.failed", "ConnectionClosedError")
        ]

    @pytest.mark.usefixtures("pauses")
    def test_a_worker_takes_no_older_model_than_asked_for(self, models: StoredModels, dynamodb: Answers) -> None:
        dynamodb.prepare(400, THROTTLED)
        models.active()
        with pytest.raises(ClientError, match="Throughput"):
            models.active(at_least=2)
        assert models.active()[0] == 1

    @pytest.mark.usefixtures("pauses")
    def test_a_worker_that_has_no_model_yet_does_not_make_one_up(self, answers: type[Answers], clock: Clock) -> None:
        dynamodb = answers("dynamodb")
        dynamodb.prepare(400, THROTTLED)
        with pytest.raises(ClientError, match="Throughput"):
            StoredModels(dynamodb.client, table="leads", default_text=lambda: SHIPPED, clock=clock).active()


def test_many_threads_read_the_model_once(answers: type[Answers], clock: Clock) -> None:
    dynamodb = answers("dynamodb")
    dynamodb.prepare(200, json.dumps({"Responses": {"leads": []}}).encode())
    models = StoredModels(dynamodb.client, table="leads", default_text=lambda: SHIPPED, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: models.active(), range(16)))
    assert {activation for activation, _ in found} == {1}
    assert len(dynamodb.requests) == 1


def test_the_model_that_ships_can_be_put_into_force(answers: type[Answers], clock: Clock) -> None:
    dynamodb = answers("dynamodb")
    dynamodb.prepare(200, json.dumps({"Responses": {"leads": []}}).encode())
    activation, model = StoredModels(dynamodb.client, table="leads", default_text=shipped_text, clock=clock).active()
    assert activation == 1
    assert model.entry.at == {}
    assert model.lines
