"""A transition: the difference of a lead's stage between two committed states, committed with the second."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a commit happened. One commit has one cause."""

    EVENT = "event"
    TIME = "time"
    MODEL = "model"
    IMPORT = "import"
    MERGE = "merge"
    REPAIR = "repair"


#: Causes that tell nobody: they change how leads are seen, and no lead did anything.
QUIET_CAUSES = frozenset({Cause.MODEL, Cause.IMPORT, Cause.REPAIR})


@dataclass(frozen=True, slots=True)
class Transition:
    """From one stage to another at one version of a lead.

    `from_stage` is "" at a birth and `to_stage` "" when a merge closes the lead. `introduces` marks the one with
    which an anonymous lead became a person: what was kept quiet until then is told as one, from nothing to here.
    `occurred_at` is when it took effect, `as_of` the moment that the score was computed for.
    """

    lead: str
    version: int
    from_stage: str
    to_stage: str
    passed: tuple[str, ...]
    direction: str
    cause: Cause
    occurred_at: int
    as_of: int
    model: str
    activation: int
    routes: tuple[str, ...]
    fit: int
    engagement: int
    reasons: tuple[tuple[str, int], ...]
    publish: bool
    introduces: bool = False
    merged_into: str = ""

    @property
    def id(self) -> str:
        """The same for every delivery of this transition. Lead ids are random and never given twice."""
        return f"{self.lead}-{self.version}"

    @property
    def total(self) -> int:
        return self.fit + self.engagement
