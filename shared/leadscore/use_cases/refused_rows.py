"""The rows that an import refused, as a file: each as it came, with its line and the reason, to be mended."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from leadscore.ingest.columns import REFUSED_COLUMNS
from leadscore.ingest.csv_rows import CsvHead
from leadscore.use_cases.import_file import REFUSED_BECAUSE, REFUSED_LINE, Refused

type Write = Callable[[bytes], Any]

#: Excel takes a file without it for one in the encoding of the country.
_BOM = b"\xef\xbb\xbf"


class RefusedCsv:
    """Writes a CSV file in the encoding of the one that the rows are of, its bytes unharmed."""

    def __init__(self, write: Write, head: CsvHead) -> None:
        self._write = write
        self._head = head
        self._columns = [index for index, name in enumerate(head.names) if name not in REFUSED_COLUMNS]
        self._is_begun = False

    def keep(self, refused: Refused) -> None:
        if not self._is_begun:
            self._is_begun = True
            if self._head.encoding == "utf-8":
                self._write(_BOM)
            self._put(*REFUSED_COLUMNS, *(self._head.names[index] for index in self._columns))
        self._put(str(refused.line), refused.reason, *self._cells(refused))

    def _cells(self, refused: Refused) -> list[str]:
        """Those of the row, one too many included; where there are none, the text of it in the first."""
        if not refused.cells:
            return [refused.text.rstrip("\r\n")]
        cells = refused.cells
        own = [cells[index] for index in self._columns if index < len(cells)]
        return [*own, *cells[len(self._head.names) :]]

    def _put(self, *cells: str) -> None:
        line = io.StringIO()
        csv.writer(line, delimiter=self._head.delimiter, lineterminator="\n").writerow(cells)
        self._write(line.getvalue().encode(self._head.encoding, "surrogateescape"))


class RefusedJson:
    """Writes a file with an event per line; what was no JSON object is its field `raw`."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def keep(self, refused: Refused) -> None:
        item = refused.item if isinstance(refused.item, dict) else {"raw": refused.text.rstrip("\r\n")}
        said = {**item, REFUSED_LINE: refused.line, REFUSED_BECAUSE: refused.reason}
        self._write(json.dumps(said).encode() + b"\n")
