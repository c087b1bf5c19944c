"""`make up`: deploy to MiniStack and leave it running. A second time deploys what has changed."""

import json
import sys

from infra.local.deploy import DeploymentError, deploy
from infra.local.front_process import FrontError, ensure
from infra.local.ministack import ROOT, MiniStack, MiniStackError, start
from infra.local.stack import PUBLIC_SOURCE, SERVER_SOURCE, LocalStack

DIRECTORY = ROOT / ".leadscore"
RUNNING = DIRECTORY / "ministack.json"
FRONT = DIRECTORY / "front.json"
SUMMARY = DIRECTORY / "local.json"


def main() -> int:
    DIRECTORY.mkdir(exist_ok=True)
    ministack = MiniStack.load(RUNNING)
    try:
        if ministack is None:
            _say("starting MiniStack")
            ministack = start(DIRECTORY)
            ministack.save(RUNNING)
        outputs = deploy(ministack, DIRECTORY, context={}, report=_say)
        stack = LocalStack(ministack, outputs, ensure(ministack, outputs, FRONT).url)
    except (MiniStackError, DeploymentError, FrontError) as error:
        print(f"{error}\n`make down` stops what was started.", file=sys.stderr)
        return 1
    summary = stack.summary()
    SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    print("\nThe stack is up. Also in .leadscore/local.json; `make down` stops it.\n")
    for name, value in summary.items():
        print(f"  {name:18} {value}")
    if set(stack.sources) != {PUBLIC_SOURCE, SERVER_SOURCE}:
        print("\nAll sources' write keys: .venv/bin/leadscore keys --local")
        print("The URLs of webhooks:    .venv/bin/leadscore webhooks list --local")
    return 0


def _say(progress: str) -> None:
    print(f"… {progress}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
