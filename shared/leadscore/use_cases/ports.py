"""What the use cases need from outside, as protocols: DynamoDB and the in-memory store pass the same contract tests.

StoreError
  VersionConflict    somebody committed since the state was read
  LeadClosed         a merge closed the lead that an identifier was to be linked to
  IdentifierTaken    the identifier belongs to a lead already (`.lead`)
  KindTaken          the lead is known by another identifier of that kind
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

from leadscore.domain.event import Identifier, LeadEvent
from leadscore.domain.state import LeadState, Profile
from leadscore.domain.transition import Transition

if TYPE_CHECKING:
    from leadscore.domain.model import Model


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


class Recorded(NamedTuple):
    """The copy of an event that the log already holds: who put it there, and what it said."""

    token: str
    fingerprint: str


class Closing(NamedTuple):
    """The lead that a merge closes: its state (closed, with its next version), and its last transition.

    `identifiers` are found to lead straight to the winner from now on. Only a ruling may close a lead that somebody has
    a name for.
    """

    state: LeadState
    transition: Transition | None
    identifiers: tuple[Identifier, ...]
    is_ruled: bool = False


class Opening(NamedTuple):
    """The closed lead that is taken out of the committed one again: its state (open, with its next version).

    `homes` are all that are its own. They are the committed lead's no longer, and lead straight to this one. `profile`
    and `marks` are as those of a commit.
    """

    state: LeadState
    homes: tuple[Identifier, ...]
    transition: Transition | None = None
    profile: Profile | None = None
    marks: frozenset[int] | None = None


class Commit(NamedTuple):
    """One version of a lead, with all that must become true together with it.

    `state.version` is the new version; the store must still hold the one before. `profile` is None when no trait
    changed, `marks` (all that are kept outside the state) when none of them did. `homes` are identifiers whose events
    belong to the lead from now on, those of a lead that it closes first: where there are very many, the last ones may
    be known a little earlier than the rest. So it is with the homes that a lead which it opens takes away.
    """

    state: LeadState
    profile: Profile | None = None
    transition: Transition | None = None
    homes: tuple[Identifier, ...] = ()
    closing: Closing | None = None
    marks: frozenset[int] | None = None
    opening: Opening | None = None


class EventLog(Protocol):
    def put(self, event: LeadEvent, *, token: str) -> Recorded | None:
        """Log the event under its home unless it is there; if it is, return what is there."""

    def has(self, event: LeadEvent) -> bool:
        """Whether the log holds an event of this home and id, read consistently."""

    def read(self, homes: Iterable[Identifier]) -> list[LeadEvent]:
        """Every event of these homes, read consistently, in no particular order."""


class LeadStore(Protocol):
    def find(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        """The leads that identifiers lead to, as eventually consistent as is cheap; unknown ones are absent.

        It may be a lead that was closed since, or one that it has been taken out of: `read_owners` is sure.
        """

    def read_owners(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        """The leads that identifiers were linked to, read consistently; unknown ones are absent.

        An owner never changes. It may be closed: then what it became part of has the identifier.
        """

    def link(self, identifier: Identifier, lead: str, *, is_new: bool, is_home: bool = False) -> None:
        """Give an identifier to a lead; a known kind is claimed for it (one of each kind).

        `is_new` says that nobody else can know of the lead yet, which spares a look at its state. With `is_home` it is
        one of the lead's homes from now on, though nothing happened there yet.
        Linking what is linked to that lead already succeeds. Raises IdentifierTaken, KindTaken, LeadClosed.
        """

    def find_states(self, leads: Iterable[str]) -> Mapping[str, LeadState]:
        """States, as eventually consistent as is cheap: whoever commits on one that is old is refused, and reads again.

        A lead without one is absent.
        """

    def read_states(self, leads: Iterable[str]) -> Mapping[str, LeadState]:
        """States, read consistently. A lead without one is absent."""

    def read_profile(self, lead: str) -> Profile:
        """The traits, read consistently; empty where there are none."""

    def read_marks(self, lead: str) -> frozenset[int]:
        """The marks that are kept outside the lead's state, read consistently; empty where there are none."""

    def read_known(self, lead: str) -> Mapping[str, str]:
        """The user id and the e-mail address that the lead is known by, where it is; by kind."""

    def read_homes(self, lead: str) -> Sequence[Identifier]:
        """Every identifier whose events belong to the lead, read consistently."""

    def commit(self, commit: Commit) -> None:
        """Write one version. One plain conditional write where only the state changes. Raises VersionConflict."""


class Place(NamedTuple):
    """The one account that a lead may stand among the leads of ("": none), and the version of the lead that says so."""

    account: str
    version: int


class Member(NamedTuple):
    """What a lead brings an account, by one version of the lead under one activation; nothing where it `is_gone`.

    It stays when it is gone, so that whoever comes late with an earlier version is told apart.
    """

    lead: str
    version: int
    activation: int
    points: int
    is_gone: bool = False


class AccountState(NamedTuple):
    """An account's score and the number of its leads, as somebody found them at `as_of` (ms), under an activation.

    `stamp` is the sum of all members' versions and activations. These only grow, so another set has another stamp.
    """

    account: str
    version: int
    activation: int
    score: int
    leads: int
    stamp: int
    as_of: int


class AccountStore(Protocol):
    """Everything is read consistently. A write names what was read, and raises VersionConflict if that changed."""

    def read_places(self, leads: Iterable[str]) -> Mapping[str, Place]:
        """Where leads stand; one that never stood anywhere is absent."""

    def put_place(self, lead: str, place: Place, *, read: Place | None) -> None: ...

    def read_account(self, account: str) -> AccountState | None: ...

    def read_members(self, account: str) -> Sequence[Member]:
        """Those that are gone, too."""

    def put_member(self, account: str, member: Member, *, read: Member | None) -> None: ...

    def put_account(self, state: AccountState) -> None:
        """Write one version; the store must still hold the one before."""


class TransitionLog(Protocol):
    def read_transitions(self, lead: str, *, limit: int) -> Sequence[Transition]:
        """Newest first."""


class StageIndex(Protocol):
    def leads_in(self, stage: str, *, limit: int) -> Sequence[str]:
        """Leads in a stage, in no particular order, at most `limit`."""


class StageShards(Protocol):
    """The same index, in parts that can be read beside each other, each from where another run stopped."""

    @property
    def stage_shards(self) -> int:
        """How many shards a stage has."""

    def page(self, stage: str, *, shard: int, after: str) -> Sequence[str]:
        """The next leads of a shard in the order of their ids, those beyond `after`; none where it ends."""


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
    def active(self, *, at_least: int = 0) -> tuple[int, "Model"]:
        """The activation number and the compiled model in force.

        May be a little old, but its number is never below `at_least`. Raises ModelBehind if it cannot be.
        """

    def tells(self, activation: int) -> bool:
        """Whether downstream wants to hear of the leads that this activation moves; one that `active` gave."""


class Version(NamedTuple):
    """A model as it was pushed, at `pushed_at` (ms). Its text never changes."""

    name: str
    version: int
    pushed_at: int


class Activation(NamedTuple):
    """A version coming into force, at `activated_at` (ms). Numbers only grow: going back is an activation, too.

    `tells` says whether downstream hears of the leads that it moves, `stages` where the model may put a lead, and
    `back_to` is the activation that a rollback returns to (0: there is none).
    """

    activation: int
    name: str
    version: int
    activated_at: int
    stages: tuple[str, ...] = ()
    tells: bool = False
    back_to: int = 0


class ModelVersions(Protocol):
    def push(self, name: str, text: str, *, at: int) -> tuple[Version, bool]:
        """Keep the text as the model's next version, unless the latest says the same; and whether it was kept.

        Raises VersionConflict where somebody else pushes this model at the same time.
        """

    def text(self, name: str, version: int) -> str | None:
        """What was pushed."""

    def versions(self) -> Sequence[Version]:
        """Every version of every model, by name, oldest first."""

    def in_force(self) -> Activation | None:
        """Read consistently. None while the model that ships was never used."""

    def activations(self) -> Sequence[Activation]:
        """Every activation there was, newest first."""

    def put_into_force(self, activation: Activation) -> None:
        """Make it the one in force and part of the history. Raises VersionConflict unless its number is the next."""


class Run(NamedTuple):
    """One going over all leads for an activation."""

    id: str
    activation: int


class Segment(NamedTuple):
    """A part of a run: `sent` leads of this shard of a stage were sent a tick, up to the lead `after`."""

    stage: str
    shard: int
    after: str = ""
    sent: int = 0
    finished: bool = False


class Runs(Protocol):
    def begin(self, run: Run) -> None:
        """From now on this is the run, and no segment of it is begun."""

    def latest(self) -> tuple[Run, Sequence[Segment]] | None:
        """The run that was begun last, and how far those of its segments are that were begun."""

    def remember(self, run: Run, segment: Segment) -> None:
        """How far a segment has come."""


class Histories(Protocol):
    def read_history(self, lead: str) -> Sequence[LeadEvent]:
        """Every event of a lead, as eventually consistent as is cheap: for looking, not for committing."""


class ModelBehind(StoreError):
    """A state was committed under a newer activation than this worker can see: leave it to another try."""


class EventsQueue(Protocol):
    def send(self, bodies: Sequence[str], *, delay_seconds: int = 0) -> None:
        """Queue every body, or raise: nothing is taken for sent that the queue did not acknowledge.

        Nobody gets them before the delay, at most 900 s, is over.
        """


class FileGone(Exception):
    """The file was removed, or another was put in its place: that one is imported on its own account."""


class Drop(Protocol):
    """The bucket that files to be imported are put into."""

    def read(self, key: str, *, etag: str, start: int = 0) -> Iterator[bytes]:
        """The file from this byte on, in pieces. Raises FileGone."""

    def read_text(self, key: str) -> str | None:
        """A small file; None where it is not there. Raises UnicodeDecodeError."""

    def write(self, key: str, content: IO[bytes]) -> None:
        """Put a file."""


class FailedEvents(Protocol):
    def put(self, *, raw: str, code: str, reason: str, at: int) -> None:
        """Keep what cannot be processed, as it came, with the reason. Storing the same twice keeps one."""


class Topic(Protocol):
    def publish(self, *, body: str, attributes: Mapping[str, str | Sequence[str]]) -> None:
        """Publish or raise. A sequence becomes a String.Array attribute."""


class Secrets(Protocol):
    def read(self, arn: str) -> str:
        """The secret's string, cached for a short while."""
