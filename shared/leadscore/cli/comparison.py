"""Models beside each other, as tables: how many leads reach which stage, because of what, and who moves."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from leadscore.cli.printing import add_row, say, show
from leadscore.contracts.moments import moment
from leadscore.domain.model import Model
from leadscore.domain.rules import DISQUALIFIED, OUT
from leadscore.use_cases.compare import Compared, Comparison

#: So many rules are shown that pushed leads into a stage.
RULES_SHOWN = 3
_OUTSIDE = (OUT, DISQUALIFIED)
_HOUR_MS = 3_600_000


def print_comparison(comparison: Comparison, labels: Sequence[str], console: Console, *, as_of: int) -> None:
    """`labels` are what the models are called here, in their order."""
    say(f"{_leads(comparison.leads)} as of {moment(as_of)[:19]}Z", console)
    show("in a stage or beyond it, with the time from the first event (median)", _stages(comparison, labels), console)
    if len(labels) > 1:
        show(f"under {labels[0]} (rows) and under {labels[-1]} (columns)", _moves(comparison), console)
        say(_moved(comparison), console)
        if comparison.movers:
            show("who moves", _movers(comparison.movers, labels), console)


def _leads(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"


def _stages(comparison: Comparison, labels: Sequence[str]) -> Table:
    table = Table()
    for heading in ("stage", "model", "now", "ever", "after", "pushed over by"):
        table.add_column(heading, justify="right" if heading in ("now", "ever", "after") else "left", overflow="fold")
    for stage in dict.fromkeys(count.stage for counts in comparison.stages for count in counts):
        for label, counts in zip(labels, comparison.stages, strict=True):
            for count in counts:
                if count.stage == stage:
                    rules = "\n".join(f"{n:,} {rule}" for rule, n in count.pushed_by.most_common(RULES_SHOWN))
                    add_row(table, stage, label, f"{count.now:,}", f"{count.ever:,}", _span(count.median_after), rules)
    return table


def _moves(comparison: Comparison) -> Table:
    before = _in_order((stage for stage, _ in comparison.moves), comparison.models[0])
    after = _in_order((stage for _, stage in comparison.moves), comparison.models[-1])
    table = Table()
    table.add_column("")
    for stage in after:
        table.add_column(stage, justify="right")
    for stage in before:
        add_row(table, stage, *(f"{n:,}" if (n := comparison.moves[stage, other]) else "" for other in after))
    return table


def _moved(comparison: Comparison) -> str:
    counts = Counter[str]()
    for (before, after), count in comparison.moves.items():
        counts[_direction(before, after, comparison.models[0], comparison.models[-1])] += count
    words = [f"{counts[direction]:,} {direction}" for direction in ("move up", "move down", "stay")]
    if elsewhere := counts["elsewhere"]:
        words.append(f"{elsewhere:,} go from a stage that only {comparison.models[0].name} has")
    return ", ".join(words)


def _direction(before: str, after: str, old: Model, new: Model) -> str:
    """By a ladder that both stages are on, the new one first."""
    if before == after:
        return "stay"
    for model in (new, old):
        if {before, after} <= {*_OUTSIDE, *(stage.name for stage in model.stages)}:
            return "move up" if model.rank(after) > model.rank(before) else "move down"
    return "elsewhere"


def _movers(leads: Iterable[Compared], labels: Sequence[str]) -> Table:
    table = Table()
    table.add_column("lead", overflow="fold")
    for label in labels:
        table.add_column(label, overflow="fold")
    for lead in leads:
        add_row(table, lead.lead, *(f"{course.total:,} {course.stage}" for course in lead.courses))
    return table


def _in_order(stages: Iterable[str], model: Model) -> list[str]:
    """The ladder's, lowest first; before them those that lie outside it."""
    return sorted(set(stages), key=lambda stage: (model.rank(stage), stage))


def _span(ms: int | None) -> str:
    if ms is None:
        return ""
    hours = ms // _HOUR_MS
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
