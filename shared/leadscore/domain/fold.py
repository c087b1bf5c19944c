"""The fold: a lead's score as a pure function of its events, the model and a moment.

`fold` takes the whole log, `extend` a state and further events; both run the same steps over the events in order, so
they cannot differ. Time is one more input: inactivity steps are applied at their own instants, between the events,
and before an event at the same instant.

An event that comes late can still be stepped in where its place makes no difference: when since then nothing but
points were added, and adding its own leaves the stage. Anything else asks for a full fold (`OutOfOrder`).
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from leadscore.domain.event import LeadEvent
from leadscore.domain.model import (
    DISQUALIFIED,
    ENGAGEMENT,
    FIT,
    OUT,
    TOTAL,
    Effect,
    InactivityStep,
    Model,
    Rule,
    Stage,
    event_document,
)
from leadscore.domain.state import LeadState, Line, Profile, Trait

#: What a profile holds at most, so that no client can grow it without bound. More stays in the log, unseen by fit.
TRAITS_MAX = 100
TRAIT_NAME_CHARACTERS_MAX = 100
TRAIT_VALUE_BYTES_MAX = 1_024


class OutOfOrder(Exception):
    """The event belongs before something that its place makes a difference to: only a full fold is sure."""


class ExplanationLine(NamedTuple):
    """What one rule, step or reset has given or taken. Times are ms since the epoch."""

    rule: str
    points: int
    times: int
    last_at: int


def fold(
    events: Iterable[LeadEvent], model: Model, *, activation: int, lead: str, as_of: int, due_at: int | None = None
) -> tuple[LeadState, Profile]:
    """The state and profile of a lead at `as_of` from every event of it, in any order, each once.

    `due_at` is the timer that is set already, if one is.
    """
    state = LeadState(lead, activation=activation, due_at=due_at)
    profile: Profile = {}
    # A client may send one id twice, under another name the second time: two homes, one place in the order.
    for event in sorted(events, key=lambda event: (event.order, event.home)):
        profile = _apply(state, event, model, profile) or profile
    _advance(state, model, to=max(state.last_event[0], as_of))
    return state, profile


def extend(
    state: LeadState, events: Iterable[LeadEvent], model: Model, *, profile: Profile | None, as_of: int
) -> tuple[LeadState, Profile | None]:
    """The state after these further events, given in order, at `as_of`. None of them may be folded in already.

    `profile` may be None where no event carries traits. Version, ring and homes are left to the commit.
    Raises OutOfOrder.
    """
    state = state.copy()
    for event in events:
        if event.order > state.last_event and event.occurred_at >= state.settled_at:
            profile = _apply(state, event, model, profile)
        else:
            _insert(state, event, model)
    _advance(state, model, to=max(state.as_of, state.last_event[0], as_of))
    return state, profile


def advance(state: LeadState, model: Model, *, to: int) -> LeadState:
    """The state at a later moment, if nothing happens until then."""
    state = state.copy()
    _advance(state, model, to=max(state.as_of, to))
    return state


def next_change_at(state: LeadState, model: Model) -> int | None:
    """When score or stage next change if nothing happens, to the millisecond; None if they never do."""
    upcoming = _next_step(state, model)
    if upcoming is not None and _taken(state, upcoming[1]):
        return upcoming[0]
    future = state.copy()
    while (upcoming := _next_step(future, model)) is not None:
        instant, step = upcoming
        _take(future, step, model, at=instant)
        if (future.engagement, future.stage) != (state.engagement, state.stage):
            return instant
    return None


def explain(state: LeadState, model: Model) -> list[ExplanationLine]:
    """The lines that add up to the total, the weightiest first."""
    lines = (ExplanationLine(model.lines[number], *line) for number, line in state.lines.items())
    return sorted(lines, key=lambda line: (-abs(line.points), line.rule))


def _apply(state: LeadState, event: LeadEvent, model: Model, profile: Profile | None) -> Profile | None:
    at = event.occurred_at
    if not state.folded_count:
        state.created_at = at
        _enter(state, model.entry.name, at)
    _take_steps_until(state, model, at)
    state.last_event = event.order
    _count(state, event)
    if event.traits:
        if profile is None:
            raise ValueError("an event with traits needs the profile")
        profile = _learn(state, event, model, profile)
    document = event_document(event)
    _score_engagement(state, model, event, document)
    _apply_effects(state, model, event, document)
    _enter(state, _stage(state, model), at)
    return profile


def _insert(state: LeadState, event: LeadEvent, model: Model) -> None:
    """Fold in an event that comes late, if that gives what folding it in its place would give.

    Since `settled_at` scores only rose and the stage stayed. With points of its own added, every score in between is
    at most the last one, so a stage that the last one leaves alone was left alone all the way. And no idle spell may
    have fitted between the event and what followed.
    """
    document = event_document(event)
    matching = [rule for rule in model.engagement_rules(event.name) if rule.matches(document)]
    if (
        (event.occurred_at <= state.settled_at and not _had_points_alone(state, model))
        or (model.inactivity and event.occurred_at + model.inactivity[0].after <= state.last_event[0])
        or event.traits
        or any(rule.points < 0 for rule in matching)
        or _effects(state, event, document, model)
    ):
        raise OutOfOrder
    _count(state, event)
    for rule in matching:
        _reward(state, rule, event.occurred_at)
    if _stage(state, model) != state.stage:
        raise OutOfOrder
    if event.occurred_at < state.created_at:
        state.created_at = state.stage_since = state.settled_at = event.occurred_at


def _had_points_alone(state: LeadState, model: Model) -> bool:
    """Whether nothing but points was added since its first event, so that an event may come even before that one."""
    return (
        state.settled_at == state.created_at == state.stage_since
        and state.stage == model.entry.name
        and not state.fit
        and all(line.points > 0 for line in state.lines.values())
    )


def _count(state: LeadState, event: LeadEvent) -> None:
    state.folded_count += 1
    state.folded_xor ^= event.short
    state.identified = state.identified or any(identifier.is_known for identifier in event.identifiers)


def _learn(state: LeadState, event: LeadEvent, model: Model, profile: Profile) -> Profile:
    """Take the event's traits into the profile and judge the fit anew.

    More trusted beats later: a public or declared call fills what is empty and overwrites nothing more trusted.
    """
    learned = dict(profile)
    for name, value in event.traits.items():
        said = Trait(value, event.trust, event.occurred_at, event.id)
        known = learned.get(name)
        if known is not None and (_outweighs(known, said) or _repeats(said, known)):
            continue
        if len(name) > TRAIT_NAME_CHARACTERS_MAX or len(json.dumps(value)) > TRAIT_VALUE_BYTES_MAX:
            continue
        if known is None and len(learned) >= TRAITS_MAX:
            least = min(learned, key=lambda other: (learned[other].precedence, other))
            if learned[least].trust >= said.trust:
                continue
            del learned[least]  # What anybody may say must not keep out what a trusted source says.
        learned[name] = said
    if learned != profile:
        _score_fit(state, model, learned, event.occurred_at)
    return learned


def _outweighs(known: Trait, said: Trait) -> bool:
    return not _is_empty(known.value) and known.precedence > said.precedence


def _is_empty(value: object) -> bool:
    """Clients unset a trait with null, and forms send empty fields: neither says anything."""
    return value is None or value == ""


def _repeats(said: Trait, known: Trait) -> bool:
    """Whether it says nothing new, as nightly syncs do: then nothing has to be written."""
    return said.trust == known.trust and json.dumps(said.value) == json.dumps(known.value)


def _score_fit(state: LeadState, model: Model, profile: Profile, at: int) -> None:
    traits = {name: trait.value for name, trait in profile.items() if not _is_empty(trait.value)}
    for rule in model.fit:
        line = state.lines.get(rule.line)
        if not rule.matches(traits):
            if line is not None:
                del state.lines[rule.line]
                state.fit -= line.points
                state.settled_at = at
        elif line is None:
            state.lines[rule.line] = Line(rule.points, 1, at)
            state.fit += rule.points
            state.settled_at = at


def _score_engagement(state: LeadState, model: Model, event: LeadEvent, document: dict[str, object]) -> None:
    for rule in model.engagement_rules(event.name):
        if rule.matches(document):
            _reward(state, rule, event.occurred_at)
            if rule.points < 0:
                state.settled_at = event.occurred_at


def _reward(state: LeadState, rule: Rule, at: int) -> None:
    """Give a rule's points; positive ones are activity, which restarts the clock of inactivity."""
    _give(state, rule.line, rule.points, at)
    if rule.points > 0 and at >= state.last_activity_at:
        state.last_activity_at = at
        state.idle_steps = 0


def _effects(state: LeadState, event: LeadEvent, document: dict[str, object], model: Model) -> list[Effect]:
    return [
        effect
        for effect in model.effects_of(event.name)
        if event.trust >= effect.trust and _has_something_to_do(effect, state) and effect.matches(document)
    ]


def _has_something_to_do(effect: Effect, state: LeadState) -> bool:
    """Whoever is not away cannot come back."""
    return {"return": state.is_out, "requalify": state.is_disqualified}.get(effect.kind, True)


def _apply_effects(state: LeadState, model: Model, event: LeadEvent, document: dict[str, object]) -> None:
    """Precedence: disqualify, escape, fast track, set stage; what comes back comes back before it can be ruled out."""
    effects: dict[str, list[Effect]] = {}
    for effect in _effects(state, event, document, model):
        effects.setdefault(effect.kind, []).append(effect)
        # An effect has its line even without points: it is why a lead is where it is.
        _give(state, effect.line, -state.engagement if effect.kind == "escape" else 0, event.occurred_at)
        state.settled_at = event.occurred_at
    floors = [effect.stage for kind in ("fast_track", "set_stage") for effect in effects.get(kind, ())]
    state.floor = max([state.floor, *floors], key=model.rank)
    state.is_out = "escape" in effects or (state.is_out and "return" not in effects)
    state.is_disqualified = "disqualify" in effects or (state.is_disqualified and "requalify" not in effects)
    if "escape" in effects or "disqualify" in effects:
        state.floor = ""


def _advance(state: LeadState, model: Model, *, to: int) -> None:
    _take_steps_until(state, model, to)
    state.as_of = to
    _arm(state, model)


def _take_steps_until(state: LeadState, model: Model, until: int) -> None:
    while (upcoming := _next_step(state, model)) is not None and upcoming[0] <= until:
        _take(state, upcoming[1], model, at=upcoming[0])


def _next_step(state: LeadState, model: Model) -> tuple[int, InactivityStep] | None:
    """The next step of this idle spell and its instant. Without activity the clock runs from the lead's creation."""
    if not state.folded_count or state.idle_steps >= len(model.inactivity):
        return None
    step = model.inactivity[state.idle_steps]
    return (state.last_activity_at or state.created_at) + step.after, step


def _take(state: LeadState, step: InactivityStep, model: Model, *, at: int) -> None:
    if taken := _taken(state, step):
        _give(state, step.line, -taken, at)
    if step.take is None:
        state.floor = ""
    state.idle_steps += 1
    state.settled_at = at
    _enter(state, _stage(state, model), at)


def _taken(state: LeadState, step: InactivityStep) -> int:
    """What a step takes: all of engagement, or its part, never below zero: quiet must not look worse than unknown."""
    return state.engagement if step.take is None else min(step.take, max(state.engagement, 0))


def _give(state: LeadState, line: int, points: int, at: int) -> None:
    before = state.lines.get(line, Line(0, 0, at))
    state.lines[line] = Line(before.points + points, before.times + 1, max(before.last_at, at))
    state.engagement += points


def _stage(state: LeadState, model: Model) -> str:
    if state.is_disqualified or state.is_out:
        return DISQUALIFIED if state.is_disqualified else OUT
    scores = {FIT: state.fit, ENGAGEMENT: state.engagement, TOTAL: state.total}
    reached = [stage.name for stage in model.stages if _is_reached(stage, scores)]
    return max([*reached, state.floor], key=model.rank)


def _is_reached(stage: Stage, scores: dict[str, int]) -> bool:
    return all(scores[score] >= threshold for score, threshold in stage.at.items())


def _enter(state: LeadState, stage: str, at: int) -> None:
    if stage != state.stage:
        state.stage = stage
        state.stage_since = state.settled_at = at


def _arm(state: LeadState, model: Model) -> None:
    """Timers are lazy: one that activity postponed stays where it is, since moving it would cost an index write."""
    change = next_change_at(state, model)
    passed = state.due_at is None or state.due_at <= state.as_of
    if passed or (change is not None and state.due_at is not None and change < state.due_at):
        state.due_at = change
