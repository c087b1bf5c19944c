"""Models tried on the people of a history, beside each other and beside what became of the leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from leadscore.domain.model import Model
from leadscore.use_cases.compare import Compared, Comparison, compare, summarise
from leadscore.use_cases.outcomes import Known, Outcome, judge
from leadscore.use_cases.people import Person
from leadscore.use_cases.quality import Cut, Judged, Split, auc, best_cut, cuts


@dataclass(frozen=True, slots=True)
class StageQuality:
    """Of the leads with an outcome: who had ever been in the stage, or beyond it, before that."""

    stage: str
    split: Split


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a model told who would convert. The cuts are thresholds of the total."""

    leads: int
    converted: int
    auc: Fraction | None
    stages: Sequence[StageQuality]
    cuts: Sequence[Cut]
    best_cut: Cut | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """Every lead, what they come to, and how well each model did: `qualities` is empty where nobody asked for it."""

    as_of: int
    leads: Sequence[Compared]
    comparison: Comparison
    qualities: Sequence[Quality]


def simulate(
    people: Sequence[Person],
    models: Sequence[Model],
    *,
    as_of: int,
    known: Sequence[tuple[Person, Outcome]] | None = None,
) -> Simulation:
    """`known` are those of the people whose outcome is known; None where nobody asks for it."""
    leads = list(compare(((person.lead, person.events) for person in people), models, as_of=as_of))
    return Simulation(
        as_of=as_of,
        leads=leads,
        comparison=summarise(leads, models),
        qualities=[]
        if known is None
        else [_quality(list(judge(known, model, as_of=as_of)), model) for model in models],
    )


def _quality(known: Sequence[Known], model: Model) -> Quality:
    judged = [Judged(each.course.total, each.outcome.converted) for each in known]
    found = list(cuts(judged))
    return Quality(
        leads=len(known),
        converted=sum(each.converted for each in judged),
        auc=auc(judged),
        stages=[
            StageQuality(
                stage.name, Split.of((stage.name in each.course.reached, each.outcome.converted) for each in known)
            )
            for stage in model.stages[1:]
        ],
        cuts=found,
        best_cut=best_cut(found),
    )
