"""Accounts' scores: kept up behind the leads', from what their states say, by messages that only name leads.

A lead stands in one account at most, and its place says in which. Whoever brings it into an account, or out of all of
them, writes the place first and names the version of the lead that asks for it; whoever takes it out of an account
writes there that it is gone. So somebody slow, with an older state of the lead, is refused wherever it writes.

An account is read before its leads are, and written only if nobody wrote it since: whoever read its leads before a
change cannot write it after somebody who saw the change. Where nothing changed, nothing is written.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import NamedTuple

from leadscore.domain.account import account_of_lead, account_score, points_for_account
from leadscore.domain.rules import Accounts
from leadscore.domain.state import LeadState
from leadscore.use_cases.messages import ACCOUNT_LEADS_MAX, accounts_body
from leadscore.use_cases.ports import (
    AccountState,
    AccountStore,
    EventsQueue,
    LeadStore,
    Member,
    Models,
    Place,
    VersionConflict,
)

#: For so long changes of a lead gather before its account is looked at.
GATHER_SECONDS = 5
#: What is told before it is done is looked at after the worker that does it is gone for sure, done or not.
FORETOLD_SECONDS = 120
#: Rounds before a message goes back to the queue.
TRIES_MAX = 8

#: Runs tasks beside each other and gives what each gave, or the exception that it raised, in order.
type RunAll = Callable[[list[Callable[[], set[str]]]], list[set[str] | Exception]]


class AccountContended(Exception):
    """The account, or the lead, changed under every try: the message comes back later."""


class Unkept(NamedTuple):
    """A lead whose account could not be brought up to date, and the messages that have to come back for it."""

    lead: str
    messages: frozenset[str]
    error: Exception


class _Wish(NamedTuple):
    """What is to become of a lead: it shall stand in the account that its state says, "" for none."""

    state: LeadState
    place: Place | None
    account: str

    @property
    def lead(self) -> str:
        return self.state.lead

    @property
    def former(self) -> str:
        """The account that it has to leave first, "" for none."""
        stands_in = "" if self.place is None else self.place.account
        return "" if stands_in == self.account else stands_in


@dataclass(kw_only=True)
class AccountKeeping:
    """Brings accounts up to date. `pause` waits before try number n, with jitter; `now` is in ms.

    `queue` makes the events queue, when it is first needed: most functions that start never send anything.
    """

    leads: LeadStore
    accounts: AccountStore
    models: Models
    queue: Callable[[], EventsQueue]
    run_all: RunAll
    now: Callable[[], int]
    pause: Callable[[int], None]

    # -- telling ---------------------------------------------------------------------------------------------------

    def tell(self, leads: Iterable[str], *, delay_seconds: int = GATHER_SECONDS) -> None:
        """Have these leads' accounts looked at after a while: in one call to the queue for a batch's leads."""
        activation, _ = self.models.active()
        bodies = [
            accounts_body(batch, activation=activation)
            for batch in batched(sorted(leads), ACCOUNT_LEADS_MAX, strict=False)
        ]
        if bodies:
            self.queue().send(bodies, delay_seconds=delay_seconds)

    # -- keeping ---------------------------------------------------------------------------------------------------

    def keep(self, asked: Mapping[str, Iterable[str]], *, at_least: int) -> list[Unkept]:
        """Bring the accounts of these leads up to date, each asked for by messages; gives those that failed.

        The model is that of the activation `at_least`, or a later one. For a lead that became part of another, that
        other is looked at, too.
        """
        if self.models.active(at_least=at_least)[1].accounts is None:
            return []
        work = _Work({lead: set(messages) for lead, messages in asked.items()}, at_least)
        for attempt in range(TRIES_MAX):
            if not work.left:
                break
            if attempt:
                self.pause(attempt)
            try:
                self._round(work)
            except Exception as error:  # noqa: BLE001  What could not be read is read when the messages come back.
                work.fail(work.left, error)
        work.fail(work.left, AccountContended())
        return work.unkept

    def _round(self, work: "_Work") -> None:
        """Try once with every lead that is left: first out of the accounts that they leave, then into their own."""
        wishes = self._wishes(work)
        self._count_all(wishes, work, of=lambda wish: wish.former, leaves=True)
        wishes = [wish for wish in wishes if wish.lead not in work.again and wish.lead in work.left]
        for wish in wishes:
            if not wish.account and not self._place(wish):
                work.again.add(wish.lead)
        self._count_all(wishes, work, of=lambda wish: wish.account, leaves=False)
        work.end_round()

    def _wishes(self, work: "_Work") -> list[_Wish]:
        """A state is read after the place that it is compared with, so it is never of an earlier version."""
        places = self.accounts.read_places(work.left)
        states = self.leads.read_states(work.left)
        for lead, state in states.items():
            if state.merged_into:
                work.ask_too(state.merged_into, because_of=lead)
        return [_Wish(state, places.get(lead), account_of_lead(state)) for lead, state in states.items()]

    def _count_all(self, wishes: Iterable[_Wish], work: "_Work", *, of: Callable[[_Wish], str], leaves: bool) -> None:
        """Count accounts beside each other, each once for all of its leads."""
        by_account: dict[str, list[_Wish]] = {}
        for wish in wishes:
            by_account.setdefault(of(wish), []).append(wish)
        by_account.pop("", None)

        def task(account: str) -> Callable[[], set[str]]:
            return lambda: self._count(account, by_account[account], work.at_least, leaves=leaves)

        for account, outcome in zip(by_account, self.run_all([task(account) for account in by_account]), strict=True):
            if isinstance(outcome, Exception):
                work.fail({wish.lead for wish in by_account[account]}, outcome)
            else:
                work.again |= outcome

    def _count(self, account: str, wishes: Sequence[_Wish], at_least: int, *, leaves: bool) -> set[str]:
        """Bring these leads into the account, or out of it, and count it anew; gives those to be tried again."""
        before = self.accounts.read_account(account)
        members = {member.lead: member for member in self.accounts.read_members(account)}
        known = [member.activation for member in members.values()] + [wish.state.activation for wish in wishes]
        activation, model = self.models.active(at_least=max(at_least, before.activation if before else 0, *known))
        if model.accounts is None:
            return set()
        again = set()
        for wish in wishes:
            points = 0 if leaves else points_for_account(wish.state, model, model.accounts)
            wanted = Member(wish.lead, wish.state.version, activation, points, is_gone=leaves)
            try:
                members[wish.lead] = self._put(account, wish, wanted, members.get(wish.lead))
            except VersionConflict:
                again.add(wish.lead)
        counted = self._counted(account, before, members.values(), activation, model.accounts)
        if before is not None and _says_the_same(before, counted):
            return again
        try:
            self.accounts.put_account(counted)
        except VersionConflict:
            return {wish.lead for wish in wishes}
        return again

    def _put(self, account: str, wish: _Wish, wanted: Member, read: Member | None) -> Member:
        """Write what the lead brings, unless that is there; gives what is there then. Raises VersionConflict."""
        if read is not None and read.version > wanted.version:
            raise VersionConflict  # Somebody saw a later state.
        if read is not None and _brings_the_same(read, wanted):
            return read
        is_back = not wanted.is_gone and (read is None or read.is_gone)
        if is_back and not self._place(wish):
            raise VersionConflict
        self.accounts.put_member(account, wanted, read=read)
        return wanted

    def _place(self, wish: _Wish) -> bool:
        """Say where the lead stands from now on; False if somebody said anything since the place was read."""
        place = Place(wish.account, wish.state.version)
        try:
            if wish.place != place:
                self.accounts.put_place(wish.lead, place, read=wish.place)
        except VersionConflict:
            return False
        return True

    def _counted(
        self, account: str, before: AccountState | None, members: Iterable[Member], activation: int, accounts: Accounts
    ) -> AccountState:
        everybody = list(members)
        points = [member.points for member in everybody if not member.is_gone]
        return AccountState(
            account=account,
            version=1 if before is None else before.version + 1,
            activation=activation,
            score=account_score(points, accounts),
            leads=len(points),
            stamp=sum(member.version + member.activation for member in everybody),
            as_of=self.now(),
        )


class _Work:
    """The leads of some messages: those that are left, those to be tried again, and those that failed."""

    def __init__(self, asked: dict[str, set[str]], at_least: int) -> None:
        self.at_least = at_least
        self.left = set(asked)
        self.again: set[str] = set()
        self.unkept: list[Unkept] = []
        self._asked = asked

    def ask_too(self, lead: str, *, because_of: str) -> None:
        if lead not in self._asked:
            self._asked[lead] = set(self._asked[because_of])
            self.again.add(lead)

    def end_round(self) -> None:
        self.left, self.again = self.again, set()

    def fail(self, leads: Iterable[str], error: Exception) -> None:
        failed = set(leads)
        self.unkept += [Unkept(lead, frozenset(self._asked[lead]), error) for lead in sorted(failed)]
        self.left -= failed
        self.again -= failed


def _brings_the_same(read: Member, wanted: Member) -> bool:
    """Whether nothing has to be written. Another activation alone is no news: the account itself carries it.

    Another version is, and be it of the same points: somebody slow, who saw one in between, has to be refused.
    """
    return read._replace(activation=0) == wanted._replace(activation=0)


def _says_the_same(one: AccountState, other: AccountState) -> bool:
    return one._replace(version=0, as_of=0) == other._replace(version=0, as_of=0)
