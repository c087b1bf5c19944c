"""The front in a process of its own, for `make up`, which ends while its stack goes on."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local import processes
from infra.local.ministack import ROOT, MiniStack
from infra.local.stack import api_url

MODULE = "infra.local.front"


class FrontError(Exception):
    """The front did not start."""


@dataclass(frozen=True)
class FrontProcess:
    """A running front. `pid` is also the id of its process group; `serves` says in front of what it stands."""

    pid: int
    url: str
    serves: list[str]

    @property
    def is_running(self) -> bool:
        """Whether it is still there, and still the front: ids are used again."""
        return any(MODULE in command for command in processes.group(self.pid))

    def stop(self) -> None:
        processes.stop(self.pid)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "FrontProcess | None":
        """The front that was saved, if it still runs."""
        if not path.exists():
            return None
        saved = cls(**json.loads(path.read_text()))
        return saved if saved.is_running else None


def ensure(ministack: MiniStack, outputs: Mapping[str, str], saved: Path) -> FrontProcess:
    """The front of this stack: the one that runs, if it stands in front of the same API, or else a new one, saved."""
    serves = [api_url(ministack, outputs["CollectUrl"]), ministack.endpoint_url, outputs["CollectFunctionName"]]
    running = FrontProcess.load(saved)
    if running is not None and running.serves == serves:
        return running
    if running is not None:
        running.stop()
    started = start(serves, saved.with_suffix(".log"))
    started.save(saved)
    return started


def start(serves: list[str], log: Path) -> FrontProcess:
    """A front until somebody stops it."""
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-m", MODULE, *serves],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        url = next(process.stdout or iter(()), "").strip()
        if not url:
            processes.stop(process.pid)
            raise FrontError(f"the front ended at once; see {log}\n{log.read_text()[-2000:]}")
        process.returncode = 0  # Not to be waited for.
    return FrontProcess(process.pid, url, serves)
