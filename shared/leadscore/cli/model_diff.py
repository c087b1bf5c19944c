"""`leadscore model diff`: what changes from one model to another."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from leadscore.cli.model_files import ModelArgument, read_model_file
from leadscore.contracts.model_diff import model_diff


class Format(StrEnum):
    """How the differences are printed."""

    TEXT = "text"
    JSON = "json"


def diff(
    before: ModelArgument,
    after: ModelArgument,
    format: Annotated[Format, typer.Option("--format")] = Format.TEXT,  # noqa: A002
) -> None:
    """Say in words what changes from one model to another."""
    changes = model_diff(read_model_file(before).document, read_model_file(after).document)
    if format is Format.JSON:
        typer.echo(json.dumps([change._asdict() for change in changes], ensure_ascii=False, indent=2))
        return
    for change in changes:
        typer.echo(change.text)
    if not changes:
        typer.echo("nothing changes")
