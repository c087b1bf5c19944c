"""The scoring model as the fold uses it: what `compiler` makes of a model file.

Conditions see two different documents: a fit rule the lead's traits, everything else one event (`event_document`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leadscore.domain.event import Json, LeadEvent, Trust
from leadscore.domain.matcher import compile_matcher
from leadscore.domain.rules import (
    Accounts,
    Bounds,
    Burst,
    Condition,
    Effect,
    Group,
    InactivityStep,
    Match,
    Matrix,
    PoolOf,
    Rule,
    Score,
    Stage,
    TraitRule,
    Visits,
    Watch,
)

#: What the fold itself sees happen, just before the event that starts a visit.
VISIT_STARTED = "Visit Started"
#: A person takes scores back to zero with it; it outlives any model.
SCORE_RESET = "Score Reset"

#: What conditions on events see, in the order in which a matcher takes it.
EVENT_PARTS = ("event", "call", "source", "trust", "properties", "context", "lead")
_TRUSTS = tuple(trust.name.lower() for trust in Trust)
#: What sums are kept in, so that half a second counts.
THOUSANDTHS = 1_000


class Candidates[T]:
    """Parts of a model by the event's name; what names no event is a candidate for every one."""

    def __init__(self, by_event: Mapping[str, tuple[T, ...]], every: tuple[T, ...]) -> None:
        self.by_event = by_event
        self.every = every

    def of(self, event_name: str) -> tuple[T, ...]:
        return self.by_event.get(event_name, self.every)


class RulesOfEvents:
    """The rules on events, found by the event's name, and then all at once by what it says.

    What is needed for a name is made when an event of that name is first met: a whole model at once would take a
    function's cold start too long. All names that no rule mentions share one, as anybody can think of ever new ones.
    """

    def __init__(self, named: Iterable[tuple[tuple[str, ...] | None, Mapping[str, Any], Rule]]) -> None:
        self._named = tuple(named)
        self._names = {VISIT_STARTED}.union(*(names or () for names, _, _ in self._named))
        self._minds_trust = any(rule.trust for _, _, rule in self._named)
        self._matchers: tuple[dict[str, Callable[..., Match]], ...] = tuple({} for _ in Trust)

    def matching(self, event: LeadEvent, lead: Json) -> Match:
        """The rules whose conditions the event meets, in the model's order."""
        return self._match(event.name, event, lead)

    def matching_visit(self, event: LeadEvent, lead: Json) -> Match:
        """The rules that name the start of a visit, and whose conditions the event that starts it meets."""
        return self._match(VISIT_STARTED, event, lead)

    def _match(self, name: str, event: LeadEvent, lead: Json) -> Match:
        trust = event.trust if self._minds_trust else Trust.PUBLIC
        matchers = self._matchers[trust]
        match = matchers.get(name)
        if match is None:
            shared = name if name in self._names else ""
            match = matchers.get(shared)
            if match is None:
                match = matchers[shared] = compile_matcher(self._candidates(shared, trust), EVENT_PARTS, Match.of)
        return match(name, event.call, event.source, _TRUSTS[event.trust], event.properties, event.context, lead)

    def _candidates(self, name: str, trust: Trust) -> list[tuple[Mapping[str, Any], Rule]]:
        """The start of a visit is an event only to rules that name it: all others see the event that starts it."""
        return [
            (when, rule)
            for names, when, rule in self._named
            if (name in names if names else name != VISIT_STARTED) and (not self._minds_trust or rule.trust <= trust)
        ]


@dataclass(frozen=True, slots=True)
class Model:
    """A compiled scoring model. `lines` names every line that an explanation can have: (score, name) by id."""

    name: str
    lines: Mapping[int, tuple[str, str]]
    scores: Mapping[str, Score]
    total: Bounds
    in_total: tuple[str, ...]
    no_points: Mapping[str, int]
    bounded: tuple[Score, ...]
    named_groups: tuple[tuple[str, Group], ...]
    pools: Mapping[int, PoolOf]
    fit: tuple[TraitRule, ...]
    engagement: RulesOfEvents
    watches: Candidates[Watch]
    effects: Candidates[Effect]
    bursts: Candidates[Burst]
    activity: Candidates[Condition] | None
    visits: Candidates[Visits]
    inactivity: tuple[InactivityStep, ...]
    stages: tuple[Stage, ...]
    ladders: Mapping[str, tuple[Stage, ...]]
    matrix: Matrix | None
    accounts: Accounts | None
    grade_start: int | None
    resets: Mapping[str, int]
    reads_lead: bool
    signals: int
    minds_signals: bool
    wakes_sleepers: int
    minds_visits: bool
    minds_the_unknown: bool

    def is_quiet_on(self, event_name: str) -> bool:
        """Whether an event of this name does nothing but give points."""
        return (
            not self.minds_visits
            and self.activity is None
            and event_name != SCORE_RESET
            and not self.effects.of(event_name)
            and not self.watches.of(event_name)
        )

    @property
    def has_sleepers(self) -> bool:
        """Whether there are steps that come again and again, but not while there is nothing to take."""
        return self.wakes_sleepers == 0

    @property
    def entry(self) -> Stage:
        """Where every lead starts."""
        return self.stages[0]

    @property
    def groups(self) -> tuple[Group, ...]:
        return tuple(group for _, group in self.named_groups)

    def rank(self, stage: str) -> int:
        """A stage's place in the ladder; -1 for the stages outside it."""
        return next((place for place, candidate in enumerate(self.stages) if candidate.name == stage), -1)

    def route(self, stage: str | None) -> str | None:
        return next((candidate.route for candidate in self.stages if candidate.name == stage), None)


def event_document(event: LeadEvent, lead: Json | None = None) -> dict[str, Any]:
    """What the conditions of engagement rules and effects read. `lead` holds facts of the lead so far."""
    return {
        "event": event.name,
        "call": event.call,
        "source": event.source,
        "trust": _TRUSTS[event.trust],
        "properties": event.properties,
        "context": event.context,
        "lead": lead or {},
    }
