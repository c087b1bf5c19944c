"""Text as people wrote it: a rule called `[bold]` is no markup, a number is not coloured, a sentence is not cut."""

from rich.console import Console
from rich.table import Table
from rich.text import Text


def say(text: str, console: Console) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def show(what: str, table: Table, console: Console) -> None:
    """A table under a line of its own that says what it is."""
    say(f"\n{what}", console)
    console.print(table)


def add_row(table: Table, *cells: str) -> None:
    table.add_row(*map(Text, cells))
