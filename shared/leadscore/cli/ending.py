"""How a command ends that cannot do what it was asked for: with a sentence for who reads it, and a status."""

from typing import NoReturn

import typer


def end(sentence: str, *, status: int = 1) -> NoReturn:
    """Status 1 where something is wrong, 2 where the command itself was."""
    typer.echo(sentence, err=True)
    raise typer.Exit(status)
