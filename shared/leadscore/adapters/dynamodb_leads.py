"""Leads, whom identifiers belong to, and the commit: the leads table.

Every condition lies inside the write that it guards, so that a write which is alone needs no transaction (half the
units). A transaction refused for a conflict with another one is as good as a failed condition: somebody is ahead.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import CONDITION_FAILED, batch_get, item_there, query, refusals
from leadscore.adapters.dynamodb_keys import (
    HOME_PREFIX,
    home_key,
    home_of,
    identifier_of,
    kind_of,
    known_key,
    marks_key,
    owner_key,
    profile_key,
    state_key,
)
from leadscore.adapters.dynamodb_marks import marks_from, marks_values
from leadscore.adapters.dynamodb_profile import profile_from, profile_values
from leadscore.adapters.dynamodb_state import state_from, state_values
from leadscore.adapters.dynamodb_transition import transition_values
from leadscore.adapters.pauses import TRIES_MAX, tries
from leadscore.domain.event import KNOWN_KINDS, Identifier
from leadscore.domain.state import LeadState, Profile
from leadscore.use_cases.ports import (
    Closing,
    Commit,
    IdentifierTaken,
    KindTaken,
    LeadClosed,
    Opening,
    StoreError,
    VersionConflict,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef


#: Actions of one transaction. DynamoDB takes 100.
_TRANSACTION_MAX = 90


class _Guarded(NamedTuple):
    """A write with a condition, and what it means when the item that is there fails it."""

    action: "TransactWriteItemTypeDef"
    refusal: Callable[[Mapping[str, Any]], StoreError]


def _leads_to(values: Mapping[str, Any]) -> str:
    """Where an identifier leads: to its owner, unless a merge has said where that went."""
    return str(values.get("leads_to") or values["belongs_to"])


class DynamoDBLeadStore:
    """LeadStore."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def find(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        keys = [owner_key(identifier) for identifier in identifiers]
        return {
            identifier_of(values["pk"]): _leads_to(values)
            for values in batch_get(self._client, self._table, keys, is_consistent=False)
        }

    def read_owners(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        keys = [owner_key(identifier) for identifier in identifiers]
        return {
            identifier_of(values["pk"]): values["belongs_to"]
            for values in batch_get(self._client, self._table, keys, is_consistent=True)
        }

    def link(self, identifier: Identifier, lead: str, *, is_new: bool, is_home: bool = False) -> None:
        owner = _Guarded(self._owner(identifier, lead), lambda there: IdentifierTaken(_leads_to(there)))
        # Nothing refuses a home, so nobody asks what its refusal means.
        home = [_Guarded(self._put(home_key(lead, identifier)), lambda _: StoreError())] if is_home else []
        if not identifier.is_known:
            self._link([owner, *home])
            return
        # All at once: no identifier may lead to a person that a merge could still take for nobody, and no lead be known
        # by a name that somebody else was first with. Only what others know of can have been closed.
        claim = _Guarded(self._claim(identifier, lead), lambda _: KindTaken())
        checks = [] if is_new else [_Guarded(self._open(lead), lambda _: LeadClosed())]
        self._link([*checks, owner, claim, *home])

    def find_states(self, leads: Iterable[str]) -> Mapping[str, LeadState]:
        return self._states(leads, is_consistent=False)

    def read_states(self, leads: Iterable[str]) -> Mapping[str, LeadState]:
        return self._states(leads, is_consistent=True)

    def _states(self, leads: Iterable[str], *, is_consistent: bool) -> Mapping[str, LeadState]:
        keys = [state_key(lead) for lead in leads]
        states = map(state_from, batch_get(self._client, self._table, keys, is_consistent=is_consistent))
        return {state.lead: state for state in states}

    def read_profile(self, lead: str) -> Profile:
        found = batch_get(self._client, self._table, [profile_key(lead)], is_consistent=True)
        return next(map(profile_from, found), {})

    def read_marks(self, lead: str) -> frozenset[int]:
        found = batch_get(self._client, self._table, [marks_key(lead)], is_consistent=True)
        return next(map(marks_from, found), frozenset())

    def read_known(self, lead: str) -> Mapping[str, str]:
        keys = [known_key(lead, kind) for kind in KNOWN_KINDS]
        found = batch_get(self._client, self._table, keys, is_consistent=True)
        return {kind_of(values["sk"]): values["known_as"] for values in found}

    def read_homes(self, lead: str) -> Sequence[Identifier]:
        key = {":pk": state_key(lead)["pk"], ":prefix": HOME_PREFIX}
        homes = query(
            self._client,
            {
                "TableName": self._table,
                "ConsistentRead": True,
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
                "ExpressionAttributeValues": to_item(key),
            },
        )
        return sorted(home_of(values["sk"]) for values in homes)

    def commit(self, commit: Commit) -> None:
        state = commit.state
        writes = [self._versioned(state)]
        if commit.profile is not None:
            writes.append(self._put(profile_values(state.lead, commit.profile)))
        if commit.marks is not None:
            writes.append(self._put(marks_values(state.lead, commit.marks)))
        if commit.transition is not None:
            writes.append(self._put(transition_values(commit.transition)))
        if commit.closing is not None:
            writes += self._close(commit.closing, into=state.lead)
        homes = [self._put(home_key(state.lead, home)) for home in commit.homes]
        try:
            if commit.opening is not None:
                writes += self._open_again(commit.opening)
                homes = self._move_homes(commit.opening, state, room=_TRANSACTION_MAX - len(writes))
            room = _TRANSACTION_MAX - len(writes)
            # A home that is known early only lets a full fold see its events early. The last ones go ahead: a merge
            # names the closed lead's first, and those may become the winner's only together with all the rest.
            for home in homes[room:]:
                self._write([home])
            self._write([*writes, *homes[:room]])
        except ClientError as error:
            if refusals(error):
                raise VersionConflict from error
            raise

    # The actions of a write

    def _put(
        self, values: Mapping[str, Any], condition: str = "", compared: Mapping[str, Any] | None = None
    ) -> "TransactWriteItemTypeDef":
        put: PutTypeDef = {"TableName": self._table, "Item": to_item(values)}
        if condition:
            put |= {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        if compared:
            put["ExpressionAttributeValues"] = to_item(compared)
        return {"Put": put}

    def _versioned(self, state: LeadState) -> "TransactWriteItemTypeDef":
        if state.version == 1:
            return self._put(state_values(state), "attribute_not_exists(pk)")
        return self._put(state_values(state), "v = :read", {":read": state.version - 1})

    def _owner(self, identifier: Identifier, lead: str) -> "TransactWriteItemTypeDef":
        return self._put(
            {**owner_key(identifier), "belongs_to": lead},
            "attribute_not_exists(pk) OR belongs_to = :lead",
            {":lead": lead},
        )

    def _claim(self, identifier: Identifier, lead: str) -> "TransactWriteItemTypeDef":
        name = {":name": identifier.value}
        values = {**known_key(lead, identifier.kind), "known_as": identifier.value}
        return self._put(values, "attribute_not_exists(pk) OR known_as = :name", name)

    def _lead_to(self, lead: str, identifier: Identifier, *, owner: str) -> "TransactWriteItemTypeDef":
        """Let an identifier be found to lead somewhere else than to its owner, which stays what it is."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item(owner_key(identifier)),
                "UpdateExpression": "SET belongs_to = if_not_exists(belongs_to, :owner), leads_to = :lead",
                "ExpressionAttributeValues": to_item({":owner": owner, ":lead": lead}),
            }
        }

    def _delete(self, key: Mapping[str, str]) -> "TransactWriteItemTypeDef":
        return {"Delete": {"TableName": self._table, "Key": to_item(key)}}

    def _still(self, state: LeadState) -> "TransactWriteItemTypeDef":
        """That the version before this one is the latest."""
        check = self._check(state_key(state.lead), "v = :read")
        check["ConditionCheck"]["ExpressionAttributeValues"] = to_item({":read": state.version - 1})
        return check

    def _check(self, key: Mapping[str, str], condition: str) -> "TransactWriteItemTypeDef":
        return {"ConditionCheck": {"TableName": self._table, "Key": to_item(key), "ConditionExpression": condition}}

    def _open(self, lead: str) -> "TransactWriteItemTypeDef":
        return self._check(state_key(lead), "attribute_not_exists(merged_into)")

    def _close(self, closing: Closing, *, into: str) -> "list[TransactWriteItemTypeDef]":
        loser = closing.state.lead
        writes = [self._versioned(closing.state)]
        if closing.transition is not None:
            writes.append(self._put(transition_values(closing.transition)))
        writes += [self._lead_to(into, identifier, owner=loser) for identifier in closing.identifiers]
        if not closing.is_ruled:
            # Somebody may have claimed a name for it since it was found anonymous: then it is a person, and stays.
            writes += [self._check(known_key(loser, kind), "attribute_not_exists(pk)") for kind in sorted(KNOWN_KINDS)]
        return writes

    def _open_again(self, opening: Opening) -> "list[TransactWriteItemTypeDef]":
        lead = opening.state.lead
        writes = [self._versioned(opening.state)]
        if opening.profile is not None:
            writes.append(self._put(profile_values(lead, opening.profile)))
        if opening.marks is not None:
            writes.append(self._put(marks_values(lead, opening.marks)))
        if opening.transition is not None:
            writes.append(self._put(transition_values(opening.transition)))
        return writes

    def _move_homes(self, opening: Opening, state: LeadState, *, room: int) -> "list[TransactWriteItemTypeDef]":
        """The writes that give a lead its homes back; what there is no room for is written at once.

        First goes where the identifiers lead and what is the closed lead's own, which makes no difference yet, and what
        the other loses goes last. All of it only while both leads are as they were read, or it could take a home from a
        lead that is open by now.
        """
        lead = opening.state.lead
        there, own = set(self.read_homes(lead)), set(opening.homes)
        moves = [self._lead_to(lead, home, owner=lead) for home in opening.homes]
        moves += [self._put(home_key(lead, home)) for home in sorted(own - there)]
        moves += [self._delete(home_key(lead, home)) for home in sorted(there - own)]
        moves += [self._delete(home_key(state.lead, home)) for home in opening.homes]
        early, last = moves[: max(0, len(moves) - room)], moves[max(0, len(moves) - room) :]
        as_read = [self._still(one) for one in (state, opening.state)]
        for chunk in batched(early, _TRANSACTION_MAX - len(as_read), strict=False):
            self._write([*as_read, *chunk])
        return last

    # Writing

    def _write(self, writes: "Sequence[TransactWriteItemTypeDef]") -> None:
        if len(writes) == 1:
            self._client.put_item(**writes[0]["Put"])
        else:
            self._client.transact_write_items(TransactItems=writes)

    def _link(self, writes: "Sequence[_Guarded]") -> None:
        """Write all, or raise what the first refused one says. Only a conflict is worth another try."""
        for attempt in tries():
            try:
                self._write([write.action for write in writes])
            except ClientError as error:
                codes = refusals(error)
                if CONDITION_FAILED in codes:
                    position = codes.index(CONDITION_FAILED)
                    raise writes[position].refusal(item_there(error, position)) from error
                if not codes or attempt == TRIES_MAX - 1:
                    raise
            else:
                return
