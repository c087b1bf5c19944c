"""A scored lead as JSON, under the same names as the leads API's."""

from collections.abc import Iterable
from typing import Any

from leadscore.contracts.moments import moment
from leadscore.domain.reading import ExplanationLine
from leadscore.use_cases.offline import ScoredLead


def lead_document(scored: ScoredLead, *, has_accounts: bool = False) -> dict[str, Any]:
    """`has_accounts` says whether the model has any: then the lead's company is told, too."""
    reading = scored.reading
    return {
        "lead": scored.lead,
        "total": reading.total,
        "scores": reading.scores,
        "grade": reading.grade,
        "matrix": reading.matrix,
        "priority": reading.priority,
        "stage": reading.stage,
        "lists": list(reading.lists),
        "activity": reading.activity,
        "next_change_at": moment_or_none(reading.next_change_at),
        "external_ids": scored.person.external_ids,
        **({"account": scored.account or None} if has_accounts else {}),
        "explanation": _lines(reading.explanation),
        "explanations": {score: _lines(lines) for score, lines in reading.explanations.items()},
        "as_of": moment(scored.as_of),
    }


def moment_or_none(at: int | None) -> str | None:
    return None if at is None else moment(at)


def _lines(lines: Iterable[ExplanationLine]) -> list[dict[str, Any]]:
    return [{**line._asdict(), "last_at": moment(line.last_at)} for line in lines]
