"""Accounts, their leads, and where a lead stands."""

from collections.abc import Iterable, Mapping, Sequence

from leadscore.adapters.memory.hooks import Hook, Hooks, ignore
from leadscore.use_cases.ports import AccountState, Member, Place, VersionConflict


class MemoryAccountStore(Hooks):
    """AccountStore."""

    def __init__(self, before_call: Hook = ignore, after_call: Hook = ignore) -> None:
        super().__init__(before_call, after_call)
        self._places: dict[str, Place] = {}
        self._accounts: dict[str, AccountState] = {}
        self._members: dict[str, dict[str, Member]] = {}

    def read_places(self, leads: Iterable[str]) -> Mapping[str, Place]:
        with self._call("read_places"):
            return {lead: self._places[lead] for lead in leads if lead in self._places}

    def put_place(self, lead: str, place: Place, *, read: Place | None) -> None:
        with self._call("put_place"):
            if self._places.get(lead) != read:
                raise VersionConflict
            self._places[lead] = place

    def read_account(self, account: str) -> AccountState | None:
        with self._call("read_account"):
            return self._accounts.get(account)

    def read_members(self, account: str) -> Sequence[Member]:
        with self._call("read_members"):
            return list(self._members.get(account, {}).values())

    def put_member(self, account: str, member: Member, *, read: Member | None) -> None:
        with self._call("put_member"):
            members = self._members.setdefault(account, {})
            if members.get(member.lead) != read:
                raise VersionConflict
            members[member.lead] = member

    def put_account(self, state: AccountState) -> None:
        with self._call("put_account"):
            there = self._accounts.get(state.account)
            if (0 if there is None else there.version) != state.version - 1:
                raise VersionConflict
            self._accounts[state.account] = state
