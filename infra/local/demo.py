"""`make demo`: the real stack on this machine, real traffic by a dozen leads, and what came of each."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from rich.console import Console
from rich.status import Status

from infra.local.checks import checks
from infra.local.demo_view import leads_table, messages_table, verdict
from infra.local.deploy import DeploymentError
from infra.local.ministack import MiniStackError
from infra.local.play import Played, PlayError, play
from infra.local.stack import local_stack
from infra.local.stories import STORIES

INTERRUPTED = 130
STEP_WIDTH = 60


class Steps:
    """Shows what is being done, and what was, with its time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._step = ""
        self._began = 0.0

    def begin(self, step: str) -> None:
        self.end()
        self._step, self._began = step, time.monotonic()
        self._status = self._console.status(step)
        self._status.start()

    def end(self) -> None:
        self._stop()
        if self._step:
            seconds = time.monotonic() - self._began
            self._console.print(f"[green]✓[/] {self._step:{STEP_WIDTH}} [dim]{seconds:4.1f} s[/]")
        self._step = ""

    def break_off(self) -> None:
        self._stop()
        if self._step:
            self._console.print(f"[red]✗[/] {self._step}")
        self._step = ""

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


@contextmanager
def shown(console: Console) -> Iterator[Steps]:
    steps = Steps(console)
    try:
        yield steps
    except BaseException:
        steps.break_off()
        raise
    steps.end()


def main() -> int:
    """The exit status: 0 when all is as expected. However it ends, nothing is left running."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    console = Console(highlight=False)
    try:
        return run(console)
    except (MiniStackError, DeploymentError, PlayError, httpx.HTTPError) as error:
        console.print(f"\n{error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted. Nothing is left running.")
        return INTERRUPTED


def run(console: Console) -> int:
    began = time.monotonic()
    console.print("[bold]Lead Score[/]: the stack that runs on AWS, on this machine\n")
    with shown(console) as steps, local_stack(auth=True, report=steps.begin) as stack:
        played = play(stack, STORIES, report=steps.begin)
        steps.begin("taking everything down")
    show(console, played)
    return finish(console, played, seconds=time.monotonic() - began)


def show(console: Console, played: Played) -> None:
    console.print()
    console.print(leads_table(played.outcomes))
    console.print()
    console.print(messages_table(played.outcomes))


def finish(console: Console, played: Played, *, seconds: float) -> int:
    made = checks(played)
    console.print()
    for line in verdict(made):
        console.print(line)
    problems = sum(len(check.problems) for check in made)
    if problems:
        what = "1 thing is" if problems == 1 else f"{problems} things are"
        console.print(f"\n[red]{what} not as it should be.[/] Nothing is left running.")
        return 1
    console.print(f"\nAll as expected, in {seconds:.0f} s. Nothing is left running.")
    console.print("[dim]`make up` leaves the same stack running, for a form or a site of yours.[/]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
