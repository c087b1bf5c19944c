"""What DynamoDB may answer that MiniStack never does: throttling, conflicts, batches read in part."""

import json
from collections.abc import Callable
from copy import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import Unserved
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_keys import owner_key
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.pauses import TRIES_MAX
from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState, Trait, Trust
from leadscore.use_cases.ports import (
    Closing,
    Commit,
    IdentifierTaken,
    KindTaken,
    LeadClosed,
    StoreError,
    VersionConflict,
)
from tests.adapters.conftest import Answers
from tests.adapters.samples import NOW, event, transition

ANNA = Identifier("email", "anna@example.com")
VISITOR = Identifier("anonymous_id", "visitor-1")
STATE = LeadState("L1", version=2)
#: A commit with everything that one can hold: ten writes.
MERGE = Commit(
    STATE,
    profile={"name": Trait("Anna", Trust.SERVER, NOW, "event-1")},
    transition=transition("L1", 2),
    homes=(ANNA, VISITOR),
    closing=Closing(LeadState("L2", version=3, merged_into="L1"), transition("L2", 3), (VISITOR,)),
)
MERGE_WRITES = 10


def refusal(code: str, **more: Any) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}).encode()


def cancelled(codes: list[str], item: dict[str, Any] | None = None) -> tuple[int, bytes]:
    """A transaction refused, with a reason for each of its actions; `item` is what the failed condition met."""
    met = {"Item": json.loads(json.dumps(to_item(item)))} if item else {}
    reasons = [{"Code": code, "Message": "said", **(met if code == "ConditionalCheckFailed" else {})} for code in codes]
    return refusal("TransactionCanceledException", CancellationReasons=reasons)


def only(code: str, position: int, of: int) -> list[str]:
    return [code if place == position else "None" for place in range(of)]


@pytest.fixture
def dynamodb(answers: Callable[[str], Answers]) -> Answers:
    return answers("dynamodb")


@pytest.fixture
def leads(dynamodb: Answers) -> DynamoDBLeadStore:
    return DynamoDBLeadStore(dynamodb.client, table="leads")


class TestCommit:
    @pytest.mark.parametrize("code", ["ConditionalCheckFailed", "TransactionConflict"])
    @pytest.mark.parametrize("position", range(MERGE_WRITES))
    def test_a_reason_at_any_place_is_a_conflict(
        self, leads: DynamoDBLeadStore, dynamodb: Answers, code: str, position: int
    ) -> None:
        dynamodb.prepare(*cancelled(only(code, position, MERGE_WRITES)))
        with pytest.raises(VersionConflict):
            leads.commit(MERGE)
        assert len(dynamodb.requests[0]["TransactItems"]) == MERGE_WRITES

    @pytest.mark.parametrize(
        "code", ["ThrottlingError", "ProvisionedThroughputExceeded", "ValidationError", "AnotherOne"]
    )
    @pytest.mark.parametrize("other", ["None", "ConditionalCheckFailed", "TransactionConflict"])
    def test_trouble_at_any_place_is_no_conflict(
        self, leads: DynamoDBLeadStore, dynamodb: Answers, code: str, other: str
    ) -> None:
        for position in range(MERGE_WRITES):
            codes = [code if place == position else other for place in range(MERGE_WRITES)]
            dynamodb.prepare(*cancelled(codes))
        for _ in range(MERGE_WRITES):
            with pytest.raises(ClientError) as trouble:
                leads.commit(MERGE)
            assert trouble.value.response["Error"]["Code"] == "TransactionCanceledException"

    @pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "TransactionConflictException"])
    def test_a_plain_write_may_be_refused_for_both_too(
        self, leads: DynamoDBLeadStore, dynamodb: Answers, code: str
    ) -> None:
        dynamodb.prepare(*refusal(code))
        with pytest.raises(VersionConflict):
            leads.commit(Commit(STATE))
        assert "Item" in dynamodb.requests[0]

    @pytest.mark.parametrize("commit", [Commit(STATE), MERGE], ids=["plain", "transaction"])
    def test_throttling_is_retried_and_then_told(
        self, leads: DynamoDBLeadStore, dynamodb: Answers, pauses: list[float], commit: Commit
    ) -> None:
        dynamodb.prepare(*refusal("ProvisionedThroughputExceededException"))
        with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
            leads.commit(commit)
        assert len(pauses) == 2

    @pytest.mark.usefixtures("pauses")
    def test_a_transaction_names_itself_so_that_a_lost_response_is_no_second_write(
        self, leads: DynamoDBLeadStore, dynamodb: Answers
    ) -> None:
        tokens: list[str] = []
        dynamodb.client.meta.events.register(
            "before-send.dynamodb",
            lambda request, **_: tokens.append(json.loads(request.body)["ClientRequestToken"]),
            unique_id="tokens",
        )
        dynamodb.prepare(500, b"{}")
        dynamodb.prepare(200, b"{}")
        leads.commit(MERGE)
        leads.commit(MERGE)
        assert tokens[0] == tokens[1] != tokens[2]

    def test_homes_that_fit_no_transaction_are_written_before_it_and_a_merges_with_it(
        self, leads: DynamoDBLeadStore, dynamodb: Answers
    ) -> None:
        """The first homes are the closed lead's: known early, they would be the winner's even if it may not merge."""
        more = tuple(Identifier("anonymous_id", f"visitor-{number:03}") for number in range(150))
        dynamodb.prepare(200, b"{}")
        leads.commit(replace(MERGE, homes=(VISITOR, *more)))
        *early, together = dynamodb.requests
        written = [put["Put"]["Item"]["sk"]["S"] for put in together["TransactItems"] if "Put" in put]
        assert len(together["TransactItems"]) == 90
        assert f"HOME#{VISITOR.key}" in written
        assert {"STATE", "PROFILE"} < set(written)
        in_transaction = [sk for sk in written if sk.startswith("HOME#")]
        assert in_transaction + [put["Item"]["sk"]["S"] for put in early] == [
            f"HOME#{home.key}" for home in (VISITOR, *more)
        ]

    def test_a_home_that_another_worker_is_writing_is_a_conflict(
        self, leads: DynamoDBLeadStore, dynamodb: Answers
    ) -> None:
        homes = tuple(Identifier("anonymous_id", f"visitor-{number:03}") for number in range(150))
        dynamodb.prepare(*refusal("TransactionConflictException"))
        with pytest.raises(VersionConflict):
            leads.commit(Commit(STATE, homes=homes))
        assert len(dynamodb.requests) == 1


class TestLink:
    @pytest.mark.parametrize(
        ("position", "meant", "item"),
        [
            (0, LeadClosed, {"merged_into": "L9"}),
            (1, IdentifierTaken, {**owner_key(ANNA), "belongs_to": "L7"}),
            (2, KindTaken, {"known_as": "bert@example.com"}),
        ],
    )
    def test_the_place_of_a_failed_condition_says_what_it_means(
        self,
        leads: DynamoDBLeadStore,
        dynamodb: Answers,
        position: int,
        meant: type[StoreError],
        item: dict[str, str],
    ) -> None:
        for other in ("None", "TransactionConflict"):
            codes = [other] * 3
            codes[position] = "ConditionalCheckFailed"
            dynamodb.prepare(*cancelled(codes, item))
        for _ in range(2):
            with pytest.raises(meant) as refused:
                leads.link(ANNA, "L1", is_new=False)
            assert getattr(refused.value, "lead", "L7") == "L7"

    def test_a_new_lead_that_comes_second_is_told_whose_the_name_is(
        self, leads: DynamoDBLeadStore, dynamodb: Answers
    ) -> None:
        owner = {**owner_key(ANNA), "belongs_to": "L7"}
        dynamodb.prepare(*cancelled(["ConditionalCheckFailed", "None"], owner))
        with pytest.raises(IdentifierTaken) as taken:
            leads.link(ANNA, "L1", is_new=True)
        assert taken.value.lead == "L7"
        assert [len(asked["TransactItems"]) for asked in dynamodb.requests] == [2]

    @pytest.mark.parametrize("is_new", [True, False])
    @pytest.mark.parametrize("identifier", [ANNA, VISITOR], ids=lambda identifier: identifier.kind)
    def test_a_conflict_is_worth_another_try(
        self, leads: DynamoDBLeadStore, dynamodb: Answers, pauses: list[float], identifier: Identifier, is_new: bool
    ) -> None:
        conflict = (
            cancelled(only("TransactionConflict", 1, 2 if is_new else 3))
            if identifier.is_known
            else refusal("TransactionConflictException")
        )
        for _ in range(TRIES_MAX - 1):
            dynamodb.prepare(*conflict)
        dynamodb.prepare(200, b"{}")
        leads.link(identifier, "L1", is_new=is_new)
        assert len(pauses) == TRIES_MAX - 1
        assert sum(pauses) <= 1.5

    @pytest.mark.parametrize("identifier", [ANNA, VISITOR], ids=lambda identifier: identifier.kind)
    @pytest.mark.usefixtures("pauses")
    def test_conflicts_without_end_are_told(
        self, leads: DynamoDBLeadStore, dynamodb: Answers, identifier: Identifier
    ) -> None:
        dynamodb.prepare(
            *(
                cancelled(only("TransactionConflict", 2, 3))
                if identifier.is_known
                else refusal("TransactionConflictException")
            )
        )
        with pytest.raises(ClientError, match="Transaction"):
            leads.link(identifier, "L1", is_new=False)
        assert len(dynamodb.requests) == TRIES_MAX

    def test_trouble_is_told_at_once(self, leads: DynamoDBLeadStore, dynamodb: Answers, pauses: list[float]) -> None:
        dynamodb.prepare(*cancelled(["None", "ConditionalCheckFailed", "ThrottlingError"], {"belongs_to": "L7"}))
        with pytest.raises(ClientError):
            leads.link(ANNA, "L1", is_new=False)
        assert len(dynamodb.requests) == 1
        assert pauses == []


class TestBatches:
    KEYS = tuple(owner_key(Identifier("anonymous_id", f"visitor-{number}")) for number in range(3))

    def answer(self, found: list[int], left: list[int]) -> tuple[int, bytes]:
        items = [to_item({**self.KEYS[number], "belongs_to": f"L{number}"}) for number in found]
        unprocessed = {"leads": {"Keys": [to_item(self.KEYS[number]) for number in left]}} if left else {}
        return 200, json.dumps({"Responses": {"leads": items}, "UnprocessedKeys": unprocessed}).encode()

    def find(self, leads: DynamoDBLeadStore) -> set[str]:
        return set(leads.find([Identifier("anonymous_id", f"visitor-{number}") for number in range(3)]).values())

    def test_what_was_left_unread_is_asked_for_again(
        self, leads: DynamoDBLeadStore, dynamodb: Answers, pauses: list[float]
    ) -> None:
        dynamodb.prepare(*self.answer([1], [0, 2]))
        dynamodb.prepare(*self.answer([], [0, 2]))
        dynamodb.prepare(*self.answer([0], [2]))
        dynamodb.prepare(*self.answer([2], []))
        assert self.find(leads) == {"L0", "L1", "L2"}
        assert [len(asked["RequestItems"]["leads"]["Keys"]) for asked in dynamodb.requests] == [3, 2, 2, 1]
        assert len(pauses) == 3

    @pytest.mark.usefixtures("pauses")
    def test_what_is_left_unread_for_ever_is_not_taken_for_absent(
        self, leads: DynamoDBLeadStore, dynamodb: Answers
    ) -> None:
        dynamodb.prepare(*self.answer([1], [0, 2]))
        with pytest.raises(Unserved):
            self.find(leads)
        assert len(dynamodb.requests) == TRIES_MAX

    def test_no_batch_is_larger_than_dynamodb_takes(self, leads: DynamoDBLeadStore, dynamodb: Answers) -> None:
        dynamodb.prepare(200, b'{"Responses": {"leads": []}}')
        leads.read_states(f"L{number % 201}" for number in range(300))
        asked = [request["RequestItems"]["leads"] for request in dynamodb.requests]
        assert [len(each["Keys"]) for each in asked] == [100, 100, 1]
        assert {each["ConsistentRead"] for each in asked} == {True}

    def test_identities_are_read_as_cheaply_as_can_be(self, leads: DynamoDBLeadStore, dynamodb: Answers) -> None:
        dynamodb.prepare(200, b'{"Responses": {"leads": []}}')
        leads.find([VISITOR])
        assert dynamodb.requests[0]["RequestItems"]["leads"]["ConsistentRead"] is False


class TestConsistency:
    """MiniStack knows no stale reads, so the wire is looked at: only identities may be read stale."""

    def test_what_a_fold_rests_on_is_read_as_it_is(self, leads: DynamoDBLeadStore, dynamodb: Answers) -> None:
        dynamodb.prepare(200, b'{"Responses": {"leads": []}, "Items": []}')
        leads.read_profile("L1")
        leads.read_homes("L1")
        profile, homes = dynamodb.requests
        assert profile["RequestItems"]["leads"]["ConsistentRead"] is True
        assert homes["ConsistentRead"] is True


class TestEventLog:
    @pytest.mark.usefixtures("pauses")
    def test_trouble_is_not_taken_for_a_repeated_event(self, dynamodb: Answers) -> None:
        log = DynamoDBEventLog(dynamodb.client, table="events")
        dynamodb.prepare(*refusal("ThrottlingException"))
        with pytest.raises(ClientError, match="Throttling"):
            log.put(event(ANNA), token="t")

    def test_pages_are_read_to_the_end_even_through_an_empty_one(self, dynamodb: Answers) -> None:
        log = DynamoDBEventLog(dynamodb.client, table="events")
        end = {"pk": {"S": ANNA.key}, "sk": {"S": "EVENT#1"}}
        dynamodb.prepare(200, json.dumps({"Items": [], "LastEvaluatedKey": end}).encode())
        dynamodb.prepare(200, json.dumps({"Items": []}).encode())
        assert log.read([ANNA]) == []
        assert [request.get("ExclusiveStartKey") for request in dynamodb.requests] == [None, end]
        assert all(request["ConsistentRead"] for request in dynamodb.requests)
