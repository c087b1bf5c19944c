"""How a file would be understood: its columns, and its first rows."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from leadscore.cli.printing import add_row, say
from leadscore.contracts.moments import moment
from leadscore.domain.event import LeadEvent
from leadscore.ingest.columns import Columns, Meaning
from leadscore.use_cases.import_file import Row


def print_columns(columns: Columns, console: Console) -> None:
    table = Table()
    table.add_column("column", overflow="fold")
    table.add_column("is")
    for name, column in zip(columns.names, columns.columns, strict=True):
        add_row(table, name, "left out" if column.meaning is Meaning.UNKNOWN else str(column))
    console.print(table)


def print_rows(rows: Sequence[Row], console: Console) -> None:
    for row in rows:
        if row.refused is not None:
            say(f"line {row.line}: refused, {row.refused.reason}", console)
        elif row.event is not None:
            say(f"line {row.line}: {_shown(row.event)}", console)


def _shown(event: LeadEvent) -> str:
    who = ", ".join(f"{kind} {value}" for kind, value in event.identifiers)
    said = {name: value for name, value in (("traits", event.traits), ("properties", event.properties)) if value}
    words = "".join(f"\n  {name} {json.dumps(values, ensure_ascii=False)}" for name, values in said.items())
    when = "now" if event.occurred_at == event.received_at else moment(event.occurred_at)
    return f"{event.name} of {who}, {when}{words}"
