"""A transition: the difference of a lead's stage between two committed states, committed with the second."""

from dataclasses import dataclass
from enum import StrEnum

from leadscore.domain.ledger import shown_scores
from leadscore.domain.model import Model
from leadscore.domain.reading import explain, lists_of, standing
from leadscore.domain.rules import ENGAGEMENT, FIT, GRADE, TOTAL, Stage
from leadscore.domain.state import LeadState


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
#: How many lines of the explanation a transition carries.
REASONS_MAX = 5


@dataclass(frozen=True, slots=True)
class Transition:
    """From one stage to another at one version of a lead, or into or out of a list that is no stage of the ladder.

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

    @property
    def id(self) -> str:
        """The same for every delivery of this transition. Lead ids are random and never given twice."""
        return f"{self.lead}-{self.version}"


def difference(
    before: LeadState, after: LeadState, model: Model, *, activation: int, cause: Cause, tells: bool = False
) -> Transition | None:
    """The transition between two committed states, or None where there is nothing to tell.

    Published is what happened to a person, by something that is news, and is more than entering the first stage.
    `tells` publishes what a model does, too.
    """
    introduces = not before.is_new and not before.identified and after.identified
    # What happened to an anonymous visitor was told to nobody: the moment it has a name, where it stands is news.
    overdue = introduces and after.stage != model.entry.name
    entered, left = _lists_changed(before, after, model)
    if after.stage == before.stage and not overdue and not entered and not left:
        return None
    told_from = "" if introduces else before.stage
    is_entry = after.stage == model.entry.name and (before.is_new or introduces) and not entered
    is_news = cause not in QUIET_CAUSES or (tells and cause is Cause.MODEL)
    scores = shown_scores(after.scores, model)
    grade, matrix, priority = standing(scores, model)
    return Transition(
        lead=after.lead,
        version=after.version,
        from_stage=before.stage,
        to_stage=after.stage,
        passed=_passed(told_from, after.stage, model),
        direction=_direction(told_from, after.stage, model),
        cause=cause,
        occurred_at=after.stage_since if after.stage != before.stage or overdue else after.last_event[0],
        as_of=after.as_of,
        model=model.name,
        activation=activation,
        routes=_routes(after.stage, told_from, (*entered, *left), model),
        fit=scores[FIT],
        engagement=scores[ENGAGEMENT],
        total=scores[TOTAL],
        # A lead that a merge closed has no score to explain any more, and its lines may be those of an older model.
        reasons=_reasons(after, model) if after.stage else (),
        publish=after.identified and is_news and not is_entry and not _is_told_again(before, after, model),
        introduces=introduces,
        merged_into=after.merged_into,
        entered=entered,
        left=left,
        other_scores=tuple(
            (name, points) for name, points in scores.items() if name not in (FIT, ENGAGEMENT, GRADE, TOTAL)
        ),
        grade=grade or "",
        matrix=matrix or "",
        priority=priority or "",
    )


def remember_notice(state: LeadState, transition: Transition, model: Model) -> None:
    """Keep in mind when entering a stage was told, where the model wants it quiet for some time."""
    for stage in model.stages:
        if stage.name == transition.to_stage and stage.quiet and transition.publish:
            state.notices[stage.id] = transition.as_of


def _lists_changed(before: LeadState, after: LeadState, model: Model) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lists of single scores that the lead came into, and those that it fell out of."""
    had = {*lists_of(before, model)} - {before.stage}
    has = {*lists_of(after, model)} - {after.stage} if after.stage else set()
    return tuple(sorted(has - had)), tuple(sorted(had - has))


def _is_told_again(before: LeadState, after: LeadState, model: Model) -> bool:
    """Whether the lead comes into a stage again so soon after this was told that nobody wants to hear it."""
    stage = next((stage for stage in model.stages if stage.name == after.stage != before.stage), None)
    told_at = before.notices.get(stage.id) if stage else None
    return stage is not None and told_at is not None and after.as_of - told_at < stage.quiet


def _reasons(state: LeadState, model: Model) -> tuple[tuple[str, int], ...]:
    """What happened at the moment of the change comes first, then what weighs most."""
    lines = sorted(explain(state, model), key=lambda line: line.last_at != state.stage_since)
    return tuple((line.rule, line.points) for line in lines[:REASONS_MAX])


def _passed(from_stage: str, to_stage: str, model: Model) -> tuple[str, ...]:
    """The stages jumped over, in the order of the jump; leaving or entering the ladder jumps over none."""
    start, end = model.rank(from_stage), model.rank(to_stage)
    if end < 0 or (start < 0 and from_stage):
        return ()
    between = range(start + 1, end) if start < end else range(start - 1, end, -1)
    return tuple(model.stages[place].name for place in between)


def _direction(from_stage: str, to_stage: str, model: Model) -> str:
    """Leaving the ladder is down, from wherever; whoever was nowhere comes up."""
    end = model.rank(to_stage)
    return "up" if end >= 0 and end >= model.rank(from_stage) else "down"


def _routes(to_stage: str, from_stage: str, lists: tuple[str, ...], model: Model) -> tuple[str, ...]:
    """Whom it concerns: whoever has the lead now, and whoever had it and must let go."""
    ladders: list[tuple[str, Stage]] = [(score, stage) for score, ladder in model.ladders.items() for stage in ladder]
    of_lists = [stage.route for score, stage in ladders if f"{score}/{stage.name}" in lists]
    return tuple(dict.fromkeys(route for route in (model.route(to_stage), model.route(from_stage), *of_lists) if route))
