"""Companies as a table, as JSON or as CSV."""

import csv
import json
import sys
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.cli.csv_cells import harmless
from leadscore.cli.formats import Format, print_array
from leadscore.use_cases.offline import ScoredAccount

LEADS_SHOWN = 3


def print_accounts(accounts: Sequence[ScoredAccount], format: Format) -> None:  # noqa: A002
    match format:
        case Format.TABLE:
            Console().print(_table(accounts))
        case Format.CSV:
            rows = [[harmless(account.account), account.score, len(account.leads)] for account in accounts]
            csv.writer(sys.stdout, lineterminator="\n").writerows([["account", "score", "leads"], *rows])
        case Format.JSON:
            print_array(map(_document, accounts))
        case Format.JSONL:
            for account in accounts:
                typer.echo(json.dumps(_document(account), ensure_ascii=False))


def _document(account: ScoredAccount) -> dict[str, Any]:
    return {
        "account": account.account,
        "score": account.score,
        "leads": [{"lead": lead.lead, "points": lead.points, "stage": lead.reading.stage} for lead in account.leads],
    }


def _table(accounts: Sequence[ScoredAccount]) -> Table:
    table = Table()
    table.add_column("score", justify="right")
    table.add_column("account", overflow="fold")
    table.add_column("leads", justify="right")
    table.add_column("above all", overflow="fold")
    for account in accounts:
        best = [f"{lead.points} {lead.lead}" for lead in account.leads[:LEADS_SHOWN]]
        table.add_row(
            Text(str(account.score), style="bold"),
            Text(account.account),
            Text(str(len(account.leads))),
            Text("\n".join(best)),
        )
    return table
