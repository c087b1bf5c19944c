"""What a score is, a second time: written from the model language's text alone, for obviousness and not for speed.

It walks a lead's events in order and, between them, from one instant at which something may change to the next. It
shares nothing with the fold but the events and the conditions' patterns. Where the text leaves something open, a
comment that begins with `Open:` says how it is read here.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.matching import compile_pattern

type Document = Mapping[str, Any]

HOUR = 3_600_000
DAY = 24 * HOUR
WEEK = 7 * DAY
#: 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
DAYS_OF_THE_FIRST_WEEK_BEFORE_THE_EPOCH = 3

VISIT_STARTED = "Visit Started"
SCORE_RESET = "Score Reset"
RESET_BY_A_PERSON = "Reset by a person"
WITHDRAWN = "Machine-made, withdrawn"
DEFAULT_BURSTS = [{"event": "Email Link Clicked", "each": "properties.url", "at_least": 5, "within": "1s"}]
GRADES = ("F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+")
EFFECTS_TRUST = {
    "disqualify": Trust.SERVER,
    "requalify": Trust.SERVER,
    "escape": Trust.SERVER,
    "return": Trust.DECLARED,
    "fast_track": Trust.DECLARED,
    "set_stage": Trust.DECLARED,
}


@dataclass(frozen=True)
class Outcome:
    """What is read of a lead at a moment. `lines` has (points, times, last_at) by (score, rule)."""

    total: int
    scores: dict[str, int]
    lines: dict[tuple[str, str], tuple[int, int, int]]
    grade: str | None
    matrix: str | None
    priority: str | None
    stage: str
    lists: list[str]

    @property
    def news(self) -> tuple[Any, ...]:
        """What `next_change_at` is about."""
        return (self.total, self.scores, self.grade, self.stage, self.lists)


def reference(document: Document, events: Iterable[LeadEvent], as_of: int) -> Outcome:
    """The lead at `as_of` or at its last event, whichever is later."""
    return _walked(document, events, as_of).read()


def reference_next_change_at(document: Document, events: Iterable[LeadEvent], as_of: int) -> int | None:
    """The next instant after `as_of` at which a score, the grade, the stage or a list changes, if nothing happens."""
    lead = _walked(document, events, as_of)
    before = lead.read().news
    rounds_without_effect = 0
    while (instant := lead.next_instant()) is not None:
        only_repeats = lead.only_repeats_are_left()
        snapshot = lead.raw_snapshot()
        lead.pass_instant(instant)
        if lead.read().news != before:
            return instant
        # Steps that come again and again and find nothing to take would go on for ever.
        rounds_without_effect = rounds_without_effect + 1 if snapshot == lead.raw_snapshot() else 0
        if only_repeats and rounds_without_effect > lead.repeats_in_one_round():
            return None
    return None


def _walked(document: Document, events: Iterable[LeadEvent], as_of: int) -> "_Lead":
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.id, event.home))
    lead = _Lead(_Scorecard(document))
    lead.is_own = any(event.context.get("internal") == "lead" for event in ordered)
    in_bursts = bursting(document, ordered)
    for event in ordered:
        lead.pass_event(event, in_burst=(event.id, event.home) in in_bursts)
    lead.pass_time(as_of)
    return lead


# -- words of the language -----------------------------------------------------------------------------------------


def duration(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([smhdw])", text).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1000, "m": 60_000, "h": HOUR, "d": DAY, "w": WEEK}[unit]


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def day_of(at: int) -> int:
    return at // DAY


def week_of(at: int) -> int:
    return (day_of(at) + DAYS_OF_THE_FIRST_WEEK_BEFORE_THE_EPOCH) // 7


ABSENT = object()


def at_path(path: str, document: Document) -> Any:
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return ABSENT
        value = value[name]
    return value


def value_key(path: str, document: Document) -> str:
    """A field's value as something to compare. Open: null is absent."""
    value = at_path(path, document)
    return "absent" if value in (ABSENT, None) else json.dumps(value, sort_keys=True)


def document_of(event: LeadEvent, name: str | None = None) -> dict[str, Any]:
    return {
        "event": name or event.name,
        "call": event.call,
        "source": event.source,
        "trust": event.trust.name.lower(),
        "properties": event.properties,
        "context": event.context,
    }


class Condition:
    """An event's name (any, if none is given) and a pattern."""

    def __init__(self, entry: Document) -> None:
        self.names = listed(entry.get("event"))
        self.when = compile_pattern(entry.get("when", {}))

    def holds(self, document: Document) -> bool:
        return (not self.names or document["event"] in self.names) and self.when(document)


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def first(low: int, high: int, holds: Callable[[int], bool]) -> int | None:
    """The first number in (low, high] for which it holds, of something that goes on holding once it does."""
    if high <= low or not holds(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def is_flagged(event: LeadEvent) -> bool:
    said = event.context
    is_internal = said.get("internal") in (True, "lead", "browser")
    return said.get("machine") is True or said.get("unconsented") is True or is_internal


def browser_of(event: LeadEvent) -> str | None:
    return dict(event.identifiers).get("anonymous_id")


def speaks_of_following(event: LeadEvent) -> bool:
    if event.name not in ("Consent Given", "Consent Withdrawn"):
        return False
    return event.properties.get("channel") in (None, "", "web")


def bursting(document: Document, events: Sequence[LeadEvent]) -> set[tuple[str, Identifier]]:
    """The events (their ids and homes) in some window with enough different values from sources of one trust, or from
    signed links.

    Open: those that are flagged as machine-made, or have no value, are no part of any.
    """
    found: set[tuple[str, Identifier]] = set()
    tellers = {(event.trust, event.source == "email-links") for event in events}
    for burst, teller in product(document.get("bursts", DEFAULT_BURSTS), tellers):
        condition, within = Condition(burst), duration(burst["within"])
        alike = [
            event
            for event in events
            if (event.trust, event.source == "email-links") == teller
            and condition.holds(document_of(event))
            and not is_flagged(event)
            and value_key(burst["each"], document_of(event)) != "absent"
        ]
        for opening in alike:
            start = opening.occurred_at
            window = [event for event in alike if start <= event.occurred_at <= start + within]
            if len({value_key(burst["each"], document_of(event)) for event in window}) >= burst["at_least"]:
                found |= {(event.id, event.home) for event in window}
    return found


# -- decay ---------------------------------------------------------------------------------------------------------

ONE = 1 << 24


@cache
def half_life_share(remainder: int, hours: int) -> int:
    """2^32 x 2^(-remainder/hours), rounded."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(2) ** (32 - Decimal(remainder) / Decimal(hours))
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass
class HalfLife:
    """One amount, on the grid of whole hours, in 2^-24 of a point."""

    hours: int
    amount: int = 0
    hour: int = 0

    def _moved(self, hour: int) -> int:
        halvings, remainder = divmod(hour - self.hour, self.hours)
        # Open: to cut is to round down, of negative amounts as well.
        return self.amount * half_life_share(remainder, self.hours) >> (32 + halvings)

    def worth(self, at: int) -> int:
        return half_up(Fraction(self._moved(at // HOUR), ONE))

    def add(self, points: int, at: int) -> None:
        self.amount = self._moved(at // HOUR) + points * ONE
        self.hour = at // HOUR

    def scale(self, share: Fraction, at: int) -> None:
        # Open: the amount is moved to the hour of the take first.
        self.amount = math.floor(self._moved(at // HOUR) * share)
        self.hour = at // HOUR

    def next_change_at(self, now: int) -> int | None:
        value = self.worth(now)
        if value == 0:  # What is nearer to zero than to one only comes nearer.
            return None
        hour = now // HOUR
        span = 1
        while self.worth((hour + span) * HOUR) == value:
            span *= 2
        found = first(hour, hour + span, lambda later: self.worth(later * HOUR) != value)
        return None if found is None else found * HOUR

    def forget_what_is_gone(self, now: int) -> None:
        pass


@dataclass
class Parcel:
    points: int
    since: int


@dataclass
class Parcels:
    """Points by cell: `linear` ones fade until they are `life` old, others go all at once at that age."""

    life: Fraction
    linear: bool
    cells: dict[int, Parcel] = field(default_factory=dict)

    def _share(self, age: int) -> Fraction:
        if age >= self.life:
            return Fraction(0)
        return 1 - age / self.life if self.linear else Fraction(1)

    def worth(self, at: int) -> int:
        return half_up(sum((cell.points * self._share(at - cell.since) for cell in self.cells.values()), Fraction(0)))

    def add(self, points: int, at: int) -> None:
        cell = at // (HOUR if self.life <= 14 * DAY else DAY)
        # What was given in this cell before ages from now on, too: of linear decay it regains what it had lost.
        before = self.cells.get(cell, Parcel(0, at))
        self.cells[cell] = Parcel(before.points + points, at)

    def scale(self, share: Fraction, at: int) -> None:
        for cell in self.cells.values():
            cell.points = math.ceil(cell.points * share)

    def next_change_at(self, now: int) -> int | None:
        value = self.worth(now)
        changed: Callable[[int], bool] = lambda at: self.worth(at) != value  # noqa: E731
        for end in sorted({math.ceil(cell.since + self.life) for cell in self.cells.values()}):
            # Up to the next end of a parcel the sum is a straight line: it goes one way.
            found = first(now, end - 1, changed)
            if found is not None:
                return found
            if end > now and changed(end):
                return end
            now = max(now, end)
        return None

    def forget_what_is_gone(self, now: int) -> None:
        # Open: points that are gone do not come back when others are given in their cell.
        self.cells = {key: cell for key, cell in self.cells.items() if now - cell.since < self.life}


def decay_of(entry: Document) -> HalfLife | Parcels:
    if "half_life" in entry:
        return HalfLife(duration(entry["half_life"]) // HOUR)
    if "percent" in entry:
        return Parcels(Fraction(duration(entry["every"]) * 100, entry["percent"]), linear=True)
    return Parcels(Fraction(duration(entry["expire_after"])), linear=False)


@dataclass
class Pool:
    """The points under one decay of one owner and score, and what they were last worth."""

    owner: str
    score: str
    group: str | None
    order: tuple[int, int]
    points: HalfLife | Parcels
    value: int = 0


# -- the model -----------------------------------------------------------------------------------------------------


class EventRule:
    def __init__(self, entry: Document, place: int) -> None:
        self.place = place
        self.name = entry["rule"]
        self.condition = Condition(entry)
        self.points = entry["points"]
        self.scores = listed(entry.get("score", "engagement"))
        self.group = entry.get("group")
        self.trust = Trust[entry.get("trust", "public").upper()]
        self.is_activity = entry.get("activity", self.points > 0)
        self.once_per = entry.get("once_per")
        self.at_most = {"times": 1} if entry.get("once") else entry.get("at_most")
        self.count = entry.get("count")
        self.after = entry.get("after")
        self.after_condition = Condition(self.after) if self.after else None
        without = (self.count or {}).get("without")
        self.without_condition = Condition(without) if without else None
        self.decay = entry.get("decay")

    def matches(self, document: Document, trust: Trust) -> bool:
        return trust >= self.trust and self.condition.holds(document)


class FitRule:
    def __init__(self, entry: Document) -> None:
        self.name = entry["rule"]
        self.points = entry["points"]
        self.matches = compile_pattern(entry["when"])
        self.scores = listed(entry.get("score", "fit"))
        self.group = entry.get("group")


class Step:
    def __init__(self, entry: Document) -> None:
        self.name = entry["rule"]
        self.after = duration(entry["after"])
        self.every = duration(entry["every"]) if "every" in entry else None
        self.is_reset = bool(entry.get("reset"))
        self.take = entry.get("take", 0)
        self.bands = sorted(entry.get("bands", ()), key=lambda band: -band["from"])
        self.at_most = entry.get("at_most")
        self.scores = listed(entry.get("score", "engagement"))
        self.only = entry.get("only")

    def wants(self, shown: int) -> int:
        if not self.bands:
            return self.take
        return next((band["take"] for band in self.bands if shown >= band["from"]), 0)


class Rung:
    """A stage with what it asks for to be reached and to be held."""

    def __init__(self, entry: Document, own: str) -> None:
        self.name = entry["stage"]
        at, drop = entry.get("at"), entry.get("drop_below")
        self.at = {own: at} if isinstance(at, int) else dict(at or {})
        self.drop_below = self.at | ({own: drop} if isinstance(drop, int) else dict(drop or {}))
        self.grade = entry.get("grade")
        self.signals = entry.get("signals", 0)


class Effect:
    def __init__(self, kind: str, entry: Document) -> None:
        self.kind = kind
        self.name = entry["rule"]
        self.condition = Condition(entry)
        self.stage = entry.get("stage", "")
        self.scores = listed(entry.get("score"))
        self.group = entry.get("group")


class _Scorecard:
    """The document, taken apart."""

    def __init__(self, document: Document) -> None:
        self.fit = [FitRule(entry) for entry in document.get("fit", ())]
        self.rules = [EventRule(entry, place) for place, entry in enumerate(document.get("engagement", ()))]
        self.settings = {entry["score"]: entry for entry in document.get("scores", ())}
        self.groups = {entry["group"]: entry for entry in document.get("groups", ())}
        self.group_places = {name: place for place, name in enumerate(self.groups)}
        named = [*self.settings, *(score for rule in [*self.fit, *self.rules] for score in rule.scores)]
        self.names = list(dict.fromkeys(["fit", "engagement", *(name for name in named if name != "total")]))
        self.counted = {(score, rule.group) for rule in self.rules for score in rule.scores}
        of_events = {score for rule in self.rules for score in rule.scores}
        of_fit = {score for rule in self.fit for score in rule.scores}
        # Open: a score in which no rule counts is one of events; nothing ever counts in it.
        self.event_scores = [
            name for name in self.names if name == "engagement" or (name != "fit" and name not in of_fit - of_events)
        ]
        self.trait_scores = [name for name in self.names if name not in self.event_scores]
        self.activity = Condition(document["activity"]) if "activity" in document else None
        visits = document.get("visits", {})
        self.visit_events = listed(visits.get("event", "Page Viewed"))
        self.visit_gap = duration(visits.get("gap", "30m"))
        self.public_at_most = document.get("public", {}).get("at_most")
        self.grade: Document | None = document.get("grade")
        self.criteria = [
            (entry["rule"], entry["thirds"], compile_pattern(entry["when"]))
            for entry in (self.grade or {}).get("criteria", ())
        ]
        self.matrix = document.get("matrix")
        self.priority = document.get("priority", {})
        self.stages = [Rung(entry, "total") for entry in document["stages"]]
        self.ladders = {
            name: [Rung(stage, name) for stage in self.settings[name]["stages"]]
            for name in self.settings
            if self.settings[name].get("stages")
        }
        self.resets = [Effect("reset", entry) for entry in document.get("reset", ())]
        self.effects = [Effect(kind, entry) for kind in EFFECTS_TRUST for entry in document.get(kind, ())]
        self.steps = sorted((Step(entry) for entry in document.get("inactivity", ())), key=lambda step: step.after)

    def rank(self, stage: str) -> int:
        return next((rank for rank, rung in enumerate(self.stages) if rung.name == stage), -1)

    def bounded(self, entry: Document, raw: int) -> int:
        return max(
            min(raw, entry.get("cap", raw)),
            entry.get("floor", raw) if "floor" in entry else min(raw, entry.get("cap", raw)),
        )

    def bounded_group(self, group: str, raw: int) -> int:
        return self.bounded(self.groups.get(group, {}), raw)

    def bounded_score(self, score: str, raw: int) -> int:
        return self.bounded(self.settings.get(score, {}), raw)

    def decay(self, rule: EventRule, score: str) -> tuple[str, tuple[int, int], Document] | None:
        """Who owns the pool (its name, its place among the pools) and how it decays."""
        group = self.groups.get(rule.group or "", {})
        entry = rule.decay or group.get("decay") or self.settings.get(score, {}).get("decay")
        if entry is None:
            return None
        # Open: at one instant the pools of rules lose first, then those of groups, then the score's.
        if rule.decay:
            return rule.name, (0, rule.place), entry
        if rule.group:
            return rule.group, (1, self.group_places.get(rule.group, 0)), entry
        return score, (2, 0), entry


# -- the walk ------------------------------------------------------------------------------------------------------


@dataclass
class Given:
    """What a limit has let through in its present period."""

    period: Any
    times: int = 0
    points: int = 0


class _Lead:
    def __init__(self, card: _Scorecard) -> None:
        self.card = card
        self.now = 0
        self.created_at: int | None = None
        self.is_own = False
        self.may_follow = True
        self.silenced: list[tuple[str, str]] = []
        self.last_activity_at: int | None = None
        self.traits: dict[str, tuple[Any, Trust]] = {}
        self.fit_since: dict[str, int] = {}
        self.loose = dict.fromkeys(card.event_scores, 0)
        self.grouped: dict[tuple[str, str], int] = {}
        self.kept_cuts: dict[tuple[str, str], int] = {}
        self.lines: dict[tuple[str, str], tuple[int, int, int]] = {}
        self.pools: dict[tuple[str, str, int], Pool] = {}
        self.signals: set[str] = set()
        self.stage = ""
        self.floor = ""
        self.rungs: dict[str, str | None] = dict.fromkeys(card.ladders)
        self.is_out = False
        self.is_disqualified = False
        self.visit = 0
        self.last_visit_event_at: int | None = None
        self.remembered: dict[int, int] = {}
        self.counts: dict[int, tuple[Any, int]] = {}
        self.count_times: dict[int, list[int]] = {}
        self.seen: set[tuple[int, str]] = set()
        self.given: dict[str, Given] = {}
        self.steps_done: dict[int, int] = {}
        self.steps_taken: dict[int, int] = {}

    # Reading

    def raw(self, score: str) -> int:
        groups = sum(self.card.bounded_group(group, raw) for (of, group), raw in self.grouped.items() if of == score)
        return self.loose[score] + groups

    def shown_of_events(self, score: str) -> int:
        return self.card.bounded_score(score, self.raw(score))

    def _said(self) -> dict[str, Any]:
        return {name: value for name, (value, _) in self.traits.items() if value not in (None, "")}

    def _matching_fit(self) -> list[FitRule]:
        return [rule for rule in self.card.fit if not self.is_own and rule.matches(self._said())]

    def _matching_criteria(self) -> list[tuple[str, int]]:
        criteria = [] if self.is_own else self.card.criteria
        return [(name, thirds) for name, thirds, matches in criteria if matches(self._said())]

    def _traits_read(self, score: str) -> tuple[int, list[tuple[str, int, int]]]:
        """The score's shown value and the cuts of its groups and of itself: (owner, shown, raw)."""
        raws: dict[str | None, int] = {}
        for rule in self._matching_fit():
            if score in rule.scores:
                raws[rule.group] = raws.get(rule.group, 0) + rule.points
        raw = raws.pop(None, 0)
        cuts = []
        for group, inside in raws.items():
            assert group is not None
            cuts.append((group, self.card.bounded_group(group, inside), inside))
            raw += cuts[-1][1]
        shown = self.card.bounded_score(score, raw)
        return shown, [*cuts, (score, shown, raw)]

    def shown(self, score: str) -> int:
        if score == "total":
            return self.card.bounded_score("total", self._raw_total())
        if score in self.card.event_scores:
            return self.shown_of_events(score)
        if score in self.card.trait_scores:
            return self._traits_read(score)[0]
        return 0

    def _raw_total(self) -> int:
        return sum(self.shown(score) for score in self.in_total())

    def in_total(self) -> list[str]:
        named = [name for name in self.card.names if self.card.settings.get(name, {}).get("in_total")]
        return list(dict.fromkeys(["fit", "engagement", *named]))

    def grade(self) -> str | None:
        if self.card.grade is None:
            return None
        return GRADES[min(max(self._raw_grade(), 0), len(GRADES) - 1)]

    def _raw_grade(self) -> int:
        assert self.card.grade is not None
        return GRADES.index(self.card.grade.get("start", "D")) + sum(of for _, of in self._matching_criteria())

    def read(self) -> Outcome:
        lines = dict(self.lines)
        for (score, name), kept in self.kept_cuts.items():
            lines[score, name] = (kept, 0, 0)
        for rule in self._matching_fit():
            for score in rule.scores:
                lines[score, rule.name] = (rule.points, 1, self.fit_since[rule.name])
        for name, thirds in self._matching_criteria():
            lines["grade", name] = (thirds, 1, self.fit_since[name])
        for score, owner, difference in self._cuts():
            if difference:
                name = f"Cap of {owner}" if difference < 0 else f"Floor of {owner}"
                points, times, last_at = lines.get((score, name), (0, 0, 0))
                lines[score, name] = (points + difference, times, last_at)
        return self._outcome(lines)

    def _cuts(self) -> Iterator[tuple[str, str, int]]:
        """What each cap and floor makes of its raw sum at this moment."""
        for score in self.card.trait_scores:
            for owner, shown, raw in self._traits_read(score)[1]:
                yield score, owner, shown - raw
        for (score, group), raw in self.grouped.items():
            yield score, group, self.card.bounded_group(group, raw) - raw
        for score in self.card.event_scores:
            yield score, score, self.shown_of_events(score) - self.raw(score)
        yield "total", "total", self.shown("total") - self._raw_total()
        # The scale of letters has two ends.
        if grade := self.grade():
            yield "grade", "grade", GRADES.index(grade) - self._raw_grade()

    def _outcome(self, lines: dict[tuple[str, str], tuple[int, int, int]]) -> Outcome:
        grade, matrix = self.grade(), self._matrix()
        on_ladder = self.card.rank(self.stage) >= 0
        return Outcome(
            total=self.shown("total"),
            scores={score: self.shown(score) for score in self.card.names},
            lines=lines,
            grade=grade,
            matrix=matrix,
            priority=next((name for name, cells in self.card.priority.items() if matrix in cells), None),
            stage=self.stage,
            lists=[self.stage] * on_ladder + [f"{score}/{rung}" for score, rung in self.rungs.items() if rung],
        )

    def _matrix(self) -> str | None:
        if not self.card.matrix:
            return None
        if "grade" in self.card.matrix:
            bounds = [GRADES.index(letter) for letter in self.card.matrix["grade"]]
            row = sum(GRADES.index(self.grade() or "F") < bound for bound in bounds)
        else:
            row = sum(self.shown("fit") < bound for bound in self.card.matrix["fit"])
        column = sum(self.shown("engagement") < bound for bound in self.card.matrix["engagement"])
        return f"{'ABCDEFGHI'[row]}{column + 1}"

    # Points

    def _line(self, score: str, name: str, points: int, at: int) -> None:
        before, times, last_at = self.lines.get((score, name), (0, 0, at))
        self.lines[score, name] = (before + points, times + 1, max(last_at, at))

    def _put(self, score: str, group: str | None, points: int) -> None:
        if group is None:
            self.loose[score] += points
        else:
            self.grouped[score, group] = self.grouped.get((score, group), 0) + points

    def _change_by_decay(self, pool: Pool, change: int, at: int) -> None:
        """What a pool loses, its group and score lose, but the score never more than it holds above zero.

        Open: the group loses all of it, and what the score is spared stays outside of the group.
        """
        before = self.raw(pool.score)
        self._put(pool.score, pool.group, change)
        after = self.raw(pool.score)
        # A score below zero is left where it is.
        spared = max(min(before, 0) - after, 0) if after < before else 0
        self._put(pool.score, None, spared)
        if change + spared:
            self._line(pool.score, f"Decay of {pool.owner}", change + spared, at)

    def _give(self, rule: EventRule, points: int, at: int) -> None:
        for score in rule.scores:
            self._line(score, rule.name, points, at)
            self._put(score, rule.group, points)
            decay = self.card.decay(rule, score)
            if decay is None or points == 0:
                continue
            owner, order, entry = decay
            key = (owner, score, order[0])
            pool = self.pools.setdefault(key, Pool(owner, score, rule.group, order, decay_of(entry)))
            expected = pool.value + points
            pool.points.add(points, at)
            pool.value = pool.points.worth(at)
            self._change_by_decay(pool, pool.value - expected, at)
        # Open: signals are rules that added points; what takes points or is worth none is no sign of interest.
        if points > 0:
            self.signals.add(rule.name)

    def _keep_cuts(self, score: str) -> None:
        """What caps and floors make of the score now stays so for good: raw := shown."""
        shown = self.shown_of_events(score)
        self._keep_cut(score, score, shown - self.raw(score))
        for of, group in self.grouped:
            if of == score:
                raw = self.grouped[score, group]
                self.grouped[score, group] = self.card.bounded_group(group, raw)
                self._keep_cut(score, group, self.grouped[score, group] - raw)
        self.loose[score] += shown - self.raw(score)

    def _keep_cut(self, score: str, owner: str, difference: int) -> None:
        if difference:
            name = f"Cap of {owner}" if difference < 0 else f"Floor of {owner}"
            self.kept_cuts[score, name] = self.kept_cuts.get((score, name), 0) + difference

    def _take(self, score: str, points: int, name: str, at: int) -> None:
        """Take points off what is shown, more than none and at most all of it."""
        shown = self.shown_of_events(score)
        share = Fraction(shown - points, shown)
        self._keep_cuts(score)
        for of, group in self.grouped:
            if of == score:
                scaled = math.ceil(self.grouped[score, group] * share)
                self.grouped[score, group] = self.card.bounded_group(group, scaled)
        self.loose[score] += shown - points - self.raw(score)
        for pool in self.pools.values():
            if pool.score == score:
                pool.points.scale(share, at)
                pool.value = pool.points.worth(at)
        self._line(score, name, -points, at)

    def _reset_score(self, score: str, name: str, at: int, *, line_for_nothing: bool) -> None:
        shown = self.shown_of_events(score)
        if shown or line_for_nothing:
            self._line(score, name, -shown, at)
        self._keep_cuts(score)
        self.loose[score] = 0
        self.grouped = {key: raw for key, raw in self.grouped.items() if key[0] != score}
        self.pools = {key: pool for key, pool in self.pools.items() if pool.score != score}
        if score == "engagement":
            self.floor = ""
            self.signals = set()

    def _reset_group(self, group: str, name: str, at: int) -> None:
        # Open: the reset of a group neither ends a set stage nor starts the signals anew. Of a group in which no rule
        # counts only a reset of the model has its line, in engagement.
        is_unused = group not in {of for _, of in self.card.counted} and name != RESET_BY_A_PERSON
        for score in self.card.event_scores:
            if (score, group) not in self.card.counted and not (is_unused and score == "engagement"):
                continue
            raw = self.grouped.pop((score, group), 0)
            shown = self.card.bounded_group(group, raw)
            self._keep_cut(score, group, shown - raw)
            self._line(score, name, -shown, at)
        self.pools = {key: pool for key, pool in self.pools.items() if pool.group != group}

    # Time

    def pass_time(self, to: int) -> None:
        while (instant := self.next_instant()) is not None and instant <= to:
            self.pass_instant(instant)
        self.now = max(self.now, to)

    def next_instant(self) -> int | None:
        decays = (pool.points.next_change_at(self.now) for pool in self.pools.values())
        steps = (at for at, _ in self._steps_to_come())
        return min((at for at in (*decays, *steps) if at is not None), default=None)

    def _steps_to_come(self) -> Iterator[tuple[int, int]]:
        """The next instant of each inactivity step of this idle spell, with the step's place."""
        if self.created_at is None:
            return
        idle_since = self.created_at if self.last_activity_at is None else self.last_activity_at
        for place, step in enumerate(self.card.steps):
            done = self.steps_done.get(place, 0)
            if step.only == "never-active" and self.last_activity_at is not None:
                continue
            if step.only == "went-quiet" and self.last_activity_at is None:
                continue
            if done and step.every is None:
                continue
            # Open: `at_most` is for all of the step's scores together.
            if step.at_most is not None and self.steps_taken.get(place, 0) >= step.at_most:
                continue
            yield idle_since + step.after + done * (step.every or 0), place

    def pass_instant(self, at: int) -> None:
        self.now = at
        for pool in sorted(self.pools.values(), key=lambda pool: pool.order):
            value = pool.points.worth(at)
            change, pool.value = value - pool.value, value
            pool.points.forget_what_is_gone(at)
            self._change_by_decay(pool, change, at)
        for place in [place for due, place in self._steps_to_come() if due == at]:
            self._step(place, at)
        self._judge()

    def _step(self, place: int, at: int) -> None:
        step = self.card.steps[place]
        self.steps_done[place] = self.steps_done.get(place, 0) + 1
        for score in step.scores:
            if step.is_reset:
                self._reset_score(score, step.name, at, line_for_nothing=False)
                continue
            shown = self.shown_of_events(score)
            taken = self.steps_taken.get(place, 0)
            points = min(step.wants(shown), max(shown, 0))
            if step.at_most is not None:
                points = min(points, step.at_most - taken)
            if points > 0:
                self._take(score, points, step.name, at)
                self.steps_taken[place] = taken + points

    def only_repeats_are_left(self) -> bool:
        decays = [pool.points.next_change_at(self.now) for pool in self.pools.values()]
        steps = [self.card.steps[place] for _, place in self._steps_to_come()]
        return not any(at is not None for at in decays) and all(step.every is not None for step in steps)

    def repeats_in_one_round(self) -> int:
        """At most so many instants until each step that comes again has come once."""
        repeats = [(step.after, step.every) for step in self.card.steps if step.every is not None]
        longest = max(max(after, every) for after, every in repeats)
        return sum(longest // every + 2 for _, every in repeats) + len(repeats)

    def raw_snapshot(self) -> Any:
        return (dict(self.loose), dict(self.grouped), dict(self.lines), self.stage, dict(self.rungs))

    # Events

    def pass_event(self, event: LeadEvent, *, in_burst: bool) -> None:
        at, document = event.occurred_at, document_of(event)
        self.pass_time(at)
        if self.created_at is None:
            self.created_at = at
            self.stage = self.card.stages[0].name
            # Open: who the profile says nothing of is judged, too, from the first event on.
            if not self.is_own:
                self._judge_fit(at)
        self._heed(event)
        is_refused = (
            event.trust is Trust.PUBLIC
            and (not self.may_follow or browser_of(event) in [browser for browser, _ in self.silenced])
            and event.name not in ("Consent Given", "Consent Withdrawn")
        )
        if is_flagged(event) or is_refused or self.is_own:
            # Open: of a flagged event in a burst nothing is shown either.
            pass
        elif in_burst:
            self._show_withdrawn(event, document)
        else:
            self._count(event, document)
        self._judge()

    def _heed(self, event: LeadEvent) -> None:
        """Consent, and browsers of the own people: for the lead speaks a server, else it is the browser's own."""
        browser, is_given = browser_of(event), event.name == "Consent Given"
        is_own = event.context.get("internal") == "browser"
        if not speaks_of_following(event) and not is_own:
            return
        if event.trust is Trust.SERVER and speaks_of_following(event):
            self.may_follow = is_given
            self.silenced = [each for each in self.silenced if each[1] == "own"] if is_given else self.silenced
        elif browser is not None:
            mark = browser, "own" if is_own else "refuses"
            self.silenced = [other for other in self.silenced if other != mark]
            # Open: the last eight are kept in mind.
            self.silenced = self.silenced if is_given and not is_own else [*self.silenced, mark][-8:]

    def _show_withdrawn(self, event: LeadEvent, document: Document) -> None:
        for rule in self.card.rules:
            # Open: what gives no points has none to take back, and no line.
            if rule.points and rule.matches(document, event.trust):
                for score in rule.scores:
                    self._line(score, rule.name, rule.points, event.occurred_at)
                    self._line(score, WITHDRAWN, -rule.points, event.occurred_at)

    def _count(self, event: LeadEvent, document: Document) -> None:
        at = event.occurred_at
        starts_visit = self._visits(event)
        self._learn(event)
        # Open: where the model says what activity is, that alone is.
        if self.card.activity is not None and self.card.activity.holds(document):
            self._be_active(at)
        if starts_visit:
            # Open: only rules that name it see it, not those that name no event.
            started = document_of(event, VISIT_STARTED)
            for rule in self.card.rules:
                if VISIT_STARTED in rule.condition.names and rule.matches(started, event.trust):
                    self._match(rule, event, started)
        for rule in self.card.rules:
            if rule.matches(document, event.trust):
                self._match(rule, event, document)
        self._affect(event, document)
        self._remember(document, at)

    def _visits(self, event: LeadEvent) -> bool:
        """Whether the event starts a visit."""
        if event.name not in self.card.visit_events:
            return False
        before, self.last_visit_event_at = self.last_visit_event_at, event.occurred_at
        starts = before is None or event.occurred_at - before >= self.card.visit_gap
        self.visit += starts
        return starts

    def _remember(self, document: Document, at: int) -> None:
        for rule in self.card.rules:
            if rule.after_condition is not None and rule.after_condition.holds(document):
                self.remembered[rule.place] = at
            if rule.without_condition is not None and rule.without_condition.holds(document):
                self.counts.pop(rule.place, None)
                self.count_times.pop(rule.place, None)

    def _be_active(self, at: int) -> None:
        self.last_activity_at = at
        self.steps_done = {}
        self.steps_taken = {}

    def _learn(self, event: LeadEvent) -> None:
        has_address = self.traits.get("email", (None,))[0] not in (None, "")
        tells_address = event.trust == Trust.SERVER or "email" in [kind for kind, _ in event.identifiers]
        for name, value in event.traits.items():
            if has_address and not tells_address and name in ("email", "email_domain", "email_kind"):
                continue
            known, trust = self.traits.get(name, (None, Trust.PUBLIC))
            if known in (None, "") or event.trust >= trust:
                self.traits[name] = (value, event.trust)
        self._judge_fit(event.occurred_at)

    def _judge_fit(self, at: int) -> None:
        matching = [rule.name for rule in self._matching_fit()] + [name for name, _ in self._matching_criteria()]
        self.fit_since = {name: self.fit_since.get(name, at) for name in matching}

    # A rule that matches

    def _match(self, rule: EventRule, event: LeadEvent, document: Document) -> None:
        at = event.occurred_at
        if self.card.activity is None and rule.is_activity:
            self._be_active(at)
        if rule.after is not None:
            remembered = self.remembered.get(rule.place)
            if remembered is None or ("within" in rule.after and at - remembered > duration(rule.after["within"])):
                return
        is_once = bool(rule.once_per) or any(limit.get("per", "ever") == "ever" for _, limit in self._own_limits(rule))
        if is_once and event.trust == Trust.PUBLIC and event.received_at - at > 7 * DAY:
            return
        multiples = self._counted(rule, document, at) if rule.count else 1
        if not multiples:
            return
        value = (rule.place, value_key(rule.once_per, document)) if rule.once_per else None
        if value in self.seen:
            return
        points = self._limited(rule, rule.points * multiples, event)
        if points is None:
            return
        if value is not None:
            self.seen.add(value)
        self._give(rule, points, at)

    def _period(self, per: str, at: int) -> Any:
        return {"visit": self.visit, "day": day_of(at), "week": week_of(at), "ever": None}[per]

    def _counted(self, rule: EventRule, document: Document, at: int) -> int:
        """How many times over the count lets the rule through."""
        count = rule.count
        assert count is not None
        adds = 1000
        if "of" in count:
            number = at_path(count["of"], document)
            is_number = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
            # Open: a decimal number is what it reads as, not the binary fraction next to it.
            adds = int(Decimal(repr(number)) * 1000) if is_number and number > 0 else 0
        within = count.get("within")
        if within not in (None, "visit", "day", "week"):
            return self._counted_lately(rule.place, count["at_least"], duration(within), at)
        period = self._period(within or "ever", at)
        period_before, before = self.counts.get(rule.place, (period, 0))
        if period_before != period:
            before = 0
        after = before + adds
        self.counts[rule.place] = (period, after)
        if "every" in count:
            return after // (count["every"] * 1000) - before // (count["every"] * 1000)
        return int(before < count["at_least"] * 1000 <= after)

    def _counted_lately(self, place: int, at_least: int, within: int, at: int) -> int:
        times = [*self.count_times.get(place, []), at]
        reached = len(times) >= at_least and at - times[-at_least] <= within
        self.count_times[place] = [] if reached else times
        return int(reached)

    def _own_limits(self, rule: EventRule) -> list[tuple[str, Document]]:
        limits: list[tuple[str, Document]] = []
        if rule.at_most:
            limits.append((f"rule {rule.place}", rule.at_most))
        if rule.group and self.card.groups.get(rule.group, {}).get("at_most"):
            limits.append((f"group {rule.group}", self.card.groups[rule.group]["at_most"]))
        return limits

    def _limited(self, rule: EventRule, points: int, event: LeadEvent) -> int | None:
        """The points that the limits leave; None if they stop the rule. What is given counts in all of them."""
        limits = self._own_limits(rule)
        bound = Trust.PUBLIC if points > 0 else Trust.DECLARED
        if self.card.public_at_most and event.trust <= bound and points:
            told = self._period(self.card.public_at_most.get("per", "ever"), event.received_at)
            limits.append((f"public {points > 0} {told}", self.card.public_at_most))
        used = []
        for key, limit in limits:
            at = event.received_at if key.startswith("public") else event.occurred_at
            period = self._period(limit.get("per", "ever"), at)
            given = self.given.get(key)
            if given is None or given.period != period:
                given = self.given[key] = Given(period)
            used.append(given)
            if "times" in limit and given.times >= limit["times"]:
                return None
            if "points" in limit:
                # Open: where nothing is left, a rule of no points is stopped, too.
                left = limit["points"] - given.points
                if left <= 0:
                    return None
                is_once = bool(rule.once_per) or any(
                    own.get("per", "ever") == "ever" for _, own in self._own_limits(rule)
                )
                if key.startswith("public") and is_once and abs(points) > left:
                    return None
                points = max(min(points, left), -left)
        for given in used:
            given.times += 1
            given.points += abs(points)
        return points

    # Effects

    def _affect(self, event: LeadEvent, document: Document) -> None:
        at = event.occurred_at
        # Open: the resets of an event are a person's, then escapes, then the model's; what it sets holds after them.
        if event.name == SCORE_RESET and event.trust >= Trust.SERVER:
            self._reset_by_a_person(event)
        happened = [
            effect
            for effect in self.card.effects
            if event.trust >= EFFECTS_TRUST[effect.kind]
            and {"return": self.is_out, "requalify": self.is_disqualified}.get(effect.kind, True)
            and effect.condition.holds(document)
        ]
        kinds = {effect.kind for effect in happened}
        for effect in happened:
            if effect.kind == "escape":
                for score in self.card.event_scores:
                    self._reset_score(score, effect.name, at, line_for_nothing=True)
            else:
                # Open: an effect that gives no points has its line in engagement.
                self._line("engagement", effect.name, 0, at)
        if event.trust >= Trust.SERVER:
            for reset in self.card.resets:
                if reset.condition.holds(document):
                    self._reset(reset.scores, reset.group, reset.name, at)
        floors = [effect.stage for effect in happened if effect.kind in ("fast_track", "set_stage")]
        self.floor = max([self.floor, *floors], key=self.card.rank)
        if kinds & {"escape", "disqualify"}:
            self.floor = ""
        self.is_out = "escape" in kinds or (self.is_out and "return" not in kinds)
        self.is_disqualified = "disqualify" in kinds or (self.is_disqualified and "requalify" not in kinds)

    def _reset_by_a_person(self, event: LeadEvent) -> None:
        score, group = event.properties.get("score"), event.properties.get("group")
        # Open: a score or group that the model does not know is reset by doing nothing.
        known = [score] if score in self.card.event_scores else []
        if score is not None:
            for name in known:
                self._reset_score(name, RESET_BY_A_PERSON, event.occurred_at, line_for_nothing=True)
        else:
            self._reset([], group, RESET_BY_A_PERSON, event.occurred_at)

    def _reset(self, scores: list[str], group: str | None, name: str, at: int) -> None:
        if group is not None:
            self._reset_group(group, name, at)
            return
        for score in scores or self.card.event_scores:
            self._reset_score(score, name, at, line_for_nothing=True)

    # Stages

    def _judge(self) -> None:
        is_away = self.is_disqualified or self.is_out
        for score, rungs in self.card.ladders.items():
            present = next((rank for rank, rung in enumerate(rungs) if rung.name == self.rungs[score]), -1)
            rank = -1 if is_away else self._highest(rungs, present)
            self.rungs[score] = rungs[rank].name if rank >= 0 else None
        if self.is_disqualified or self.is_out:
            self.stage = "disqualified" if self.is_disqualified else "out"
        else:
            highest = self._highest(self.card.stages, self.card.rank(self.stage))
            self.stage = self.card.stages[max(highest, self.card.rank(self.floor), 0)].name

    def _highest(self, rungs: list[Rung], present: int) -> int:
        candidates = [
            rank for rank, rung in enumerate(rungs) if self._reached(rung) or (rank <= present and self._held(rung))
        ]
        return max(candidates, default=-1)

    def _reached(self, rung: Rung) -> bool:
        return self._bounds_hold(rung.at, rung) and len(self.signals) >= rung.signals

    def _held(self, rung: Rung) -> bool:
        return self._bounds_hold(rung.drop_below, rung)

    def _bounds_hold(self, bounds: Mapping[str, int], rung: Rung) -> bool:
        grade_holds = rung.grade is None or GRADES.index(self.grade() or "F") >= GRADES.index(rung.grade)
        return grade_holds and all(self.shown(score) >= least for score, least in bounds.items())
