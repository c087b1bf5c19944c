"""Accounts in the leads table: which leads stand in one, and its score. Nothing is ever deleted.

What was read is compared by the version that it has, which never comes again: so each write is a plain conditional put
of one item, at one unit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_calls import batch_get, query, refusals
from leadscore.adapters.dynamodb_keys import (
    MEMBER_PREFIX,
    account_key,
    lead_of,
    member_key,
    member_of,
    place_key,
)
from leadscore.use_cases.ports import AccountState, Member, Place, VersionConflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutItemInputTypeDef


class DynamoDBAccountStore:
    """AccountStore."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def read_places(self, leads: Iterable[str]) -> Mapping[str, Place]:
        found = batch_get(self._client, self._table, map(place_key, leads), is_consistent=True)
        return {lead_of(values["pk"]): Place(values["account"], values["v"]) for values in found}

    def put_place(self, lead: str, place: Place, *, read: Place | None) -> None:
        values = {**place_key(lead), "account": place.account, "v": place.version}
        self._put(values, None if read is None else {"v": read.version})

    def read_account(self, account: str) -> AccountState | None:
        found = batch_get(self._client, self._table, [account_key(account)], is_consistent=True)
        return next((_state(account, values) for values in found), None)

    def read_members(self, account: str) -> Sequence[Member]:
        found = query(
            self._client,
            {
                "TableName": self._table,
                "ConsistentRead": True,
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
                "ExpressionAttributeValues": to_item({":pk": account_key(account)["pk"], ":prefix": MEMBER_PREFIX}),
            },
        )
        return [_member(values) for values in found]

    def put_member(self, account: str, member: Member, *, read: Member | None) -> None:
        values = {
            **member_key(account, member.lead),
            "v": member.version,
            "act": member.activation,
            "points": member.points,
            **({"gone": True} if member.is_gone else {}),
        }
        self._put(values, None if read is None else {"v": read.version, "act": read.activation})

    def put_account(self, state: AccountState) -> None:
        values = {
            **account_key(state.account),
            "v": state.version,
            "act": state.activation,
            "score": state.score,
            "leads": state.leads,
            "stamp": state.stamp,
            "as_of": state.as_of,
        }
        self._put(values, None if state.version == 1 else {"v": state.version - 1})

    def _put(self, values: Mapping[str, Any], read: Mapping[str, int] | None) -> None:
        """Write the item, if it is still as it was read: with these attributes, or not there at all."""
        request: PutItemInputTypeDef = {"TableName": self._table, "Item": to_item(values)}
        if read is None:
            request["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            request["ConditionExpression"] = " AND ".join(f"{name} = :{name}" for name in read)
            request["ExpressionAttributeValues"] = to_item({f":{name}": value for name, value in read.items()})
        try:
            self._client.put_item(**request)
        except ClientError as error:
            if refusals(error):
                raise VersionConflict from error
            raise


def _state(account: str, values: Mapping[str, Any]) -> AccountState:
    return AccountState(
        account=account,
        version=values["v"],
        activation=values["act"],
        score=values["score"],
        leads=values["leads"],
        stamp=values["stamp"],
        as_of=values["as_of"],
    )


def _member(values: Mapping[str, Any]) -> Member:
    return Member(
        lead=member_of(values["sk"]),
        version=values["v"],
        activation=values["act"],
        points=values["points"],
        is_gone=values.get("gone", False),
    )
