"""An event that comes late, folded in as if it had come in its place, where that is sure to be the same."""

from leadscore.domain.effects import effects_of
from leadscore.domain.event import INTERNAL_CHANNEL, LeadEvent
from leadscore.domain.instants import be_active
from leadscore.domain.ledger import give, shown_scores
from leadscore.domain.model import SCORE_RESET, Model, event_document
from leadscore.domain.repetition import admit, is_untouched_by
from leadscore.domain.rules import Rule
from leadscore.domain.stages import ladders, ladders_of, stage_of
from leadscore.domain.state import LeadState
from leadscore.domain.step import NO_FACTS, count, heed, mind_activity
from leadscore.domain.uncounted import counts_nothing, is_heeded, is_of_own_lead


class OutOfOrder(Exception):
    """The event belongs before something that its place makes a difference to: only a full fold is sure."""


def insert(state: LeadState, event: LeadEvent, model: Model) -> None:
    """Fold in an event that comes late, if that gives what folding it in its place would give.

    Since `settled_at` scores only rose and the stage stayed. With points of its own added, every score in between is
    at most the last one, so a stage that the last one leaves alone was left alone all the way. And no idle spell may
    have fitted between the event and what followed.
    """
    at = event.occurred_at
    if (
        (at <= state.settled_at and not _had_points_alone(state, model))
        or (model.inactivity and at + model.inactivity[0].after <= state.last_event[0])
        or event.traits
        or event.name == SCORE_RESET
        or model.bursts.of(event.name)
        or is_heeded(event)
        or is_of_own_lead(event) is not state.is_own
    ):
        raise OutOfOrder
    if counts_nothing(state, event):
        count(state, event)
    else:
        _insert_points(state, event, model)
    if at < state.created_at:
        state.created_at = state.stage_since = state.settled_at = at
        state.wakes_at = 0


def _insert_points(state: LeadState, event: LeadEvent, model: Model) -> None:
    document = event_document(event)
    if model.reads_lead:
        raise OutOfOrder  # What the lead was like at that moment is not known any more.
    matching = model.engagement.matching(event, NO_FACTS).rules
    if (
        any(rule.points < 0 for rule in matching)
        or effects_of(state, event, document, model)
        or any(watch_for.matches(document) for watch_for in model.watches.of(event.name))
        or not _keeps_visit(state, event, model, document)
        or not _keeps_touches(state, event)
    ):
        raise OutOfOrder
    count(state, event)
    for rule in matching:
        _score_late(state, model, rule, event, document)
    if model.activity is not None:
        mind_activity(state, model.activity, event, document)
    state.wakes_at = 0
    scores = shown_scores(state.scores, model)
    if stage_of(state, model, scores) != state.stage or ladders_of(state, model, scores) != ladders(state, model):
        raise OutOfOrder


def _score_late(state: LeadState, model: Model, rule: Rule, event: LeadEvent, document: dict[str, object]) -> None:
    at = event.occurred_at
    gives = is_untouched_by(state, rule, document, event)
    if gives is None or not _keeps_pools(state, rule, at):
        raise OutOfOrder
    if rule.is_activity and model.activity is None:
        be_active(state, at)
    if not gives:
        return
    points = rule.points if rule.is_plain else admit(state, rule, document, event)
    if points is not None:
        give(state, rule, points, at)
        if points and model.minds_signals:
            heed(state, model, (rule.signal,))


def _had_points_alone(state: LeadState, model: Model) -> bool:
    """Whether nothing but points was added since its first event, so that an event may come even before that one."""
    return (
        state.settled_at == state.created_at == state.stage_since
        and state.stage == model.entry.name
        and not state.fit
        and all(line.points > 0 for line in state.lines.values())
        and not state.is_unconsented
        and not state.silenced
        and not state.memory
        and not state.pools
        and not model.minds_the_unknown
        and not any(state.ladders.values())
    )


def _keeps_pools(state: LeadState, rule: Rule, at: int) -> bool:
    seen = max(state.last_event[0], state.settled_at)
    return all(
        target.pool is None or target.pool.decay.accepts_late(state.pools.get(target.pool.id), at, seen)
        for target in rule.targets
    )


def _keeps_visit(state: LeadState, event: LeadEvent, model: Model, document: dict[str, object]) -> bool:
    """Whether a late event leaves the visits as they are."""
    if not model.minds_visits or not any(visits.matches(document) for visits in model.visits.of(event.name)):
        return True
    started_at, last_at, _ = state.visit
    return started_at <= event.occurred_at <= last_at


def _keeps_touches(state: LeadState, event: LeadEvent) -> bool:
    channel = event.context.get("channel")
    return not isinstance(channel, str) or channel == INTERNAL_CHANNEL or state.channels == (channel, channel)
