"""A simulation as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from leadscore.contracts.moments import moment
from leadscore.use_cases.compare import Compared, Course, StageCount
from leadscore.use_cases.quality import Cut
from leadscore.use_cases.simulation import Quality, Simulation

#: Shares are exact until they are printed.
_DECIMALS = 6


def simulation_document(simulation: Simulation, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "as_of": moment(simulation.as_of),
        "leads": len(simulation.leads),
        "models": list(_models(simulation, labels)),
        "moves": _matrix(simulation.comparison.moves),
        "moved": sum(lead.moves for lead in simulation.leads),
        "by_lead": [_lead(lead, labels) for lead in simulation.leads],
    }


def _models(simulation: Simulation, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
    for place, label in enumerate(labels):
        document = {"model": label, "stages": [_stage(count) for count in simulation.comparison.stages[place]]}
        yield {**document, "outcomes": _quality(simulation.qualities[place])} if simulation.qualities else document


def _stage(count: StageCount) -> dict[str, Any]:
    return {
        "stage": count.stage,
        "now": count.now,
        "ever": count.ever,
        "median_seconds": None if count.median_after is None else count.median_after // 1_000,
        "pushed_by": dict(count.pushed_by.most_common()),
    }


def _quality(quality: Quality) -> dict[str, Any]:
    return {
        "leads": quality.leads,
        "converted": quality.converted,
        "auc": _number(quality.auc),
        "stages": [
            {
                "stage": stage.stage,
                "reached": stage.split.above,
                "reached_and_converted": stage.split.above_converted,
                "precision": _number(stage.split.precision),
                "recall": _number(stage.split.recall),
            }
            for stage in quality.stages
        ],
        "cut_off": None if quality.best_cut is None else quality.best_cut.threshold,
        "thresholds": [_cut(cut) for cut in quality.cuts],
    }


def _cut(cut: Cut) -> dict[str, Any]:
    split = cut.split
    return {
        "threshold": cut.threshold,
        "above": split.above,
        "below": split.below,
        "precision": _number(split.precision),
        "recall": _number(split.recall),
        "conversion_above": _number(split.precision),
        "conversion_below": _number(split.conversion_below),
        "youden": _number(split.youden),
    }


def _matrix(moves: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """From each stage under the first model to each under the last."""
    matrix: dict[str, dict[str, int]] = {}
    for (before, after), count in sorted(moves.items()):
        matrix.setdefault(before, {})[after] = count
    return matrix


def _lead(lead: Compared, labels: Sequence[str]) -> dict[str, Any]:
    courses = [_course(label, course) for label, course in zip(labels, lead.courses, strict=True)]
    return {"lead": lead.lead, "moves": lead.moves, "models": courses}


def _course(label: str, course: Course) -> dict[str, Any]:
    reached = {
        stage: {"at": moment(there.at), "rule": there.rule, "rules": list(there.rules)}
        for stage, there in course.reached.items()
    }
    return {"model": label, "total": course.total, "stage": course.stage, "reached": reached}


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(round(share, _DECIMALS))
