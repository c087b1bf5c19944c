"""`python -m tests.bench [topic ...]`: what an event costs, how fast that goes and how large things are, by the goals.

Exits with 1 only if a figure that has to be exact misses its bound; those that depend on the machine are shown.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from rich.console import Console
from rich.status import Status

from tests.bench import (
    accounts,
    bundle_content,
    calls,
    collect_cpu,
    decay,
    engines,
    fold_speed,
    full_folds,
    growth,
    handler_cpu,
    imports,
    price,
    rescore,
    state_size,
    units,
)
from tests.bench.figures import Figure, Progress, Section, show
from tests.bench.ministack import dynamodb

#: Wide enough for the notes, whatever a pipe or a log says of its width.
WIDTH_MIN = 120

type Topic = Callable[[Progress], list[Section]]


class Emulator:
    """MiniStack from the first topic on that needs it."""

    def __init__(self, ending: ExitStack) -> None:
        self._ending = ending
        self._client: Any = None

    def on(self, measure: Callable[[Any, Progress], list[Section]]) -> Topic:
        return partial(self._measure, measure)

    def _measure(self, measure: Callable[[Any, Progress], list[Section]], progress: Progress) -> list[Section]:
        if self._client is None:
            progress("starting MiniStack")
            self._client = self._ending.enter_context(dynamodb())
        return measure(self._client, progress)


def topics(emulator: Emulator) -> Mapping[str, Topic]:
    return {
        "units": emulator.on(units.sections),
        "accounts": emulator.on(accounts.sections),
        "calls": emulator.on(calls.sections),
        "decay": emulator.on(decay.sections),
        "state": state_size.sections,
        "bundle": bundle_content.sections,
        "imports": imports.sections,
        "fold": fold_speed.sections,
        "growth": growth.sections,
        "handler": handler_cpu.sections,
        "collect": collect_cpu.sections,
        "full-folds": full_folds.sections,
        "price": emulator.on(price.sections),
        "rescore": emulator.on(rescore.sections),
        "engines": engines.sections,
    }


def run(chosen: Sequence[str], console: Console) -> list[Figure]:
    """Show the topics' figures; gives the exact ones that miss their bound."""
    failures: list[Figure] = []
    with ExitStack() as ending:
        every = topics(Emulator(ending))
        for place, name in enumerate(chosen, 1):
            with console.status(name) as status:
                found = every[name](_progress(f"{place}/{len(chosen)} {name}", status, console))
            for section in found:
                show(section, console)
                failures += section.failures
    return failures


def _progress(where: str, status: Status, console: Console) -> Progress:
    """A line that changes; where nobody watches, one line after the other."""

    def tell(what: str) -> None:
        if console.is_terminal:
            status.update(f"{where}: {what}")
        else:
            console.print(f"{where}: {what}", style="dim")

    return tell


def main(arguments: Sequence[str]) -> int:
    known = list(topics(Emulator(ExitStack())))
    parser = ArgumentParser(prog="python -m tests.bench", description="Print cost, speed and size beside their goals.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=f"one of: {', '.join(known)}; none means all")
    chosen = parser.parse_args(arguments).topics or known
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"no topic is called {', '.join(unknown)}; there are: {', '.join(known)}")
    console = Console()
    if console.width < WIDTH_MIN and not console.is_terminal:
        console = Console(width=WIDTH_MIN)
    began = time.monotonic()
    failures = run(chosen, console)
    console.print()
    for figure in failures:
        console.print(f"[red]MISSED[/] {figure.name}: {figure.value:{figure.style}}, goal {figure.goal}")
    outcome = "some exact figures miss their bound" if failures else "every exact figure keeps its bound"
    console.print(f"{time.monotonic() - began:.0f} s; {outcome}.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
