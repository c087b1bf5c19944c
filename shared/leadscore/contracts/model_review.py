"""What no single field of a scoring model shows: contradictions, which forbid it, and doubts, which do not."""

from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.contracts.model_schema import (
    WANTED,
    EngagementRule,
    EventRule,
    FitRule,
    ModelDocument,
    StageEffect,
    StageEntry,
    Thresholds,
    outermost_fields,
)
from leadscore.contracts.yaml_file import Path
from leadscore.domain.matching import MATCHERS, OR, show_path
from leadscore.domain.model import DISQUALIFIED, OUT, duration_ms

RULES_MAX = 500
#: Routes that the stack has a queue for; others reach whoever subscribes to the topic for them.
ROUTES = ("nurture", "sales")

#: Where something is, and what to say about it.
type Finding = tuple[Path, str]


def contradictions(model: ModelDocument) -> Iterator[Finding]:
    """What no single field shows."""
    yield from _repeated_names(model)
    yield from _impossible_stages(model.stages)
    stages = [stage.stage for stage in model.stages]
    for path, rule in model.rules():
        if isinstance(rule, StageEffect) and rule.stage not in stages:
            yield (*path, "stage"), f"stage `{rule.stage}` is not one of {', '.join(stages)}"
    durations = [duration_ms(step.after) for step in model.inactivity]
    for place, duration in enumerate(durations):
        if duration in durations[:place]:
            yield ("inactivity", place, "after"), "another step has the same `after`: make it one step"


def _repeated_names(model: ModelDocument) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for number, (path, rule) in enumerate(model.rules(), start=1):
        if rule.rule in first:
            other = show_path(first[rule.rule])
            yield (*path, "rule"), f"`{rule.rule}` names {other} already: explanations need names of their own"
        first.setdefault(rule.rule, path)
        if number == RULES_MAX + 1:
            yield path, f"this is rule number {number}: {RULES_MAX} are the limit"


def _impossible_stages(stages: list[StageEntry]) -> Iterator[Finding]:
    for place, stage in enumerate(stages):
        below = stages[place - 1].at if place else None
        if stage.stage.lower() in (OUT, DISQUALIFIED):
            yield ("stages", place, "stage"), f"`{stage.stage}` is a stage of its own, outside the ladder: rename this"
        if stage.stage in (other.stage for other in stages[:place]):
            yield ("stages", place, "stage"), f"stage `{stage.stage}` is here twice"
        if place == 0 and stage.at is not None:
            yield ("stages", 0, "at"), "every lead starts in the first stage: it has no `at`"
        if place and stage.at is None:
            yield ("stages", place), f"`at` is missing: it must be {WANTED['at']}"
        if below is not None and stage.at is not None and not _is_higher(stage.at, below):
            yield ("stages", place, "at"), f"stage `{stage.stage}` must ask for more than `{stages[place - 1].stage}`"


def _is_higher(at: Thresholds, below: Thresholds) -> bool:
    """No score may be asked for less than below, and something must be asked for more."""
    return at != below and all(at[score] >= below[score] for score in at.keys() & below.keys())


# What its authors should look at again.


def doubts(model: ModelDocument) -> Iterator[Finding]:
    yield from _heavy_rules(model)
    for place, stage in enumerate(model.stages):
        if stage.route not in (None, *ROUTES):
            text = (
                f"no queue of this project takes route `{stage.route}`: subscribe your own to the topic, for that route"
            )
            yield ("stages", place, "route"), text
    for path, rule in model.rules():
        if isinstance(rule, FitRule):
            yield from _event_fields_in_a_fit_rule(rule.when, (*path, "when"))
        if isinstance(rule, FitRule | EventRule) and rule.when is not None:
            yield from _matchers_read_as_fields(rule.when, (*path, "when"))


def _heavy_rules(model: ModelDocument) -> Iterator[Finding]:
    """One or two actions alone must not qualify a lead."""
    qualified = next((stage for stage in model.stages if stage.stage.lower() == "mql"), model.stages[-1])
    if qualified.at is None:
        return
    threshold = qualified.at.get("total", max(qualified.at.values()))
    for path, rule in model.rules():
        if isinstance(rule, FitRule | EngagementRule) and 0 < threshold < 2 * rule.points:
            text = f"{rule.points} points are more than half of the {threshold} that `{qualified.stage}` asks for"
            yield (*path, "points"), f"{text}: this alone nearly qualifies a lead"


def _event_fields_in_a_fit_rule(when: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    for place in outermost_fields(when):
        if place[-1] in ("traits", "properties", "context"):
            text = f"a fit rule names traits directly: write the fields without `{place[-1]}`"
            yield (*path, *place), text


def _matchers_read_as_fields(pattern: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    for name, condition in pattern.items():
        if isinstance(condition, dict):
            if condition.keys() <= MATCHERS:
                matcher = next(iter(condition))
                text = f"`{matcher}` is read as a field's name here: for the matcher write a list, [{{{matcher}: ...}}]"
                yield (*path, name), text
            yield from _matchers_read_as_fields(condition, (*path, name))
        elif name == OR:
            for place, alternative in enumerate(condition):
                yield from _matchers_read_as_fields(alternative, (*path, OR, place))
