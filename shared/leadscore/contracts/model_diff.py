"""What changes from one scoring model to another, in words.

Both are documents as `read_model` gives them. What a file leaves out and what it says by default are the same.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from leadscore.domain.compiler import DEFAULT_BURSTS, DEFAULT_GRADE, DEFAULT_TOP, DEFAULT_VISITS
from leadscore.domain.rules import ENGAGEMENT, FIT, TOTAL

#: Of a condition's values so many are named.
VALUES_SHOWN = 6

#: What the entries of a section are called, where it is not a rule's section.
_NAMED_BY = {"stages": "stage", "scores": "score", "groups": "group"}
_RULE_SECTIONS = {
    "fit": "",
    "engagement": "",
    "grade": "grade",
    "fast_track": "fast track",
    "set_stage": "set stage",
    "escape": "escape",
    "return": "return",
    "disqualify": "disqualify",
    "requalify": "requalify",
    "reset": "reset",
    "inactivity": "inactivity",
}
_SETTINGS: Mapping[str, Any] = {
    "activity": None,
    "visits": DEFAULT_VISITS,
    "bursts": list(DEFAULT_BURSTS),
    "public": None,
    "matrix": None,
    "priority": None,
    "accounts": None,
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "engagement": {"score": [ENGAGEMENT], "trust": "public"},
    "fit": {"score": [FIT]},
    "inactivity": {"score": [ENGAGEMENT]},
    "scores": {"in_total": False},
}

type Document = Mapping[str, Any]
type Entry = Mapping[str, Any]


class Change(NamedTuple):
    """One difference. `kind` is new, removed, renamed or changed."""

    section: str
    name: str
    kind: str
    text: str


class _Part(NamedTuple):
    """Something with a name in a model. `ladder` is whose stage it is."""

    section: str
    name: str
    entry: Entry
    ladder: str = TOTAL

    @property
    def subject(self) -> str:
        if self.section not in _NAMED_BY:
            return self.name
        of = "" if self.section != "stages" or self.ladder == TOTAL else f" of {self.ladder}"
        return f"{_NAMED_BY[self.section]} {self.name}{of}"

    @property
    def kind(self) -> str:
        """What to call it before its name; what is no rule says so itself."""
        if self.section in _NAMED_BY:
            return ""
        return f"{_RULE_SECTIONS[self.section]} rule ".lstrip()


def model_diff(before: Document, after: Document) -> list[Change]:
    """Every difference, in the order of the sections of a model."""
    changes = []
    if before["model"] != after["model"]:
        changes.append(Change("model", "", "changed", f"the model is called {after['model']} (was {before['model']})"))
    changes += _settings(before, after)
    changes += _ladder_orders(before, after)
    changes += _rule_order(before, after)
    old, new = _parts(before), _parts(after)
    gone = [part for key, part in old.items() if key not in new]
    come = [part for key, part in new.items() if key not in old]
    renamed = {key: part for part in come if (key := _same_otherwise(part, gone)) is not None}
    for key in dict.fromkeys((*new, *old)):
        if key in old and key in new:
            changes += _changed(old[key], new[key])
        elif key in new and new[key] not in renamed.values():
            changes.append(_new(new[key]))
        elif key in renamed:
            part = renamed[key]
            changes.append(Change(part.section, part.name, "renamed", f"{old[key].subject}: is now called {part.name}"))
        elif key in old:
            changes.append(_removed(old[key]))
    order = ["model", *_NAMED_BY, *_SETTINGS, *_RULE_SECTIONS]
    return sorted(changes, key=lambda change: order.index(change.section))


# -- the parts of a model ----------------------------------------------------------------------------------------------


def _parts(document: Document) -> dict[tuple[str, str, str], _Part]:
    return {(part.section, part.ladder, part.name): part for part in _all_parts(document)}


def _all_parts(document: Document) -> Iterator[_Part]:
    for stage in document["stages"]:
        yield _Part("stages", stage["stage"], _plain("stages", stage))
    for score in document.get("scores", ()):
        yield _Part("scores", score["score"], _plain("scores", {**score, "stages": None}))
        for stage in score.get("stages", ()):
            yield _Part("stages", stage["stage"], _plain("stages", stage), score["score"])
    for group in document.get("groups", ()):
        yield _Part("groups", group["group"], _plain("groups", group))
    for section in _RULE_SECTIONS:
        rules = document.get("grade", {}).get("criteria", ()) if section == "grade" else document.get(section, ())
        for rule in rules:
            yield _Part(section, rule["rule"], _plain(section, rule))


def _plain(section: str, entry: Entry) -> Entry:
    """Without its name, and without what it would be if it said nothing."""
    fields = {name: value for name, value in entry.items() if name != _NAMED_BY.get(section, "rule")}
    if fields.pop("once", False):
        fields["at_most"] = {"times": 1}
    if fields.get("at_most", {}) and isinstance(fields["at_most"], dict) and fields["at_most"].get("per") == "ever":
        fields["at_most"] = {name: value for name, value in fields["at_most"].items() if name != "per"}
    if "drop_below" in fields and {**fields.get("at", {}), **fields["drop_below"]} == fields.get("at"):
        del fields["drop_below"]
    if section == "engagement" and fields.get("activity") == (fields["points"] > 0):
        del fields["activity"]
    defaults = _DEFAULTS.get(section, {})
    return {name: value for name, value in fields.items() if value is not None and value != defaults.get(name)}


def _same_otherwise(part: _Part, gone: Iterable[_Part]) -> tuple[str, str, str] | None:
    """What the part was called before, if it was there under another name. Stages' names mean something."""
    if part.section in _NAMED_BY:
        return None
    found = [other for other in gone if (other.section, other.entry) == (part.section, part.entry)]
    return (found[0].section, found[0].ladder, found[0].name) if len(found) == 1 else None


# -- sentences ---------------------------------------------------------------------------------------------------------


def _new(part: _Part) -> Change:
    return Change(part.section, part.name, "new", f"new {part.kind}{part.subject}{_worth(part, ': ')}")


def _removed(part: _Part) -> Change:
    worth = _worth(part, " (was ")
    return Change(part.section, part.name, "removed", f"removed {part.kind}{part.subject}{worth}{')' if worth else ''}")


def _worth(part: _Part, separator: str) -> str:
    """What it is mainly about, in a few words."""
    entry = part.entry
    match entry:
        case {"points": points}:
            words = f"{points} point{'' if points in (1, -1) else 's'}"
        case {"thirds": thirds}:
            words = f"{thirds} thirds of a letter"
        case {"at": at}:
            words = f"from {_thresholds(at, part.ladder)}"
        case {"after": after, "take": take}:
            words = f"takes {take} after {after}"
        case {"after": after, "reset": True}:
            words = f"takes everything after {after}"
        case {"stage": stage}:
            words = f"to {stage}"
        case _:
            words = ", ".join(f"{_words(name)} {_shown(name, value, part)}" for name, value in entry.items())
    return separator + words if words else ""


def _changed(before: _Part, after: _Part) -> Iterator[Change]:
    for name in dict.fromkeys((*before.entry, *after.entry)):
        old, new = before.entry.get(name), after.entry.get(name)
        if old != new:
            for phrase in _phrases(name, old, new, after):
                yield Change(after.section, after.name, "changed", f"{after.subject}: {phrase}")


def _phrases(name: str, old: Any, new: Any, part: _Part) -> Iterator[str]:
    if name == "when":
        yield from _condition(old or {}, new or {})
    elif name == "event":
        yield from _condition({"event": old} if old else {}, {"event": new} if new else {})
    elif name == "points":
        yield f"{old} -> {new} points"
    elif name == "thirds":
        yield f"{old} -> {new} thirds of a letter"
    else:
        yield f"{_words(name)} {_shown(name, old, part)} -> {_shown(name, new, part)}"


def _words(name: str) -> str:
    return {"at": "from", "drop_below": "held down to"}.get(name, name.replace("_", " "))


def _shown(name: str, value: Any, part: _Part) -> str:
    value = _DEFAULTS.get(part.section, {}).get(name) if value is None else value
    if value is None:
        return "the same as to get in" if name == "drop_below" else "none"
    shown: dict[str, Callable[[Any], str]] = {
        "at": lambda at: _thresholds(at, part.ladder),
        "drop_below": lambda at: _thresholds(at, part.ladder),
        "decay": _decay,
        "at_most": _at_most,
        "score": ", ".join,
    }
    return shown[name](value) if name in shown and not isinstance(value, str | int) else _flow(value)


def _thresholds(at: Mapping[str, int], ladder: str) -> str:
    if list(at) == [ladder]:
        return str(at[ladder])
    return " and ".join(f"{score} {points}" for score, points in at.items())


def _decay(decay: Mapping[str, Any]) -> str:
    match decay:
        case {"half_life": time}:
            return f"by half in {time}"
        case {"percent": percent, "every": time}:
            return f"by {percent}% every {time}"
        case _:
            return f"all at once after {decay['expire_after']}"


def _at_most(limit: Mapping[str, Any]) -> str:
    numbers = [f"{limit[unit]} {unit}" for unit in ("times", "points") if unit in limit]
    return " and ".join(numbers) + (f" per {limit['per']}" if "per" in limit else "")


# -- conditions --------------------------------------------------------------------------------------------------------


def _condition(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Field by field: which values it takes now, and which no more."""
    old, new = dict(_fields(before)), dict(_fields(after))
    for path in dict.fromkeys((*old, *new)):
        if path not in new:
            yield f"does not look at {path} any more"
        elif path not in old:
            yield f"asks for {path} {_flow(new[path])}"
        elif old[path] != new[path]:
            yield from _values(path, old[path], new[path])


def _fields(pattern: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, list[Any]]]:
    for name, condition in pattern.items():
        here = f"{path}.{name}" if path else name
        if isinstance(condition, Mapping):
            yield from _fields(condition, here)
        else:
            yield here, condition


def _values(path: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    added = [value for value in new if value not in old]
    dropped = [value for value in old if value not in new]
    if added:
        yield f"{path} may also be {_named(added)}"
    if dropped:
        yield f"{path} may not be {_named(dropped)} any more"


def _named(values: list[Any]) -> str:
    rest = len(values) - VALUES_SHOWN
    shown = ", ".join(_flow(value) for value in values[:VALUES_SHOWN])
    return f"{shown} and {rest} more" if rest > 0 else shown


def _flow(value: Any) -> str:
    """As it may stand in the file, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# -- what has no name --------------------------------------------------------------------------------------------------


def _settings(before: Document, after: Document) -> Iterator[Change]:
    for section, default in _SETTINGS.items():
        old, new = before.get(section, default), after.get(section, default)
        if section == "visits":
            old, new = {**DEFAULT_VISITS, **old}, {**DEFAULT_VISITS, **new}
        if section == "accounts":
            old, new = _plain_accounts(old), _plain_accounts(new)
        if old != new:
            yield Change(section, "", "changed", f"{section}: {_or_none(old)} -> {_or_none(new)}")
    grades = [_start(document) for document in (before, after)]
    if grades[0] != grades[1]:
        yield Change("grade", "", "changed", f"grade: starts at {grades[0]} -> {grades[1]}")


def _start(document: Document) -> str:
    return str(document["grade"].get("start", DEFAULT_GRADE)) if "grade" in document else "none"


def _plain_accounts(accounts: Any) -> Any:
    """With what they are if they say nothing."""
    if not accounts:
        return accounts
    top = {"leads": DEFAULT_TOP} if accounts["score"] == "top" else {}
    return {"score": accounts["score"], **top, "of": TOTAL, **accounts}


def _or_none(value: Any) -> str:
    return _flow(value) if value else "none"


def _ladder_orders(before: Document, after: Document) -> Iterator[Change]:
    for ladder in _ladders(after):
        old, new = _ladders(before).get(ladder, []), _ladders(after)[ladder]
        if [stage for stage in old if stage in new] != [stage for stage in new if stage in old]:
            text = f"the stages go {', '.join(new)} (was {', '.join(old)})"
            yield Change("stages", "", "changed", text)


def _rule_order(before: Document, after: Document) -> Iterator[Change]:
    """Rules that share a limit take from it in the order in which they stand."""
    old, new = ([rule["rule"] for rule in document.get("engagement", ())] for document in (before, after))
    if [rule for rule in old if rule in new] != [rule for rule in new if rule in old]:
        yield Change("engagement", "", "changed", "the engagement rules stand in another order")


def _ladders(document: Document) -> dict[str, list[str]]:
    ladders = {TOTAL: document["stages"]}
    ladders |= {score["score"]: score.get("stages", ()) for score in document.get("scores", ())}
    return {score: [stage["stage"] for stage in stages] for score, stages in ladders.items()}
