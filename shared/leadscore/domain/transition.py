"""A transition: the difference of a lead's stages between two committed states, committed with the second.

A lead has one stage on the model's ladder, and one on the ladder of each score that has its own: the lists.
"""

from typing import NamedTuple

from leadscore.domain.cause import Cause


class Transition(NamedTuple):
    """From one stage to another at one version of a lead, or into or out of a list that is no stage of the ladder.

    `from_stage` is "" at a birth and `to_stage` "" when a merge closes the lead. `introduces` marks the one with
    which an anonymous lead became a person, or one that came quietly is heard of for the first time: what was kept
    quiet until then is told as one, from nothing to here. `last_told` is the stage that was told last, where quiet
    changes lie between it and `from_stage`; what is published says the difference to that, in `passed`, `entered` and
    `left`, too.
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
    total: int
    reasons: tuple[tuple[str, int], ...]
    publish: bool
    introduces: bool = False
    merged_into: str = ""
    entered: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    other_scores: tuple[tuple[str, int], ...] = ()
    grade: str = ""
    matrix: str = ""
    priority: str = ""
    last_told: str = ""

    @property
    def id(self) -> str:
        """The same for every delivery of this transition. Lead ids are random and never given twice."""
        return f"{self.lead}-{self.version}"

    @property
    def told_from(self) -> str:
        """Where the lead comes from for whoever is told."""
        return "" if self.introduces else self.last_told or self.from_stage
