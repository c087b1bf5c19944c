"""A lead's state: the fold of its events, cached, with what the next step needs and nothing that grows.

`recent` and `recent_since` recognise what is already folded: the ring holds the ids that steps folded in at versions
above `recent_since`, all of them. `folded_count` and `folded_xor` identify the set of events behind the state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from leadscore.domain.decay import Pool
from leadscore.domain.event import Identifier, Trust
from leadscore.domain.rules import ENGAGEMENT, FIT, Match

#: Event ids kept in the ring: a batch of ten single events fits, and the item stays small.
RECENT_MAX = 12
#: Homes remembered as already linked; one that fell out is only written once more.
HOMES_MAX = 4
#: Marks of counted values kept in the state itself; then all of them move to an item of their own.
MARKS_MAX = 24
#: A lead that counted so many different values is no person; its rules count no further ones.
SPILLED_MARKS_MAX = 40_000
#: Beyond these, browsers count no further values: anybody can make up many, and must not keep out a server's.
PUBLIC_MARKS_MAX = 5_000
#: The layout of a stored state. A worker that meets a higher number than it knows leaves the lead alone.
SCHEMA = 4


@dataclass(slots=True)
class Line:
    """One line of an explanation: what a rule has given so far, how often, and when last."""

    points: int
    times: int
    last_at: int


class Trait(NamedTuple):
    """A trait's value with who said it, when: a later identify of less trust, or a late one, overwrites nothing."""

    value: Any
    trust: Trust
    said_at: int
    event_id: str

    @property
    def precedence(self) -> tuple[Trust, int, str]:
        return (self.trust, self.said_at, self.event_id)


type Profile = Mapping[str, Trait]


@dataclass(slots=True)
class LeadState:
    """Everything a step needs. Only the fold changes one, and only a copy of its own. Times are ms since the epoch.

    `stage_since` is when the stage was entered, `due_at` a lower bound of the next time-driven change, `settled_at`
    the last instant since which only points were added (an event after it may be folded in late), `floor` a set or
    fast-tracked stage, `is_out` and `is_disqualified` whether a stage outside the ladder holds the lead,
    `is_own` whether it is one of the own people or a test, `is_unconsented` whether it does not want to be followed,
    `silenced` which of its browsers (by their ids' 64 bits) count nothing,
    `merged_into` the lead that this closed one became part of, `ruled_at` when the latest ruling was given on whether
    it is part of another: an open lead that has one was taken out of another, and no event may join the two again.

    What follows goes by the ids of the model's parts: `scores` and `groups` hold raw sums, before any cap; `lines` the
    explanation; `pools` what decays; `memory` what limits, counts and sequences remember; `idle` how often each
    inactivity step was taken in this idle spell, and how much it took; `marks` which values a rule has counted.
    `ladders` are the stages of scores that have their own, `ladder_since` when each of these last changed. `visit` is
    when the present visit started, when its last event happened, and how many there have been.

    `notices` say when entering a quiet stage was told, `untold` which stage was told last where that is not the one
    that the lead is in, since it was moved quietly: by the score that has the ladder, "" for the model's own.

    `account` is the company that the profile names, under a model that asks for one; `had_account` says that some
    committed version had one and was somebody, so that the lead may still stand among an account's.
    """

    lead: str
    version: int = 0
    activation: int = 0
    as_of: int = 0
    stage: str = ""
    stage_since: int = 0
    due_at: int | None = None
    created_at: int = 0
    last_event: tuple[int, str] = (0, "")
    last_activity_at: int = 0
    settled_at: int = 0
    floor: str = ""
    is_out: bool = False
    is_disqualified: bool = False
    identified: bool = False
    is_own: bool = False
    is_unconsented: bool = False
    silenced: tuple[int, ...] = ()
    scores: dict[str, int] = field(default_factory=lambda: {FIT: 0, ENGAGEMENT: 0})
    lines: dict[int, Line] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)
    pools: dict[int, Pool] = field(default_factory=dict)
    memory: dict[int, tuple[int, ...]] = field(default_factory=dict)
    idle: dict[int, tuple[int, int]] = field(default_factory=dict)
    marks: tuple[int, ...] = ()
    spilled_count: int = 0
    ladders: dict[str, str] = field(default_factory=dict)
    ladder_since: dict[str, int] = field(default_factory=dict)
    visit: tuple[int, int, int] = (0, 0, 0)
    channels: tuple[str, str] = ("", "")
    folded_count: int = 0
    folded_xor: int = 0
    recent: tuple[tuple[int, int], ...] = ()
    recent_since: int = 0
    homes: tuple[int, ...] = ()
    notices: dict[int, int] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)
    merged_into: str = ""
    ruled_at: int = 0
    account: str = ""
    had_account: bool = False
    #: Not stored: a lower bound of the next time-driven instant, the marks kept outside the state, once read, what was
    #: given but is not in the lines yet (how often, and when last), and whether the stage has to be judged.
    wakes_at: int = 0
    spilled: frozenset[int] | None = None
    unbooked: dict[Match, list[int]] = field(default_factory=dict)
    is_stirred: bool = False

    @property
    def fit(self) -> int:
        """Before any cap."""
        return self.scores[FIT]

    @property
    def engagement(self) -> int:
        """Before any cap."""
        return self.scores[ENGAGEMENT]

    @property
    def is_new(self) -> bool:
        """Nothing was ever committed for this lead."""
        return self.version == 0

    @property
    def recent_ids(self) -> frozenset[int]:
        return frozenset(short for _, short in self.recent)

    def copy(self, *, explained: bool = True) -> "LeadState":
        """A state of its own; one that is not `explained` has no lines, which are most of the work."""
        lines = self.lines.items() if explained else ()
        return replace(
            self,
            scores=dict(self.scores),
            lines={number: Line(line.points, line.times, line.last_at) for number, line in lines},
            groups=dict(self.groups),
            pools=dict(self.pools),
            memory=dict(self.memory),
            idle=dict(self.idle),
            ladders=dict(self.ladders),
            ladder_since=dict(self.ladder_since),
            notices=dict(self.notices),
            untold=dict(self.untold),
            unbooked={},
        )


#: What two folds of the same events at different moments may differ in.
_BOOKKEEPING = frozenset(
    {
        "version",
        "as_of",
        "due_at",
        "recent",
        "recent_since",
        "homes",
        "ruled_at",
        "notices",
        "untold",
        "had_account",
        "wakes_at",
        "spilled",
        "unbooked",
        "is_stirred",
    }
)


def same_fold(one: LeadState, other: LeadState) -> bool:
    """Whether both states are the fold of the same events to the same result.

    An equal score is not enough: two events that cancel out must not hide that one of them is missing.
    """
    return all(
        getattr(one, item.name) == getattr(other, item.name)
        for item in fields(LeadState)
        if item.name not in _BOOKKEEPING
    )


def remember(state: LeadState, version: int, shorts: Iterable[int]) -> None:
    """Add the ids that the commit of `version` folds in; the oldest go, and with them what the ring is complete for."""
    ring = [*state.recent, *((version, short) for short in shorts)]
    forgotten = ring[:-RECENT_MAX]
    if forgotten:
        state.recent_since = forgotten[-1][0]
    state.recent = tuple(ring[-RECENT_MAX:])


def remember_anew(state: LeadState, version: int, shorts: Iterable[int]) -> None:
    """After a full fold it is not known which of its events were new: the ring has its last ones, complete for none."""
    state.recent = tuple((version, short) for short in shorts)[-RECENT_MAX:]
    state.recent_since = version


def remember_homes(state: LeadState, homes: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Keep these homes in mind; gives those that the state did not know of, which the commit must write."""
    unknown = tuple(home for home in homes if home.short not in state.homes)
    state.homes = (*state.homes, *(home.short for home in unknown))[-HOMES_MAX:]
    return unknown
