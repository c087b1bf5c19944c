"""Plausible mistakes in keeping accounts, each of which the tests must find."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from leadscore.use_cases.accounts import GATHER_SECONDS, AccountKeeping
from leadscore.use_cases.ports import AccountState, Member, Place, VersionConflict
from leadscore.use_cases.rescoring.intake import Intake
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import LeadWork, Tally
from tests.use_cases.account_world import FaultyAccountStore
from tests.use_cases.mistaken import in_its_place


class TellsAfterItIsDone(AccountKeeping):
    """The messages are reported as done before the accounts are told of: a crash in between loses that."""

    def tell(self, leads: Iterable[str], *, delay_seconds: int = GATHER_SECONDS) -> None:
        with suppress(BaseException):
            super().tell(leads, delay_seconds=delay_seconds)


class ReadsTheAccountAfterItsLeads(AccountKeeping):
    """Between the two somebody else counts, and what that saw is written over."""

    def _count(self, account: str, *args: Any, **more: Any) -> set[str]:
        mistaken: Any = replace(self, accounts=_MembersFirst(self.accounts))
        return AccountKeeping._count(mistaken, account, *args, **more)


class _MembersFirst:
    def __init__(self, store: Any) -> None:
        self._store = store
        self._members: Sequence[Member] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read_account(self, account: str) -> AccountState | None:
        self._members = self._store.read_members(account)
        return self._store.read_account(account)  # type: ignore[no-any-return]

    def read_members(self, _account: str) -> Sequence[Member]:
        return self._members


class NobodyLeaves(AccountKeeping):
    """A lead comes into its new account and stays in the old one."""

    def _count_all(self, wishes: Any, work: Any, *, of: Any, leaves: bool) -> None:
        if not leaves:
            super()._count_all(wishes, work, of=of, leaves=leaves)


class OldAccountIsNotCounted(AccountKeeping):
    """A lead leaves its account, whose score stays."""

    def _counted(self, account: str, before: Any, members: Any, *more: Any) -> AccountState:
        counted = super()._counted(account, before, members, *more)
        stayed = before is not None and counted.leads < before.leads
        return counted._replace(score=before.score, leads=before.leads) if stayed else counted


class NoPlaces(AccountKeeping):
    """Nobody keeps in mind where a lead stands."""

    def _place(self, wish: Any) -> bool:
        return True


class PlaceAfterTheMember(AccountKeeping):
    """The lead stands in the account before its place says so."""

    def _put(self, account: str, wish: Any, wanted: Member, read: Member | None) -> Member:
        mistaken: Any = replace(self)
        mistaken._place = lambda _wish: True
        there = AccountKeeping._put(mistaken, account, wish, wanted, read)
        if not wanted.is_gone and (read is None or read.is_gone) and not self._place(wish):
            raise VersionConflict
        return there


class MarksAreNotRenewed(AccountKeeping):
    """A lead that is gone from an account is left as it is there, though somebody slow may still bring it back."""

    def _put(self, account: str, wish: Any, wanted: Member, read: Member | None) -> Member:
        if read is not None and read.is_gone and wanted.is_gone:
            return read
        return super()._put(account, wish, wanted, read)


class NowhereIsNoPlace(AccountKeeping):
    """That a lead stands nowhere is kept in mind only if it stood somewhere, and so anybody slow may put it there."""

    def _place(self, wish: Any) -> bool:
        return (not wish.account and not wish.former) or super()._place(wish)


class SameScoreIsNoNews(AccountKeeping):
    """Where the sum is the same nothing is written, though other leads make it."""

    def _counted(self, account: str, before: Any, *more: Any) -> AccountState:
        counted = super()._counted(account, before, *more)
        is_same = before is not None and (before.score, before.leads) == (counted.score, counted.leads)
        return counted._replace(stamp=before.stamp, activation=before.activation) if is_same else counted


class StatesReadBeforePlaces(AccountKeeping):
    """A lead may have moved on between the two, and is brought back."""

    def _wishes(self, work: Any) -> Any:
        states = self.leads.read_states(work.left)
        mistaken: Any = replace(self, leads=_Known(states))
        return AccountKeeping._wishes(mistaken, work)


class _Known:
    def __init__(self, states: Any) -> None:
        self.read_states = lambda _leads: states


@in_its_place
class RedeliveriesAreNoNews(Intake):
    """Whoever crashed after the commit told nobody, nor does whoever gets the message again."""

    def take_in(self, state: Any, deliveries: Any, tally: Tally) -> Any:
        logged = super().take_in(state, deliveries, tally)
        tally.stirs = False
        return logged


class TicksAreNoNews(Rescoring):
    """A tick that comes again finds nothing to do, and tells nobody of what the first one did."""

    def _note_accounts(self, state: Any, work: LeadWork, tally: Tally) -> None:
        super()._note_accounts(state, LeadWork(rulings=work.rulings), tally)


class ConflictsAreNoNews(Rescoring):
    """A conflict may be one with a commit of one's own whose answer was lost."""

    def _note_accounts(self, state: Any, work: LeadWork, tally: Tally) -> None:
        conflicts, tally.conflicts = tally.conflicts, 0
        super()._note_accounts(state, work, tally)
        tally.conflicts = conflicts


class WhoeverHasNoAccountIsNoNews(Rescoring):
    """A lead that has none any more has to leave the one that it had."""

    def _note_accounts(self, state: Any, work: LeadWork, tally: Tally) -> None:
        super()._note_accounts(replace(state, had_account=bool(state.account)), work, tally)


class RulingsAreNoNews(Rescoring):
    """A ruling that comes again changes nothing, and tells nobody of what it changed."""

    def _note_accounts(self, state: Any, work: LeadWork, tally: Tally) -> None:
        super()._note_accounts(state, replace(work, rulings=[]), tally)


class NothingForetold(Rescoring):
    """After an undone merge nobody knows any more whose part the lead was."""

    def __init__(self, **ports: Any) -> None:
        super().__init__(**{**ports, "foretell": lambda _leads: None})


class VersionsIgnored(FaultyAccountStore):
    """The last one who writes an account is right."""

    def put_account(self, state: AccountState) -> None:
        with self._call("put_account"):
            self._accounts[state.account] = state


class MembersWrittenBlindly(FaultyAccountStore):
    """Whoever comes late with an older state of a lead writes it."""

    def put_member(self, account: str, member: Member, *, read: Member | None) -> None:
        with self._call("put_member"):
            self._members.setdefault(account, {})[member.lead] = member


class PlacesWrittenBlindly(FaultyAccountStore):
    """Two who bring a lead into two accounts both succeed."""

    def put_place(self, lead: str, place: Place, *, read: Place | None) -> None:
        with self._call("put_place"):
            self._places[lead] = place


MUTANTS: list[type[Any]] = [
    TellsAfterItIsDone,
    ReadsTheAccountAfterItsLeads,
    NobodyLeaves,
    OldAccountIsNotCounted,
    NoPlaces,
    PlaceAfterTheMember,
    MarksAreNotRenewed,
    NowhereIsNoPlace,
    SameScoreIsNoNews,
    StatesReadBeforePlaces,
    RedeliveriesAreNoNews,
    TicksAreNoNews,
    ConflictsAreNoNews,
    WhoeverHasNoAccountIsNoNews,
    RulingsAreNoNews,
    NothingForetold,
    VersionsIgnored,
    MembersWrittenBlindly,
    PlacesWrittenBlindly,
]
