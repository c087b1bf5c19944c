"""`leadscore import`: a file of people or events, straight onto the events queue of a deployed stack."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from leadscore.adapters import clients
from leadscore.adapters.events_queue import NotQueued, SqsEventsQueue
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.cli.ending import end
from leadscore.cli.import_preview import print_columns, print_rows
from leadscore.cli.model_files import is_readable, read_text
from leadscore.contracts.import_mapping import ImportMapping, MappingError, read_mapping
from leadscore.domain.cause import Cause
from leadscore.ingest.facts.uncounted import NO_HOUSE, House
from leadscore.ingest.file_lines import lines_of
from leadscore.ingest.rejection import Rejected
from leadscore.use_cases.import_file import (
    SOURCE,
    CsvFile,
    Importer,
    Progress,
    Refused,
    Row,
    import_rows,
    is_csv,
    open_csv,
    rows_of_csv,
    rows_of_json,
)
from leadscore.use_cases.ports import EventsQueue
from leadscore.use_cases.refused_rows import RefusedCsv, RefusedJson

PIECE_BYTES = 1 << 20
NOTHING_SAID = ImportMapping({})
#: Rows that `--dry-run` shows.
ROWS_SHOWN = 5


def _file(text: str) -> Path:
    file = Path(text)
    if not is_readable(file):
        raise typer.BadParameter("there is no such file, or it may not be read")
    return file


FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", parser=_file, help="A .csv with a row of names, or a .jsonl of events.")
]
MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE", parser=_file, help="What the columns mean, in YAML: see docs/files.md."),
]
SourceOption = Annotated[
    str, typer.Option("--source", metavar="NAME", help="Whose word it is; a row counts once for each source.")
]
EncodingOption = Annotated[str, typer.Option("--encoding", help="utf-8 or windows-1252, of a CSV file.")]
NotifyOption = Annotated[bool, typer.Option("--notify", help="Tell downstream of the stages that leads come into.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show how the file is understood, and send nothing.")]


def import_(
    file: FileArgument,
    mapping: MappingOption = None,
    source: SourceOption = "",
    encoding: EncodingOption = "",
    notify: NotifyOption = False,
    dry_run: DryRunOption = False,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Import people or events from a file into a deployed stack. Nobody is told of them, unless --notify says so."""
    said = _with_options(_mapping(mapping), source=source, encoding=encoding, notify=notify)
    with ExitStack() as open_files:
        try:
            opened = _Opened(open_files.enter_context(file.open("rb")), file, said)
        except Rejected as rejected:
            end(f"{file}: {rejected.message}", status=2)
        _say_what_is_left_out(opened)
        if dry_run:
            _show(opened)
            return
        with deployed(stack, local=local) as deployment, _resumable():
            queue = SqsEventsQueue(clients.sqs(), url=deployment.outputs["EventsQueueUrl"])
            opened.house = House.read(deployment.environment("Collect"))
            progress, refused_file = opened.send(queue, Cause.EVENT if said.notify else Cause.IMPORT)
    _report(progress, refused_file)


class _Opened:
    """The file, its head read."""

    def __init__(self, content: BinaryIO, file: Path, mapping: ImportMapping) -> None:
        self._content = content
        self._file = file
        self._lines = lines_of(iter(lambda: content.read(PIECE_BYTES), b""))
        self._source, self._opened_at = mapping.source or SOURCE, time.time_ns() // 1_000_000
        self.house = NO_HOUSE
        self.csv: CsvFile | None = open_csv(self._lines, mapping) if is_csv(file.name) else None

    def rows(self) -> Iterator[Row]:
        importer = Importer(self._source, self._opened_at, self.house)
        if self.csv is None:
            return rows_of_json(self._lines, importer)
        return rows_of_csv(self._lines, self.csv, importer)

    def send(self, queue: EventsQueue, cause: Cause) -> tuple[Progress, Path | None]:
        """What became of the rows, and the file of those that were refused."""
        refused = _RefusedFile(self._file)
        writer = RefusedJson(refused.write) if self.csv is None else RefusedCsv(refused.write, self.csv.head)
        with refused.closing():
            return self.run(queue, cause, writer.keep), refused.path

    def run(self, queue: EventsQueue, cause: Cause, keep_refused: Callable[[Refused], None]) -> Progress:
        with _bar() as bar:
            task = bar.add_task("rows", total=self._file.stat().st_size)
            return import_rows(
                self.rows(),
                queue=queue,
                cause=cause,
                new_token=lambda: uuid.uuid4().hex,
                keep_refused=keep_refused,
                report=lambda progress: _show_progress(bar, task, progress),
            )


class _RefusedFile:
    """Beside the file that is imported, made with the first row that is refused. It takes the place of no other."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._output: BinaryIO | None = None
        self.path: Path | None = None

    def write(self, piece: bytes) -> None:
        if self._output is None:
            self.path = _free_name(self._file)
            self.path.touch(mode=0o600, exist_ok=False)
            self._output = self.path.open("wb")
        self._output.write(piece)

    @contextmanager
    def closing(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._output is not None:
                self._output.close()


class _Nowhere:
    """EventsQueue: of a dry run."""

    def send(self, bodies: object, *, delay_seconds: int = 0) -> None:
        """Send nothing."""


def _free_name(file: Path) -> Path:
    """Somebody may be mending the rows that were refused before."""
    number = 1
    while (name := file.with_suffix(f".refused{'' if number == 1 else f'-{number}'}{file.suffix}")).exists():
        number += 1
    return name


def _mapping(file: Path | None) -> ImportMapping:
    if file is None:
        return NOTHING_SAID
    try:
        return read_mapping(read_text(file), name=str(file))
    except MappingError as error:
        end(str(error), status=2)


def _with_options(mapping: ImportMapping, *, source: str, encoding: str, notify: bool) -> ImportMapping:
    """What the command line says goes before what the mapping says, by the same rules."""
    options = "".join(f"{name}: '{value}'\n" for name, value in (("source", source), ("encoding", encoding)) if value)
    if options:
        try:
            said = read_mapping(options, name="--source, --encoding")
        except MappingError as error:
            raise typer.BadParameter(str(error)) from None
        mapping = mapping._replace(source=said.source or mapping.source, encoding=said.encoding or mapping.encoding)
    return mapping._replace(notify=notify or mapping.notify)


def _say_what_is_left_out(opened: _Opened) -> None:
    if opened.csv and (names := opened.csv.columns.left_out):
        typer.echo(f"left out, as no mapping says what they are: {', '.join(names)}", err=True)


def _show(opened: _Opened) -> None:
    if opened.csv:
        print_columns(opened.csv.columns, Console())
    rows = opened.rows()
    first = list(islice(rows, ROWS_SHOWN))
    print_rows(first, Console())
    progress = import_rows(
        chain(first, rows),
        queue=_Nowhere(),
        cause=Cause.IMPORT,
        new_token=str,
        keep_refused=lambda _: None,
    )
    _report(progress, None, would=True)


@contextmanager
def _resumable() -> Iterator[None]:
    """What stops an import ends the command, and whoever reads the sentence knows how to go on."""
    again = "run the same again: what was taken already counts once"
    try:
        yield
    except NotQueued as error:
        end(f"AWS did not do it: {error}\n{again}")
    except KeyboardInterrupt:
        end(f"stopped; {again}", status=130)


def _report(progress: Progress, refused_file: Path | None, *, would: bool = False) -> None:
    typer.echo(f"{progress.taken:,} {'would be ' if would else ''}taken, {progress.refused:,} refused")
    for text, reason in progress.reasons.items():
        more = ", ..." if reason.rows > len(reason.lines) else ""
        lines = ", ".join(map(str, reason.lines))
        typer.echo(f"  {reason.rows:,}: {text} (line{'' if reason.rows == 1 else 's'} {lines}{more})")
    if refused_file is not None:
        typer.echo(f"the refused rows are in {refused_file}: mend them and import that file")
    if progress.refused:
        raise typer.Exit(1)


def _bar() -> Bar:
    # On stderr: what a command says stays alone on stdout.
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Bar(*columns, console=console, transient=True, disable=not console.is_terminal)


def _show_progress(bar: Bar, task: TaskID, progress: Progress) -> None:
    rows = f"{progress.taken:,} taken, {progress.refused:,} refused"
    bar.update(task, completed=progress.end, description=rows)
