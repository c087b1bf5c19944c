"""Events in files, named on the command line: read with progress, and with a word on every line that is none."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from leadscore.cli.model_files import is_readable
from leadscore.domain.event import LeadEvent
from leadscore.ingest.clock import parse_time
from leadscore.use_cases.history import TRUSTS, BadLine, History, read_history
from leadscore.use_cases.people import Person, people_in

#: A file of wrong lines is wrong in one way: so many are named.
BAD_LINES_SHOWN = 100
#: Below, nobody has time to look at a bar.
PROGRESS_BYTES_MIN = 5_000_000
_LINES_PER_UPDATE = 500
STDIN = Path("-")


class Believed(StrEnum):
    """The words for trust."""

    PUBLIC = "public"
    DECLARED = "declared"
    SERVER = "server"


def file_or_stdin(text: str) -> Path:
    file = Path(text)
    if file != STDIN and not is_readable(file):
        raise typer.BadParameter("there is no such file, or it may not be read")
    return file


def _moment(text: str) -> int:
    at = parse_time(text)
    if at is None:
        raise typer.BadParameter("write a time in ISO 8601, as in 2026-03-01T12:00:00Z")
    return at


EventsOption = Annotated[
    list[Path],
    typer.Option(
        "--events",
        parser=file_or_stdin,
        metavar="FILE",
        help="Events in Segment's format, one JSON object per line; - is stdin. Repeatable.",
    ),
]
AsOfOption = Annotated[
    int | None,
    typer.Option(
        "--as-of",
        parser=_moment,
        metavar="TIME",
        show_default="now",
        help="The moment that counts, as in 2026-03-01T12:00:00Z. Later events are left out.",
    ),
]
TrustOption = Annotated[Believed, typer.Option("--trust", help="How far lines without a `source` are believed.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="End with status 1 if any line cannot be read.")]


def read_people(files: Sequence[Path], *, as_of: int, trust: Believed, strict: bool) -> list[Person]:
    """The people in the files. What was wrong with them is said on stderr, and may end the command with status 1."""
    history = _read(files, as_of=as_of, trust=trust)
    people = people_in(history.events)
    what = f"{_counted_as(len(history.events), 'event')} of {_counted_as(len(people), 'lead')}"
    _report(history, what, strict=strict)
    return people


def read_events(files: Sequence[Path], *, as_of: int, trust: Believed, strict: bool) -> list[LeadEvent]:
    """The same, where it does not matter whose they are."""
    history = _read(files, as_of=as_of, trust=trust)
    _report(history, _counted_as(len(history.events), "event"), strict=strict)
    return history.events


def _read(files: Sequence[Path], *, as_of: int, trust: Believed) -> History:
    with _progress() as progress:
        total = _size(files)
        task = progress.add_task("reading", total=total, visible=total is None or total >= PROGRESS_BYTES_MIN)
        return read_history(
            ((_name(file), _lines(file, progress, task)) for file in files), as_of=as_of, trust=TRUSTS[trust]
        )


def report_bad_lines(bad_lines: Sequence[BadLine]) -> None:
    for line in bad_lines[:BAD_LINES_SHOWN]:
        typer.echo(str(line), err=True)
    if len(bad_lines) > BAD_LINES_SHOWN:
        typer.echo(f"... and {len(bad_lines) - BAD_LINES_SHOWN:,} lines more", err=True)


def _report(history: History, what: str, *, strict: bool) -> None:
    report_bad_lines(history.bad_lines)
    counts = [
        (history.duplicates, _counted_as(history.duplicates, "duplicate")),
        (history.later, f"{history.later:,} later than that moment"),
        (len(history.bad_lines), f"{len(history.bad_lines):,} not readable"),
    ]
    rest = "".join(f", {words}" for count, words in counts if count)
    typer.echo(f"{what}{rest}", err=True)
    if history.nothing_was_read or (strict and history.bad_lines):
        raise typer.Exit(1)


def _counted_as(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _name(file: Path) -> str:
    return "stdin" if file == STDIN else str(file)


def _size(files: Iterable[Path]) -> int | None:
    """Of all files together, in bytes; None where one of them is a stream."""
    if not all(file != STDIN and file.is_file() for file in files):
        return None
    return sum(file.stat().st_size for file in files)


def _lines(file: Path, progress: Progress, task: TaskID) -> Iterator[bytes]:
    with nullcontext(typer.get_binary_stream("stdin")) if file == STDIN else file.open("rb") as lines:
        read = 0
        for number, line in enumerate(lines):
            read += len(line)
            if number % _LINES_PER_UPDATE == 0:
                progress.advance(task, read)
                read = 0
            yield line
