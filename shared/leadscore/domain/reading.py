"""What a lead's state says to people: scores, grade, place in the matrix, lists, and the lines that add up."""

from typing import NamedTuple

from leadscore.domain.fold import next_change_at
from leadscore.domain.ledger import shown_lines, shown_scores, total_line
from leadscore.domain.model import Model
from leadscore.domain.rules import ENGAGEMENT, FIT, GRADE, LETTERS, TOTAL
from leadscore.domain.stages import grade_of
from leadscore.domain.state import LeadState, Line


class ExplanationLine(NamedTuple):
    """What one rule, step, cap or reset has given or taken in a score. Times are ms since the epoch."""

    score: str
    rule: str
    points: int
    times: int
    last_at: int


class Standing(NamedTuple):
    """Where the scores put a lead. `scores` are all but the total and the grade, which is a letter here."""

    total: int
    scores: dict[str, int]
    grade: str | None
    matrix: str | None
    priority: str | None


class Reading(NamedTuple):
    """`explanation` adds up to `total`; `explanations` has the lines of each score that is no part of it."""

    total: int
    scores: dict[str, int]
    grade: str | None
    matrix: str | None
    priority: str | None
    stage: str
    lists: tuple[str, ...]
    activity: str
    next_change_at: int | None
    explanation: list[ExplanationLine]
    explanations: dict[str, list[ExplanationLine]]


def read_state(state: LeadState, model: Model) -> Reading:
    """The state at its own `as_of`, under the model that it was folded by."""
    return Reading(
        *standing(state, model),
        stage=state.stage,
        lists=lists_of(state, model),
        activity=_activity(state),
        next_change_at=next_change_at(state, model),
        explanation=explain(state, model),
        explanations={
            name: explain_score(state, model, name) for name, score in model.scores.items() if not score.in_total
        },
    )


def standing(state: LeadState, model: Model) -> Standing:
    """Under the model at hand, whichever the state was folded by: scores that the model does not have are left out."""
    scores = shown_scores({name: raw for name, raw in state.scores.items() if name in model.scores}, model)
    thirds = grade_of(scores, model)
    grade = None if thirds is None else LETTERS[thirds]
    cell = priority = None
    if model.matrix is not None:
        rows_of = thirds if model.matrix.rows_of == GRADE and thirds is not None else scores[FIT]
        cell = model.matrix.cell(rows_of, scores[ENGAGEMENT])
        priority = model.matrix.priorities.get(cell)
    total = scores.pop(TOTAL)
    scores.pop(GRADE, None)
    return Standing(total, scores, grade, cell, priority)


def lists_of(state: LeadState, model: Model) -> tuple[str, ...]:
    """The stage, if it is on the ladder, and the stages of single scores."""
    own = (list_name(score, stage) for score, stage in sorted(state.ladders.items()) if stage)
    return (*([state.stage] if model.rank(state.stage) >= 0 else []), *own)


def list_name(score: str, stage: str) -> str:
    """A stage of a single score, as a list of leads."""
    return f"{score}/{stage}"


def explain(state: LeadState, model: Model) -> list[ExplanationLine]:
    """The lines that add up to the total, the weightiest first."""
    lines = _lines_of(state, model, model.in_total)
    if bound := total_line(state, model):
        lines.append(_shown(model.lines[model.total.line], bound))
    return sorted(lines, key=_weight)


def explain_score(state: LeadState, model: Model, score: str) -> list[ExplanationLine]:
    """The lines that add up to one score, the weightiest first."""
    return sorted(_lines_of(state, model, (score,)), key=_weight)


def _lines_of(state: LeadState, model: Model, scores: tuple[str, ...]) -> list[ExplanationLine]:
    """A line that the model has no name for is one of another model, under which it means nothing."""
    named = ((model.lines.get(number), line) for number, line in shown_lines(state, model).items())
    return [_shown(name, line) for name, line in named if name is not None and name[0] in scores]


def _shown(name: tuple[str, str], line: Line) -> ExplanationLine:
    return ExplanationLine(*name, line.points, line.times, line.last_at)


def _weight(line: ExplanationLine) -> tuple[int, str, str]:
    return -abs(line.points), line.rule, line.score


def _activity(state: LeadState) -> str:
    """Never active and gone quiet are two different things: quiet is a lead from which inactivity took a step."""
    if not state.last_activity_at:
        return "never"
    return "quiet" if state.idle else "active"
