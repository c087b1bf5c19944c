"""Cells for spreadsheets, which run what looks like a formula: people choose their own names."""

import csv
import unicodedata
from typing import TextIO

#: What a spreadsheet takes for a formula's beginning, as OWASP lists it. Excel reads it in full width as well.
_FORMULA = frozenset("=+-@\t\r\n\0")
#: Categories of Unicode that nobody sees, or that are quotation marks: a program that trims a cell, or unquotes it once
#: more than it was quoted, comes to what stands behind them.
_PASSED_OVER = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Pi", "Pf"})
_QUOTES = frozenset("'\"`")

type Cell = str | int | float | bool | None


def harmless(cell: Cell) -> Cell:
    """Text that a spreadsheet does not run. A number is no text."""
    return f"'{cell}" if isinstance(cell, str) and _may_run(cell) else cell


def _may_run(text: str) -> bool:
    normal = (unicodedata.normalize("NFKC", character) for character in text)
    return next((character for character in normal if not _is_passed_over(character)), "") in _FORMULA


def _is_passed_over(character: str) -> bool:
    if character in _FORMULA:
        return False
    return character in _QUOTES or all(unicodedata.category(each) in _PASSED_OVER for each in character)


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
