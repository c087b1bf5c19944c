"""Made-up rules as plain data, for any engine: what they judge, and what they say as a scoring model of ours.

A hundred rules hold 216 conditions. About a third of them could match an event (36: all of fit, and those that name
the event), and about ten do. A hundred rules are 20 of fit, on traits, and 80 on events of twelve names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any

from leadscore.domain.compiler import compile_model
from leadscore.domain.event import Identifier, LeadEvent, Trust, event_id
from leadscore.domain.model import Model
from tests.bench.models import EVENT_NAMES
from tests.bench.scoring import DAY_MS, NOON

#: All that an engine without our notions gets to see: an event and its lead's traits, as one flat document.
type Facts = dict[str, Any]

FIT_RULES = 20
EVENTS_PER_LEAD = 50

_MINUTE_MS = 60_000
_KINDS = ("article", "checklist", "ebook", "webinar", "report", "template", "video", "white-paper")
#: Four of ten below /docs, three below /blog, two below /product.
_PATHS = ("/docs/api", "/docs/setup", "/docs/limits", "/docs/faq")
_PATHS += ("/blog/close", "/blog/data", "/blog/teams", "/product/reports", "/product/alerts", "/pricing")
_ASSETS = tuple(f"asset-{number:03}" for number in range(200))
_TITLES = ("Accountant", "Analyst", "Assistant", "Controller", "Director of Data", "Director of Finance")
_TITLES += ("Head of Data", "Head of Finance", "Head of Operations", "Student")
_COUNTRIES = ("AT", "CH", "DE", "ES", "FR", "GB", "IT", "NL")
_INDUSTRIES = ("banking", "energy", "health", "media", "retail", "software")
_EMPLOYEES_MAX = 1_000
_SECONDS_MAX = 100
#: How many names each rule has, in turn: 2.4 on average, so that a name occurs in a fifth of the rules on events.
_NAMES_PER_RULE = (1, 2, 3, 3, 3)


class Operator(Enum):
    """What every engine can ask of one field."""

    ONE_OF = "one of"
    PREFIX = "prefix"
    AT_LEAST = "at least"


@dataclass(frozen=True)
class Condition:
    """`operand` is a tuple of texts, a text or a number, as the operator wants it."""

    field: str
    operator: Operator
    operand: Any

    def holds(self, facts: Facts) -> bool:
        value = facts[self.field]
        match self.operator:
            case Operator.ONE_OF:
                return value in self.operand
            case Operator.PREFIX:
                return bool(value.startswith(self.operand))
            case Operator.AT_LEAST:
                return bool(value >= self.operand)


@dataclass(frozen=True)
class Rule:
    """Points where all conditions hold. A rule without event names is one of fit: it judges traits alone."""

    name: str
    points: int
    events: tuple[str, ...]
    conditions: tuple[Condition, ...]

    @property
    def of_fit(self) -> bool:
        return not self.events

    @property
    def all_conditions(self) -> tuple[Condition, ...]:
        """With the one on the event's name."""
        if self.of_fit:
            return self.conditions
        return (Condition("event", Operator.ONE_OF, self.events), *self.conditions)

    def could_match(self, event_name: str) -> bool:
        return self.of_fit or event_name in self.events

    def matches(self, facts: Facts) -> bool:
        return all(condition.holds(facts) for condition in self.all_conditions)


@dataclass(frozen=True)
class Moment:
    """An event of a lead, and the facts at that moment: the event's and the traits that are known by then."""

    event: LeadEvent
    facts: Facts


# -- rules -------------------------------------------------------------------------------------------------------------


def rules(number: int, *, narrow: bool = False) -> list[Rule]:
    """The 20 rules of fit, and all others on events. `narrow`: those after the first hundred are about one asset each.

    Narrow ones hardly ever match, as it is where somebody has a rule for every asset: matches per event stay the same.
    """
    rng = Random(1)
    return [
        *(_fit_rule(place, rng) for place in range(FIT_RULES)),
        *(_event_rule(place, rng, of_asset=narrow and place >= 100 - FIT_RULES) for place in range(number - FIT_RULES)),
    ]


def _fit_rule(place: int, rng: Random) -> Rule:
    who = (
        Condition("title", Operator.ONE_OF, _some(rng, _TITLES, 4)),
        Condition("country", Operator.ONE_OF, _some(rng, _COUNTRIES, 3)),
        Condition("title", Operator.PREFIX, ("Head", "Director")[place // 4 % 2]),
        Condition("industry", Operator.ONE_OF, _some(rng, _INDUSTRIES, 2)),
    )[place % 4]
    return Rule(f"Fit {place}", 1 + place % 5, (), (who, Condition("employees", Operator.AT_LEAST, 40 * place % 900)))


def _event_rule(place: int, rng: Random, *, of_asset: bool) -> Rule:
    conditions = [_condition(place, rng)]
    if place % 5 == 0:
        conditions.append(_further_condition(conditions[0].field, rng))
    if of_asset:
        conditions.insert(0, Condition("asset", Operator.ONE_OF, (rng.choice(_ASSETS),)))
    return Rule(f"Rule {place}", 1 + place % 7, _event_names(place), tuple(conditions))


def _condition(place: int, rng: Random) -> Condition:
    return (
        Condition("seconds", Operator.AT_LEAST, rng.randrange(45, 65)),
        Condition("kind", Operator.ONE_OF, _some(rng, _KINDS, 3)),
        Condition("path", Operator.PREFIX, rng.choice(("/docs", "/docs", "/blog"))),
    )[place % 3]


def _further_condition(field: str, rng: Random) -> Condition:
    """On another field than the first."""
    if field == "kind":
        return Condition("seconds", Operator.AT_LEAST, 30)
    return Condition("kind", Operator.ONE_OF, _some(rng, _KINDS, 5))


def _event_names(place: int) -> tuple[str, ...]:
    """The names that come next, in turn, so that all occur equally often."""
    turns, step = divmod(place, len(_NAMES_PER_RULE))
    first = turns * sum(_NAMES_PER_RULE) + sum(_NAMES_PER_RULE[:step])
    return tuple(EVENT_NAMES[(first + name) % len(EVENT_NAMES)] for name in range(_NAMES_PER_RULE[step]))


def _some[T](rng: Random, values: Sequence[T], number: int) -> tuple[T, ...]:
    return tuple(sorted(rng.sample(values, number), key=values.index))


def picked(every: Iterable[Rule], event_name: str) -> list[Rule]:
    """What could match an event of this name."""
    return [rule for rule in every if rule.could_match(event_name)]


# -- events ------------------------------------------------------------------------------------------------------------


def histories(leads: int, *, events: int = EVENTS_PER_LEAD, hurry: int = 1) -> list[list[Moment]]:
    """The leads' histories, in order: a few events an hour or so, then nothing for days, or for some weeks.

    Fifty events take some months; `hurry` is how many times faster they come.
    """
    return [list(_history(Random(lead), lead, events, hurry)) for lead in range(leads)]


def _history(rng: Random, lead: int, events: int, hurry: int) -> Iterator[Moment]:
    at = NOON
    known: dict[str, Any] = {}
    for place in range(events):
        said = _traits(rng) if place % 25 == 0 else {}
        known |= said
        event = _event(rng, f"{lead}-{place}", Identifier("user_id", f"usr_{lead:06}"), at, said)
        yield Moment(event, {"event": event.name, **event.properties, **known})
        pause = rng.choices((_MINUTE_MS, 20 * _MINUTE_MS, 2 * DAY_MS, 40 * DAY_MS), (12, 4, 3, 1))[0]
        at += (pause + rng.randrange(_MINUTE_MS)) // hurry


def _event(rng: Random, message_id: str, home: Identifier, at: int, traits: dict[str, Any]) -> LeadEvent:
    return LeadEvent(
        id=event_id("website", message_id),
        name=rng.choice(EVENT_NAMES),
        call="track",
        source="website",
        trust=Trust.DECLARED,
        occurred_at=at,
        received_at=at,
        identifiers=(home,),
        fingerprint="",
        properties={
            "kind": rng.choice(_KINDS),
            "path": rng.choice(_PATHS),
            "seconds": rng.randrange(_SECONDS_MAX),
            "asset": rng.choice(_ASSETS),
        },
        traits=traits,
    )


def _traits(rng: Random) -> dict[str, Any]:
    return {
        "title": rng.choice(_TITLES),
        "country": rng.choice(_COUNTRIES),
        "industry": rng.choice(_INDUSTRIES),
        "employees": rng.randrange(_EMPLOYEES_MAX),
    }


# -- what rules and events have in common ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What an engine has to do: conditions, and per event how many rules could match and how many do."""

    rules: int
    conditions: int
    candidates: float
    matches: float


def load_of(every: Sequence[Rule], moments: Sequence[Moment]) -> Load:
    candidates = sum(rule.could_match(moment.event.name) for moment in moments for rule in every)
    matches = sum(rule.matches(moment.facts) for moment in moments for rule in every)
    return Load(
        rules=len(every),
        conditions=sum(len(rule.all_conditions) for rule in every),
        candidates=candidates / len(moments),
        matches=matches / len(moments),
    )


# -- our model ---------------------------------------------------------------------------------------------------------


def _with_inactivity(document: dict[str, Any]) -> None:
    document["inactivity"] = [
        {"rule": "Two weeks quiet", "after": "14d", "take": 20},
        {"rule": "A month quiet", "after": "30d", "take": 50},
    ]


def _with_limits(document: dict[str, Any]) -> None:
    """One rule on events in ten a few times a day, one in twenty once for each asset."""
    for place, rule in enumerate(document["engagement"]):
        if place % 10 == 0:
            rule["at_most"] = {"times": 3, "per": "day"}
        elif place % 20 == 1:
            rule["once_per"] = "properties.asset"


def _with_caps(document: dict[str, Any]) -> None:
    document["groups"] = [
        {"group": "Reading", "cap": 400},
        {"group": "Asking", "cap": 300},
    ]
    for place, rule in enumerate(document["engagement"]):
        if place % 4 < 2:
            rule["group"] = ("Reading", "Asking")[place % 4]
    document.setdefault("scores", []).append({"score": "total", "cap": 900})


def _with_windows(document: dict[str, Any]) -> None:
    """One rule in ten waits for the third match of a visit or of a week, or for another event."""
    for place, rule in enumerate(document["engagement"]):
        if place % 20 == 3:
            rule["count"] = {"at_least": 3, "within": ("visit", "7d")[place // 20 % 2]}
        elif place % 20 == 7:
            rule["after"] = {"event": EVENT_NAMES[place % len(EVENT_NAMES)], "within": "7d"}


def _with_decay(document: dict[str, Any]) -> None:
    document.setdefault("scores", []).append({"score": "engagement", "decay": {"half_life": "30d"}})
    for place, rule in enumerate(document["engagement"]):
        if place % 20 == 5:
            rule["decay"] = {"expire_after": "90d"}


#: What the rivals do not do, by name.
FEATURES: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "inactivity": _with_inactivity,
    "limits per day and value": _with_limits,
    "caps of groups and scores": _with_caps,
    "counts and sequences in windows": _with_windows,
    "decay": _with_decay,
}
#: Those that the fold knows. Whatever is named here is in all that is timed.
TIMED: tuple[str, ...] = tuple(FEATURES)


def model_of(every: Iterable[Rule], *, features: Iterable[str] = ()) -> Model:
    return compile_model(document_of(every, features=features))


def document_of(every: Iterable[Rule], *, features: Iterable[str] = ()) -> dict[str, Any]:
    """Without features: plain points, so that nothing but conditions decides."""
    listed = list(every)
    document: dict[str, Any] = {
        "model": "made-up",
        "stages": [{"stage": "new"}, {"stage": "warm", "at": 100}, {"stage": "mql", "at": 600}],
        "fit": [
            {"rule": rule.name, "points": rule.points, "when": _pattern(rule.conditions)}
            for rule in listed
            if rule.of_fit
        ],
        "engagement": [
            {
                "rule": rule.name,
                "event": list(rule.events),
                "points": rule.points,
                "when": {"properties": _pattern(rule.conditions)},
            }
            for rule in listed
            if not rule.of_fit
        ],
    }
    for feature in features:
        FEATURES[feature](document)
    return document


def _pattern(conditions: Iterable[Condition]) -> dict[str, list[Any]]:
    pattern: dict[str, list[Any]] = {}
    for condition in conditions:
        if condition.field in pattern:
            raise ValueError("a pattern says what must hold of a field once")
        pattern[condition.field] = _matchers(condition)
    return pattern


def _matchers(condition: Condition) -> list[Any]:
    match condition.operator:
        case Operator.ONE_OF:
            return list(condition.operand)
        case Operator.PREFIX:
            return [{"prefix": condition.operand}]
        case Operator.AT_LEAST:
            return [{"numeric": [">=", condition.operand]}]
