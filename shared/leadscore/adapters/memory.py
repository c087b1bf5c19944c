"""The ports in memory, for tests and for work without AWS: the same refusals as DynamoDB, in one process.

It passes the same contract tests as the real adapters. Everything is copied on its way in and out, so that two
holders of one object cannot hide a lost update, and each call holds the store's one lock, so that it is atomic as one
DynamoDB call is.
"""

import copy
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from leadscore.adapters.failed_events import FailedEvent
from leadscore.domain.event import KNOWN_KINDS, Identifier, LeadEvent
from leadscore.domain.model import Model
from leadscore.domain.state import LeadState, Profile
from leadscore.domain.transition import Transition
from leadscore.use_cases.ports import (
    AccountState,
    Activation,
    Commit,
    IdentifierTaken,
    KindTaken,
    LeadClosed,
    Member,
    ModelBehind,
    Opening,
    Place,
    Recorded,
    Run,
    Segment,
    Version,
    VersionConflict,
)

type Hook = Callable[[str], None]


def _ignore(_call: str) -> None:
    pass


class Hooks:
    """Where a test may step in: `before_call` and `after_call` get the call's name while no lock is held.

    Raising in the first is a crash (or a refusal) before anything happened, raising in the second one after it is
    done, or a lost response; blocking in either lets another worker go first.
    """

    def __init__(self, before_call: Hook = _ignore, after_call: Hook = _ignore) -> None:
        self.before_call = before_call
        self.after_call = after_call
        self._lock = threading.Lock()

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        self.before_call(name)
        with self._lock:
            yield
        self.after_call(name)


class _LoggedEvent(NamedTuple):
    token: str
    fingerprint: str
    document: str


def _stored(state: LeadState) -> LeadState:
    """What is left of a state where only what a table has an attribute for is kept."""
    return replace(state.copy(), wakes_at=0, spilled=None)


class MemoryStore(Hooks):
    """Both tables: EventLog, LeadStore, AccountStore, TransitionLog, StageIndex, StageShards, DueIndex and Histories.

    `is_stale` says of which identifiers and leads `find` and `find_states` shall answer what was true before their last
    change, as an eventually consistent read may. `stream` is every transition in the order of commits, as the leads
    table's stream tells it.
    """

    def __init__(
        self,
        *,
        before_call: Hook = _ignore,
        after_call: Hook = _ignore,
        is_stale: Callable[[Identifier | str], bool] = lambda _: False,
        due_shards: int = 8,
        page_size: int = 100,
    ) -> None:
        super().__init__(before_call, after_call)
        self.is_stale = is_stale
        self.stream: list[Transition] = []
        self._shards = due_shards
        self._page_size = page_size
        self._events: dict[Identifier, dict[str, _LoggedEvent]] = {}
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
        self._cursor: str | None = None
        self._places: dict[str, Place] = {}
        self._accounts: dict[str, AccountState] = {}
        self._members: dict[str, dict[str, Member]] = {}

    # EventLog

    def put(self, event: LeadEvent, *, token: str) -> Recorded | None:
        with self._call("put"):
            logged = self._events.setdefault(event.home, {})
            if (there := logged.get(event.id)) is not None:
                return Recorded(there.token, there.fingerprint)
            logged[event.id] = _LoggedEvent(token, event.fingerprint, json.dumps(event.to_json()))
            return None

    def has(self, event: LeadEvent) -> bool:
        with self._call("has"):
            return event.id in self._events.get(event.home, {})

    def read(self, homes: Iterable[Identifier]) -> list[LeadEvent]:
        with self._call("read"):
            documents = [logged.document for home in set(homes) for logged in self._events.get(home, {}).values()]
        return [LeadEvent.from_json(json.loads(document)) for document in documents]

    # LeadStore

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
            if commit.profile is not None:
                self._profiles[lead] = copy.deepcopy(dict(commit.profile))
            if commit.marks is not None:
                self._marks[lead] = commit.marks
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

    # AccountStore

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

    # TransitionLog

    def read_transitions(self, lead: str, *, limit: int) -> Sequence[Transition]:
        with self._call("read_transitions"):
            newest_first = sorted(self._transitions.get(lead, ()), key=lambda transition: -transition.version)
            return newest_first[:limit]

    # StageIndex

    def leads_in(self, stage: str, *, limit: int) -> Sequence[str]:
        with self._call("leads_in"):
            return [state.lead for state in self._states.values() if state.stage == stage][:limit]

    # StageShards

    @property
    def stage_shards(self) -> int:
        return self._shards

    def page(self, stage: str, *, shard: int, after: str) -> Sequence[str]:
        with self._call("page"):
            beyond = sorted(
                state.lead
                for state in self._states.values()
                if state.stage == stage and self._shard_of(state.lead) == shard and state.lead > after
            )
            return beyond[: self._page_size]

    # Histories

    def read_history(self, lead: str) -> Sequence[LeadEvent]:
        return self.read(self.read_homes(lead))

    # DueIndex

    @property
    def due_shards(self) -> int:
        return self._shards

    def due(self, *, until: int, shard: int, after: str | None) -> tuple[Sequence[str], str | None]:
        with self._call("due"):
            armed = sorted(
                (state.due_at, state.lead)
                for state in self._states.values()
                if state.due_at is not None and state.due_at <= until and self._shard_of(state.lead) == shard
            )
        if after is not None:
            due_at, lead = after.split(" ")
            armed = [entry for entry in armed if entry > (int(due_at), lead)]
        page = armed[: self._page_size]
        end = f"{page[-1][0]} {page[-1][1]}" if len(page) < len(armed) else None
        return [lead for _, lead in page], end

    def read_cursor(self) -> Mapping[str, Any] | None:
        with self._call("read_cursor"):
            cursor: Mapping[str, Any] | None = json.loads(self._cursor) if self._cursor is not None else None
            return cursor

    def write_cursor(self, cursor: Mapping[str, Any] | None) -> None:
        with self._call("write_cursor"):
            self._cursor = None if cursor is None else json.dumps(cursor)

    # What tests look at; no hook is called.

    def all_states(self) -> dict[str, LeadState]:
        """Every lead, closed ones too."""
        with self._lock:
            return {lead: state.copy() for lead, state in self._states.items()}

    def all_events(self) -> list[LeadEvent]:
        """The whole log, each event once."""
        with self._lock:
            documents = [logged.document for home in self._events.values() for logged in home.values()]
        return [LeadEvent.from_json(json.loads(document)) for document in documents]

    def _shard_of(self, lead: str) -> int:
        return zlib.crc32(lead.encode()) % self._shards

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

    def _check_version(self, state: LeadState) -> None:
        current = self._states.get(state.lead)
        if (0 if current is None else current.version) != state.version - 1:
            raise VersionConflict

    def _open_again(self, opening: Opening, *, out_of: str) -> None:
        lead = opening.state.lead
        self._put_state(opening.state)
        if opening.profile is not None:
            self._profiles[lead] = copy.deepcopy(dict(opening.profile))
        if opening.marks is not None:
            self._marks[lead] = opening.marks
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


class MemoryQueue(Hooks):
    """EventsQueue. `bodies` is what was sent and not taken yet, `delay_seconds` how long the last were to wait."""

    def __init__(self, before_call: Hook = _ignore, after_call: Hook = _ignore) -> None:
        super().__init__(before_call, after_call)
        self.bodies: list[str] = []
        self.delay_seconds = 0

    def send(self, bodies: Sequence[str], *, delay_seconds: int = 0) -> None:
        with self._call("send"):
            self.bodies.extend(bodies)
            self.delay_seconds = delay_seconds

    def take(self) -> list[str]:
        """Everything sent since the last call, no longer in the queue."""
        with self._lock:
            taken, self.bodies = self.bodies, []
            return taken


class MemoryFailedEvents(Hooks):
    """FailedEvents. `kept` is one entry for each raw text, the last reason given for it."""

    def __init__(self, before_call: Hook = _ignore, after_call: Hook = _ignore) -> None:
        super().__init__(before_call, after_call)
        self.kept: dict[str, FailedEvent] = {}

    def put(self, *, raw: str, code: str, reason: str, at: int) -> None:
        with self._call("put_failed"):
            self.kept[raw] = FailedEvent(raw, code, reason, at)


class Notification(NamedTuple):
    body: str
    attributes: Mapping[str, str | Sequence[str]]


class MemoryTopic(Hooks):
    """Topic. `published` is every notification, repeats included, in order."""

    def __init__(self, before_call: Hook = _ignore, after_call: Hook = _ignore) -> None:
        super().__init__(before_call, after_call)
        self.published: list[Notification] = []

    def publish(self, *, body: str, attributes: Mapping[str, str | Sequence[str]]) -> None:
        with self._call("publish"):
            self.published.append(Notification(body, dict(attributes)))


class MemoryModelVersions(Hooks):
    """ModelVersions and Runs."""

    def __init__(self, before_call: Hook = _ignore, after_call: Hook = _ignore) -> None:
        super().__init__(before_call, after_call)
        self._pushed: dict[str, list[tuple[Version, str]]] = {}
        self._activations: list[Activation] = []
        self._run: tuple[Run, dict[tuple[str, int], Segment]] | None = None

    # ModelVersions

    def push(self, name: str, text: str, *, at: int) -> tuple[Version, bool]:
        with self._call("push"):
            pushed = self._pushed.setdefault(name, [])
            if pushed and pushed[-1][1] == text:
                return pushed[-1][0], False
            pushed.append((Version(name, len(pushed) + 1, at), text))
            return pushed[-1][0], True

    def text(self, name: str, version: int) -> str | None:
        with self._call("text"):
            texts = {there.version: text for there, text in self._pushed.get(name, ())}
            return texts.get(version)

    def versions(self) -> Sequence[Version]:
        with self._call("versions"):
            return [version for _, pushed in sorted(self._pushed.items()) for version, _ in pushed]

    def in_force(self) -> Activation | None:
        with self._call("in_force"):
            return self._activations[-1] if self._activations else None

    def activations(self) -> Sequence[Activation]:
        with self._call("activations"):
            return self._activations[::-1]

    def put_into_force(self, activation: Activation) -> None:
        with self._call("put_into_force"):
            if self._activations and self._activations[-1].activation != activation.activation - 1:
                raise VersionConflict("somebody else activates a model at this moment")
            self._activations.append(activation)

    # Runs

    def begin(self, run: Run) -> None:
        with self._call("begin"):
            self._run = run, {}

    def latest(self) -> tuple[Run, Sequence[Segment]] | None:
        with self._call("latest"):
            return None if self._run is None else (self._run[0], list(self._run[1].values()))

    def remember(self, run: Run, segment: Segment) -> None:
        with self._call("remember"):
            if self._run is not None and self._run[0] == run:
                self._run[1][segment.stage, segment.shard] = segment


class FixedModels:
    """Models with one model in force until somebody sets another. `telling` are the activations that tell."""

    def __init__(self, activation: int, model: Model) -> None:
        self.activation = activation
        self.model = model
        self.telling: set[int] = set()

    def active(self, *, at_least: int = 0) -> tuple[int, Model]:
        if self.activation < at_least:
            raise ModelBehind
        return self.activation, self.model

    def tells(self, activation: int) -> bool:
        return activation in self.telling
