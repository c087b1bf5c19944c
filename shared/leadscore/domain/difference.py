"""The difference of a lead's stages between two committed states: the transition that is committed with the second."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from leadscore.domain.cause import QUIET_CAUSES, Cause
from leadscore.domain.model import Model
from leadscore.domain.reading import explain, explain_score, list_name, standing
from leadscore.domain.rules import ENGAGEMENT, FIT
from leadscore.domain.state import LeadState
from leadscore.domain.transition import Transition

#: Among what is untold: the stage on the model's own ladder.
_STAGE = ""
#: How many lines of the explanation a transition carries.
REASONS_MAX = 5


class _Step(NamedTuple):
    """What a commit did to a lead on the ladder of one score. `at` is when it took effect, as far as is known."""

    score: str
    before: str
    after: str
    at: int

    @property
    def entered(self) -> tuple[str, ...]:
        return (list_name(self.score, self.after),) if self.after else ()

    @property
    def left(self) -> tuple[str, ...]:
        return (list_name(self.score, self.before),) if self.before else ()

    def is_up(self, model: Model) -> bool:
        ladder = [stage.name for stage in model.ladders.get(self.score, ())]
        return self.after in ladder and (
            self.before not in ladder or ladder.index(self.after) > ladder.index(self.before)
        )

    def routes(self, model: Model) -> list[str | None]:
        ladder = model.ladders.get(self.score, ())
        return [stage.route for stage in ladder if stage.name in (self.before, self.after)]


class _Place(NamedTuple):
    """Where a lead is, or was for whoever was told last: on the model's ladder, and on those of single scores."""

    stage: str = ""
    ladders: Mapping[str, str] = {}


_NOWHERE = _Place()


def difference(
    before: LeadState, after: LeadState, model: Model, *, activation: int, cause: Cause, tells: bool = False
) -> Transition | None:
    """The transition between two committed states, or None where there is nothing to tell.

    Published is what happened to a person, by something that is news, and is more than entering the first stage.
    `tells` publishes what a model does, too. It is told as the difference to what was told before.
    """
    introduces = not before.is_new and not before.identified and after.identified
    # What happened to an anonymous visitor was told to nobody: the moment it has a name, where it stands is news.
    was = _NOWHERE if introduces else _Place(before.stage, before.ladders)
    steps = _steps(was, after)
    if after.stage == before.stage and not _moves(was, after, model) and not steps:
        return None
    is_news = cause not in QUIET_CAUSES or (tells and cause is Cause.MODEL)
    told = _NOWHERE if introduces else told_of(before)
    publish = after.identified and is_news and _is_told(told, before, after, model)
    if publish:
        was, steps = told, _steps(told, after)
    is_about_stage = _moves(was, after, model) or not steps
    stands = standing(after, model)
    return Transition(
        lead=after.lead,
        version=after.version,
        from_stage=before.stage,
        to_stage=after.stage,
        passed=_passed(was.stage, after.stage, model),
        direction="up" if _is_up(was.stage, after.stage, steps, model) else "down",
        cause=cause,
        occurred_at=after.stage_since if is_about_stage else max(step.at for step in steps),
        as_of=after.as_of,
        model=model.name,
        activation=activation,
        routes=_routes(after.stage, was.stage, steps, model),
        fit=stands.scores[FIT],
        engagement=stands.scores[ENGAGEMENT],
        total=stands.total,
        # A lead that a merge closed has no score to explain any more, and its lines may be those of an older model.
        reasons=_reasons(after, steps, model, is_about_stage=is_about_stage) if after.stage else (),
        publish=publish,
        introduces=introduces or (bool(before.stage) and not was.stage),
        last_told="" if was.stage == before.stage else was.stage,
        merged_into=after.merged_into,
        entered=tuple(name for step in steps for name in step.entered),
        left=tuple(name for step in steps for name in step.left),
        other_scores=tuple((name, points) for name, points in stands.scores.items() if name not in (FIT, ENGAGEMENT)),
        grade=stands.grade or "",
        matrix=stands.matrix or "",
        priority=stands.priority or "",
    )


def told_of(state: LeadState) -> _Place:
    """Where the lead is as far as was told: quiet changes came to nobody's ears."""
    ladders = {
        score: state.untold.get(score, state.ladders.get(score, "")) for score in {*state.ladders, *state.untold}
    }
    ladders.pop(_STAGE, None)
    return _Place(state.untold.get(_STAGE, state.stage), {score: stage for score, stage in ladders.items() if stage})


def remember_told(before: LeadState, after: LeadState, transition: Transition, model: Model) -> None:
    """Keep in mind what was told of the lead where that is not where it is now, and when entering a stage was told,
    where the model wants it quiet for some time."""
    after.untold = _untold(before, after, transition, model)
    if not transition.publish or not _enters(transition.told_from, transition.to_stage, model):
        return
    for stage in model.stages:
        if stage.name == transition.to_stage and stage.quiet:
            after.notices[stage.id] = transition.as_of


def keep_told(state: LeadState, earlier: LeadState, model: Model) -> None:
    """Give a state that was folded anew what was told before, since no event says it."""
    quiet = {stage.id for stage in model.stages if stage.quiet}
    state.notices = {number: told_at for number, told_at in earlier.notices.items() if number in quiet}
    state.untold = dict(earlier.untold)


def _untold(before: LeadState, after: LeadState, transition: Transition, model: Model) -> dict[str, str]:
    """By ladder what was told last, where it is not what is so now; of a visitor and of a closed lead there is no such
    thing. A lead that nobody has heard of may well be in the first stage: that is no news either way."""
    if transition.publish or not after.identified or not after.stage:
        return {}
    is_first = before.is_new or not before.identified
    told = _NOWHERE if is_first else told_of(before)
    if transition.cause not in QUIET_CAUSES and _moves(told, after, model):
        told = told._replace(stage=after.stage)  # It was told not long ago, and counts as told.
    differing = {step.score: step.before for step in _steps(told, after)}
    is_usual = told.stage == after.stage or (is_first and after.stage == model.entry.name)
    return differing if is_usual else {_STAGE: told.stage, **differing}


def _steps(was: _Place, after: LeadState) -> list[_Step]:
    """What changed on the ladders of single scores."""
    had = was.ladders
    has = after.ladders if after.stage else {}
    return [
        _Step(score, had.get(score, ""), has.get(score, ""), after.ladder_since.get(score, after.as_of))
        for score in sorted({*had, *has})
        if had.get(score, "") != has.get(score, "")
    ]


def _moves(was: _Place, after: LeadState, model: Model) -> bool:
    """Whether the stage is another. Coming from nowhere into the first one is not more than being there."""
    return after.stage != was.stage and bool(was.stage or after.stage != model.entry.name)


def _is_told(told: _Place, before: LeadState, after: LeadState, model: Model) -> bool:
    moves = _moves(told, after, model) and not _is_told_again(before, after, told.stage, model)
    return moves or bool(_steps(told, after))


def _is_told_again(before: LeadState, after: LeadState, told_from: str, model: Model) -> bool:
    """Whether the lead comes up into a stage again so soon after this was told that nobody wants to hear it."""
    if not _enters(told_from, after.stage, model):
        return False
    stage = model.stages[model.rank(after.stage)]
    told_at = before.notices.get(stage.id)
    return told_at is not None and after.as_of - told_at < stage.quiet


def _enters(from_stage: str, to_stage: str, model: Model) -> bool:
    """Whether it is a way up into a stage of the ladder."""
    return model.rank(to_stage) > model.rank(from_stage)


def _reasons(
    state: LeadState, steps: Sequence[_Step], model: Model, *, is_about_stage: bool
) -> tuple[tuple[str, int], ...]:
    """What happened at the moment of a change comes first, then what weighs most, out of the scores that changed it."""
    lines = [(line.last_at == state.stage_since, line) for line in explain(state, model)] if is_about_stage else []
    lines += [(line.last_at == step.at, line) for step in steps for line in explain_score(state, model, step.score)]
    lines.sort(key=lambda each: (not each[0], -abs(each[1].points)))
    distinct = dict.fromkeys(line for _, line in lines)
    return tuple((line.rule, line.points) for line in distinct)[:REASONS_MAX]


def _passed(from_stage: str, to_stage: str, model: Model) -> tuple[str, ...]:
    """The stages jumped over, in the order of the jump; leaving or entering the ladder jumps over none."""
    start, end = model.rank(from_stage), model.rank(to_stage)
    if end < 0 or (start < 0 and from_stage):
        return ()
    between = range(start + 1, end) if start < end else range(start - 1, end, -1)
    return tuple(model.stages[place].name for place in between)


def _is_up(from_stage: str, to_stage: str, steps: Sequence[_Step], model: Model) -> bool:
    """Leaving the ladder is down, from wherever; whoever was nowhere comes up. Where the stage stays, lists decide."""
    if to_stage == from_stage:
        return any(step.is_up(model) for step in steps)
    end = model.rank(to_stage)
    return end >= 0 and end >= model.rank(from_stage)


def _routes(to_stage: str, from_stage: str, steps: Sequence[_Step], model: Model) -> tuple[str, ...]:
    """Whom it concerns: whoever has the lead now, and whoever had it and must let go."""
    of_lists = [route for step in steps for route in step.routes(model)]
    return tuple(dict.fromkeys(route for route in (model.route(to_stage), model.route(from_stage), *of_lists) if route))
