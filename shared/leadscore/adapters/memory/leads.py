"""The leads of the leads table: whose identifiers are, states and what goes with them, transitions."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from leadscore.adapters.memory.hooks import Hook, Hooks, ignore
from leadscore.domain.event import KNOWN_KINDS, Identifier
from leadscore.domain.state import LeadState, Profile
from leadscore.domain.transition import Transition
from leadscore.use_cases.ports import (
    Commit,
    IdentifierTaken,
    KindTaken,
    LeadClosed,
    Opening,
    VersionConflict,
)


class MemoryLeadStore(Hooks):
    """LeadStore and TransitionLog.

    `is_stale` says of which identifiers and leads `find` and `find_states` shall answer what was true before their last
    change, as an eventually consistent read may. `stream` is every transition in the order of commits, as the leads
    table's stream tells it.
    """

    def __init__(
        self,
        before_call: Hook = ignore,
        after_call: Hook = ignore,
        *,
        is_stale: Callable[[Identifier | str], bool] = lambda _: False,
    ) -> None:
        super().__init__(before_call, after_call)
        self.is_stale = is_stale
        self.stream: list[Transition] = []
        self._owners: dict[Identifier, str] = {}
        self._leads_to: dict[Identifier, str] = {}
        self._led_to: dict[Identifier, str | None] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._states: dict[str, LeadState] = {}
        self._states_before: dict[str, LeadState] = {}
        self._profiles: dict[str, Profile] = {}
        self._marks: dict[str, frozenset[int]] = {}
        self._homes: dict[str, set[Identifier]] = {}
        self._transitions: dict[str, list[Transition]] = {}

    def find(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        with self._call("find"):
            seen = {
                identifier: (self._led_to if self.is_stale(identifier) else self._leads_to).get(identifier)
                for identifier in identifiers
            }
            return {identifier: lead for identifier, lead in seen.items() if lead is not None}

    def read_owners(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        with self._call("read_owners"):
            return {each: self._owners[each] for each in identifiers if each in self._owners}

    def link(self, identifier: Identifier, lead: str, *, is_new: bool, is_home: bool = False) -> None:
        with self._call("link"):
            if identifier.is_known and not is_new and lead in self._states and self._states[lead].merged_into:
                raise LeadClosed
            self._check_owner(identifier, lead)
            if identifier.is_known:
                self._check_kind(identifier, lead)
                self._known[lead, identifier.kind] = identifier.value
            self._owners[identifier] = lead
            self._lead(identifier, lead)
            if is_home:
                self._homes.setdefault(lead, set()).add(identifier)

    def find_states(self, leads: Iterable[str]) -> Mapping[str, LeadState]:
        with self._call("find_states"):
            seen = {lead: (self._states_before if self.is_stale(lead) else self._states).get(lead) for lead in leads}
            return {lead: state.copy() for lead, state in seen.items() if state is not None}

    def read_states(self, leads: Iterable[str]) -> Mapping[str, LeadState]:
        with self._call("read_states"):
            return {lead: self._states[lead].copy() for lead in leads if lead in self._states}

    def read_profile(self, lead: str) -> Profile:
        with self._call("read_profile"):
            return copy.deepcopy(self._profiles.get(lead, {}))

    def read_marks(self, lead: str) -> frozenset[int]:
        with self._call("read_marks"):
            return self._marks.get(lead, frozenset())

    def read_known(self, lead: str) -> Mapping[str, str]:
        with self._call("read_known"):
            return {kind: name for (known, kind), name in self._known.items() if known == lead}

    def read_homes(self, lead: str) -> Sequence[Identifier]:
        with self._call("read_homes"):
            return sorted(self._homes.get(lead, ()))

    def commit(self, commit: Commit) -> None:
        with self._call("commit"):
            self._check(commit)
            lead = commit.state.lead
            self._put_state(commit.state)
            self._put_known(lead, commit)
            self._homes.setdefault(lead, set()).update(commit.homes)
            self._append(commit.transition)
            if commit.closing is not None:
                self._put_state(commit.closing.state)
                self._append(commit.closing.transition)
                for identifier in commit.closing.identifiers:
                    self._owners.setdefault(identifier, commit.closing.state.lead)
                    self._lead(identifier, lead)
            if commit.opening is not None:
                self._open_again(commit.opening, out_of=lead)

    def read_transitions(self, lead: str, *, limit: int) -> Sequence[Transition]:
        with self._call("read_transitions"):
            newest_first = sorted(self._transitions.get(lead, ()), key=lambda transition: -transition.version)
            return newest_first[:limit]

    def all_states(self) -> dict[str, LeadState]:
        """Every lead, closed ones too, for tests to look at; no hook is called."""
        with self._lock:
            return {lead: state.copy() for lead, state in self._states.items()}

    # Inside the lock

    def _check_owner(self, identifier: Identifier, lead: str) -> None:
        if self._owners.get(identifier, lead) != lead:
            raise IdentifierTaken(self._leads_to[identifier])

    def _check_kind(self, identifier: Identifier, lead: str) -> None:
        if self._known.get((lead, identifier.kind), identifier.value) != identifier.value:
            raise KindTaken

    def _check(self, commit: Commit) -> None:
        self._check_version(commit.state)
        if commit.opening is not None:
            self._check_version(commit.opening.state)
        if commit.closing is None:
            return
        loser = commit.closing.state.lead
        self._check_version(commit.closing.state)
        if not commit.closing.is_ruled and any((loser, kind) in self._known for kind in KNOWN_KINDS):
            raise VersionConflict

    def _put_state(self, state: LeadState) -> None:
        if state.lead in self._states:
            self._states_before[state.lead] = self._states[state.lead]
        self._states[state.lead] = _stored(state)

    def _put_known(self, lead: str, said: Commit | Opening) -> None:
        if said.profile is not None:
            self._profiles[lead] = copy.deepcopy(dict(said.profile))
        if said.marks is not None:
            self._marks[lead] = said.marks

    def _check_version(self, state: LeadState) -> None:
        current = self._states.get(state.lead)
        if (0 if current is None else current.version) != state.version - 1:
            raise VersionConflict

    def _open_again(self, opening: Opening, *, out_of: str) -> None:
        lead = opening.state.lead
        self._put_state(opening.state)
        self._put_known(lead, opening)
        self._append(opening.transition)
        self._homes[lead] = set(opening.homes)
        self._homes.setdefault(out_of, set()).difference_update(opening.homes)
        for identifier in opening.homes:
            self._lead(identifier, lead)

    def _lead(self, identifier: Identifier, lead: str) -> None:
        if self._leads_to.get(identifier) != lead:
            self._led_to[identifier] = self._leads_to.get(identifier)
            self._leads_to[identifier] = lead

    def _append(self, transition: Transition | None) -> None:
        if transition is not None:
            self._transitions.setdefault(transition.lead, []).append(transition)
            self.stream.append(transition)


def _stored(state: LeadState) -> LeadState:
    """What is left of a state where only what a table has an attribute for is kept."""
    return replace(state.copy(), wakes_at=0, spilled=None)
