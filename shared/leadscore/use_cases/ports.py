"""What the use cases need from outside, as protocols: DynamoDB and the in-memory store pass the same contract tests.

StoreError
  VersionConflict    somebody committed since the state was read
  LeadClosed         a merge closed the lead that an identifier was to be linked to
  IdentifierTaken    the identifier belongs to a lead already (`.lead`)
  KindTaken          the lead is known by another identifier of that kind
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from leadscore.domain.event import Identifier, LeadEvent
from leadscore.domain.model import Model
from leadscore.domain.state import LeadState, Profile
from leadscore.domain.transition import Transition


class StoreError(Exception):
    """An expected refusal of the store."""


class VersionConflict(StoreError):
    pass


class LeadClosed(StoreError):
    pass


class KindTaken(StoreError):
    pass


class IdentifierTaken(StoreError):
    def __init__(self, lead: str) -> None:
        super().__init__("identifier taken")
        self.lead = lead


@dataclass(frozen=True, slots=True)
class Recorded:
    """The copy of an event that the log already holds: who put it there, and what it said."""

    token: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Closing:
    """The anonymous lead that a merge closes: its state (closed, with its next version), and its last transition."""

    state: LeadState
    transition: Transition | None
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """One version of a lead, with all that must become true together with it.

    `state.version` is the new version; the store must still hold the one before. `profile` is None when no trait
    changed. `homes` are identifiers whose events belong to the lead from now on, those of a lead that it closes first:
    where there are very many, the last ones may be known a little earlier than the rest.
    """

    state: LeadState
    profile: Profile | None = None
    transition: Transition | None = None
    homes: tuple[Identifier, ...] = ()
    closing: Closing | None = None


class EventLog(Protocol):
    def put(self, event: LeadEvent, *, token: str) -> Recorded | None:
        """Log the event under its home unless it is there; if it is, return what is there."""

    def read(self, homes: Iterable[Identifier]) -> list[LeadEvent]:
        """Every event of these homes, read consistently, in no particular order."""


class LeadStore(Protocol):
    def find(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        """The leads that identifiers belong to, as eventually consistent as is cheap; unknown ones are absent."""

    def link(self, identifier: Identifier, lead: str, *, is_new: bool) -> None:
        """Give an identifier to a lead; a known kind is claimed for it (one of each kind).

        `is_new` says that nobody else can know of the lead yet, which spares a look at its state.
        Linking what is linked to that lead already succeeds. Raises IdentifierTaken, KindTaken, LeadClosed.
        """

    def read_states(self, leads: Iterable[str]) -> Mapping[str, LeadState]:
        """States, read consistently. A lead without one is absent."""

    def read_profile(self, lead: str) -> Profile:
        """The traits, read consistently; empty where there are none."""

    def read_known(self, lead: str) -> Mapping[str, str]:
        """The user id and the e-mail address that the lead is known by, where it is; by kind."""

    def read_homes(self, lead: str) -> Sequence[Identifier]:
        """Every identifier whose events belong to the lead, read consistently."""

    def commit(self, commit: Commit) -> None:
        """Write one version. One plain conditional write where only the state changes. Raises VersionConflict."""


class TransitionLog(Protocol):
    def read_transitions(self, lead: str, *, limit: int) -> Sequence[Transition]:
        """Newest first."""


class StageIndex(Protocol):
    def leads_in(self, stage: str, *, limit: int) -> Sequence[str]:
        """Leads in a stage, in no particular order, at most `limit`."""


class DueIndex(Protocol):
    @property
    def due_shards(self) -> int:
        """How many shards the index has."""

    def due(self, *, until: int, shard: int, after: str | None) -> tuple[Sequence[str], str | None]:
        """A page of the leads of a shard whose timer lies at or before `until`, earliest first, and where it ends.

        `after` is the end of the page before; None as the returned end means that there is no more.
        """

    def read_cursor(self) -> Mapping[str, Any] | None:
        """Where an interrupted run stopped."""

    def write_cursor(self, cursor: Mapping[str, Any] | None) -> None:
        """Remember where a run stopped; None when it came to its end."""


class Models(Protocol):
    def active(self, *, at_least: int = 0) -> tuple[int, Model]:
        """The activation number and the compiled model in force.

        May be a little old, but its number is never below `at_least`. Raises ModelBehind if it cannot be.
        """


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which version of which model is in force, under which activation number."""

    activation: int
    name: str
    version: int


class ModelVersions(Protocol):
    def activate(self, name: str, text: str) -> Pointer:
        """Keep the text as the model's next version, never changed again, and put it into force."""


class ModelBehind(StoreError):
    """A state was committed under a newer activation than this worker can see: leave it to another try."""


class EventsQueue(Protocol):
    def send(self, bodies: Sequence[str]) -> None:
        """Queue every body, or raise: nothing is taken for sent that the queue did not acknowledge."""


class FailedEvents(Protocol):
    def put(self, *, raw: str, code: str, reason: str, at: int) -> None:
        """Keep what cannot be processed, as it came, with the reason. Storing the same twice keeps one."""


class Topic(Protocol):
    def publish(self, *, body: str, attributes: Mapping[str, str | Sequence[str]]) -> None:
        """Publish or raise. A sequence becomes a String.Array attribute."""


class Secrets(Protocol):
    def read(self, arn: str) -> str:
        """The secret's string, cached for a short while."""
