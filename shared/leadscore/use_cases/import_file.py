"""A file of people or events, onto the events queue: row by row, so that its size makes no difference.

Every row ends up taken or refused, and who refuses says why. A row's event is known by its content, so a file, or a
part of one, that is imported again counts once: whoever is interrupted starts over.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, NamedTuple

from leadscore.contracts.import_mapping import ImportMapping
from leadscore.domain.cause import Cause
from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.columns import Column, Columns, Meaning, columns_of
from leadscore.ingest.csv_rows import CsvHead, CsvRow, csv_rows, read_head
from leadscore.ingest.facts.uncounted import NO_HOUSE, House
from leadscore.ingest.file_lines import LINE_BYTES_MAX, Line
from leadscore.ingest.rejection import Rejected
from leadscore.use_cases.history import parse_line, read_item
from leadscore.use_cases.messages import EVENTS_MAX, event_bodies
from leadscore.use_cases.ports import EventsQueue

SOURCE = "import"
CSV_ENDINGS = (".csv", ".tsv", ".txt")
JSON_ENDINGS = (".jsonl", ".ndjson")
#: What is sent between two looks at the clock: eight messages, in a call or two.
ROWS_PER_SENDING = 8 * EVENTS_MAX
#: A file is wrong in one way or in a few: so many are told, each with so many lines.
REASONS_MAX = 50
LINES_MAX = 20
OTHER_REASONS = "other reasons"
#: What a line of a file of refused events says beside the event: mended, it can be imported as it is.
REFUSED_LINE = "refusedLine"
REFUSED_BECAUSE = "refusedBecause"

_TOO_LONG = f"the line has more than {LINE_BYTES_MAX // 1024} KB: an event may have 32"


class Refused(NamedTuple):
    """A row that was not taken: the cells or the JSON document that it had, and the text where it has neither."""

    line: int
    reason: str
    text: str
    cells: tuple[str, ...] = ()
    item: Any = None


class Row(NamedTuple):
    """A row from `line` to line `last`, and how many bytes of the file `end` with it.

    One with neither event nor refusal says nothing.
    """

    line: int
    last: int
    end: int
    event: LeadEvent | None = None
    refused: Refused | None = None


class CsvFile(NamedTuple):
    """How a CSV file is written, and what its columns mean."""

    head: CsvHead
    columns: Columns


@dataclass(frozen=True, slots=True)
class Importer:
    """Whose word the rows are, and when they came (ms). It is the deployer's own file, so it is believed.

    Own people and tests are told by the `house`.
    """

    source: str
    received_at: int
    house: House = NO_HOUSE

    def arrival(self) -> Arrival:
        return Arrival(self.source, Trust.SERVER, self.received_at, new_id=lambda: uuid.uuid4().hex, house=self.house)


@dataclass(slots=True)
class Reason:
    """How many rows were refused for it, and where the first of them are."""

    rows: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Progress:
    """How far an import is: up to `line`, at byte `end` of the file. `is_finished` where the file's end was reached."""

    taken: int = 0
    refused: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    line: int = 0
    end: int = 0
    is_finished: bool = False

    def refuse(self, refused: Refused) -> None:
        known = refused.reason in self.reasons or len(self.reasons) < REASONS_MAX
        reason = self.reasons.setdefault(refused.reason if known else OTHER_REASONS, Reason())
        reason.rows += 1
        if len(reason.lines) < LINES_MAX:
            reason.lines.append(refused.line)
        self.refused += 1

    def to_json(self) -> dict[str, Any]:
        return {
            "taken": self.taken,
            "refused": self.refused,
            "reasons": [
                {"reason": text, "rows": reason.rows, "lines": reason.lines} for text, reason in self.reasons.items()
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, line: int, end: int) -> "Progress":
        reasons = {each["reason"]: Reason(each["rows"], list(each["lines"])) for each in document["reasons"]}
        return cls(document["taken"], document["refused"], reasons, line, end)


def is_csv(name: str) -> bool:
    """Whether the file of this name is CSV or has an event in JSON per line. Raises Rejected where it is neither."""
    if name.lower().endswith(CSV_ENDINGS):
        return True
    if name.lower().endswith(JSON_ENDINGS):
        return False
    endings = ", ".join((*CSV_ENDINGS, *JSON_ENDINGS))
    raise Rejected(
        "invalid_file", f"a file's name ends in what it is, one of {endings}: rename it, or save a workbook as CSV"
    )


def open_csv(lines: Iterator[Line], mapping: ImportMapping) -> CsvFile:
    """Read the head of a CSV file; its rows come after it in `lines`. Raises Rejected."""
    head = read_head(lines, encoding=mapping.encoding or "utf-8", delimiter=mapping.delimiter)
    meanings = {
        name: Column(Meaning(meaning.kind), meaning.name, meaning.form, meaning.zone)
        for name, meaning in mapping.columns.items()
    }
    return CsvFile(head, columns_of(head.names, meanings, event=mapping.event))


def rows_of_csv(lines: Iterator[Line], file: CsvFile, importer: Importer) -> Iterator[Row]:
    """The rows behind the head."""
    arrival = importer.arrival()
    for row in csv_rows(lines, encoding=file.head.encoding, delimiter=file.head.delimiter):
        yield _csv_row(row, file.columns, arrival)


def rows_of_json(lines: Iterator[Line], importer: Importer) -> Iterator[Row]:
    """The rows of a file with an event in Segment's format per line, as `leadscore score` reads them."""
    return (_json_row(line, importer) for line in lines)


def import_rows(
    rows: Iterator[Row],
    *,
    queue: EventsQueue,
    cause: Cause,
    new_token: Callable[[], str],
    keep_refused: Callable[[Refused], None],
    progress: Progress | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Queue every row's event, and say what became of the rows. It goes on from `progress`.

    What `is_stopped` stops ends with rows that are sent, so that another call can go on behind them. Raises whatever
    the queue raises: the rows of that sending may or may not have arrived.
    """
    progress = progress or Progress()
    for sending in batched(rows, ROWS_PER_SENDING, strict=False):
        if events := [row.event for row in sending if row.event is not None]:
            queue.send(list(event_bodies(events, new_token, cause)))
        for row in sending:
            if row.refused is not None:
                keep_refused(row.refused)
                progress.refuse(row.refused)
        progress.taken += len(events)
        progress.line, progress.end = sending[-1].last, sending[-1].end
        report(progress)
        if is_stopped():
            return progress
    progress.is_finished = True
    return progress


def _csv_row(row: CsvRow, columns: Columns, arrival: Arrival) -> Row:
    reason = row.problem
    if not reason:
        try:
            return Row(row.line, row.last, row.end, columns.read(row.cells, arrival))
        except Rejected as rejected:
            reason = rejected.message
    return Row(row.line, row.last, row.end, refused=Refused(row.line, reason, row.text, row.cells))


def _json_row(line: Line, importer: Importer) -> Row:
    if not line.raw.strip():
        return Row(line.number, line.number, line.end)
    item = None
    try:
        item = _without_refusal(_parsed(line))
        said = read_item(
            item, as_of=importer.received_at, trust=Trust.SERVER, source=importer.source, house=importer.house
        )
        event = _happened(said, importer)
    except Rejected as rejected:
        text = line.raw.decode("utf-8", "surrogateescape")
        return Row(line.number, line.number, line.end, refused=Refused(line.number, rejected.message, text, item=item))
    return Row(line.number, line.number, line.end, event)


def _parsed(line: Line) -> Any:
    if line.is_cut:
        raise Rejected("event_too_large", _TOO_LONG)
    return parse_line(line.raw)


def _happened(event: LeadEvent | None, importer: Importer) -> LeadEvent | None:
    if event is not None and event.occurred_at > importer.received_at:
        raise Rejected("invalid_timestamp", "the time lies in the future: import what has happened")
    return event


def _without_refusal(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if name not in (REFUSED_LINE, REFUSED_BECAUSE)}
