"""The rows of a CSV file as spreadsheets and CRMs export them, one by one: a bad row is no reason to lose the others.

A row that cannot be read is told as such, with the text that it had. What stands inside of a quoted cell is never
taken for rows, however long the cell is: whoever fills in a form could write rows of their own into it.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from leadscore.ingest.file_lines import Line
from leadscore.ingest.rejection import Rejected

#: An event has 32 KB at most, and most of a row's columns may be none of it.
ROW_BYTES_MAX = 64 * 1024
ENCODINGS = ("utf-8", "windows-1252")
DELIMITERS = (",", ";", "\t", "|")

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
#: Of an Excel workbook, among others.
_ZIP = b"PK\x03\x04"
#: Excel's own word on which delimiter follows.
_SEP = re.compile(r'"?sep=(.)"?\r?\n?')
#: A byte that is none of the encoding's, as `surrogateescape` reads it.
_FOREIGN = re.compile("[\udc80-\udcff]")

_TOO_LONG = f"the row has more than {ROW_BYTES_MAX // 1024} KB, or a quote that is never closed: mend it"
_LINE_ENDS = "the lines end as those of old Macs, in CR alone: save the file anew"
_QUOTES = "a quote is closed in the middle of a cell: double the quotes inside of a quoted cell"


class CsvRow(NamedTuple):
    """A row: `line` is where it begins, `end` how many bytes of the file end with it, `text` what stood there.

    `problem` says why it could not be read; then there are no cells.
    """

    line: int
    end: int
    cells: tuple[str, ...]
    text: str
    problem: str = ""

    @property
    def last(self) -> int:
        """The line where it ends: a quoted cell may hold several."""
        return self.line + self.text.count("\n", 0, -1)


class CsvHead(NamedTuple):
    """How a file is written, the names of its columns, and where its rows begin."""

    delimiter: str
    encoding: str
    names: tuple[str, ...]
    line: int
    end: int


def read_head(lines: Iterator[Line], *, encoding: str = "utf-8", delimiter: str = "") -> CsvHead:
    """The head of a file; its rows come after it in `lines`. Raises Rejected where there is none."""
    first = next(lines, None)
    if first is None:
        raise Rejected("invalid_file", "the file is empty: it needs a row with the names of the columns")
    if first.raw.startswith(_ZIP):
        raise Rejected("invalid_file", "the file is a workbook or an archive, whatever its name: save it as CSV")
    if first.raw.startswith(_UTF_16) or b"\0" in first.raw:
        raise Rejected("invalid_file", "the file is UTF-16: save it as CSV in UTF-8")
    first = first._replace(raw=first.raw.removeprefix(_BOM))
    if said := _SEP.fullmatch(_text(first, encoding)):
        delimiter = delimiter or said[1]
        first = next(lines, Line(2, first.end, b""))
    delimiter = delimiter or _delimiter_of(_text(first, encoding))
    for row in csv_rows(_after(first, lines), encoding=encoding, delimiter=delimiter):
        if row.problem:
            raise Rejected("invalid_file", f"the names of the columns cannot be read: {row.problem}")
        names = tuple(name.strip() for name in row.cells)
        return CsvHead(delimiter, encoding, names, line=row.last, end=row.end)
    raise Rejected("invalid_file", "the file holds nothing: it needs a row with the names of the columns")


def csv_rows(lines: Iterable[Line], *, encoding: str, delimiter: str) -> Iterator[CsvRow]:
    """Every row that says something; no more than one is kept in memory."""
    feed = _Feed(iter(lines), encoding)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _RowTooLong:
            yield from _refused(feed, encoding)
        except csv.Error:
            # At the end of the file it is a quote that was never closed.
            problem = _LINE_ENDS if feed.has_bare_return else _QUOTES
            yield from _refused(feed, encoding) if feed.is_open else [_row(feed.row, encoding, problem=problem)]
        else:
            if any(cell.strip() for cell in cells):
                yield _row(feed.row, encoding, cells=tuple(cells))


class _RowTooLong(Exception):
    """Not to be read on: so long is no row."""


class _Feed:
    """The lines for the reader, as text; `row` has those of the row that is being read."""

    def __init__(self, lines: Iterator[Line], encoding: str) -> None:
        self.row: list[Line] = []
        self.is_open = False
        self._bytes = 0
        self._lines = lines
        self._encoding = encoding

    def __iter__(self) -> Iterator[str]:
        return self

    def begin(self) -> None:
        """The next line begins a row."""
        self.row.clear()
        self._bytes = 0

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.is_open = bool(self.row)
            raise
        self.row.append(line)
        self._bytes += len(line.raw)
        if line.is_cut or self._bytes > ROW_BYTES_MAX:
            raise _RowTooLong
        return _text(line, self._encoding)

    @property
    def has_bare_return(self) -> bool:
        return any(b"\r" in line.raw.rstrip(b"\r\n") for line in self.row)

    def rest_of_cell(self) -> Iterator[Line]:
        """What is still inside of the quotes that the row at hand has opened: a quoted quote is two of them."""
        is_open = sum(line.raw.count(b'"') for line in self.row) % 2 == 1
        while is_open and (line := next(self._lines, None)) is not None:
            is_open = line.raw.count(b'"') % 2 == 0
            yield line


def _refused(feed: _Feed, encoding: str) -> Iterator[CsvRow]:
    """Line by line, as nobody knows where the row was meant to end."""
    row = list(feed.row)
    begins = row[0].number
    yield from (_row([line], encoding, problem=_because(line, begins)) for line in row)
    yield from (_row([line], encoding, problem=_because(line, begins)) for line in feed.rest_of_cell())


def _because(line: Line, begins: int) -> str:
    return _TOO_LONG if line.number == begins else f"it belongs to the row that begins in line {begins}: mend that"


def _row(lines: list[Line], encoding: str, *, cells: tuple[str, ...] = (), problem: str = "") -> CsvRow:
    text = "".join(_text(line, encoding) for line in lines)
    if not problem and _FOREIGN.search(text):
        problem = f"a character is not {encoding.upper()}: save the file as UTF-8, or say its encoding"
    return CsvRow(lines[0].number, lines[-1].end, () if problem else cells, text, problem)


def _text(line: Line, encoding: str) -> str:
    return line.raw.decode(encoding, "surrogateescape")


def _after(first: Line, rest: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _delimiter_of(head: str) -> str:
    """Whatever makes the most columns of the head."""
    return max(DELIMITERS, key=lambda delimiter: _columns(head, delimiter))


def _columns(head: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([head], delimiter=delimiter), []))
    except csv.Error:
        return 0
