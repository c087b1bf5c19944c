"""What the bench measured: figures with their goals, one table per topic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

type Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `most` and `least` are its bounds, where it has one; an exact one has to keep them.

    A figure that depends on the machine may miss its goal without failing the run: it is shown, not judged.
    """

    name: str
    value: float
    most: float | None = None
    least: float | None = None
    is_exact: bool = False
    style: str = ",.2f"
    note: str = ""

    @property
    def is_met(self) -> bool:
        # A sum of halves and wholes is exact; a ratio such as 6/5 is rounded in its last digit.
        return (self.most is None or self.value <= self.most + 1e-9) and (
            self.least is None or self.value >= self.least - 1e-9
        )

    @property
    def goal(self) -> str:
        if self.most is not None and self.most == self.least:
            return f"{self.most:{self.style}}"
        bounds = (("<=", self.most), (">=", self.least))
        return " and ".join(f"{sign} {bound:{self.style}}" for sign, bound in bounds if bound is not None)

    @property
    def verdict(self) -> str:
        if not self.goal:
            return ""
        return "[green]met[/]" if self.is_met else "[red]MISSED[/]"


def exactly(name: str, value: float, wanted: float, *, style: str = ",.2f", note: str = "") -> Figure:
    """A figure that may be neither more nor less."""
    return Figure(name, value, most=wanted, least=wanted, is_exact=True, style=style, note=note)


@dataclass(frozen=True, slots=True)
class Section:
    """A table. `says` is the line below its title: what was measured, and how."""

    title: str
    says: str
    figures: Sequence[Figure]
    unit: str = ""
    remarks: Sequence[str] = field(default_factory=tuple)

    @property
    def failures(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.is_exact and not figure.is_met]


def show(section: Section, console: Console) -> None:
    noted = any(figure.note for figure in section.figures)
    judged = any(figure.goal for figure in section.figures)
    table = Table(title=section.title, title_style="bold", title_justify="left", caption_justify="left", box=None)
    table.add_column("", overflow="fold")
    table.add_column(section.unit, justify="right", no_wrap=True)
    if judged:
        table.add_column("goal", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
    if noted:
        table.add_column("", style="dim", overflow="fold")
    for figure in section.figures:
        row = [figure.name, f"{figure.value:{figure.style}}"]
        row += [figure.goal, figure.verdict] if judged else []
        table.add_row(*row, *([figure.note] if noted else []))
    console.print()
    console.print(table)
    for remark in (section.says, *section.remarks):
        console.print(f"  {remark}", style="dim")
