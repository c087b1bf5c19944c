"""Which stage a lead's scores put it into, on the model's ladder and on those of single scores."""

from collections.abc import Mapping, Sequence

from leadscore.domain.ledger import shown_scores
from leadscore.domain.model import Model
from leadscore.domain.rules import DISQUALIFIED, GRADE, OUT, Stage
from leadscore.domain.state import LeadState


def judge(state: LeadState, model: Model, at: int) -> None:
    """Enter the stages that the scores of this moment ask for."""
    scores = shown_scores(state.scores, model)
    enter(state, stage_of(state, model, scores), at)
    if not model.ladders:
        return
    for score, stage in ladders_of(state, model, scores).items():
        if stage != state.ladders.get(score, ""):
            state.ladders[score] = stage
            state.ladder_since[score] = state.settled_at = at


def stage_of(state: LeadState, model: Model, scores: Mapping[str, int]) -> str:
    if state.is_disqualified or state.is_out:
        return DISQUALIFIED if state.is_disqualified else OUT
    stage = _climbed(model.stages, state.stage, scores, state, model)
    return max(stage, state.floor, key=model.rank) if state.floor else stage


def ladders_of(state: LeadState, model: Model, scores: Mapping[str, int]) -> dict[str, str]:
    """What `judge` would make of the ladders of single scores. Whoever is out or ruled out is on none of them."""
    if state.is_disqualified or state.is_out:
        return dict.fromkeys(model.ladders, "")
    return {
        score: _climbed(ladder, state.ladders.get(score, ""), scores, state, model)
        for score, ladder in model.ladders.items()
    }


def ladders(state: LeadState, model: Model) -> dict[str, str]:
    """The stages that the lead has on the ladders of single scores."""
    return {score: state.ladders.get(score, "") for score in model.ladders}


def enter(state: LeadState, stage: str, at: int) -> None:
    if stage != state.stage:
        state.stage = stage
        state.stage_since = state.settled_at = at


def grade_of(scores: Mapping[str, int], model: Model) -> int | None:
    """In thirds of a letter, from F."""
    return None if model.grade_start is None else model.grade_start + scores[GRADE]


def _climbed(ladder: Sequence[Stage], present: str, scores: Mapping[str, int], state: LeadState, model: Model) -> str:
    """The highest stage that is reached, or was reached and still holds."""
    is_held = False
    for stage in reversed(ladder):
        is_held = is_held or stage.name == present
        if _is_met(stage.holds if is_held else stage.at, scores) and (
            stage.is_simple or _is_worthy(stage, scores, state, model, is_held=is_held)
        ):
            return stage.name
    return ""


def _is_met(bounds: Mapping[str, int], scores: Mapping[str, int]) -> bool:
    for score, bound in bounds.items():  # noqa: SIM110  a generator would double the time of what every event asks
        if scores[score] < bound:
            return False
    return True


def _is_worthy(stage: Stage, scores: Mapping[str, int], state: LeadState, model: Model, *, is_held: bool) -> bool:
    if stage.grade is not None and (grade_of(scores, model) or 0) < stage.grade:
        return False
    return is_held or _signals(state, model) >= stage.signals


def _signals(state: LeadState, model: Model) -> int:
    """How many different rules have given points since engagement was last taken back to zero."""
    return len(state.memory.get(model.signals, ()))
