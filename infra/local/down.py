"""`make down`: stop what `make up` started, and nothing else."""

import shutil

from infra.local.front_process import FrontProcess
from infra.local.ministack import MiniStack
from infra.local.up import DIRECTORY, FRONT, RUNNING


def main() -> None:
    running = [process for process in (FrontProcess.load(FRONT), MiniStack.load(RUNNING)) if process is not None]
    for process in running:
        process.stop()
    print("Stopped." if running else "Nothing is up.")
    shutil.rmtree(DIRECTORY, ignore_errors=True)


if __name__ == "__main__":
    main()
