"""A simulation as tables."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from heapq import nlargest

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.contracts.moments import moment
from leadscore.domain.model import Model
from leadscore.use_cases.compare import Compared
from leadscore.use_cases.quality import Cut
from leadscore.use_cases.simulation import Quality, Simulation, StageQuality

#: So many rules, leads and thresholds are shown; JSON has all of them.
RULES_SHOWN = 3
LEADS_SHOWN = 10
CUTS_SHOWN = 20
_HOUR_MS = 3_600_000


def print_simulation(simulation: Simulation, labels: Sequence[str], console: Console, *, calibrates: bool) -> None:
    _say(f"{len(simulation.leads):,} leads as of {moment(simulation.as_of)[:19]}Z", console)
    _show("in a stage or beyond it, with the time from the first event (median)", _stages(simulation, labels), console)
    if len(labels) > 1:
        _show(f"under {labels[0]} (rows) and under {labels[-1]} (columns)", _moves(simulation), console)
        _say(_moved(simulation), console)
        if any(lead.moves for lead in simulation.leads):
            _show("who moves", _movers(simulation.leads, labels), console)
    qualities = [
        (label, each.quality) for label, each in zip(labels, simulation.models, strict=True) if each.quality is not None
    ]
    if qualities:
        _show("who converts", _outcomes(qualities), console)
    for label, quality in qualities if calibrates else []:
        _show(f"thresholds of the total under {label}", _thresholds(quality), console)
        _say(_cut_off(quality), console)


def _stages(simulation: Simulation, labels: Sequence[str]) -> Table:
    table = Table()
    for heading in ("stage", "model", "now", "ever", "after", "pushed over by"):
        table.add_column(heading, justify="right" if heading in ("now", "ever", "after") else "left", overflow="fold")
    for stage in dict.fromkeys(count.stage for each in simulation.models for count in each.stages):
        for label, each in zip(labels, simulation.models, strict=True):
            for count in each.stages:
                if count.stage == stage:
                    rules = "\n".join(f"{n} {rule}" for rule, n in count.pushed_by.most_common(RULES_SHOWN))
                    _row(table, stage, label, f"{count.now:,}", f"{count.ever:,}", _span(count.median_after), rules)
    return table


def _moves(simulation: Simulation) -> Table:
    before = _in_order((stage for stage, _ in simulation.moves), simulation.models[0].model)
    after = _in_order((stage for _, stage in simulation.moves), simulation.models[-1].model)
    table = Table()
    table.add_column("")
    for stage in after:
        table.add_column(stage, justify="right")
    for stage in before:
        _row(table, stage, *(f"{n:,}" if (n := simulation.moves[stage, other]) else "" for other in after))
    return table


def _moved(simulation: Simulation) -> str:
    model = simulation.models[-1].model
    moves = [
        model.rank(after) > model.rank(before)
        for (before, after), count in simulation.moves.items()
        for _ in range(count)
        if before != after
    ]
    stay = len(simulation.leads) - len(moves)
    return f"{sum(moves):,} move up, {len(moves) - sum(moves):,} move down, {stay:,} stay"


def _movers(leads: Iterable[Compared], labels: Sequence[str]) -> Table:
    """Those whose totals differ most."""
    table = Table()
    table.add_column("lead", overflow="fold")
    for label in labels:
        table.add_column(label)
    moved = nlargest(
        LEADS_SHOWN,
        (lead for lead in leads if lead.moves),
        key=lambda lead: (abs(lead.courses[-1].total - lead.courses[0].total), lead.lead),
    )
    for lead in moved:
        _row(table, lead.lead, *(f"{course.total} {course.stage}" for course in lead.courses))
    return table


def _outcomes(qualities: Sequence[tuple[str, Quality]]) -> Table:
    table = Table()
    table.add_column("stage")
    for label, _ in qualities:
        table.add_column(label, overflow="fold")
    _row(table, "leads", *(f"{each.leads:,}, {each.converted:,} converted" for _, each in qualities))
    _row(table, "AUC of the total", *(_decimal(each.auc) for _, each in qualities))
    for stage in dict.fromkeys(there.stage for _, each in qualities for there in each.stages):
        _row(table, stage, *(_precision(each, stage) for _, each in qualities))
    return table


def _precision(quality: Quality, stage: str) -> str:
    there = next((each for each in quality.stages if each.stage == stage), None)
    return "" if there is None else _shares(there)


def _shares(stage: StageQuality) -> str:
    return f"precision {_percent(stage.split.precision)}, recall {_percent(stage.split.recall)}"


def _thresholds(quality: Quality) -> Table:
    table = Table()
    headings = ("from", "leads", "precision", "recall", "converted below", "Youden")
    for heading in headings:
        table.add_column(heading, justify="right")
    best = quality.best_cut
    for cut in _some(quality.cuts, best):
        split = cut.split
        cells = (
            str(cut.threshold),
            f"{split.above:,}",
            _percent(split.precision),
            _percent(split.recall),
            _percent(split.conversion_below),
            _decimal(split.youden),
        )
        table.add_row(*(Text(cell, style="bold" if cut is best else "") for cell in cells))
    return table


def _some(found: Sequence[Cut], best: Cut | None) -> list[Cut]:
    """As many as are easily read, evenly spread, and the best one."""
    step = -(-len(found) // CUTS_SHOWN) or 1
    return [cut for place, cut in enumerate(found) if place % step == 0 or cut is best]


def _cut_off(quality: Quality) -> str:
    if quality.best_cut is None:
        return "No cut-off: among these leads are none that converted, or none that did not."
    return f"The cut-off is {quality.best_cut.threshold}: the highest Youden index, the lowest of equals."


def _in_order(stages: Iterable[str], model: Model) -> list[str]:
    """The ladder's, lowest first; before them those that lie outside it."""
    return sorted(set(stages), key=lambda stage: (model.rank(stage), stage))


def _span(ms: int | None) -> str:
    if ms is None:
        return ""
    hours = ms // _HOUR_MS
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"


def _percent(share: Fraction | None) -> str:
    return "-" if share is None else f"{float(share):.1%}"


def _decimal(share: Fraction | None) -> str:
    return "-" if share is None else f"{float(share):.3f}"


def _row(table: Table, *cells: str) -> None:
    table.add_row(*map(Text, cells))


def _show(what: str, table: Table, console: Console) -> None:
    _say(f"\n{what}", console)
    console.print(table)


def _say(text: str, console: Console) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
