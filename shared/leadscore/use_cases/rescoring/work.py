"""What a batch asks of a lead, and what came of it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.use_cases.messages import Ruling
from leadscore.use_cases.resolve import Merge

#: Tries of one commit before the message goes back to the queue.
TRIES_MAX = 8


class Contended(Exception):
    """The lead changed under every try: the message comes back later."""


class Moved(Contended):
    """An event's home is not this lead's any more, though a name still led here: it is somebody else's by a ruling."""


class Delivery(NamedTuple):
    """An event as a message brought it; the token tells a redelivery from a copy that another message brought."""

    event: LeadEvent
    token: str


@dataclass(slots=True)
class LeadWork:
    """What one batch asks of one lead."""

    deliveries: list[Delivery] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    causes: set[Cause] = field(default_factory=set)
    rulings: list[Ruling] = field(default_factory=list)

    @property
    def homes(self) -> tuple[Identifier, ...]:
        return tuple(dict.fromkeys(delivery.event.home for delivery in self.deliveries))

    @property
    def cause(self) -> Cause:
        """Of the commit that folds in the deliveries: an import only where nothing else is among them."""
        return Cause.IMPORT if Cause.IMPORT in self.causes and Cause.EVENT not in self.causes else Cause.EVENT


@dataclass(slots=True)
class Tally:
    """What happened, for metrics."""

    events: int = 0
    duplicates: int = 0
    reused_ids: list[LeadEvent] = field(default_factory=list)
    surplus: list[LeadEvent] = field(default_factory=list)
    steps: int = 0
    full_folds: int = 0
    commits: int = 0
    conflicts: int = 0
    transitions: int = 0
    refused_rulings: list[tuple[Ruling, str]] = field(default_factory=list)
    #: Leads whose accounts have to be looked at, and whether the lead at hand may have changed what it brings its own.
    accounts: set[str] = field(default_factory=set)
    stirs: bool = False

    def add(self, other: "Tally") -> None:
        for name in ("events", "duplicates", "steps", "full_folds", "commits", "conflicts", "transitions"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reused_ids.extend(other.reused_ids)
        self.surplus.extend(other.surplus)
        self.refused_rulings.extend(other.refused_rulings)
        self.accounts |= other.accounts
