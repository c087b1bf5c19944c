"""A write that DynamoDB made and whose answer was lost: the SDK sends it again, and nothing happens twice."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import Closing, Commit, Recorded, VersionConflict
from tests.adapters.conftest import Stores, Tables, dynamodb_stores
from tests.adapters.samples import event, transition

pytestmark = [pytest.mark.ministack, pytest.mark.usefixtures("pauses")]

ANNA = Identifier("email", "anna@example.com")
VISITOR = Identifier("anonymous_id", "visitor-1")


@pytest.fixture
def stores(tables: Tables) -> Stores:
    return dynamodb_stores(tables)


@pytest.fixture
def lose_the_next_response(tables: Tables) -> Callable[[], list[str]]:
    """Call it before the write; what it returns lists the operations whose answers were lost."""
    lost: list[str] = []

    def lose(request: Any, event_name: str, **_: Any) -> None:
        tables.client.meta.events.unregister("before-send.dynamodb", lose)
        tables.client._endpoint.http_session.send(request)
        lost.append(event_name.rpartition(".")[2])
        raise ReadTimeoutError(endpoint_url=request.url)

    def arm() -> list[str]:
        tables.client.meta.events.register("before-send.dynamodb", lose)
        return lost

    return arm


def test_an_event_shows_as_logged_by_the_same_message(
    stores: Stores, lose_the_next_response: Callable[[], list[str]]
) -> None:
    lost = lose_the_next_response()
    assert stores.events.put(event(ANNA), token="mine") == Recorded("mine", "fingerprint-1")
    assert lost == ["PutItem"]
    assert stores.events.read([ANNA]) == [event(ANNA)]


def test_a_plain_commit_shows_as_a_conflict_with_a_state_that_knows_the_event(
    stores: Stores, lose_the_next_response: Callable[[], list[str]]
) -> None:
    lost = lose_the_next_response()
    state = LeadState("L1", version=1, recent=((1, event(ANNA).short),))
    with pytest.raises(VersionConflict):
        stores.leads.commit(Commit(state))
    assert lost == ["PutItem"]
    assert stores.leads.read_states(["L1"]) == {"L1": state}


def test_a_transaction_is_made_once_and_succeeds(
    stores: Stores, lose_the_next_response: Callable[[], list[str]]
) -> None:
    lost = lose_the_next_response()
    stores.leads.commit(Commit(LeadState("L1", version=1), transition=transition("L1", 1), homes=(ANNA,)))
    assert lost == ["TransactWriteItems"]
    assert stores.leads.read_states(["L1"])["L1"].version == 1
    assert stores.transitions.read_transitions("L1", limit=9) == [transition("L1", 1)]


def test_a_merge_is_made_once_and_succeeds(stores: Stores, lose_the_next_response: Callable[[], list[str]]) -> None:
    stores.leads.link(VISITOR, "L2", is_new=True)
    lost = lose_the_next_response()
    closed = LeadState("L2", version=1, merged_into="L1")
    stores.leads.commit(Commit(LeadState("L1", version=1), closing=Closing(closed, None, (VISITOR,))))
    assert lost == ["TransactWriteItems"]
    assert stores.leads.find([VISITOR]) == {VISITOR: "L1"}


@pytest.mark.parametrize("identifier", [ANNA, VISITOR], ids=lambda identifier: identifier.kind)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_link_is_made_once_and_succeeds(
    stores: Stores, lose_the_next_response: Callable[[], list[str]], identifier: Identifier, is_new: bool
) -> None:
    lost = lose_the_next_response()
    stores.leads.link(identifier, "L1", is_new=is_new)
    assert len(lost) == 1
    assert stores.leads.find([identifier]) == {identifier: "L1"}
