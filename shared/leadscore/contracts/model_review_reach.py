"""Doubts about numbers: what one rule gives, what all of them can give, and what the stages ask for."""

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from leadscore.contracts.model_review_names import Finding
from leadscore.contracts.model_schema import EngagementRule, FitRule, ModelDocument, StageEntry
from leadscore.contracts.model_schema_rules import AtMost, PointsAtMost
from leadscore.contracts.yaml_file import Path
from leadscore.domain.rules import ENGAGEMENT, FIT, LETTERS, TOTAL

DEFAULT_GRADE = "D"


def doubts_of_numbers(model: ModelDocument) -> Iterator[Finding]:
    yield from _heavy_rules(model)
    yield from _cut_rules(model)
    yield from _unfed(model)
    reach = _Reach(model)
    targets = {effect.stage for effect in (*model.fast_track, *model.set_stage)}
    for path, own, ladder in model.ladders():
        by_effects = targets if own == TOTAL else set()
        for place, stage in enumerate(ladder):
            if stage.at is None:
                continue
            yield from _order(ladder, place, path, by_effects)
            if stage.stage not in by_effects:
                yield from reach.missing(stage, (*path, place))


def _scores_of(rule: FitRule | EngagementRule) -> list[str]:
    return rule.score or [FIT if isinstance(rule, FitRule) else ENGAGEMENT]


def _in_total(model: ModelDocument) -> set[str]:
    return {FIT, ENGAGEMENT} | {score.score for score in model.scores if score.in_total}


# -- single rules --------------------------------------------------------------------------------------------------


def _heavy_rules(model: ModelDocument) -> Iterator[Finding]:
    """One or two actions alone must not qualify a lead."""
    qualified = next((stage for stage in model.stages if stage.stage.lower() == "mql"), model.stages[-1])
    in_total = _in_total(model)
    at = qualified.at or {}
    # A score beside the total is a condition more where the total is asked for, too: it qualifies nobody by itself.
    weighed = in_total if TOTAL in at else at.keys()
    for path, rule in _pointed_rules(model):
        scores = _scores_of(rule)
        asked = [score for score in scores if score in at and score in weighed]
        asked += [TOTAL] if in_total & set(scores) and TOTAL in at else []
        threshold = next((at[score] for score in asked), 0)
        if 0 < threshold < 2 * rule.points:
            suffices = rule.points >= threshold and _asks_for_one_score(qualified)
            share, nearly = ("all", "") if suffices else ("more than half", "nearly ")
            text = f"{rule.points} points are {share} of the {threshold} that `{qualified.stage}` asks for"
            yield (*path, "points"), f"{text}: this alone {nearly}qualifies a lead"


def _asks_for_one_score(stage: StageEntry) -> bool:
    return len(stage.at or {}) == 1 and (stage.signals or 0) <= 1 and stage.grade is None


def _cut_rules(model: ModelDocument) -> Iterator[Finding]:
    """Rules with points that never count."""
    caps = {f"group `{group.group}`": group.cap for group in model.groups}
    caps |= {f"score `{score.score}`": score.cap for score in model.scores}
    for path, rule in _pointed_rules(model):
        for owner in (f"group `{rule.group}`", *(f"score `{score}`" for score in _scores_of(rule))):
            cap = caps.get(owner)
            if cap is not None and rule.points > cap:
                yield (*path, "points"), f"{owner} shows no more than {cap}: what is above counts never"
                break
        if isinstance(rule, EngagementRule):
            yield from _limited_below(model, rule, path)


def _limited_below(model: ModelDocument, rule: EngagementRule, path: Path) -> Iterator[Finding]:
    limits: dict[str, AtMost | PointsAtMost | None] = {"the rule's": rule.at_most}
    limits |= {f"group `{group.group}`'s": group.at_most for group in model.groups if group.group == rule.group}
    for owner, limit in limits.items():
        if limit is not None and limit.points is not None and limit.points < abs(rule.points):
            yield (*path, "points"), f"{owner} `at_most` lets through {limit.points} points: the rest counts never"
            return


def _pointed_rules(model: ModelDocument) -> Iterator[tuple[Path, FitRule | EngagementRule]]:
    for path, rule in model.rules():
        if isinstance(rule, FitRule | EngagementRule):
            yield path, rule


def _unfed(model: ModelDocument) -> Iterator[Finding]:
    rules = [rule for _, rule in _pointed_rules(model)]
    fed = {FIT, ENGAGEMENT, TOTAL, *(score for rule in rules for score in _scores_of(rule))}
    for place, score in enumerate(model.scores):
        if score.score not in fed:
            yield ("scores", place, "score"), f"no rule counts in `{score.score}`: it stays at 0"
    grouped = {rule.group for rule in rules}
    for place, group in enumerate(model.groups):
        if group.group not in grouped:
            yield ("groups", place, "group"), f"no rule is in group `{group.group}`"


# -- ladders -------------------------------------------------------------------------------------------------------


def _order(ladder: Sequence[StageEntry], place: int, path: Path, by_effects: set[str]) -> Iterator[Finding]:
    """A stage below one that asks for no more is passed over; one that asks for less than the one below surprises."""
    stage, at = ladder[place], ladder[place].at or {}
    over = next((higher for higher in ladder[place + 1 :] if _asks_no_more(higher, stage)), None)
    if over is not None and stage.stage not in by_effects:
        text = f"nobody stays here: whoever has reached `{stage.stage}` has reached `{over.stage}`, which stands above"
        yield (*path, place, "at"), text
    below = ladder[place - 1] if place else None
    if below is None or below.at is None or _asks_no_more(stage, below):
        return
    if lower := [score for score in at if at[score] < below.at.get(score, at[score])]:
        yield (*path, place, "at"), f"`{stage.stage}` asks for less {lower[0]} than `{below.stage}` below it"


def _asks_no_more(higher: StageEntry, lower: StageEntry) -> bool:
    at, below = higher.at or {}, lower.at or {}
    return (
        all(score in below and points <= below[score] for score, points in at.items())
        and (higher.signals or 0) <= (lower.signals or 0)
        and (higher.grade is None or (lower.grade is not None and _thirds(higher.grade) <= _thirds(lower.grade)))
    )


def _thirds(grade: str) -> int:
    return LETTERS.index(grade)


class _Given(NamedTuple):
    """Points that rules give at most, and the group that they are in."""

    group: str | None
    points: float


class _Reach:
    """The most that each score can show."""

    def __init__(self, model: ModelDocument) -> None:
        self._model = model
        self._caps = {score.score: score.cap for score in model.scores}
        self._group_caps = {group.group: group for group in model.groups}
        names = {FIT, ENGAGEMENT, *self._caps} - {TOTAL}
        self._most = {name: self._score(name) for name in names}
        total = sum(self._most[name] for name in _in_total(model) if name in self._most)
        self._most[TOTAL] = self._capped(total, self._caps.get(TOTAL))
        self._signals = sum(rule.points != 0 for rule in model.engagement)

    def missing(self, stage: StageEntry, path: Path) -> Iterator[Finding]:
        """What the stage asks for and no lead can have."""
        for score, points in (stage.at or {}).items():
            if points > max(self._most.get(score, inf), 0):
                text = (
                    f"nobody reaches `{stage.stage}`: all rules together give {self._most[score]:.0f} {score} at most"
                )
                yield (*path, "at"), text
        if (stage.signals or 0) > self._signals:
            yield (
                (*path, "signals"),
                f"nobody reaches `{stage.stage}`: there are {self._signals} rules that give points",
            )
        if stage.grade is not None and _thirds(stage.grade) > self._grade():
            best = LETTERS[self._grade()]
            yield (*path, "grade"), f"nobody reaches `{stage.stage}`: the criteria give {best} at most"

    def _grade(self) -> int:
        grade = self._model.grade
        criteria = grade.criteria if grade else ()
        start = _thirds(grade.start or DEFAULT_GRADE) if grade else 0
        return min(start + sum(max(criterion.thirds, 0) for criterion in criteria), len(LETTERS) - 1)

    def _score(self, name: str) -> float:
        given = [
            _Given(rule.group, _most_of(rule))
            for _, rule in _pointed_rules(self._model)
            if name in _scores_of(rule) and rule.points > 0
        ]
        by_group = {group: sum(one.points for one in given if one.group == group) for group in {g.group for g in given}}
        return self._capped(
            sum(self._in_group(group, points) for group, points in by_group.items()), self._caps.get(name)
        )

    def _in_group(self, name: str | None, points: float) -> float:
        group = self._group_caps.get(name) if name is not None else None
        if group is None:
            return points
        if group.at_most is not None and group.at_most.per in (None, "ever"):
            points = min(points, group.at_most.points)
        return self._capped(points, group.cap)

    @staticmethod
    def _capped(points: float, cap: int | None) -> float:
        return points if cap is None else min(points, cap)


def _most_of(rule: FitRule | EngagementRule) -> float:
    """What the rule gives at most, however much happens."""
    if isinstance(rule, FitRule):
        return rule.points
    if rule.once:
        return _most_at_once(rule)
    if rule.at_most is None or rule.at_most.per not in (None, "ever"):
        return inf
    bounds: Iterable[float] = (
        inf if rule.at_most.times is None else rule.at_most.times * _most_at_once(rule),
        inf if rule.at_most.points is None else rule.at_most.points,
    )
    return min(bounds)


def _most_at_once(rule: EngagementRule) -> float:
    """`every` gives its points as often as one event reaches a further multiple, which a sum can do several times."""
    return inf if rule.count is not None and rule.count.every is not None and rule.count.of is not None else rule.points
