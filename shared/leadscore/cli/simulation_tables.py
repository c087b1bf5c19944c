"""A simulation as tables: the models beside each other, and beside what became of the leads."""

from collections.abc import Sequence
from fractions import Fraction

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.cli.comparison import print_comparison
from leadscore.cli.printing import add_row, say, show
from leadscore.use_cases.quality import Cut
from leadscore.use_cases.simulation import Quality, Simulation, StageQuality

#: So many thresholds are shown; JSON has all of them.
CUTS_SHOWN = 20


def print_simulation(simulation: Simulation, labels: Sequence[str], console: Console, *, calibrates: bool) -> None:
    print_comparison(simulation.comparison, labels, console, as_of=simulation.as_of)
    if not simulation.qualities:
        return
    qualities = list(zip(labels, simulation.qualities, strict=True))
    show("who converts", _outcomes(qualities), console)
    for label, quality in qualities if calibrates else []:
        show(f"thresholds of the total under {label}", _thresholds(quality), console)
        say(_cut_off(quality), console)


def _outcomes(qualities: Sequence[tuple[str, Quality]]) -> Table:
    table = Table()
    table.add_column("stage")
    for label, _ in qualities:
        table.add_column(label, overflow="fold")
    add_row(table, "leads", *(f"{each.leads:,}, {each.converted:,} converted" for _, each in qualities))
    add_row(table, "AUC of the total", *(_decimal(each.auc) for _, each in qualities))
    for stage in dict.fromkeys(there.stage for _, each in qualities for there in each.stages):
        add_row(table, stage, *(_precision(each, stage) for _, each in qualities))
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


def _percent(share: Fraction | None) -> str:
    return "-" if share is None else f"{float(share):.1%}"


def _decimal(share: Fraction | None) -> str:
    return "-" if share is None else f"{float(share):.3f}"
