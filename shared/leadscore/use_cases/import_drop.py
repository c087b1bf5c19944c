"""Files that somebody puts into a bucket: each is imported, and a report on it put beside it.

A file that takes longer than one invocation is worked on in parts. Each part says where the next one begins; a part
that is done twice sends the same events, which count once.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from leadscore.contracts.import_mapping import ImportMapping, MappingError, read_mapping
from leadscore.contracts.moments import moment
from leadscore.domain.cause import Cause
from leadscore.ingest.facts.uncounted import NO_HOUSE, House
from leadscore.ingest.file_lines import Line, lines_of
from leadscore.ingest.rejection import Rejected
from leadscore.use_cases.import_file import (
    SOURCE,
    CsvFile,
    Importer,
    Progress,
    Row,
    import_rows,
    is_csv,
    open_csv,
    rows_of_csv,
    rows_of_json,
)
from leadscore.use_cases.ports import Drop, EventsQueue
from leadscore.use_cases.refused_rows import RefusedCsv, RefusedJson

INBOX = "import/"
REPORTS = "report/"
MAPPING_ENDING = ".mapping.yaml"
#: AWS ends a chain of invocations that call each other after 16: before that, whoever sent the file is told.
PARTS_MAX = 12
_IN_MEMORY_MAX = 8 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be imported, as far as the parts before did not."""

    key: str
    etag: str
    part: int = 1
    progress: Progress = field(default_factory=Progress)

    def to_json(self) -> str:
        place = {"line": self.progress.line, "end": self.progress.end}
        return json.dumps({"key": self.key, "etag": self.etag, "part": self.part, **place} | self.progress.to_json())

    @classmethod
    def from_json(cls, document: Any) -> "Job":
        progress = Progress.from_json(document, line=int(document["line"]), end=int(document["end"]))
        return cls(str(document["key"]), str(document["etag"]), int(document["part"]), progress)

    @property
    def name(self) -> str:
        return self.key.removeprefix(INBOX)

    @property
    def is_file(self) -> bool:
        """Neither a mapping, which is read with its file, nor what consoles make for a folder."""
        return not self.key.endswith((MAPPING_ENDING, "/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DropImport:
    """Imports files from the bucket. `is_out_of_time` says when a part has to end."""

    drop: Drop
    queue: EventsQueue
    now: Callable[[], int]
    new_token: Callable[[], str]
    is_out_of_time: Callable[[], bool]
    house: House = NO_HOUSE

    def work_on(self, job: Job) -> Job | None:
        """Import a part, and report; the next part, if there is one. Raises FileGone, and whatever AWS does."""
        try:
            opened = self._open(job)
        except (Rejected, MappingError) as error:
            problem = error.message if isinstance(error, Rejected) else str(error)
            self._report(job, job.progress, problem=problem)
            return None
        progress = self._import(job, opened)
        is_over = not progress.is_finished and job.part == PARTS_MAX
        too_large = f"the file is too large: import what comes behind line {progress.line} as a file of its own"
        self._report(job, progress, opened, problem=too_large if is_over else "")
        return None if progress.is_finished or is_over else Job(job.key, job.etag, job.part + 1, progress)

    def _open(self, job: Job) -> "_Opened":
        mapping = self._mapping(job)
        lines = lines_of(self.drop.read(job.key, etag=job.etag))
        csv = open_csv(lines, mapping) if is_csv(job.name) else None
        if job.progress.end:
            rest = self.drop.read(job.key, etag=job.etag, start=job.progress.end)
            lines = lines_of(rest, after=job.progress.line, end=job.progress.end)
        return _Opened(lines, csv, mapping, Importer(mapping.source or SOURCE, self.now(), self.house))

    def _mapping(self, job: Job) -> ImportMapping:
        name = job.name + MAPPING_ENDING
        try:
            text = self.drop.read_text(job.key + MAPPING_ENDING)
        except UnicodeDecodeError:
            raise MappingError(f"{name}:1: this is no UTF-8: save the file as UTF-8") from None
        return ImportMapping({}) if text is None else read_mapping(text, name=name)

    def _import(self, job: Job, opened: "_Opened") -> Progress:
        with SpooledTemporaryFile(_IN_MEMORY_MAX) as refused:
            progress = import_rows(
                opened.rows(),
                queue=self.queue,
                cause=Cause.EVENT if opened.mapping.notify else Cause.IMPORT,
                new_token=self.new_token,
                keep_refused=opened.refused_rows(refused).keep,
                progress=job.progress,
                is_stopped=self.is_out_of_time,
            )
            if refused.tell():
                refused.seek(0)
                self.drop.write(_refused_key(job), refused)
        return progress

    def _report(self, job: Job, progress: Progress, opened: "_Opened | None" = None, *, problem: str = "") -> None:
        document = {
            "file": job.key,
            "finished": progress.is_finished,
            **({"problem": problem} if problem else {}),
            **progress.to_json(),
            "left_out_columns": opened.csv.columns.left_out if opened and opened.csv else [],
            "at": moment(self.now()),
        }
        with SpooledTemporaryFile() as file:
            file.write(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")
            file.seek(0)
            self.drop.write(f"{REPORTS}{job.name}.json", file)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file whose head is read: `lines` are those to be imported."""

    lines: Iterator[Line]
    csv: CsvFile | None
    mapping: ImportMapping
    importer: Importer

    def rows(self) -> Iterator[Row]:
        if self.csv is None:
            return rows_of_json(self.lines, self.importer)
        return rows_of_csv(self.lines, self.csv, self.importer)

    def refused_rows(self, file: IO[bytes]) -> RefusedCsv | RefusedJson:
        return RefusedJson(file.write) if self.csv is None else RefusedCsv(file.write, self.csv.head)


def _refused_key(job: Job) -> str:
    name, _, ending = job.name.rpartition(".")
    return f"{REPORTS}{name}.refused{'' if job.part == 1 else f'-{job.part}'}.{ending}"
