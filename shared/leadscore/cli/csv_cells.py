"""Cells for spreadsheets, which run what looks like a formula: people choose their own names."""

import csv
from typing import TextIO

#: What a spreadsheet takes for a formula's beginning, as OWASP lists it; in full width, Excel reads it as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")

type Cell = str | int | float | bool | None


def harmless(cell: Cell) -> Cell:
    """Text that a spreadsheet does not run. A number is no text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


class HarmlessCsv:
    """Writes rows. All text is quoted, so that none becomes two cells where spreadsheets part them by semicolons."""

    def __init__(self, file: TextIO) -> None:
        self._csv = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")

    def write(self, *cells: Cell) -> None:
        self._csv.writerow([harmless(_shown(cell)) for cell in cells])


def _shown(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else cell
