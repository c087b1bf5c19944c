"""Our engine as the benchmarks of rules run it: the one place that knows how the fold is called."""

from collections.abc import Sequence

from leadscore.domain.event import LeadEvent
from leadscore.domain.fold import extend, fold
from leadscore.domain.model import Model
from leadscore.domain.reading import ExplanationLine, explain
from leadscore.domain.state import LeadState, Profile

_LEAD = "lead"


def fold_history(events: Sequence[LeadEvent], model: Model) -> list[ExplanationLine]:
    """A lead's history at once, as a rescoring does it: score, stage and timer after each event; then the reasons."""
    state, _ = fold(events, model, activation=1, lead=_LEAD, as_of=events[-1].occurred_at)
    return explain(state, model)


def step_through(events: Sequence[LeadEvent], model: Model) -> list[ExplanationLine]:
    """An event at a time, as it arrives: a state of its own after each, and its reasons."""
    state = LeadState(_LEAD, activation=1, spilled=frozenset())
    profile: Profile = {}
    lines: list[ExplanationLine] = []
    for event in events:
        state, profile = _step(state, event, model, profile)
        lines = explain(state, model)
    return lines


def points_by_event(events: Sequence[LeadEvent], model: Model) -> list[int]:
    """What rules give for each event: its own points, and those of the fit as it is by then.

    Only of a model without features, where nothing but conditions decides.
    """
    state = LeadState(_LEAD, activation=1, spilled=frozenset())
    profile: Profile = {}
    given = []
    for event in events:
        before = state.engagement
        state, profile = _step(state, event, model, profile)
        given.append(state.fit + state.engagement - before)
    if state.fit + state.engagement != sum(line.points for line in fold_history(events, model)):
        raise AssertionError("the explanation of a full fold does not add up to the score of the steps")
    return given


def _step(state: LeadState, event: LeadEvent, model: Model, profile: Profile) -> tuple[LeadState, Profile]:
    following, learned = extend(state, [event], model, profile=profile, as_of=event.occurred_at)
    return following, learned or profile
