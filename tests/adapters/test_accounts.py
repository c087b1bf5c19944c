"""The contract of the store of accounts: every test runs on the store in memory and on DynamoDB's in MiniStack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.adapters.dynamodb_accounts import DynamoDBAccountStore
from leadscore.adapters.dynamodb_keys import account_key, member_key, place_key
from leadscore.adapters.memory import MemoryStore
from leadscore.domain.account import ACCOUNT_BYTES_MAX
from leadscore.use_cases.ports import AccountState, AccountStore, Member, Place, VersionConflict

#: Characters that have a meaning in keys, in expressions or in JSON.
ODD = 'Acme#MEMBER#x/%23 "é" 株式会社'
NAMES = st.text(min_size=1, max_size=20)


@pytest.fixture(params=["memory", pytest.param("ministack", marks=pytest.mark.ministack)])
def store(request: pytest.FixtureRequest) -> AccountStore:
    if request.param == "memory":
        return MemoryStore()
    tables = request.getfixturevalue("tables")
    return DynamoDBAccountStore(tables.client, table=tables.leads)


def state(account: str, version: int, score: int = 0) -> AccountState:
    return AccountState(account, version, activation=1, score=score, leads=2, stamp=7, as_of=1_000)


def test_nothing_is_known_of_what_never_was(store: AccountStore) -> None:
    assert store.read_places(["L1"]) == {}
    assert store.read_places([]) == {}
    assert store.read_account("acme.com") is None
    assert store.read_members("acme.com") == []


def test_everything_comes_back_as_it_was_written(store: AccountStore) -> None:
    member, gone = Member("L1", 3, 1, -20), Member("L2", 9, 2, 0, is_gone=True)
    for account in ("acme.com", ODD):
        store.put_member(account, member, read=None)
        store.put_member(account, gone, read=None)
        store.put_account(state(account, 1, -5))
        assert sorted(store.read_members(account), key=lambda each: each.lead) == [member, gone]
        assert store.read_account(account) == state(account, 1, -5)
    store.put_place("L1", Place(ODD, 3), read=None)
    store.put_place("L2", Place("", 9), read=None)
    assert store.read_places(["L1", "L2", "L3"]) == {"L1": Place(ODD, 3), "L2": Place("", 9)}


def test_two_accounts_share_no_lead(store: AccountStore) -> None:
    store.put_member("a", Member("L1", 1, 1, 5), read=None)
    assert store.read_members("A") == []
    assert store.read_members("a#MEMBER") == []


def test_a_member_is_written_only_if_it_is_what_was_read(store: AccountStore) -> None:
    first, second = Member("L1", 3, 1, 5), Member("L1", 4, 1, 6)
    with pytest.raises(VersionConflict):
        store.put_member("a", second, read=first)
    store.put_member("a", first, read=None)
    for read in (None, second, Member("L1", 3, 2, 5), Member("L1", 2, 1, 5)):
        with pytest.raises(VersionConflict):
            store.put_member("a", second, read=read)
    assert store.read_members("a") == [first]
    store.put_member("a", second, read=first)
    assert store.read_members("a") == [second]


def test_that_a_lead_is_gone_can_be_replaced(store: AccountStore) -> None:
    gone, back = Member("L1", 3, 1, 0, is_gone=True), Member("L1", 4, 1, 6)
    store.put_member("a", gone, read=None)
    store.put_member("a", back, read=gone)
    assert store.read_members("a") == [back]


def test_a_place_is_written_only_if_it_is_what_was_read(store: AccountStore) -> None:
    first, second = Place("a", 3), Place("b", 4)
    with pytest.raises(VersionConflict):
        store.put_place("L1", second, read=first)
    store.put_place("L1", first, read=None)
    for read in (None, second):
        with pytest.raises(VersionConflict):
            store.put_place("L1", second, read=read)
    store.put_place("L1", second, read=first)
    assert store.read_places(["L1"]) == {"L1": second}


def test_an_account_is_written_only_after_the_version_before(store: AccountStore) -> None:
    with pytest.raises(VersionConflict):
        store.put_account(state("a", 2))
    store.put_account(state("a", 1))
    for version in (1, 3):
        with pytest.raises(VersionConflict):
            store.put_account(state("a", version, 9))
    store.put_account(state("a", 2, 4))
    assert store.read_account("a") == state("a", 2, 4)


def test_every_lead_of_a_large_account_is_read(store: AccountStore) -> None:
    leads = {f"L{number:04}" for number in range(150)}
    for lead in leads:
        store.put_member("a", Member(lead, 1, 1, 1), read=None)
    assert {member.lead for member in store.read_members("a")} == leads


@given(NAMES, NAMES)
def test_two_accounts_have_two_keys_and_none_looks_like_another_item(one: str, other: str) -> None:
    assert (one == other) == (account_key(one) == account_key(other))
    assert account_key(one)["pk"].count("#") == 1
    assert member_key(one, "L1")["pk"] == account_key(one)["pk"]
    assert place_key("L1")["pk"] == "LEAD#L1"


def test_the_longest_name_is_within_dynamodbs_bounds() -> None:
    assert len(account_key("\U0001f600" * (ACCOUNT_BYTES_MAX // 4))["pk"].encode()) <= 2_048
