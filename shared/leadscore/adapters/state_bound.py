"""How large the state item of a lead can become under a scoring model, and what that costs.

A write takes one unit for each KB of the item that it replaces, and every event of a lead writes its state. So a
state within 1 KB costs one unit an event, and each further KB one more.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any, NamedTuple

from leadscore.domain.account import ACCOUNT_BYTES_MAX
from leadscore.domain.compiler import DEFAULT_BURSTS, TELLERS
from leadscore.domain.durations import DAY_MS, HOUR_MS, duration_ms
from leadscore.domain.rules import ENGAGEMENT, FIT, GRADE, TOTAL, Period
from leadscore.domain.state import HOMES_MAX, MARKS_MAX, RECENT_MAX

WRITE_UNIT_BYTES = 1_024
#: What DynamoDB stores as one item.
ITEM_BYTES_MAX = 400 * 1_024
#: In us-east-1, on demand: docs/cost.md.
DOLLARS_PER_MILLION_WRITE_UNITS = 0.625

# Bytes of the stored layout (`dynamodb_state`): numbers are packed as short as they are, so these are what they can
# grow to. A moment takes six.
_FIXED, _FIXED_USUAL, _VISIT = 300, 180, 15
_RECENT, _HOME, _MARK = 11, 8, 6
_LINE = 3 + 4 + 3 + 6  # id, points, times, time
_SLOT = 3 + 1  # id, length
_LIMIT, _GROUP, _STEP = 6 + 3 + 4, 4 + 4, 3 + 2 + 4
_COUNT, _MOMENT, _AFTER = 6 + 9, 6, 6
_BURST_EVENT = 6 + 8 + 1
_HALF_LIFE = 4 + 4 + 10
_POOL_VALUE, _PARCEL = 4, 6 + 4
_NAME, _NOTICE = 1 + 24, 3 + 6
_ACCOUNT = 1 + ACCOUNT_BYTES_MAX
#: Points that age together: those of one hour, or of one day where they last longer than this.
_HOURLY_UP_TO_MS = 14 * DAY_MS

# A usual lead has met a third of the rules and has points in a tenth of the hours or days that count.
_RULES_USUAL, _CELLS_USUAL = 3, 10


class Bound(NamedTuple):
    """Bytes of a lead's state by what they are for: at most, and for a usual lead."""

    most: Mapping[str, int]
    usual: Mapping[str, int]

    @property
    def bytes_max(self) -> int:
        return sum(self.most.values())

    @property
    def bytes_usual(self) -> int:
        return sum(self.usual.values())

    @property
    def is_storable(self) -> bool:
        return self.bytes_max <= ITEM_BYTES_MAX


def write_units(state_bytes: int) -> int:
    """What one write of a state of so many bytes takes."""
    return ceil(state_bytes / WRITE_UNIT_BYTES)


def state_bytes_max(document: Mapping[str, Any]) -> Bound:
    """The bound under the model of this document, as `contracts.model_file` reads it."""
    rules = document.get("engagement", [])
    pools = _pools(document)
    cells = [_cells(decay) for decay in pools]
    counts = [rule["count"] for rule in rules if "count" in rule]
    most = {
        "lines": _LINE * (_lines(document) + len(pools)),
        "limits": (_SLOT + _LIMIT) * _limits(document),
        "counts": sum(_SLOT + _count(count) for count in counts),
        "sequences": (_SLOT + _AFTER) * sum("after" in rule for rule in rules),
        "pools": sum(_SLOT + (_POOL_VALUE if count else _HALF_LIFE) for count in cells),
        "cells of pools": _PARCEL * sum(cells),
        "groups": (_SLOT + _GROUP) * len(_groups(document)),
        "inactivity": (_SLOT + _STEP) * len(document.get("inactivity", ())),
        "scores": (_NAME + 4) * len(_named(document)) + (2 * _NAME + _MOMENT) * len(_ladders(document)),
        "notices": _NOTICE * len(_quiet(document)),
        "untold": 2 + _NAME + 2 * _NAME * len(_ladders(document)),
        "marks": _MARK * MARKS_MAX if any("once_per" in rule for rule in rules) else 0,
        "bursts": len(TELLERS)
        * sum(_SLOT + _BURST_EVENT * burst["at_least"] for burst in document.get("bursts", DEFAULT_BURSTS)),
        "account": _ACCOUNT if "accounts" in document else 0,
        "visit": _VISIT,
        "ring": _RECENT * RECENT_MAX,
        "homes": _HOME * HOMES_MAX,
        "fixed": _FIXED,
    }
    always = {"visit", "ring", "homes", "scores"}
    shares = dict.fromkeys(always, 1) | {"cells of pools": _CELLS_USUAL, "bursts": _RULES_USUAL * len(TELLERS)}
    usual = {name: ceil(size / shares.get(name, _RULES_USUAL)) for name, size in most.items()}
    return Bound(most, usual | {"fixed": _FIXED_USUAL, "untold": 0})


def _scores(rule: Mapping[str, Any], otherwise: str = ENGAGEMENT) -> list[str]:
    return rule.get("score", [otherwise])  # type: ignore[no-any-return]


def _of_events(document: Mapping[str, Any]) -> set[str]:
    """The scores that events count in."""
    return {ENGAGEMENT} | {score for rule in document.get("engagement", ()) for score in _scores(rule)}


def _lines(document: Mapping[str, Any]) -> int:
    """Lines that a state keeps. What a cap or a floor cuts off is worked out when it is read."""
    of_events = len(_of_events(document))
    fit = [*document.get("fit", ()), *document.get("grade", {}).get("criteria", ())]
    pointed = [*fit, *document.get("engagement", ()), *document.get("inactivity", ())]
    effects = [
        effect
        for kind in ("fast_track", "set_stage", "return", "disqualify", "requalify")
        for effect in document.get(kind, ())
    ]
    resets = [*document.get("escape", ()), *document.get("reset", ())]
    # A person's reset and machine-made events have a line in each score of events, too.
    return (
        sum(len(_scores(rule)) for rule in pointed)
        + len(effects)
        + sum(len(reset.get("score", ())) or of_events for reset in resets)
        + 2 * of_events
    )


def _named(document: Mapping[str, Any]) -> list[str]:
    """Scores that not every lead has, the grade among them."""
    named = [score["score"] for score in document.get("scores", ()) if score["score"] not in (FIT, ENGAGEMENT, TOTAL)]
    return [*named, GRADE] if "grade" in document else named


def _ladders(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [score for score in document.get("scores", ()) if score.get("stages")]


def _quiet(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    ladders = [document["stages"], *(score["stages"] for score in _ladders(document))]
    return [stage for ladder in ladders for stage in ladder if "quiet" in stage]


def _limits(document: Mapping[str, Any]) -> int:
    rules = document.get("engagement", [])
    grouped = {rule["group"] for rule in rules if "group" in rule}
    of_groups = sum("at_most" in group for group in document.get("groups", ()) if group["group"] in grouped)
    # What browsers give and what they take, each for two days: some is told a day late.
    of_public = 4 * ("public" in document)
    return sum("at_most" in rule or "once" in rule for rule in rules) + of_groups + of_public


def _groups(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Each group with each score that it counts in."""
    return {
        (rule["group"], score)
        for section, otherwise in (("fit", FIT), ("engagement", ENGAGEMENT))
        for rule in document.get(section, ())
        if "group" in rule
        for score in _scores(rule, otherwise)
    }


def _pools(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The decay of each pool. Points lie in their rule's, else their group's, else their score's."""
    of_groups = {group["group"]: group["decay"] for group in document.get("groups", ()) if "decay" in group}
    of_scores = {score["score"]: score["decay"] for score in document.get("scores", ()) if "decay" in score}
    pools: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for rule in document.get("engagement", ()):
        group = rule.get("group", "")
        for score in _scores(rule):
            if "decay" in rule:
                pools["rule", rule["rule"], score] = rule["decay"]
            elif group in of_groups:
                pools["group", group, score] = of_groups[group]
            elif score in of_scores:
                pools["score", group, score] = of_scores[score]
    return list(pools.values())


def _count(count: Mapping[str, Any]) -> int:
    is_rolling = count.get("within", "visit") not in tuple(Period)
    return count["at_least"] * _MOMENT if is_rolling else _COUNT


def _cells(decay: Mapping[str, Any]) -> int:
    """How many groups of points of different ages a pool can hold; 0 for one that needs none."""
    if "half_life" in decay:
        return 0
    duration = (
        duration_ms(decay["expire_after"])
        if "expire_after" in decay
        else duration_ms(decay["every"]) * 100 // decay["percent"]
    )
    cell = HOUR_MS if duration <= _HOURLY_UP_TO_MS else DAY_MS
    # One more, since the present cell has begun before the oldest one is over.
    return ceil(duration / cell) + 1
