"""A scoring model's file, named on the command line."""

from pathlib import Path
from typing import Annotated

import typer

from leadscore.contracts.model_file import ModelFile, ModelFileError, read_model

ModelArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The model's YAML file.")
]


def read_model_file(file: Path) -> ModelFile:
    """The model in the file. What is wrong goes to stderr, and the command ends with status 1."""
    return read_model_text(read_text(file), name=str(file))


def read_text(file: Path) -> str:
    """What the file says; it must be UTF-8."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        typer.echo(f"{file}: byte {error.start} is no UTF-8: save the file as UTF-8", err=True)
    raise typer.Exit(1)


def read_model_text(text: str, *, name: str) -> ModelFile:
    """The model that the text says; `name` is what problems are reported of."""
    try:
        return read_model(text, name=name)
    except ModelFileError as error:
        typer.echo(str(error), err=True)
        count = len(error.problems)
        typer.echo(f"{count} problem{'s' if count > 1 else ''} found", err=True)
    raise typer.Exit(1)
