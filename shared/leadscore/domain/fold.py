"""The fold: a lead's score as a pure function of its events, the model and a moment.

`fold` takes the whole log, `extend` a state and further events; both run the same steps over the events in order, so
they cannot differ. Time is one more input: what decays, and inactivity steps, happen at their own instants, between the
events, and before an event at the same instant.

An event that comes late can still be stepped in where its place makes no difference: when since then nothing but
points were added, and adding its own leaves the stage. Anything else asks for a full fold (`OutOfOrder`).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from leadscore.domain.durations import DAY_MS, NEVER
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.instants import be_active, next_instant, pass_instant, reset_scores, run_until
from leadscore.domain.ledger import book, close_books, give, give_together, reset_group, shown_scores, withdraw
from leadscore.domain.machines import Unforeseen, in_bursts, is_flagged, joins_burst, remember
from leadscore.domain.model import SCORE_RESET, VISIT_STARTED, Candidates, Model, event_document
from leadscore.domain.profile import learn, said_traits
from leadscore.domain.repetition import MarksUnread, admit, is_untouched_by, watch
from leadscore.domain.rules import Condition, Effect, Match, Rule
from leadscore.domain.stages import enter, judge, ladders, ladders_of, stage_of
from leadscore.domain.state import LeadState, Profile

__all__ = ["MarksUnread", "OutOfOrder", "StageChange", "advance", "extend", "fold", "next_change_at", "stage_changes"]

#: A touch that says where a lead came from; a page reached from another of the same site is none.
INTERNAL = "internal"
DIRECT = "direct"
_NO_FACTS: dict[str, object] = {}


class OutOfOrder(Exception):
    """The event belongs before something that its place makes a difference to: only a full fold is sure."""


class StageChange(NamedTuple):
    """A change of stage in a lead's history, with what happened at that moment, the weightiest first."""

    at: int
    from_stage: str
    to_stage: str
    reasons: tuple[tuple[str, int], ...]


def fold(
    events: Iterable[LeadEvent], model: Model, *, activation: int, lead: str, as_of: int, due_at: int | None = None
) -> tuple[LeadState, Profile]:
    """The state and profile of a lead at `as_of` from every event of it, in any order, each once.

    `due_at` is the timer that is set already, if one is.
    """
    state = LeadState(lead, activation=activation, due_at=due_at, spilled=frozenset())
    profile: Profile = {}
    for event, is_machine in _in_order(events, model):
        profile = _apply(state, event, model, profile, is_machine=is_machine) or profile
    _advance(state, model, to=max(state.last_event[0], as_of))
    return state, profile


def stage_changes(events: Iterable[LeadEvent], model: Model, *, as_of: int) -> Iterator[StageChange]:
    """Every change of stage in a lead's history up to `as_of`, its birth included."""
    state = LeadState("", spilled=frozenset())
    profile: Profile = {}
    for event, is_machine in _in_order(events, model):
        if state.folded_count:
            yield from _changes_by_time(state, model, event.occurred_at)
        before = state.stage
        profile = _apply(state, event, model, profile, is_machine=is_machine) or profile
        if state.stage != before:
            yield _stage_change(state, before, model)
    yield from _changes_by_time(state, model, as_of)


def _changes_by_time(state: LeadState, model: Model, until: int) -> Iterator[StageChange]:
    before = state.stage
    while run_until(state, model, until, stops=True):
        if state.stage != before:
            yield _stage_change(state, before, model)
            before = state.stage


def _stage_change(state: LeadState, before: str, model: Model) -> StageChange:
    close_books(state)
    at = state.stage_since
    lines = [(model.lines[number][1], line.points) for number, line in state.lines.items() if line.last_at == at]
    return StageChange(at, before, state.stage, tuple(sorted(lines, key=lambda line: (-abs(line[1]), line[0]))))


def extend(
    state: LeadState, events: Iterable[LeadEvent], model: Model, *, profile: Profile | None, as_of: int
) -> tuple[LeadState, Profile | None]:
    """The state after these further events, given in order, at `as_of`. None of them may be folded in already.

    `profile` may be None where no event carries traits. Version, ring and homes are left to the commit.
    Raises OutOfOrder, and MarksUnread where `state.spilled` is needed.
    """
    state = state.copy()
    for event in events:
        if event.order > state.last_event and event.occurred_at >= state.settled_at:
            profile = _apply(state, event, model, profile, is_machine=_is_machine(state, event, model))
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
    """When a score, the stage or a list next changes if nothing happens, to the millisecond; None if they never do."""
    future = state.copy()
    shown = _visible(state, model)
    while (instant := next_instant(future, model)) != NEVER:
        pass_instant(future, model, instant)
        if _visible(future, model) != shown:
            return instant
    return None


def _visible(state: LeadState, model: Model) -> tuple[object, ...]:
    return state.stage, state.ladders, shown_scores(state.scores, model)


def _in_order(events: Iterable[LeadEvent], model: Model) -> Iterator[tuple[LeadEvent, bool]]:
    """All events of a lead in the order of the fold, each with whether a machine made it."""
    # A client may send one id twice, under another name the second time: two homes, one place in the order.
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.id, event.home))
    machine_made = in_bursts(ordered, model)
    for place, event in enumerate(ordered):
        yield event, place in machine_made or is_flagged(event)


def _is_machine(state: LeadState, event: LeadEvent, model: Model) -> bool:
    if is_flagged(event):
        return True
    try:
        return joins_burst(state, event, model)
    except Unforeseen:
        raise OutOfOrder from None


def _apply(
    state: LeadState, event: LeadEvent, model: Model, profile: Profile | None, *, is_machine: bool
) -> Profile | None:
    at = event.occurred_at
    if not state.folded_count:
        _begin(state, model, at)
    elif at >= state.wakes_at:
        run_until(state, model, at)
    state.last_event = event.order
    _count(state, event)
    if not is_flagged(event):
        remember(state, event, model, is_machine=is_machine)
    if is_machine:
        _show_withdrawn(state, event, model)
        if state.settled_at == at:  # It may be the lead's first.
            judge(state, model, at)
        return profile
    if event.traits:
        if profile is None:
            raise ValueError("an event with traits needs the profile")
        profile = _learn(state, event, model, profile)
    lead = _lead_facts(state, at) if model.reads_lead else _NO_FACTS
    document = event_document(event, lead)
    starts_visit = model.minds_visits and _visit(state, event, model, document)
    _touch(state, event)
    gave = False
    if starts_visit:
        match = model.engagement.matching_visit(event, lead)
        gave = _score(state, model, match, event, {**document, "event": VISIT_STARTED})
    gave = _score(state, model, model.engagement.matching(event, lead), event, document) or gave
    if model.activity is not None:
        _mind_activity(state, model.activity, event, document)
    _apply_effects(state, model, event, document)
    _watch(state, model, event, document, starts_visit=starts_visit)
    if gave or state.settled_at == at:
        judge(state, model, at)
        # A step that sleeps while there is nothing to take may have something now.
        state.wakes_at = min(state.wakes_at, model.wakes_sleepers)
    return profile


def _begin(state: LeadState, model: Model, at: int) -> None:
    state.created_at = at
    enter(state, model.entry.name, at)
    if model.minds_the_unknown:
        _score_fit(state, model, {}, at)


def _insert(state: LeadState, event: LeadEvent, model: Model) -> None:
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
    ):
        raise OutOfOrder
    if is_flagged(event):
        _count(state, event)
    else:
        _insert_points(state, event, model)
    if at < state.created_at:
        state.created_at = state.stage_since = state.settled_at = at
        state.wakes_at = 0


def _insert_points(state: LeadState, event: LeadEvent, model: Model) -> None:
    document = event_document(event)
    if model.reads_lead:
        raise OutOfOrder  # What the lead was like at that moment is not known any more.
    matching = model.engagement.matching(event, _NO_FACTS).rules
    if (
        any(rule.points < 0 for rule in matching)
        or _effects(state, event, document, model)
        or any(watch_for.matches(document) for watch_for in model.watches.of(event.name))
        or not _keeps_visit(state, event, model, document)
        or not _keeps_touches(state, event)
    ):
        raise OutOfOrder
    _count(state, event)
    for rule in matching:
        _score_late(state, model, rule, event, document)
    if model.activity is not None:
        _mind_activity(state, model.activity, event, document)
    state.wakes_at = 0
    scores = shown_scores(state.scores, model)
    if stage_of(state, model, scores) != state.stage or ladders_of(state, model, scores) != ladders(state, model):
        raise OutOfOrder


def _score_late(state: LeadState, model: Model, rule: Rule, event: LeadEvent, document: dict[str, object]) -> None:
    at = event.occurred_at
    gives = is_untouched_by(state, rule, document, at, event.trust)
    if gives is None or not _keeps_pools(state, rule, at):
        raise OutOfOrder
    if rule.is_activity and model.activity is None:
        be_active(state, at)
    if not gives:
        return
    points = rule.points if rule.is_plain else admit(state, rule, document, at, event.trust)
    if points is not None:
        give(state, rule, points, at)
        if points and model.minds_signals:
            _heed(state, model, (rule.signal,))


def _had_points_alone(state: LeadState, model: Model) -> bool:
    """Whether nothing but points was added since its first event, so that an event may come even before that one."""
    return (
        state.settled_at == state.created_at == state.stage_since
        and state.stage == model.entry.name
        and not state.fit
        and all(line.points > 0 for line in state.lines.values())
        and not state.memory
        and not state.pools
    )


def _keeps_pools(state: LeadState, rule: Rule, at: int) -> bool:
    return all(
        target.pool is None or target.pool.decay.accepts_late(state.pools.get(target.pool.id), at)
        for target in rule.targets
    )


def _count(state: LeadState, event: LeadEvent) -> None:
    state.folded_count += 1
    state.folded_xor ^= event.short
    if not state.identified:
        state.identified = any(identifier.is_known for identifier in event.identifiers)


# -- who they are ------------------------------------------------------------------------------------------------------


def _learn(state: LeadState, event: LeadEvent, model: Model, profile: Profile) -> Profile:
    learned = learn(profile, event)
    if learned is not profile:
        _score_fit(state, model, learned, event.occurred_at)
    return learned


def _score_fit(state: LeadState, model: Model, profile: Profile, at: int) -> None:
    traits = said_traits(profile)
    for rule in model.fit:
        counts = rule.targets[0].line in state.lines
        if rule.matches(traits) is counts:
            continue
        if counts:
            withdraw(state, rule)
        else:
            give(state, rule, rule.points, at)
        state.settled_at = at


# -- what they do ------------------------------------------------------------------------------------------------------


def _score(state: LeadState, model: Model, match: Match, event: LeadEvent, document: dict[str, object]) -> bool:
    """Give the points of the rules that match; whether any were given."""
    at = event.occurred_at
    if match.is_activity and model.activity is None:
        be_active(state, at)
    if match.lines:
        give_together(state, match, at)
        if match.takes:
            state.settled_at = at
    gave = bool(match.lines)
    signals = match.signals
    for rule in match.conditional:
        points = admit(state, rule, document, at, event.trust)
        if points is not None:
            gave = True
            give(state, rule, points, at)
            if points < 0:
                state.settled_at = at
            elif points:
                signals = (*signals, rule.signal)
    if signals and model.minds_signals:
        _heed(state, model, signals)
    return gave


def _heed(state: LeadState, model: Model, signals: tuple[int, ...]) -> None:
    """Remember which rules have given points."""
    seen = state.memory.get(model.signals, ())
    if not set(signals) <= set(seen):
        state.memory[model.signals] = tuple(sorted({*seen, *signals}))


def _mind_activity(
    state: LeadState, activity: Candidates[Condition], event: LeadEvent, document: dict[str, object]
) -> None:
    if any(matches(document) for matches in activity.of(event.name)):
        be_active(state, event.occurred_at)


def _show_withdrawn(state: LeadState, event: LeadEvent, model: Model) -> None:
    """A burst's clicks stand in the lines of their rules and are taken back in a line of its own."""
    if is_flagged(event):
        return
    lead = _lead_facts(state, event.occurred_at) if model.reads_lead else _NO_FACTS
    withdrawn = model.bursts.of(event.name)[0].lines
    for rule in model.engagement.matching(event, lead).rules:
        if rule.points:
            for target in rule.targets:
                book(state, target.line, rule.points, event.occurred_at)
                book(state, withdrawn[target.score], -rule.points, event.occurred_at)


def _visit(state: LeadState, event: LeadEvent, model: Model, document: dict[str, object]) -> bool:
    """Whether the event starts a visit; if it is part of one, the visit lasts until now."""
    at = event.occurred_at
    started_at, last_at, number = state.visit
    for visits in model.visits.of(event.name):
        if visits.matches(document):
            if number and at - last_at < visits.gap:
                state.visit = (started_at, at, number)
                return False
            state.visit = (at, at, number + 1)
            return True
    return False


def _keeps_visit(state: LeadState, event: LeadEvent, model: Model, document: dict[str, object]) -> bool:
    """Whether a late event leaves the visits as they are."""
    if not model.minds_visits or not any(visits.matches(document) for visits in model.visits.of(event.name)):
        return True
    started_at, last_at, _ = state.visit
    return started_at <= event.occurred_at <= last_at


def _touch(state: LeadState, event: LeadEvent) -> None:
    """Where the lead came from, first and last: a direct visit is no news of a lead that came from somewhere."""
    channel = event.context.get("channel")
    if not isinstance(channel, str) or channel == INTERNAL:
        return
    first, last = state.channels
    if not first:
        state.channels = (channel, channel)
    elif channel not in (DIRECT, last):
        state.channels = (first, channel)


def _keeps_touches(state: LeadState, event: LeadEvent) -> bool:
    channel = event.context.get("channel")
    return not isinstance(channel, str) or channel == INTERNAL or state.channels == (channel, channel)


def _lead_facts(state: LeadState, at: int) -> dict[str, object]:
    """What a condition may ask of the lead itself, as it was before the event."""
    first, last = state.channels
    facts: dict[str, object] = {
        "days_since_first_seen": (at - state.created_at) // DAY_MS,
        "visits": state.visit[2],
        "first_channel": first,
        "last_channel": last,
    }
    return {name: fact for name, fact in facts.items() if fact != ""}


def _watch(
    state: LeadState, model: Model, event: LeadEvent, document: dict[str, object], *, starts_visit: bool
) -> None:
    """Conditions that rules remember are remembered after the rules had their say: an event comes not after itself."""
    for watch_for in model.watches.of(event.name):
        if watch_for.matches(document):
            watch(state, watch_for, event.occurred_at)
    if starts_visit:
        for watch_for in model.watches.by_event.get(VISIT_STARTED, ()):
            watch(state, watch_for, event.occurred_at)


# -- what an event does beside giving points ---------------------------------------------------------------------------


def _effects(state: LeadState, event: LeadEvent, document: dict[str, object], model: Model) -> list[Effect]:
    return [
        effect
        for effect in model.effects.of(event.name)
        if event.trust >= effect.trust and _has_something_to_do(effect, state) and effect.matches(document)
    ]


def _has_something_to_do(effect: Effect, state: LeadState) -> bool:
    """Whoever is not away cannot come back."""
    return {"return": state.is_out, "requalify": state.is_disqualified}.get(effect.kind, True)


def _apply_effects(state: LeadState, model: Model, event: LeadEvent, document: dict[str, object]) -> None:
    """Precedence: disqualify, escape, fast track, set stage; what comes back comes back before it can be ruled out."""
    at = event.occurred_at
    if event.name == SCORE_RESET and event.trust is Trust.SERVER:
        _reset_by_a_person(state, model, event)
    found = _effects(state, event, document, model)
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


# -- time --------------------------------------------------------------------------------------------------------------


def _advance(state: LeadState, model: Model, *, to: int) -> None:
    run_until(state, model, to)
    close_books(state)
    state.as_of = to
    _arm(state, model)


def _arm(state: LeadState, model: Model) -> None:
    """Timers are lazy: one that activity postponed stays where it is, since moving it would cost an index write."""
    change = _next_news(state, model)
    passed = state.due_at is None or state.due_at <= state.as_of
    if passed or (change is not None and state.due_at is not None and change < state.due_at):
        state.due_at = change


def _next_news(state: LeadState, model: Model) -> int | None:
    """When time alone next changes a stage, or inactivity takes something; None if never."""
    if next_instant(state, model) == NEVER:
        return None
    future = state.copy()
    future.wakes_at = 0
    return future.settled_at if run_until(future, model, NEVER - 1, stops=True) else None
