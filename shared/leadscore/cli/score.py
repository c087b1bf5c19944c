"""`leadscore score`: what leads would have, from files alone."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.cli.account_tables import print_accounts
from leadscore.cli.clock import now
from leadscore.cli.csv_cells import harmless
from leadscore.cli.formats import Format, print_array
from leadscore.cli.history_files import (
    AsOfOption,
    Believed,
    EventsOption,
    StrictOption,
    TrustOption,
    read_people,
)
from leadscore.cli.lead_document import lead_document, moment_or_none
from leadscore.cli.model_files import ModelOption, read_model_file
from leadscore.contracts.moments import moment
from leadscore.domain.compiler import compile_model
from leadscore.domain.model import Model
from leadscore.domain.rules import GRADE
from leadscore.use_cases.offline import ScoredLead, score_accounts, score_people

#: From so many characters on there is room for every score and for the reasons.
WIDE = 100
REASONS_SHOWN = 2
_COLUMNS = (
    "lead", "user_id", "email", "total", "grade", "matrix", "priority", "stage", "lists", "activity", "next_change_at",
    "as_of",
)  # fmt: skip


FormatOption = Annotated[
    Format, typer.Option("--format", help="A table; JSON as an array, or one object per line; or CSV.")
]


def score(
    model: ModelOption,
    events: EventsOption,
    as_of: AsOfOption = None,
    format: FormatOption = Format.TABLE,  # noqa: A002
    trust: TrustOption = Believed.SERVER,
    strict: StrictOption = False,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Print companies instead of leads, if the model has accounts.")
    ] = False,
) -> None:
    """Score the leads in files of events by a model. Nothing is sent anywhere."""
    at = now() if as_of is None else as_of
    compiled = compile_model(read_model_file(model).document)
    if accounts and compiled.accounts is None:
        raise typer.BadParameter("the model has no accounts: add the section `accounts`, like {score: sum}")
    people = read_people(events, as_of=at, trust=trust, strict=strict)
    leads = sorted(score_people(people, compiled, as_of=at), key=lambda lead: (-lead.reading.total, lead.lead))
    if compiled.accounts is not None and accounts:
        print_accounts(score_accounts(leads, compiled.accounts), format)
        return
    document = partial(lead_document, has_accounts=compiled.accounts is not None)
    match format:
        case Format.TABLE:
            console = Console()
            console.print(_table(leads, compiled, is_wide=console.width >= WIDE))
        case Format.CSV:
            csv.writer(sys.stdout, lineterminator="\n").writerows(_rows(leads, compiled))
        case Format.JSON:
            print_array(map(document, leads))
        case Format.JSONL:
            for lead in leads:
                typer.echo(json.dumps(document(lead), ensure_ascii=False))


# -- CSV ---------------------------------------------------------------------------------------------------------------


def _rows(leads: Iterable[ScoredLead], model: Model) -> Iterator[list[Any]]:
    scores = _scores_of(model)
    yield [*_COLUMNS, *(f"{name} score" if name in _COLUMNS else name for name in scores)]
    for lead in leads:
        reading, names = lead.reading, lead.person.external_ids
        cells: list[str | int | None] = [
            lead.lead, names.get("user_id"), names.get("email"), reading.total, reading.grade, reading.matrix,
            reading.priority, reading.stage, " ".join(reading.lists), reading.activity,
            moment_or_none(reading.next_change_at), moment(lead.as_of), *(reading.scores[name] for name in scores),
        ]  # fmt: skip
        yield [harmless(cell) for cell in cells]


# -- table -------------------------------------------------------------------------------------------------------------


def _table(leads: Sequence[ScoredLead], model: Model, *, is_wide: bool) -> Table:
    table = Table()
    scores = _scores_of(model) if is_wide else []
    table.add_column("total", justify="right")
    for name in scores:
        table.add_column(name, justify="right", overflow="fold")
    if model.grade_start is not None:
        table.add_column("grade")
    if model.matrix is not None:
        table.add_column("cell")
    table.add_column("stage")
    table.add_column("lead", overflow="fold")
    table.add_column("next change", no_wrap=not is_wide)
    table.add_column("above all because of", overflow="fold")
    for lead in leads:
        table.add_row(*_cells(lead, model, scores))
    return table


def _cells(lead: ScoredLead, model: Model, scores: Iterable[str]) -> Iterator[Text]:
    reading = lead.reading
    yield Text(str(reading.total), style="bold")
    yield from (Text(str(reading.scores[name])) for name in scores)
    if model.grade_start is not None:
        yield Text(reading.grade or "")
    if model.matrix is not None:
        yield Text(f"{reading.matrix} {reading.priority or ''}".strip())
    yield Text("\n".join((reading.stage, *(name for name in reading.lists if name != reading.stage))))
    yield Text(lead.lead)
    yield Text("never" if reading.next_change_at is None else moment(reading.next_change_at)[:10])
    reasons = [line for line in reading.explanation if line.points][:REASONS_SHOWN]
    yield Text("\n".join(f"{line.points:+} {line.rule}" for line in reasons))


def _scores_of(model: Model) -> list[str]:
    """As a reading has them: the grade is shown as a letter."""
    return [name for name in model.scores if name != GRADE]
