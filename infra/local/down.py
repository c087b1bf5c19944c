"""`make down`: stop what `make up` started, and nothing else."""

import shutil

from infra.local.ministack import MiniStack
from infra.local.up import DIRECTORY, RUNNING


def main() -> None:
    ministack = MiniStack.load(RUNNING)
    if ministack is None:
        print("Nothing is up.")
    else:
        ministack.stop()
        print("Stopped.")
    shutil.rmtree(DIRECTORY, ignore_errors=True)


if __name__ == "__main__":
    main()
