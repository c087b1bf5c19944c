"""How what is scored is printed."""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import typer


class Format(StrEnum):
    """How leads, or companies, are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def print_array(documents: Iterable[Any]) -> None:
    """Lead by lead: a large file's array is not built twice in memory."""
    opening = "["
    for document in documents:
        typer.echo(opening + "\n  " + json.dumps(document, ensure_ascii=False), nl=False)
        opening = ","
    typer.echo("[]" if opening == "[" else "\n]")
