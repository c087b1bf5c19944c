"""What an event does beside giving points: stages that are set, leads that leave and come back, scores set to zero."""

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.instants import reset_scores
from leadscore.domain.ledger import book, reset_group
from leadscore.domain.model import SCORE_RESET, Model
from leadscore.domain.rules import Effect
from leadscore.domain.state import LeadState


def effects_of(state: LeadState, event: LeadEvent, document: dict[str, object], model: Model) -> list[Effect]:
    return [
        effect
        for effect in model.effects.of(event.name)
        if event.trust >= effect.trust and _has_something_to_do(effect, state) and effect.matches(document)
    ]


def _has_something_to_do(effect: Effect, state: LeadState) -> bool:
    """Whoever is not away cannot come back."""
    return {"return": state.is_out, "requalify": state.is_disqualified}.get(effect.kind, True)


def apply_effects(state: LeadState, model: Model, event: LeadEvent, document: dict[str, object]) -> None:
    """Precedence: disqualify, escape, fast track, set stage; what comes back comes back before it can be ruled out."""
    at = event.occurred_at
    if event.name == SCORE_RESET and event.trust is Trust.SERVER:
        _reset_by_a_person(state, model, event)
    found = effects_of(state, event, document, model)
    if not found:
        return
    effects: dict[str, list[Effect]] = {}
    for effect in found:
        effects.setdefault(effect.kind, []).append(effect)
        if effect.scores:
            reset_scores(state, model, dict(effect.lines), at, is_told=True)
        elif effect.groups:
            for group in effect.groups:
                reset_group(state, model, group, effect.lines[group.score], at)
        else:
            # An effect has its line even without points: it is why a lead is where it is.
            for line in effect.lines.values():
                book(state, line, 0, at)
    state.settled_at = at
    floors = [effect.stage for kind in ("fast_track", "set_stage") for effect in effects.get(kind, ())]
    state.floor = max([state.floor, *floors], key=model.rank)
    state.is_out = "escape" in effects or (state.is_out and "return" not in effects)
    state.is_disqualified = "disqualify" in effects or (state.is_disqualified and "requalify" not in effects)
    if "escape" in effects or "disqualify" in effects:
        state.floor = ""


def _reset_by_a_person(state: LeadState, model: Model, event: LeadEvent) -> None:
    at = event.occurred_at
    named = event.properties.get("group")
    if named is not None:
        for name, group in model.named_groups:
            if name == named and group.score in model.resets:
                reset_group(state, model, group, model.resets[group.score], at)
    else:
        score = event.properties.get("score")
        lines = {name: line for name, line in model.resets.items() if score in (None, name)}
        reset_scores(state, model, lines, at, is_told=True)
    state.settled_at = at
