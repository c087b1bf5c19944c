"""Which processes of a group still run, and how to end them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
STOP_SECONDS_MAX = 10


def group(leader: int) -> list[str]:
    """The command lines of a process group, without those that have ended and only wait for a parent to take note."""
    found = _from_proc() if (PROC / "self").exists() else _from_ps()
    return [command for number, state, command in found if number == leader and not state.startswith("Z")]


def stop(leader: int) -> None:
    """End a process group: it is asked first, and made to if it does not."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(leader, ending)
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while group(leader):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        else:
            return


def _from_proc() -> Iterator[tuple[int, str, str]]:
    # Linux, where a small machine may have no `ps`.
    for process in PROC.glob("[0-9]*"):
        try:
            # The name, in brackets, may hold anything; what comes after it does not.
            state, _parent, number = (process / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # Ended meanwhile.
        yield int(number), state, command


def _from_ps() -> Iterator[tuple[int, str, str]]:
    shown = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pgid=,stat=,command="], capture_output=True, text=True, check=True
    )
    for line in shown.stdout.splitlines():
        number, state, command = line.split(None, 2)
        yield int(number), state, command
