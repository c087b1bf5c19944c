"""The contract of what versions, runs and shadows need: in memory and on DynamoDB's tables in MiniStack."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from leadscore.adapters.dynamodb_histories import DynamoDBHistories
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.memory import MemoryModelVersions, MemoryStore
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.queue_backlog import read_backlog
from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import (
    Activation,
    Commit,
    EventLog,
    Histories,
    LeadStore,
    ModelVersions,
    Run,
    Runs,
    Segment,
    StageShards,
    Version,
    VersionConflict,
)
from tests.adapters.conftest import PAGE_SIZE, Stores, Tables, dynamodb_stores
from tests.adapters.samples import NOW, event

FIRST = Activation(2, "b2b", 1, NOW, stages=("new", "mql"), tells=True, back_to=1)
RUN = Run("run 1", 2)


class Versions(ModelVersions, Runs, Protocol):
    pass


@dataclass(frozen=True)
class Leads:
    store: LeadStore
    log: EventLog
    shards: StageShards
    histories: Histories


@pytest.fixture(params=["memory", pytest.param("ministack", marks=pytest.mark.ministack)])
def versions(request: pytest.FixtureRequest) -> Versions:
    if request.param == "memory":
        return MemoryModelVersions()
    tables: Tables = request.getfixturevalue("tables")
    return DynamoDBModelVersions(tables.client, table=tables.leads)


@pytest.fixture(params=["memory", pytest.param("ministack", marks=pytest.mark.ministack)])
def leads(request: pytest.FixtureRequest) -> Leads:
    if request.param == "memory":
        store = MemoryStore(page_size=PAGE_SIZE)
        return Leads(store, store, store, store)
    tables: Tables = request.getfixturevalue("tables")
    stores: Stores = dynamodb_stores(tables)
    return Leads(
        stores.leads,
        stores.events,
        DynamoDBStageIndex(tables.client, table=tables.leads, page_size=PAGE_SIZE),
        DynamoDBHistories(tables.client, events=tables.events, leads=tables.leads),
    )


class TestPush:
    def test_numbers_the_versions_of_each_model(self, versions: Versions) -> None:
        assert versions.push("b2b", "one", at=1) == (Version("b2b", 1, 1), True)
        assert versions.push("b2b", "two", at=2) == (Version("b2b", 2, 2), True)
        assert versions.push("shop", "one", at=3) == (Version("shop", 1, 3), True)
        assert list(versions.versions()) == [Version("b2b", 1, 1), Version("b2b", 2, 2), Version("shop", 1, 3)]

    def test_keeps_every_text_as_it_was(self, versions: Versions) -> None:
        texts = ["# é \U0001f600\n", "x" * 250_000]
        for text in texts:
            versions.push("b2b", text, at=1)
        assert [versions.text("b2b", number) for number in (1, 2, 3)] == [*texts, None]
        assert versions.text("other", 1) is None

    def test_stores_nothing_where_the_latest_says_the_same(self, versions: Versions) -> None:
        versions.push("b2b", "one", at=1)
        assert versions.push("b2b", "one", at=2) == (Version("b2b", 1, 1), False)
        versions.push("b2b", "two", at=3)
        assert versions.push("b2b", "one", at=4) == (Version("b2b", 3, 4), True)

    def test_puts_nothing_into_force(self, versions: Versions) -> None:
        versions.push("b2b", "one", at=1)
        assert (versions.in_force(), list(versions.activations())) == (None, [])

    def test_a_model_may_have_the_name_of_the_pointer(self, versions: Versions) -> None:
        versions.put_into_force(FIRST)
        versions.push("active", "one", at=1)
        assert (versions.in_force(), versions.text("active", 1)) == (FIRST, "one")
        assert list(versions.versions()) == [Version("active", 1, 1)]

    def test_the_tenth_version_follows_the_ninth(self, versions: Versions) -> None:
        for number in range(1, 12):
            assert versions.push("b2b", f"text {number}", at=number)[0].version == number
        assert [version.version for version in versions.versions()] == list(range(1, 12))


class TestActivations:
    def test_one_is_in_force_and_all_are_remembered(self, versions: Versions) -> None:
        second = replace(FIRST, activation=3, version=2, tells=False, back_to=2)
        versions.put_into_force(FIRST)
        versions.put_into_force(second)
        assert versions.in_force() == second
        assert list(versions.activations()) == [second, FIRST]

    @pytest.mark.parametrize("number", [1, 2, 4])
    def test_only_the_next_number_comes_into_force(self, versions: Versions, number: int) -> None:
        versions.put_into_force(FIRST)
        with pytest.raises(VersionConflict):
            versions.put_into_force(replace(FIRST, activation=number, version=9))
        assert versions.in_force() == FIRST
        assert list(versions.activations()) == [FIRST]


class TestRuns:
    def test_before_the_first_there_is_none(self, versions: Versions) -> None:
        assert versions.latest() is None

    def test_remembers_how_far_each_segment_has_come(self, versions: Versions) -> None:
        versions.begin(RUN)
        assert versions.latest() == (RUN, [])
        versions.remember(RUN, Segment("mql", 3, "lead 1", 500))
        versions.remember(RUN, Segment("sql", 3, finished=True))
        versions.remember(RUN, Segment("mql", 3, "lead 2", 900))
        latest = versions.latest()
        assert latest is not None
        assert sorted(latest[1], key=str) == [
            Segment("mql", 3, "lead 2", 900),
            Segment("sql", 3, finished=True),
        ]

    def test_a_new_run_begins_at_the_beginning(self, versions: Versions) -> None:
        versions.begin(RUN)
        versions.remember(RUN, Segment("mql", 3, finished=True))
        again = Run("run 2", 2)
        versions.begin(again)
        assert versions.latest() == (again, [])
        versions.remember(RUN, Segment("mql", 4, finished=True))  # Of one who has not noticed.
        assert versions.latest() == (again, [])


class TestStageShards:
    def test_the_pages_of_all_shards_hold_each_lead_of_the_stage_once(self, leads: Leads) -> None:
        for number in range(40):
            leads.store.commit(Commit(LeadState(f"L{number}", version=1, stage="mql" if number % 4 else "new")))
        found = []
        for shard in range(leads.shards.stage_shards):
            after = ""
            while page := leads.shards.page("mql", shard=shard, after=after):
                assert len(page) <= PAGE_SIZE
                found += page
                after = page[-1]
        assert sorted(found) == sorted(f"L{number}" for number in range(40) if number % 4)

    def test_goes_on_beyond_a_lead_that_has_left(self, leads: Leads) -> None:
        def committed(lead: str, version: int, stage: str) -> None:
            leads.store.commit(Commit(LeadState(lead, version=version, stage=stage)))

        for number in range(60):
            committed(f"L{number}", 1, "mql")
        page = leads.shards.page("mql", shard=0, after="")
        committed(page[-1], 2, "sql")
        following = leads.shards.page("mql", shard=0, after=page[-1])
        assert following
        assert not set(following) & set(page)


class TestHistories:
    def test_reads_the_events_of_all_homes_and_of_no_other_lead(self, leads: Leads) -> None:
        homes = [
            Identifier("user_id", "u1"),
            Identifier("email", "a@example.com"),
            Identifier("email", "b@example.com"),
        ]
        for home in homes:
            leads.log.put(event(home), token="t")
        leads.store.commit(Commit(LeadState("L1", version=1, stage="new"), homes=tuple(homes[:2])))
        leads.store.commit(Commit(LeadState("L2", version=1, stage="new"), homes=tuple(homes[2:])))
        assert {item.home for item in leads.histories.read_history("L1")} == set(homes[:2])
        assert leads.histories.read_history("unknown") == []


@pytest.mark.ministack
def test_the_backlog_counts_what_waits_and_what_is_worked_on(aws: Callable[[str], Any]) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="backlog")["QueueUrl"]
    assert read_backlog(sqs, url=url) == 0
    for body in ("one", "two", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.receive_message(QueueUrl=url)
    assert read_backlog(sqs, url=url) == 3
