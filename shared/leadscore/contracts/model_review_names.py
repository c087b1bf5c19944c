"""Contradictions between the parts of a scoring model: a name that nothing has, or that means two things at once."""

from collections.abc import Collection, Iterator

from leadscore.contracts.model_schema import (
    WANTED,
    EngagementRule,
    FitRule,
    GroupEntry,
    InactivityStep,
    ModelDocument,
    Reset,
    ScoreEntry,
    StageEffect,
    StageEntry,
)
from leadscore.contracts.yaml_file import Path
from leadscore.domain.compiler import RESET_BY_A_PERSON, WITHDRAWN
from leadscore.domain.matching import show_path
from leadscore.domain.model import VISIT_STARTED
from leadscore.domain.rules import DISQUALIFIED, ENGAGEMENT, FIT, GRADE, OUT, TOTAL

RULES_MAX = 500
#: Lines of an explanation that no rule may pass itself off as.
_LINES = (RESET_BY_A_PERSON, WITHDRAWN)
_LINES_OF_OWNERS = ("Cap of ", "Floor of ", "Cap and floor of ", "Bounds of ", "Decay of ")

#: Where something is, and what to say about it.
type Finding = tuple[Path, str]


def contradictions_of_names(model: ModelDocument) -> Iterator[Finding]:
    yield from _rule_names(model)
    yield from _visit_started(model)
    yield from _scores(model)
    yield from _groups(model)
    yield from _matrix(model)
    yield from _accounts(model)


def contradictions_of_stages(model: ModelDocument) -> Iterator[Finding]:
    for path, _, ladder in model.ladders():
        yield from _stage_names(ladder, path)
    stages = [stage.stage for stage in model.stages]
    for path, rule in model.rules():
        if isinstance(rule, StageEffect) and rule.stage not in stages:
            yield (*path, "stage"), f"stage `{rule.stage}` is not one of {', '.join(stages)}"


def fed_by(model: ModelDocument, section: str) -> set[str]:
    """The scores that the section's rules count in."""
    own = FIT if section == "fit" else ENGAGEMENT
    return {own} | {score for rule in model.section(section) for score in rule.score or ()}


def _names(names: Collection[str]) -> str:
    return ", ".join(names) or "none here"


# -- rules ---------------------------------------------------------------------------------------------------------


def _rule_names(model: ModelDocument) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for number, (path, rule) in enumerate(model.rules(), start=1):
        if rule.rule in first:
            other = show_path(first[rule.rule])
            yield (*path, "rule"), f"`{rule.rule}` names {other} already: explanations need names of their own"
        first.setdefault(rule.rule, path)
        if rule.rule in _LINES or rule.rule.startswith(_LINES_OF_OWNERS):
            yield (*path, "rule"), f"`{rule.rule}` is how an explanation calls something else: rename the rule"
        if number == RULES_MAX + 1:
            yield path, f"this is rule number {number}: {RULES_MAX} are the limit"


def _visit_started(model: ModelDocument) -> Iterator[Finding]:
    conditions: list[tuple[Path, list[str] | None]] = [(path, part.event) for path, part in model.conditions()]
    if model.visits is not None:
        conditions.append((("visits",), model.visits.event))
    for path, names in conditions:
        if VISIT_STARTED in (names or ()) and (path[0] != "engagement" or len(path) > 2):
            yield (*path, "event"), f"only engagement rules see `{VISIT_STARTED}`: name the event that starts the visit"


# -- scores --------------------------------------------------------------------------------------------------------


def _scores(model: ModelDocument) -> Iterator[Finding]:
    declared = [FIT, ENGAGEMENT, TOTAL, *(score.score for score in model.scores)]
    for place, score in enumerate(model.scores):
        path: Path = ("scores", place)
        if score.score in declared[3 : 3 + place]:
            yield (*path, "score"), f"score `{score.score}` is here twice: put its settings together"
        if score.score == GRADE:
            yield (*path, "score"), f"`{GRADE}` is a section of its own: rename the score"
        yield from _settings(score, path, of_traits=score.score in fed_by(model, "fit"))
    named = [name for name in dict.fromkeys(declared) if name != GRADE]
    yield from _scores_in_rules(model, named)
    yield from _scores_in_ladders(model, named)


def _settings(score: ScoreEntry, path: Path, *, of_traits: bool) -> Iterator[Finding]:
    if score.decay is not None and score.score == TOTAL:
        yield (*path, "decay"), "`total` is a sum: let the scores in it decay"
    elif score.decay is not None and of_traits:
        yield (*path, "decay"), f"`{score.score}` follows the traits and knows no time: only scores of events decay"
    if score.in_total is not None and score.score in (FIT, ENGAGEMENT, TOTAL):
        yield (*path, "in_total"), "fit and engagement always make up the total: remove this"
    if score.stages is not None and score.score == TOTAL:
        yield (*path, "stages"), "the ladder of `total` is the model's `stages`: write them there"


def _scores_in_rules(model: ModelDocument, named: list[str]) -> Iterator[Finding]:
    of_traits, of_events = fed_by(model, "fit"), fed_by(model, "engagement")
    for path, rule in model.rules():
        if not isinstance(rule, FitRule | EngagementRule | Reset | InactivityStep):
            continue
        for score in rule.score or ():
            problem = None
            if score not in named:
                problem = f"there is no score `{score}`; there are {_names(named)}: add it to `scores`"
            elif score == TOTAL:
                problem = "`total` is a sum: name the score that counts in it"
            elif isinstance(rule, FitRule) and score in of_events:
                problem = f"`{score}` is a score of events: a score of traits needs a name of its own"
            elif not isinstance(rule, FitRule) and score in of_traits - of_events:
                problem = f"`{score}` follows the traits: only scores of events can be taken from"
            elif isinstance(rule, EngagementRule) and score == FIT:
                problem = "`fit` follows the traits: a score of events needs a name of its own"
            if problem is not None:
                yield (*path, "score"), problem


def _scores_in_ladders(model: ModelDocument, named: list[str]) -> Iterator[Finding]:
    of_traits = fed_by(model, "fit") - fed_by(model, "engagement")
    for path, own, ladder in model.ladders():
        for place, stage in enumerate(ladder):
            for field in ("at", "drop_below"):
                for score in getattr(stage, field) or ():
                    if score not in named:
                        problem = f"there is no score `{score}`; there are {_names(named)}"
                        yield (*path, place, field), problem
            if stage.grade is not None and model.grade is None:
                yield (*path, place, "grade"), "this model gives no grades: add a `grade` section"
            if stage.signals is not None and own in of_traits:
                problem = f"signals are of engagement, and `{own}` follows the traits: remove this"
                yield (*path, place, "signals"), problem


# -- groups --------------------------------------------------------------------------------------------------------


def _groups(model: ModelDocument) -> Iterator[Finding]:
    names = [group.group for group in model.groups]
    scores = {FIT, ENGAGEMENT, TOTAL, GRADE, *(score.score for score in model.scores)}
    of_traits, of_events = ({rule.group for rule in model.section(name)} for name in ("fit", "engagement"))
    for place, group in enumerate(model.groups):
        if group.group in names[:place]:
            yield ("groups", place, "group"), f"group `{group.group}` is here twice: put its settings together"
        if group.group in scores:
            yield ("groups", place, "group"), f"`{group.group}` is a score: rename the group"
        if group.group in of_traits:
            yield from _group_of_traits(group, ("groups", place))
    for path, rule in model.rules():
        if not isinstance(rule, FitRule | EngagementRule | Reset) or rule.group is None:
            continue
        if rule.group not in names:
            yield (*path, "group"), f"there is no group `{rule.group}`; there are {_names(names)}: add it to `groups`"
        elif isinstance(rule, FitRule) and rule.group in of_events:
            yield (*path, "group"), f"group `{rule.group}` has engagement rules: fit rules need a group of their own"
        elif isinstance(rule, Reset) and rule.group in of_traits:
            yield (*path, "group"), f"group `{rule.group}` follows the traits: only points for events can be reset"


def _group_of_traits(group: GroupEntry, path: Path) -> Iterator[Finding]:
    for name in ("decay", "at_most"):
        if getattr(group, name) is not None:
            problem = f"group `{group.group}` has fit rules, which follow the traits and know no time: remove this"
            yield (*path, name), problem


# -- stages --------------------------------------------------------------------------------------------------------


def _stage_names(ladder: list[StageEntry], path: Path) -> Iterator[Finding]:
    has_entry = path == ("stages",)
    for place, stage in enumerate(ladder):
        if stage.stage.lower() in (OUT, DISQUALIFIED):
            yield (*path, place, "stage"), f"`{stage.stage}` is a stage of its own, outside the ladder: rename this"
        if stage.stage in (other.stage for other in ladder[:place]):
            yield (*path, place, "stage"), f"stage `{stage.stage}` is here twice"
        if has_entry and place == 0:
            for field in ("at", "drop_below", "grade", "signals"):
                if getattr(stage, field) is not None:
                    yield (*path, 0, field), f"every lead starts in the first stage: it has no `{field}`"
        elif stage.at is None:
            yield (*path, place), f"`at` is missing: it must be {WANTED['at']}"
        else:
            yield from _hysteresis(stage, (*path, place, "drop_below"))


def _hysteresis(stage: StageEntry, path: Path) -> Iterator[Finding]:
    at = stage.at or {}
    for score, points in (stage.drop_below or {}).items():
        if score not in at:
            yield path, f"this stage asks for no `{score}`: write {{{', '.join(f'{name}: ...' for name in at)}}}"
        elif points > at[score]:
            yield path, f"a lead would drop out before it is in: this must be {at[score]} or less"


# -- the matrix ----------------------------------------------------------------------------------------------------


def _matrix(model: ModelDocument) -> Iterator[Finding]:
    if model.matrix is not None and model.matrix.grade is not None and model.grade is None:
        yield ("matrix", "grade"), "this model gives no grades: add a `grade` section, or use `fit`"
    if model.priority is None:
        return
    if model.matrix is None:
        yield ("priority",), "priorities name cells of a matrix: add a `matrix` section"
        return
    cells = model.matrix.cells()
    named: dict[str, str] = {}
    for name, those in model.priority.items():
        for place, cell in enumerate(those):
            if cell not in cells:
                yield ("priority", name, place), f"the matrix has no cell `{cell}`; it has {cells[0]} to {cells[-1]}"
            elif cell in named:
                yield ("priority", name, place), f"cell `{cell}` is in `{named[cell]}` already"
            named.setdefault(cell, name)


# -- accounts ------------------------------------------------------------------------------------------------------


def _accounts(model: ModelDocument) -> Iterator[Finding]:
    if model.accounts is None:
        return
    if model.accounts.leads is not None and model.accounts.score != "top":
        yield ("accounts", "leads"), f"`{model.accounts.score}` takes all leads: remove this, or write `score: top`"
    named = list(dict.fromkeys([FIT, ENGAGEMENT, TOTAL, *(score.score for score in model.scores)]))
    if model.accounts.of not in (None, *named):
        problem = f"there is no score `{model.accounts.of}`; there are {_names(named)}"
        yield ("accounts", "of"), problem
