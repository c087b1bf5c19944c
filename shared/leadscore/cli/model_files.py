"""A scoring model, named on the command line: by a file, or as one of those that ship."""

import os
from pathlib import Path
from typing import Annotated

import typer

from leadscore.contracts.model_file import ModelFile, ModelFileError, read_model

SHIPPED = Path(__file__).parents[1] / "models"


def shipped_models() -> dict[str, Path]:
    """The files of the models that ship, by their names."""
    return {file.stem: file for file in sorted(SHIPPED.glob("*.yaml"))}


def model_file(text: str) -> Path:
    """The file that the word means. One of the user's own goes before one that ships."""
    file = Path(text)
    if not file.exists():
        try:
            return shipped_models()[text]
        except KeyError:
            raise typer.BadParameter(f"`{text}` does not exist; the models that ship are {NAMES}") from None
    if not is_readable(file):
        raise typer.BadParameter(f"`{text}` is a folder, or may not be read")
    return file


def is_readable(file: Path) -> bool:
    """Without opening it: it may be a pipe, which can be read once."""
    return not file.is_dir() and os.access(file, os.R_OK)


NAMES = ", ".join(shipped_models())
MODEL_HELP = f"A model's YAML file, or the name of one that ships: {NAMES}."

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", parser=model_file, help=MODEL_HELP)]
ModelOption = Annotated[Path, typer.Option("--model", metavar="MODEL", parser=model_file, help=MODEL_HELP)]


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
