"""What the stores cost, exactly: MiniStack bills writes as DynamoDB does, and reads are counted by size."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_state import state_values
from leadscore.adapters.memory import FixedModels
from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier
from leadscore.domain.state import MARKS_MAX, LeadState, Trait, Trust
from leadscore.use_cases.ports import Closing, Commit, VersionConflict
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Delivery, LeadWork
from tests.adapters.conftest import Stores, Tables, dynamodb_stores
from tests.adapters.samples import (
    ANALYTICS_JS_PAGE,
    ANALYTICS_JS_TRACK,
    NOW,
    event_of,
    largest_state,
    transition,
)
from tests.adapters.test_items import size_of
from tests.bench.bill import billed
from tests.leads import NOON, small_model
from tests.leads import event as lead_event

pytestmark = pytest.mark.ministack

ANNA = Identifier("email", "anna@example.com")
VISITOR = Identifier("anonymous_id", "visitor-1")
PROFILE = {"name": Trait("Anna", Trust.SERVER, NOW, "event-1")}
READ_UNIT_BYTES = 4_096


class Bill:
    """Write units and calls since the last look."""

    def __init__(self, client: Any) -> None:
        client.meta.events.register("provide-client-params.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._note)
        self.table = 0.0
        self.indexes: dict[str, float] = {}
        self.calls: list[str] = []

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return params | {"ReturnConsumedCapacity": "INDEXES"}

    def _note(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        consumed = parsed.get("ConsumedCapacity", [])
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self.table += each["CapacityUnits"]
            for index, consumed_there in each.get("GlobalSecondaryIndexes", {}).items():
                units = consumed_there["CapacityUnits"]
                self.table -= units
                self.indexes[index] = self.indexes.get(index, 0) + units


@pytest.fixture
def stores(tables: Tables) -> Stores:
    return dynamodb_stores(tables)


@pytest.fixture
def bill(tables: Tables) -> Iterator[Any]:
    @contextmanager
    def open_bill() -> Iterator[Bill]:
        made = Bill(tables.client)
        yield made
        tables.client.meta.events.unregister("provide-client-params.dynamodb", made._ask)
        tables.client.meta.events.unregister("after-call.dynamodb", made._note)

    return open_bill


def test_logging_a_browsers_event_takes_one_unit(stores: Stores, bill: Any) -> None:
    for call in (ANALYTICS_JS_PAGE, ANALYTICS_JS_TRACK):
        with bill() as billed:
            stores.events.put(event_of(call), token="0" * 32)
        assert (billed.table, billed.indexes, billed.calls) == (1.0, {}, ["PutItem"])


def test_a_repeated_event_takes_one_call(stores: Stores, bill: Any) -> None:
    stores.events.put(event_of(ANALYTICS_JS_PAGE), token="0" * 32)
    with bill() as billed:
        stores.events.put(event_of(ANALYTICS_JS_PAGE), token="1" * 32)
    assert billed.calls == ["PutItem"]


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_activity_takes_one_unit_and_none_of_an_index(stores: Stores, bill: Any, seed: int) -> None:
    state = largest_state(Random(seed), version=1)
    stores.leads.commit(Commit(state))
    for version in (2, 3):
        state.version = version
        state.scores["engagement"] += 5
        state.as_of += 1_000
        with bill() as billed:
            stores.leads.commit(Commit(state))
        assert (billed.table, billed.indexes, billed.calls) == (1.0, {}, ["PutItem"])


def test_a_moved_timer_takes_two_units_of_its_index(stores: Stores, bill: Any) -> None:
    stores.leads.commit(Commit(LeadState("L1", version=1, stage="new", due_at=NOW)))
    with bill() as billed:
        stores.leads.commit(Commit(LeadState("L1", version=2, stage="new", due_at=NOW + 1)))
    assert (billed.table, billed.indexes) == (1.0, {"due": 2.0})


def test_a_stage_change_takes_a_transaction(stores: Stores, bill: Any) -> None:
    stores.leads.commit(Commit(LeadState("L1", version=1, stage="new", due_at=NOW)))
    with bill() as billed:
        stores.leads.commit(Commit(LeadState("L1", version=2, stage="sql", due_at=NOW), transition=transition("L1", 2)))
    assert (billed.table, billed.indexes, billed.calls) == (4.0, {"stage": 2.0}, ["TransactWriteItems"])


@pytest.mark.parametrize(
    ("commit", "units"),
    [
        (Commit(LeadState("L1", version=2), profile=PROFILE), 4.0),
        (Commit(LeadState("L1", version=2), homes=(VISITOR,)), 4.0),
        (Commit(LeadState("L1", version=2, spilled_count=25), marks=frozenset(range(25))), 4.0),
        (Commit(LeadState("L1", version=2), PROFILE, transition("L1", 2), (ANNA, VISITOR)), 10.0),
        (
            Commit(
                LeadState("L1", version=2),
                homes=(VISITOR,),
                closing=Closing(LeadState("L2", version=1, merged_into="L1"), transition("L2", 1), (VISITOR,)),
            ),
            14.0,
        ),
    ],
    ids=["traits", "home", "marks", "all", "merge"],
)
def test_what_belongs_together_takes_two_units_an_item(stores: Stores, bill: Any, commit: Commit, units: float) -> None:
    stores.leads.commit(Commit(LeadState("L1", version=1)))
    with bill() as billed:
        stores.leads.commit(commit)
    assert (billed.table, billed.calls) == (units, ["TransactWriteItems"])


def test_what_counts_once_takes_what_any_event_takes_and_a_transaction_when_it_leaves_the_state(
    tables: Tables, stores: Stores
) -> None:
    rule = {"rule": "Article", "event": "Article Read", "points": 1, "once_per": "properties.topic"}
    nothing_else: dict[str, Any] = {"fast_track": [], "set_stage": [], "inactivity": []}
    rescoring = Rescoring(
        store=stores.leads,
        log=stores.events,
        models=FixedModels(1, small_model(stages=[{"stage": "new"}], **nothing_else, engagement=[rule])),
        now=lambda: NOON,
        pause=lambda _: None,
    )

    def read(topic: int, again: int = 0) -> tuple[float, float]:
        article = lead_event("Article Read", at=NOON + topic + again, properties={"topic": topic})
        with billed(tables.client) as bill:
            rescoring.rescore("L1", LeadWork([Delivery(article, "token")], causes={Cause.EVENT}))
        return bill.write_units, bill.read

    read(0)
    assert [read(topic) for topic in range(1, MARKS_MAX)] == [(2.0, 1.0)] * (MARKS_MAX - 1)
    assert read(MARKS_MAX) == (5.0, 1.0), "event 1; state and marks 2 each"
    assert read(MARKS_MAX + 1) == (2.0, 2.0), "the marks outside are read where the state does not know"
    assert read(MARKS_MAX + 1, again=10) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("identifier", "is_new", "cost"),
    [
        (VISITOR, True, (1.0, ["PutItem"])),
        (VISITOR, False, (1.0, ["PutItem"])),
        (ANNA, True, (4.0, ["TransactWriteItems"])),
        (ANNA, False, (6.0, ["TransactWriteItems"])),
    ],
)
def test_only_a_persons_name_takes_a_transaction_and_a_look_at_the_lead_where_others_know_it(
    stores: Stores, bill: Any, identifier: Identifier, is_new: bool, cost: tuple[float, list[str]]
) -> None:
    with bill() as billed:
        stores.leads.link(identifier, "L1", is_new=is_new)
    assert (billed.table, billed.calls) == cost


def test_a_first_contact_costs_what_it_must(stores: Stores, bill: Any) -> None:
    """Identity 1, event 1; state, transition and home 2 each; and an entry in both indexes."""
    with bill() as billed:
        stores.leads.link(VISITOR, "L1", is_new=True)
        stores.events.put(event_of(ANALYTICS_JS_PAGE), token="0" * 32)
        stores.leads.commit(
            Commit(
                LeadState("L1", version=1, stage="new", due_at=NOW), transition=transition("L1", 1), homes=(VISITOR,)
            )
        )
    assert (billed.table, billed.indexes) == (8.0, {"due": 1.0, "stage": 1.0})
    assert len(billed.calls) == 3


def test_a_refused_commit_takes_one_call(stores: Stores, bill: Any) -> None:
    stores.leads.commit(Commit(LeadState("L1", version=1)))
    with bill() as billed, pytest.raises(VersionConflict):
        stores.leads.commit(Commit(LeadState("L1", version=1)))
    assert billed.calls == ["PutItem"]


def test_a_batch_of_ten_leads_is_read_with_two_calls(stores: Stores, bill: Any) -> None:
    """One for the identities, half a unit each, and one for the states, a unit each: these fit, with room to spare."""
    identifiers = [Identifier("anonymous_id", f"visitor-{number}") for number in range(10)]
    for number, identifier in enumerate(identifiers):
        stores.leads.link(identifier, f"L{number}", is_new=True)
        stores.leads.commit(Commit(LeadState(f"L{number}", version=1)))
    with bill() as billed:
        leads = stores.leads.find(identifiers).values()
        stores.leads.read_states(leads)
    assert billed.calls == ["BatchGetItem", "BatchGetItem"]
    assert size_of(state_values(largest_state(Random(1)))) < READ_UNIT_BYTES


def test_reading_the_history_of_a_lead_costs_what_is_read(stores: Stores, bill: Any) -> None:
    for version in range(1, 31):
        stores.leads.commit(Commit(LeadState("L1", version=version), transition=transition("L1", version)))
    with bill() as billed:
        stores.transitions.read_transitions("L1", limit=5)
    assert billed.calls == ["Query"]


def test_homes_are_read_without_the_rest_of_the_lead(tables: Tables, bill: Any) -> None:
    leads = DynamoDBLeadStore(tables.client, table=tables.leads)
    leads.commit(Commit(LeadState("L1", version=1), PROFILE, transition("L1", 1), (ANNA, VISITOR)))
    with bill() as billed:
        leads.read_homes("L1")
    assert (billed.table, billed.calls) == (1.0, ["Query"])
