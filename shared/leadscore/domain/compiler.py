"""Compiles the plain document of a model file. Its shape and meaning are in docs/model.md.

The document is trusted here; `contracts.model_file` says what is wrong with one that a person wrote.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from leadscore.domain.decay import Decay, Expiry, HalfLife, Linear
from leadscore.domain.durations import HOUR_MS, NEVER, duration_ms
from leadscore.domain.event import Trust
from leadscore.domain.matching import compile_pattern
from leadscore.domain.model import THOUSANDTHS, VISIT_STARTED, Candidates, Model, RulesOfEvents
from leadscore.domain.rules import (
    ENGAGEMENT,
    FIT,
    GRADE,
    LETTERS,
    TOTAL,
    Accounts,
    After,
    Bounds,
    Burst,
    Combine,
    Condition,
    Count,
    Effect,
    Group,
    InactivityStep,
    Limit,
    Matrix,
    Only,
    Period,
    PoolOf,
    Rule,
    Score,
    Stage,
    Target,
    TraitRule,
    Visits,
    Watch,
)

RESET_BY_A_PERSON = "Reset by a person"
WITHDRAWN = "Machine-made, withdrawn"

DEFAULT_VISITS: Mapping[str, Any] = {"event": ["Page Viewed"], "gap": "30m"}
#: Segment's spec calls the link `link_url`, others `url`.
DEFAULT_BURSTS: Sequence[Mapping[str, Any]] = tuple(
    {"event": ["Email Link Clicked"], "each": f"properties.{link}", "at_least": 5, "within": "1s"}
    for link in ("url", "link_url")
)


class Teller(NamedTuple):
    """Whose events may make up a burst together."""

    name: str
    trust: Trust
    is_signed: bool = False


TELLERS = (*(Teller(trust.name, trust) for trust in Trust), Teller("signed", Trust.PUBLIC, is_signed=True))
DEFAULT_GRADE = "D"
#: How many leads the top ones of an account are.
DEFAULT_TOP = 3
#: Two bytes of a stored state. Of a hundred rules hardly ever two share a number; then the later one takes the next.
_ID_BITS = 16


#: The trust that an effect asks for (DESIGN: unsubscribing and ruling out need a trusted source; a form that a person
#: submitted may fast-track; a browser key may do none of it).
_EFFECTS = {
    "disqualify": Trust.SERVER,
    "requalify": Trust.SERVER,
    "escape": Trust.SERVER,
    "reset": Trust.SERVER,
    "return": Trust.DECLARED,
    "fast_track": Trust.DECLARED,
    "set_stage": Trust.DECLARED,
}


def compile_model(document: Mapping[str, Any]) -> Model:
    """Compile a model document (see docs/model.md). Raises PatternError on a condition that is none."""
    return _Compiler(document).model()


class _Ids:
    """Numbers for names: the same number for the same name, whatever else a model has, save for rare collisions."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def of(self, *name: str) -> int:
        text = "\0".join(name)
        digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
        number = int.from_bytes(digest) % (1 << _ID_BITS)
        while self._names.setdefault(number, text) != text:
            number = (number + 1) % (1 << _ID_BITS)
        return number


class _Compiler:
    """Compiles the parts of one document, which refer to each other by name."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._ids = _Ids()
        self._lines: dict[int, tuple[str, str]] = {}
        self._settings = {score["score"]: score for score in document.get("scores", ())}
        self._group_settings = {group["group"]: group for group in document.get("groups", ())}
        self._groups: dict[tuple[str, str], Group] = {}
        self._pools: dict[int, PoolOf] = {}
        self._watches: list[tuple[tuple[str, ...] | None, Watch]] = []

    def model(self) -> Model:
        document = self._document
        fit = [self._fit_rule(rule) for rule in document.get("fit", ())]
        fit += [self._grade_rule(rule) for rule in document.get("grade", {}).get("criteria", ())]
        engagement = [
            (_event_names(rule), rule.get("when", {}), self._engagement_rule(rule))
            for rule in document.get("engagement", ())
        ]
        scores = {name: self._score(name, fit) for name in self._score_names()}
        of_events = tuple(name for name, score in scores.items() if not score.is_of_traits)
        effects = [
            (_event_names(effect), self._effect(kind, effect, of_events))
            for kind in _EFFECTS
            for effect in document.get(kind, ())
        ]
        steps = sorted(document.get("inactivity", ()), key=lambda step: duration_ms(step["after"]))
        return Model(
            name=document["model"],
            scores=scores,
            total=self._bounds(TOTAL, TOTAL, self._settings.get(TOTAL, {})),
            no_points=dict.fromkeys(scores, 0),
            bounded=tuple(score for score in scores.values() if score.bounds.bind),
            in_total=tuple(name for name, score in scores.items() if score.in_total),
            fit=tuple(fit),
            engagement=RulesOfEvents(engagement),
            effects=_candidates(effects),
            bursts=_candidates(
                (_event_names(burst), self._burst(burst, teller, of_events))
                for burst in document.get("bursts", DEFAULT_BURSTS)
                for teller in TELLERS
            ),
            activity=self._activity(),
            visits=_candidates([self._visits()]),
            inactivity=tuple(self._step(step) for step in steps),
            stages=tuple(self._stage(stage, TOTAL) for stage in document["stages"]),
            ladders={
                name: tuple(self._stage(stage, name) for stage in settings["stages"])
                for name, settings in self._settings.items()
                if settings.get("stages")
            },
            matrix=self._matrix(),
            accounts=self._accounts(),
            grade_start=LETTERS.index(document["grade"].get("start", DEFAULT_GRADE)) if "grade" in document else None,
            resets={name: self._line(name, RESET_BY_A_PERSON) for name in of_events},
            reads_lead=any(rule.reads_lead for _, _, rule in engagement),
            # After points were given, a step that comes again and again is looked at anew.
            wakes_sleepers=0 if any("every" in step for step in steps) else NEVER,
            signals=self._ids.of("signals"),
            minds_signals=any("signals" in stage for stage in document["stages"])
            or any("signals" in stage for score in self._settings.values() for stage in score.get("stages", ())),
            minds_the_unknown=any(rule.matches({}) for rule in fit),
            minds_visits=any(_minds_visits(names, rule) for names, _, rule in engagement)
            or any(VISIT_STARTED in (names or ()) for names, _ in self._watches),
            # What the parts above have gathered.
            watches=_candidates(self._watches),
            named_groups=tuple((name, group) for (name, _), group in self._groups.items()),
            pools=self._pools,
            lines=self._lines,
        )

    # -- scores, groups and what decays in them --------------------------------------------------------------------

    def _score_names(self) -> Iterator[str]:
        yield FIT
        yield ENGAGEMENT
        if "grade" in self._document:
            yield GRADE
        yield from (name for name in self._settings if name not in (FIT, ENGAGEMENT, TOTAL))

    def _score(self, name: str, fit: Sequence[TraitRule]) -> Score:
        settings = self._settings.get(name, {})
        if name == GRADE:
            start = LETTERS.index(self._document["grade"].get("start", DEFAULT_GRADE))
            settings = {"cap": len(LETTERS) - 1 - start, "floor": -start}
        is_of_traits = name in (FIT, GRADE) or any(target.score == name for rule in fit for target in rule.targets)
        in_total = name in (FIT, ENGAGEMENT) or settings.get("in_total", False)
        return Score(name, self._bounds(name, name, settings), is_of_traits, in_total)

    def _bounds(self, score: str, owner: str, settings: Mapping[str, Any]) -> Bounds:
        cap, floor = settings.get("cap"), settings.get("floor")
        named = " and ".join(word for word, bound in (("cap", cap), ("floor", floor)) if bound is not None)
        return Bounds(self._line(score, f"{named.capitalize() or 'Bounds'} of {owner}"), cap, floor)

    def _group(self, name: str, score: str) -> Group:
        settings = self._group_settings[name]
        key = (name, score)
        if key not in self._groups:
            self._groups[key] = Group(self._ids.of("group", *key), score, self._bounds(score, name, settings))
        return self._groups[key]

    def _target(self, rule: Mapping[str, Any], score: str) -> Target:
        name = rule["rule"]
        group = self._group(rule["group"], score) if "group" in rule else None
        line = self._line(score, name)
        group_settings = self._group_settings.get(rule.get("group", ""), {})
        # The nearest word on decay counts: the rule's own, else its group's, else its score's.
        nearest = group_settings.get("decay") or self._settings.get(score, {}).get("decay")
        if "decay" in rule:
            pool = self._pool("rule", name, score, group, rule["decay"])
        elif nearest and group:
            pool = self._pool("group", rule["group"], score, group, nearest)
        elif nearest:
            pool = self._pool("score", score, score, None, nearest)
        else:
            pool = None
        return Target(line, score, group, pool)

    def _pool(self, kind: str, owner: str, score: str, group: Group | None, settings: Mapping[str, Any]) -> PoolOf:
        number = self._ids.of("pool", kind, owner, score)
        if number not in self._pools:
            line = self._line(score, f"Decay of {owner}")
            self._pools[number] = PoolOf(number, line, score, group, _decay(settings))
        return self._pools[number]

    # -- rules -----------------------------------------------------------------------------------------------------

    def _fit_rule(self, rule: Mapping[str, Any]) -> TraitRule:
        targets = tuple(self._target(rule, score) for score in _scores(rule, (FIT,)))
        return TraitRule(rule["rule"], rule["points"], compile_pattern(rule["when"]), targets)

    def _grade_rule(self, rule: Mapping[str, Any]) -> TraitRule:
        return TraitRule(rule["rule"], rule["thirds"], compile_pattern(rule["when"]), (self._target(rule, GRADE),))

    def _engagement_rule(self, rule: Mapping[str, Any]) -> Rule:
        name, points = rule["rule"], rule["points"]
        when = rule.get("when", {})
        scores = _scores(rule, (ENGAGEMENT,))
        limits = tuple(self._limits(rule))
        public = self._document.get("public")
        public_limit = (
            # What anybody can send must neither raise a lead without bound nor ruin it.
            self._limit("public", "" if points > 0 else "losses", public["at_most"])._replace(by_arrival=True)
            if public and points
            else None
        )
        # A matcher is made of it when such an event is first met: too late to hear that it is no condition.
        compile_pattern(when)
        reads_lead = _mentions(when, "lead")
        return Rule(
            name=name,
            points=points,
            targets=tuple(self._target(rule, score) for score in scores),
            trust=Trust[rule.get("trust", "public").upper()],
            is_activity=rule.get("activity", points > 0),
            is_plain=not (limits or public_limit or {"after", "count", "once_per"} & rule.keys()),
            after=self._after(name, rule["after"]) if "after" in rule else None,
            count=self._count(name, rule["count"]) if "count" in rule else None,
            once_per=_path(rule["once_per"]) if "once_per" in rule else None,
            once_id=self._ids.of("once", name),
            limits=limits,
            public_limit=public_limit,
            reads_lead=reads_lead,
        )

    def _limits(self, rule: Mapping[str, Any]) -> Iterator[Limit]:
        if rule.get("once"):
            yield self._limit("once", rule["rule"], {"times": 1})
        if "at_most" in rule:
            yield self._limit("rule", rule["rule"], rule["at_most"])
        group = self._group_settings.get(rule.get("group", ""), {})
        if "at_most" in group:
            yield self._limit("group", rule["group"], group["at_most"])

    def _limit(self, kind: str, owner: str, settings: Mapping[str, Any]) -> Limit:
        period = Period(settings.get("per", Period.EVER))
        return Limit(self._ids.of("limit", kind, owner), period, settings.get("times"), settings.get("points"))

    def _after(self, rule: str, settings: Mapping[str, Any]) -> After:
        number = self._ids.of("after", rule)
        self._watch(number, settings, sets_back=False)
        return After(number, duration_ms(settings["within"]))

    def _count(self, rule: str, settings: Mapping[str, Any]) -> Count:
        number = self._ids.of("count", rule)
        if "without" in settings:
            self._watch(number, settings["without"], sets_back=True)
        within = settings.get("within", Period.EVER)
        is_period = within in tuple(Period)
        of = _path(settings["of"]) if "of" in settings else None
        return Count(
            id=number,
            step=settings.get("at_least", settings.get("every")) * (THOUSANDTHS if of else 1),
            repeats="every" in settings,
            of=of,
            period=Period(within) if is_period else Period.EVER,
            window=None if is_period else duration_ms(within),
        )

    def _watch(self, number: int, settings: Mapping[str, Any], *, sets_back: bool) -> None:
        watch = Watch(number, compile_pattern(settings.get("when", {})), sets_back)
        self._watches.append((_event_names(settings), watch))

    # -- everything else -------------------------------------------------------------------------------------------

    def _effect(self, kind: str, effect: Mapping[str, Any], of_events: tuple[str, ...]) -> Effect:
        groups: tuple[Group, ...] = ()
        scores: tuple[str, ...] = ()
        if kind == "reset" and "group" in effect:
            groups = tuple(group for (name, _), group in self._groups.items() if name == effect["group"])
        elif kind == "reset":
            scores = _scores(effect, of_events)
        elif kind == "escape":
            scores = of_events
        # An effect has its line even without points: it is why a lead is where it is.
        shows_in = scores or tuple(group.score for group in groups) or (ENGAGEMENT,)
        return Effect(
            kind=kind,
            lines={score: self._line(score, effect["rule"]) for score in shows_in},
            trust=_EFFECTS[kind],
            matches=compile_pattern(effect.get("when", {})),
            stage=effect.get("stage", ""),
            scores=scores,
            groups=groups,
        )

    def _step(self, step: Mapping[str, Any]) -> InactivityStep:
        if step.get("reset"):
            bands = None
        elif "bands" in step:
            bands = tuple(sorted(((band["from"], band["take"]) for band in step["bands"]), reverse=True))
        else:
            bands = ((0, step["take"]),)
        return InactivityStep(
            id=self._ids.of("step", step["rule"]),
            name=step["rule"],
            after=duration_ms(step["after"]),
            every=duration_ms(step["every"]) if "every" in step else None,
            bands=bands,
            at_most=step.get("at_most"),
            only=Only(step["only"]) if "only" in step else None,
            lines={score: self._line(score, step["rule"]) for score in _scores(step, (ENGAGEMENT,))},
        )

    def _stage(self, stage: Mapping[str, Any], score: str) -> Stage:
        at = _thresholds(stage.get("at", {}), score)
        return Stage(
            name=stage["stage"],
            at=at,
            holds={**at, **_thresholds(stage.get("drop_below", {}), score)},
            route=stage.get("route"),
            grade=LETTERS.index(stage["grade"]) if "grade" in stage else None,
            signals=stage.get("signals", 0),
            quiet=duration_ms(stage["quiet"]) if "quiet" in stage else 0,
            id=self._ids.of("stage", score, stage["stage"]),
        )

    def _burst(self, burst: Mapping[str, Any], teller: Teller, of_events: tuple[str, ...]) -> Burst:
        return Burst(
            id=self._ids.of("burst", teller.name, *_event_names(burst) or (), burst["each"]),
            trust=teller.trust,
            is_signed=teller.is_signed,
            matches=compile_pattern(burst.get("when", {})),
            each=_path(burst["each"]),
            at_least=burst["at_least"],
            within=duration_ms(burst["within"]),
            lines={score: self._line(score, WITHDRAWN) for score in of_events},
        )

    def _activity(self) -> Candidates[Condition] | None:
        activity = self._document.get("activity")
        if activity is None:
            return None
        return _candidates([(_event_names(activity), compile_pattern(activity.get("when", {})))])

    def _visits(self) -> tuple[tuple[str, ...] | None, Visits]:
        visits = {**DEFAULT_VISITS, **self._document.get("visits", {})}
        return _event_names(visits), Visits(compile_pattern(visits.get("when", {})), duration_ms(visits["gap"]))

    def _matrix(self) -> Matrix | None:
        matrix = self._document.get("matrix")
        if matrix is None:
            return None
        by_grade = "grade" in matrix
        rows = tuple(LETTERS.index(letter) for letter in matrix["grade"]) if by_grade else tuple(matrix["fit"])
        priorities = {cell: name for name, cells in self._document.get("priority", {}).items() for cell in cells}
        return Matrix(GRADE if by_grade else FIT, rows, tuple(matrix["engagement"]), priorities)

    def _accounts(self) -> Accounts | None:
        accounts = self._document.get("accounts")
        if accounts is None:
            return None
        return Accounts(Combine(accounts["score"]), accounts.get("leads", DEFAULT_TOP), accounts.get("of", TOTAL))

    def _line(self, score: str, name: str) -> int:
        number = self._ids.of("line", score, name)
        self._lines[number] = (score, name)
        return number


def _decay(settings: Mapping[str, Any]) -> Decay:
    if "half_life" in settings:
        return HalfLife(duration_ms(settings["half_life"]) // HOUR_MS)
    if "expire_after" in settings:
        return Expiry(duration_ms(settings["expire_after"]))
    return Linear(duration_ms(settings["every"]) * 100 // settings["percent"])


def _thresholds(at: int | Mapping[str, int], score: str) -> Mapping[str, int]:
    return {score: at} if isinstance(at, int) else at


def _minds_visits(names: tuple[str, ...] | None, rule: Rule) -> bool:
    """Whether it matters to the rule when a visit started, or how many there were."""
    limits = [limit.period for limit in (*rule.limits, rule.public_limit) if limit]
    counts = [rule.count.period] if rule.count else []
    return rule.reads_lead or Period.VISIT in (*limits, *counts) or VISIT_STARTED in (names or ())


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split("."))


def _mentions(pattern: Any, field_name: str) -> bool:
    """Whether a condition reads this outermost field, in an alternative too."""
    if not isinstance(pattern, Mapping):
        return False
    return field_name in pattern or any(
        _mentions(alternative, field_name) for alternative in pattern.get("$or", ()) if pattern
    )


def _scores(rule: Mapping[str, Any], otherwise: tuple[str, ...]) -> tuple[str, ...]:
    scores = rule.get("score", otherwise)
    return (scores,) if isinstance(scores, str) else tuple(scores)


def _event_names(rule: Mapping[str, Any]) -> tuple[str, ...] | None:
    names = rule.get("event")
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


def _candidates[T](named: Iterable[tuple[tuple[str, ...] | None, T]]) -> Candidates[T]:
    """Split by event name, in the model's order."""
    named = list(named)
    event_names = {name for names, _ in named if names is not None for name in names}
    return Candidates(
        by_event={
            event_name: tuple(item for names, item in named if names is None or event_name in names)
            for event_name in event_names
        },
        every=tuple(item for names, item in named if names is None),
    )
