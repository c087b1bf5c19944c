"""One event in its place: what it does to a lead's state, after everything that time did before it."""

from leadscore.domain.durations import DAY_MS
from leadscore.domain.effects import apply_effects
from leadscore.domain.event import DIRECT_CHANNEL, INTERNAL_CHANNEL, LeadEvent
from leadscore.domain.instants import be_active, run_until
from leadscore.domain.ledger import book, give, give_together, withdraw
from leadscore.domain.machines import remember
from leadscore.domain.model import VISIT_STARTED, Candidates, Model, event_document
from leadscore.domain.profile import learn, said_traits
from leadscore.domain.repetition import admit, watch
from leadscore.domain.rules import Condition, Match
from leadscore.domain.stages import enter, judge
from leadscore.domain.state import LeadState, Profile
from leadscore.domain.uncounted import counts_nothing, heed_wishes, is_flagged, is_of_own_lead

NO_FACTS: dict[str, object] = {}


def apply(
    state: LeadState, event: LeadEvent, model: Model, profile: Profile | None, *, is_machine: bool
) -> Profile | None:
    """Fold in the lead's newest event; gives the profile that is known by then, None where it still is not needed."""
    at = event.occurred_at
    if not state.folded_count:
        state.is_own = state.is_own or is_of_own_lead(event)
        _begin(state, model, at)
    elif at >= state.wakes_at:
        run_until(state, model, at)
    state.last_event = event.order
    count(state, event)
    heed_wishes(state, event)
    if not is_flagged(event):
        remember(state, event, model, is_machine=is_machine)
    if counts_nothing(state, event):
        pass
    elif is_machine:
        _show_withdrawn(state, event, model)
    else:
        if event.traits:
            profile = _learn(state, event, model, profile)
        _happen(state, event, model)
    if state.is_stirred or state.settled_at == at:
        judge(state, model, at)
        # A step that sleeps while there is nothing to take may have something now.
        state.wakes_at = min(state.wakes_at, model.wakes_sleepers)
        state.is_stirred = False
    return profile


def count(state: LeadState, event: LeadEvent) -> None:
    """The event is one of those that the state is the fold of."""
    state.folded_count += 1
    state.folded_xor ^= event.short
    if not state.identified:
        state.identified = any(identifier.is_known for identifier in event.identifiers)


def _happen(state: LeadState, event: LeadEvent, model: Model) -> None:
    at = event.occurred_at
    lead = _lead_facts(state, at) if model.reads_lead else NO_FACTS
    _touch(state, event)
    match = model.engagement.matching(event, lead)
    if not match.conditional and model.is_quiet_on(event.name):
        score(state, model, match, event, NO_FACTS)  # Nothing that this event meets reads the document of it.
        return
    document = event_document(event, lead)
    starts_visit = model.minds_visits and _visit(state, event, model, document)
    if starts_visit:
        visit_match = model.engagement.matching_visit(event, lead)
        score(state, model, visit_match, event, {**document, "event": VISIT_STARTED})
    score(state, model, match, event, document)
    if model.activity is not None:
        mind_activity(state, model.activity, event, document)
    apply_effects(state, model, event, document)
    _watch(state, model, event, document, starts_visit=starts_visit)


def _begin(state: LeadState, model: Model, at: int) -> None:
    state.created_at = at
    enter(state, model.entry.name, at)
    if model.minds_the_unknown and not state.is_own:
        _score_fit(state, model, {}, at)


def _learn(state: LeadState, event: LeadEvent, model: Model, profile: Profile | None) -> Profile:
    if profile is None:
        raise ValueError("an event with traits needs the profile")
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


def score(state: LeadState, model: Model, match: Match, event: LeadEvent, document: dict[str, object]) -> None:
    """Give the points of the rules that match."""
    at = event.occurred_at
    if match.is_activity and model.activity is None:
        be_active(state, at)
    if match.lines:
        give_together(state, match, at)
        state.is_stirred = True
        if match.takes:
            state.settled_at = at
    signals = match.signals
    for rule in match.conditional:
        points = admit(state, rule, document, event)
        if points is not None:
            state.is_stirred = True
            give(state, rule, points, at)
            if points < 0:
                state.settled_at = at
            elif points:
                signals = (*signals, rule.signal)
    if signals and model.minds_signals:
        heed(state, model, signals)


def heed(state: LeadState, model: Model, signals: tuple[int, ...]) -> None:
    """Remember which rules have given points."""
    seen = state.memory.get(model.signals, ())
    if not set(signals) <= set(seen):
        state.memory[model.signals] = tuple(sorted({*seen, *signals}))


def mind_activity(
    state: LeadState, activity: Candidates[Condition], event: LeadEvent, document: dict[str, object]
) -> None:
    if any(matches(document) for matches in activity.of(event.name)):
        be_active(state, event.occurred_at)


def _show_withdrawn(state: LeadState, event: LeadEvent, model: Model) -> None:
    """A burst's clicks stand in the lines of their rules and are taken back in a line of its own."""
    lead = _lead_facts(state, event.occurred_at) if model.reads_lead else NO_FACTS
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


def _touch(state: LeadState, event: LeadEvent) -> None:
    """Where the lead came from, first and last: a direct visit is no news of a lead that came from somewhere."""
    channel = event.context.get("channel")
    if not isinstance(channel, str) or channel == INTERNAL_CHANNEL:
        return
    first, last = state.channels
    if not first:
        state.channels = (channel, channel)
    elif channel not in (DIRECT_CHANNEL, last):
        state.channels = (first, channel)


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
