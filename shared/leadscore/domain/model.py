"""The scoring model as the fold uses it: compiled from the plain document of a model file.

The document is trusted here; `contracts.model_file` says what is wrong with one that a person wrote.
Its shape is in docs/model.md. Conditions see two different documents: a fit rule the lead's traits, everything
else one event (`event_document`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leadscore.domain.event import Json, LeadEvent, Trust
from leadscore.domain.matching import compile_pattern

#: The scores of a lead. `total` is their sum; a stage's threshold may ask for any of the three.
FIT = "fit"
ENGAGEMENT = "engagement"
TOTAL = "total"

#: Stages that no threshold leads into: a lead that escaped, and one that was ruled out.
OUT = "out"
DISQUALIFIED = "disqualified"

_DURATION = re.compile(r"(\d+)([dh])")
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Points for a match. `line` is the number of its line in a lead's explanation."""

    line: int
    name: str
    points: int
    matches: Callable[[Json], bool]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event does beside giving points, if its source is trusted enough."""

    kind: str
    line: int
    trust: Trust
    matches: Callable[[Json], bool]
    stage: str


@dataclass(frozen=True, slots=True)
class InactivityStep:
    """After `after` ms without activity: `take` points off engagement, never below zero, or all of it (`take` None)."""

    line: int
    name: str
    after: int
    take: int | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that a lead enters when each score named in `at` has reached its threshold."""

    name: str
    at: Mapping[str, int]
    route: str | None


@dataclass(frozen=True, slots=True)
class Model:
    """A compiled scoring model. `lines` names every line that an explanation can have, by its number."""

    name: str
    lines: tuple[str, ...]
    fit: tuple[Rule, ...]
    engagement: Mapping[str, tuple[Rule, ...]]
    engagement_any: tuple[Rule, ...]
    effects: Mapping[str, tuple[Effect, ...]]
    effects_any: tuple[Effect, ...]
    inactivity: tuple[InactivityStep, ...]
    stages: tuple[Stage, ...]

    def engagement_rules(self, event_name: str) -> tuple[Rule, ...]:
        """The rules that can match an event of this name: all others are skipped unseen."""
        return self.engagement.get(event_name, self.engagement_any)

    def effects_of(self, event_name: str) -> tuple[Effect, ...]:
        return self.effects.get(event_name, self.effects_any)

    @property
    def entry(self) -> Stage:
        """Where every lead starts."""
        return self.stages[0]

    def rank(self, stage: str) -> int:
        """A stage's place in the ladder; -1 for the stages outside it."""
        return next((place for place, candidate in enumerate(self.stages) if candidate.name == stage), -1)

    def route(self, stage: str | None) -> str | None:
        return next((candidate.route for candidate in self.stages if candidate.name == stage), None)


def event_document(event: LeadEvent) -> dict[str, Any]:
    """What the conditions of engagement rules and effects read."""
    return {
        "event": event.name,
        "call": event.call,
        "source": event.source,
        "trust": event.trust.name.lower(),
        "properties": event.properties,
        "context": event.context,
    }


#: The trust that an effect asks for (DESIGN: unsubscribing and ruling out need a trusted source; a form that a person
#: submitted may fast-track; a browser key may do none of it).
_EFFECTS = {
    "disqualify": Trust.SERVER,
    "requalify": Trust.SERVER,
    "escape": Trust.SERVER,
    "return": Trust.DECLARED,
    "fast_track": Trust.DECLARED,
    "set_stage": Trust.DECLARED,
}


def compile_model(document: Mapping[str, Any]) -> Model:
    """Compile a model document (see docs/model.md). Raises PatternError on a condition that is none."""
    lines: list[str] = []

    def line(name: str) -> int:
        lines.append(name)
        return len(lines) - 1

    fit = tuple(
        Rule(line(rule["rule"]), rule["rule"], rule["points"], compile_pattern(rule["when"]))
        for rule in document.get("fit", ())
    )
    engagement = [
        (
            _event_names(rule),
            Rule(line(rule["rule"]), rule["rule"], rule["points"], compile_pattern(rule.get("when", {}))),
        )
        for rule in document.get("engagement", ())
    ]
    effects = [
        (
            _event_names(effect),
            Effect(
                kind=kind,
                line=line(effect["rule"]),
                trust=trust,
                matches=compile_pattern(effect.get("when", {})),
                stage=effect.get("stage", ""),
            ),
        )
        for kind, trust in _EFFECTS.items()
        for effect in document.get(kind, ())
    ]
    steps = sorted(document.get("inactivity", ()), key=lambda step: duration_ms(step["after"]))
    inactivity = tuple(
        InactivityStep(
            line(step["rule"]), step["rule"], duration_ms(step["after"]), None if step.get("reset") else step["take"]
        )
        for step in steps
    )
    stages = tuple(
        Stage(stage["stage"], _thresholds(stage.get("at", {})), stage.get("route")) for stage in document["stages"]
    )
    engagement_any, engagement_by_event = _index(engagement)
    effects_any, effects_by_event = _index(effects)
    return Model(
        name=document["model"],
        lines=tuple(lines),
        fit=fit,
        engagement=engagement_by_event,
        engagement_any=engagement_any,
        effects=effects_by_event,
        effects_any=effects_any,
        inactivity=inactivity,
        stages=stages,
    )


def duration_ms(text: str) -> int:
    """`30d` or `12h` in milliseconds: a day is 24 hours, whatever a calendar says. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration is a whole number of days or hours, like 30d or 12h")
    return int(match[1]) * (24 if match[2] == "d" else 1) * _HOUR_MS


def _thresholds(at: int | Mapping[str, int]) -> Mapping[str, int]:
    return {TOTAL: at} if isinstance(at, int) else at


def _event_names(rule: Mapping[str, Any]) -> tuple[str, ...] | None:
    names = rule.get("event")
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


def _index[T](named: list[tuple[tuple[str, ...] | None, T]]) -> tuple[tuple[T, ...], dict[str, tuple[T, ...]]]:
    """Split by event name, in the model's order; what names no event is a candidate for every one."""
    every = tuple(item for names, item in named if names is None)
    event_names = {name for names, _ in named if names is not None for name in names}
    by_event = {
        event_name: tuple(item for names, item in named if names is None or event_name in names)
        for event_name in event_names
    }
    return every, by_event
