"""Why a lead changed its stage, in the names of rules."""

from collections.abc import Iterator

from leadscore.domain.fold import StageChange
from leadscore.domain.model import Model
from leadscore.domain.rules import DISQUALIFIED, OUT, Effect

#: The effects that put a lead into a stage outside the ladder.
_INTO = {OUT: "escape", DISQUALIFIED: "disqualify"}


def reasons_of(change: StageChange, model: Model) -> list[str]:
    """The rules of that moment, the one that moved the lead first: an effect that did, else the weightiest points."""
    effects = {model.lines[line][1] for effect in _effects_behind(change, model) for line in effect.lines.values()}
    sign = 1 if rises(change, model) else -1
    ranked = sorted(change.reasons, key=lambda reason: (reason[0] not in effects, -sign * reason[1], reason[0]))
    moving = [rule for rule, points in ranked if rule in effects or sign * points > 0]
    return list(dict.fromkeys(moving)) or list(dict.fromkeys(rule for rule, _ in ranked))


def rises(change: StageChange, model: Model) -> bool:
    return model.rank(change.to_stage) > model.rank(change.from_stage)


def _effects_behind(change: StageChange, model: Model) -> Iterator[Effect]:
    for effect in {id(each): each for each in _all_effects(model)}.values():
        sends_out = effect.kind == _INTO.get(change.to_stage)
        brings_back = {"return": OUT, "requalify": DISQUALIFIED}.get(effect.kind) == change.from_stage
        if sends_out or brings_back or (effect.stage and effect.stage == change.to_stage):
            yield effect


def _all_effects(model: Model) -> Iterator[Effect]:
    yield from model.effects.every
    for effects in model.effects.by_event.values():
        yield from effects
