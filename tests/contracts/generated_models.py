"""Scoring models made by chance, with every word of the language: for the model file's tests and for the fold's.

Each is a document as `read_model` gives it (names in lists, thresholds by score), so it can be compiled at once.
Numbers are small and there are few events, properties and values, so that rules fire often and meet each other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

type Document = dict[str, Any]
type Documents = st.SearchStrategy[Document]

#: What the conditions of the models look at: histories made of these make them fire.
EVENT_NAMES = (
    "Page Viewed", "Email Opened", "Email Link Clicked", "Email Delivered", "Form Submitted", "Content Downloaded",
    "Demo Requested", "Unsubscribed", "Score Reset", "Lead Disqualified", "Lead Requalified",
)  # fmt: skip
PROPERTIES: Mapping[str, Sequence[Any]] = {
    "kind": ("white-paper", "video", "pricing"),
    "asset_id": ("a1", "a2", "a3"),
    "seconds": (5, 10, 30),
    "url": ("/docs", "/pricing", "/careers"),
}
TRAITS: Mapping[str, Sequence[Any]] = {
    "title": ("CTO", "Director of Sales", "Intern"),
    "country": ("DE", "FR"),
    "company_size": (5, 50, 500),
    "email": ("ada@northwind.example", "none of yours"),
}
SOURCES = ("website", "backend")

TRAIT_SCORES = ("persona-cto",)
EVENT_SCORES = ("data-security", "crm")
TRAIT_GROUPS = ("Titles",)
EVENT_GROUPS = ("E-mail", "Content")
GRADES = ("F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+")

RULE_SECTIONS = (
    "fit", "engagement", "fast_track", "set_stage", "escape", "return", "disqualify", "requalify", "reset",
    "inactivity",
)  # fmt: skip

# Times around those of a history: seconds of a burst, a visit's gap, hours and days of a decay.
DURATIONS = st.sampled_from(("45s", "30m", "2h", "1d", "3d", "1w"))
PERIODS = st.sampled_from(("visit", "day", "week", "ever"))
POINTS = st.sampled_from((-20, -5, -1, 0, 1, 3, 5, 10, 25))
TAKES = st.integers(1, 30)


def some(values: Sequence[str], *, least: int = 0, most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True) if values else st.just([])


def fields(required: Mapping[str, Any] | None = None, **optional: Any) -> Documents:
    return st.fixed_dictionaries(dict(required or {}), optional=optional)


# -- conditions ----------------------------------------------------------------------------------------------------


def _matchers(values: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    one = st.sampled_from(values)
    kinds = [
        one.map(lambda value: [value]),
        st.lists(one, min_size=2, max_size=2, unique=True),
        st.booleans().map(lambda exists: [{"exists": exists}]),
        one.map(lambda value: [{"anything-but": [value]}]),
    ]
    if isinstance(values[0], str):
        kinds += [
            one.map(lambda value: [{"prefix": value[:2]}]),
            one.map(lambda value: [{"wildcard": f"*{value[1:]}"}]),
        ]
    else:
        kinds += [one.map(lambda value: [{"numeric": [">=", value]}])]
    return st.one_of(kinds)


def _named(values: Mapping[str, Sequence[Any]]) -> Documents:
    """A condition on one field or two, or two alternatives."""
    one = st.sampled_from(sorted(values)).flatmap(lambda name: st.fixed_dictionaries({name: _matchers(values[name])}))
    two = st.tuples(one, one)
    return one | two.map(lambda pair: pair[0] | pair[1]) | two.map(lambda pair: {"$or": list(pair)})


EVENT_PATTERNS = st.one_of(
    st.fixed_dictionaries({"properties": _named(PROPERTIES)}),
    st.fixed_dictionaries({"properties": _named(PROPERTIES)}),
    some(("public", "declared", "server"), least=1).map(lambda kinds: {"trust": kinds}),
    some(SOURCES, least=1).map(lambda sources: {"source": sources}),
)
TRAIT_PATTERNS = _named(TRAITS)
NAMES = some(EVENT_NAMES, least=1)
#: Names alone most often: what asks for too much never happens.
EVENT_CONDITIONS = st.one_of(
    st.fixed_dictionaries({"event": NAMES}),
    st.fixed_dictionaries({"event": NAMES}),
    st.fixed_dictionaries({"event": NAMES, "when": EVENT_PATTERNS}),
    st.fixed_dictionaries({"when": EVENT_PATTERNS}),
)
RULE_CONDITIONS = st.one_of(
    EVENT_CONDITIONS,
    EVENT_CONDITIONS,
    EVENT_CONDITIONS,
    st.just({"event": ["Visit Started"]}),
    NAMES.map(lambda names: {"event": ["Visit Started", *names]}),
)
PATHS = st.sampled_from(("properties.asset_id", "properties.url", "properties.seconds", "event", "source"))

# -- what rules, groups and scores may say of time and number -------------------------------------------------------

DECAYS: Documents = st.one_of(
    fields({"half_life": st.sampled_from(("1h", "6h", "2d", "30d"))}),
    fields({"percent": st.sampled_from((10, 30, 50, 100)), "every": st.sampled_from(("30m", "6h", "1d", "2w"))}),
    fields({"expire_after": st.sampled_from(("45s", "2h", "1d", "20d"))}),
)
MOSTS: Documents = st.one_of(
    fields({"times": st.integers(1, 3)}, per=PERIODS),
    fields({"points": TAKES}, per=PERIODS),
    fields({"times": st.integers(1, 3), "points": TAKES}, per=PERIODS),
)
POINTS_MOSTS = fields({"points": TAKES}, per=PERIODS)
_CALENDAR = st.sampled_from(("visit", "day", "week"))
_AMOUNTS = st.sampled_from(("properties.seconds", "properties.asset_id"))
COUNTS: Documents = st.one_of(
    fields({"at_least": st.integers(1, 4)}, within=_CALENDAR, without=EVENT_CONDITIONS),
    fields({"at_least": st.integers(1, 60), "of": _AMOUNTS}, within=_CALENDAR, without=EVENT_CONDITIONS),
    fields({"at_least": st.integers(1, 4), "within": DURATIONS}, without=EVENT_CONDITIONS),
    fields({"every": st.integers(1, 4)}, within=_CALENDAR, without=EVENT_CONDITIONS),
    fields({"every": st.integers(1, 40), "of": _AMOUNTS}, within=_CALENDAR, without=EVENT_CONDITIONS),
)
AFTERS: Documents = st.builds(lambda condition, within: condition | {"within": within}, EVENT_CONDITIONS, DURATIONS)
_LIMITS: Documents = st.one_of(st.just({"once": True}), st.fixed_dictionaries({"at_most": MOSTS}))
CAPS = st.sampled_from((1, 5, 20, 60))
FLOORS = st.sampled_from((-10, -3, 0))


@st.composite
def engagement_rules(draw: st.DrawFn, scores: Sequence[str], groups: Sequence[str]) -> Document:
    """Plain rules and rules of one or two further words are as frequent as those that have it all."""
    rule = {**draw(RULE_CONDITIONS), "points": draw(POINTS)}
    choices: dict[str, Documents] = {
        "score": some(scores, least=1).map(lambda names: {"score": names}),
        "group": some(groups, most=1).map(lambda names: {"group": names[0]} if names else {}),
        "trust": st.sampled_from(("public", "declared", "server")).map(lambda trust: {"trust": trust}),
        "activity": st.booleans().map(lambda activity: {"activity": activity}),
        "limit": _LIMITS,
        "once_per": PATHS.map(lambda path: {"once_per": path}),
        "count": COUNTS.map(lambda count: {"count": count}),
        "after": AFTERS.map(lambda after: {"after": after}),
        "decay": DECAYS.map(lambda decay: {"decay": decay}),
    }
    for choice in draw(some(tuple(choices), most=4)):
        rule |= draw(choices[choice])
    return rule


# -- scores, groups, ladders ---------------------------------------------------------------------------------------


@st.composite
def ladders(
    draw: st.DrawFn, *, scores: Sequence[str], own: str, has_grade: bool, has_signals: bool, least: int
) -> list[Document]:
    """Stages above one another, as a rule: each asks for more of its ladder's own score than the one below."""
    at = draw(st.integers(-5, 15))
    stages: list[Document] = []
    for name in ("interested", "mql", "sql")[: draw(st.integers(least, 3))]:
        asked = {own: at} | {score: draw(st.integers(-5, 30)) for score in draw(some(scores, most=1)) if score != own}
        stage: Document = {"stage": name, "at": asked}
        if draw(st.booleans()):
            held = draw(some(tuple(asked), least=1))
            stage["drop_below"] = {score: asked[score] - draw(st.integers(0, 15)) for score in held}
        stages.append(stage | draw(_stage_extras(has_grade=has_grade, has_signals=has_signals)))
        at += draw(st.integers(1, 25))
    return stages


def _stage_extras(*, has_grade: bool, has_signals: bool) -> Documents:
    asks: dict[str, Any] = {"signals": st.integers(1, 3)} if has_signals else {}
    asks |= {"grade": st.sampled_from(GRADES[1:10])} if has_grade else {}
    told = fields(quiet=DURATIONS, route=st.sampled_from(("nurture", "sales", "security-team")))
    return st.one_of(st.just({}), told, st.builds(lambda told, asked: told | asked, told, fields(**asks)))


@st.composite
def score_sections(
    draw: st.DrawFn, *, trait_scores: Sequence[str], event_scores: Sequence[str], has_grade: bool
) -> list[Document]:
    every = ["fit", "engagement", "total", *trait_scores, *event_scores]
    entries = []
    for name in every:
        is_named = name in (*trait_scores, *event_scores)
        is_of_events = name in ("engagement", *event_scores)
        if not is_named and draw(st.booleans()):
            continue
        options = {"cap": CAPS, "floor": FLOORS}
        options |= {"decay": DECAYS} if is_of_events else {}
        options |= {"in_total": st.booleans()} if is_named else {}
        entry = {"score": name} | draw(fields(**options))
        if is_named and draw(st.booleans()):
            ladder = ladders(scores=(), own=name, has_grade=has_grade, has_signals=is_of_events, least=1)
            entry["stages"] = draw(ladder)
        entries.append(entry)
    return draw(st.permutations(entries))


def group_sections(trait_groups: Sequence[str], event_groups: Sequence[str]) -> st.SearchStrategy[list[Document]]:
    return st.tuples(
        *(fields({"group": st.just(name)}, cap=CAPS, floor=FLOORS) for name in trait_groups),
        *(
            fields({"group": st.just(name)}, cap=CAPS, floor=FLOORS, decay=DECAYS, at_most=POINTS_MOSTS)
            for name in event_groups
        ),
    ).map(list)


# -- grade, matrix, priority ---------------------------------------------------------------------------------------


def grades() -> Documents:
    thirds = st.sampled_from((-3, -1, 1, 2, 3, 6))
    criteria = st.lists(fields({"thirds": thirds, "when": TRAIT_PATTERNS}), max_size=3)
    return fields({"criteria": criteria}, start=st.sampled_from(GRADES))


@st.composite
def matrices(draw: st.DrawFn, *, has_grade: bool) -> Document:
    """The matrix, and most often priorities for some of its cells."""
    numbers = st.lists(st.integers(-5, 40), min_size=1, max_size=3, unique=True).map(lambda n: sorted(n, reverse=True))
    letters = some(GRADES, least=1, most=3).map(lambda names: sorted(names, key=GRADES.index, reverse=True))
    of_whom = {"grade": draw(letters)} if has_grade and draw(st.booleans()) else {"fit": draw(numbers)}
    matrix = of_whom | {"engagement": draw(numbers)}
    rows, columns = (len(bounds) + 1 for bounds in matrix.values())
    cells = [f"{letter}{number}" for letter in "ABCD"[:rows] for number in range(1, columns + 1)]
    chosen = draw(st.dictionaries(st.sampled_from(cells), st.sampled_from(("high", "medium", "low"))))
    names = sorted(set(chosen.values()))
    priority = {name: [cell for cell, of in chosen.items() if of == name] for name in names}
    return {"matrix": matrix} | ({"priority": priority} if priority else {})


def accounts(scores: Sequence[str]) -> Documents:
    of = {"of": st.sampled_from(scores)}
    all_of_them = fields({"score": st.sampled_from(("sum", "maximum"))}, **of)
    return all_of_them | fields({"score": st.just("top")}, leads=st.sampled_from((1, 2, 4)), **of)


# -- effects and inactivity ----------------------------------------------------------------------------------------


def effects(stages: Sequence[str]) -> Documents:
    """Each kind of effect, once at most."""
    on = EVENT_CONDITIONS.map(lambda condition: [condition])
    into = st.builds(lambda condition, stage: [condition | {"stage": stage}], EVENT_CONDITIONS, st.sampled_from(stages))
    return fields(
        None,
        **dict.fromkeys(("fast_track", "set_stage"), into),
        **dict.fromkeys(("escape", "return", "disqualify", "requalify"), on),
    )


def resets(scores: Sequence[str], groups: Sequence[str]) -> Documents:
    targets = [st.just({}), some(scores, least=1).map(lambda names: {"score": names})]
    targets += [st.sampled_from(groups).map(lambda name: {"group": name})] if groups else []
    return st.builds(lambda condition, target: condition | target, EVENT_CONDITIONS, st.one_of(targets))


@st.composite
def inactivity_steps(draw: st.DrawFn, scores: Sequence[str]) -> Document:
    takes = fields({"take": TAKES})
    bands = st.dictionaries(st.integers(0, 40), TAKES, min_size=1, max_size=3).map(
        lambda of: {"bands": [{"from": least, "take": of[least]} for least in sorted(of, reverse=True)]}
    )
    every = st.sampled_from(("1h", "7h", "2d"))
    again = fields({"every": every}, at_most=TAKES)
    does = draw(takes | bands | st.just({"reset": True}))
    repeats = {} if "reset" in does else draw(st.just({}) | again)
    about = fields(score=some(scores, least=1), only=st.sampled_from(("never-active", "went-quiet")))
    return {"after": draw(DURATIONS)} | does | repeats | draw(about)


# -- the whole -----------------------------------------------------------------------------------------------------


def bursts() -> Documents:
    return fields(
        {
            "event": NAMES,
            "each": PATHS,
            "at_least": st.integers(2, 4),
            "within": st.sampled_from(("1s", "5s", "60s")),
        }
    )


SETTINGS: Documents = fields(
    activity=EVENT_CONDITIONS,
    visits=fields({"event": NAMES, "gap": st.sampled_from(("45s", "30m", "1d"))}),
    bursts=st.lists(bursts(), max_size=2),
    public=st.fixed_dictionaries({"at_most": POINTS_MOSTS}),
)


@st.composite
def models(draw: st.DrawFn) -> Document:
    """A valid model's document: `load_model` accepts it as it is, and gives it back as it is."""
    trait_scores, event_scores = draw(some(TRAIT_SCORES)), draw(some(EVENT_SCORES))
    trait_groups, event_groups = draw(some(TRAIT_GROUPS)), draw(some(EVENT_GROUPS))
    of_traits, of_events = ["fit", *trait_scores], ["engagement", *event_scores]
    has_grade = draw(st.booleans())
    document: Document = {"model": "generated"} | draw(SETTINGS)
    sections: Document = {
        "scores": draw(score_sections(trait_scores=trait_scores, event_scores=event_scores, has_grade=has_grade)),
        "groups": draw(group_sections(trait_groups, event_groups)),
        "fit": draw(st.lists(_fit_rules(of_traits, trait_groups), max_size=3)),
        "engagement": draw(st.lists(engagement_rules(of_events, event_groups), min_size=1, max_size=5)),
        "reset": draw(st.lists(resets(of_events, event_groups), max_size=1)),
        "inactivity": draw(st.lists(inactivity_steps(of_events), max_size=3)),
    }
    document |= {name: section for name, section in sections.items() if section}
    if has_grade:
        document["grade"] = draw(grades())
    if draw(st.booleans()):
        document["accounts"] = draw(accounts((*of_traits, *of_events)))
    if draw(st.booleans()):
        document |= draw(matrices(has_grade=has_grade))
    scores = (*of_traits, *of_events)
    ladder = ladders(scores=scores, own="total", has_grade=has_grade, has_signals=True, least=0)
    entry: Document = {"stage": "new"} | draw(fields(quiet=DURATIONS, route=st.just("nurture")))
    document["stages"] = [entry, *draw(ladder)]
    document |= draw(effects([stage["stage"] for stage in document["stages"]]))
    return _with_names(document)


def _fit_rules(scores: Sequence[str], groups: Sequence[str]) -> Documents:
    group = {"group": st.sampled_from(groups)} if groups else {}
    return fields({"points": POINTS, "when": TRAIT_PATTERNS}, score=some(scores, least=1), **group)


def _with_names(document: Document) -> Document:
    """Every rule, effect, criterion and step under a name of its own, which comes first as a person would write it."""
    criteria = document.get("grade", {}).get("criteria", [])
    named = {name: document[name] for name in RULE_SECTIONS if name in document}
    for section, rules in (*named.items(), ("criterion", criteria)):
        rules[:] = [{"rule": f"{section} {number}"} | rule for number, rule in enumerate(rules, start=1)]
    return document
