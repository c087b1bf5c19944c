"""Starts and stops MiniStack, the emulator of AWS, on loopback."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".ministack" / "bin" / "ministack"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10

#: Ends the whole process group when whoever started it is gone, however it went: its end of the pipe closes.
ATTACHED = '"$0" & read -r _; kill -TERM 0; sleep 3; kill -KILL 0'


class MiniStackError(Exception):
    """The emulator did not start."""


@dataclass(frozen=True)
class MiniStack:
    """A running emulator. `pid` is also the id of its process group, in which it starts the functions."""

    pid: int
    endpoint_url: str

    @property
    def is_running(self) -> bool:
        """Whether the process is still there, and still the emulator: ids are used again."""
        shown = subprocess.run(
            ["ps", "-o", "command=", "-p", str(self.pid)], capture_output=True, text=True, check=False
        )
        return "ministack" in shown.stdout

    def environment(self) -> dict[str, str]:
        """What AWS tools need to talk to it, whatever profile the user has."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        return (
            ours
            | CREDENTIALS
            | {
                "AWS_ENDPOINT_URL": self.endpoint_url,
                "AWS_ENDPOINT_URL_S3": self.endpoint_url,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        )

    def stop(self) -> None:
        """End it and the functions it runs."""
        for ending in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, ending)
            except ProcessLookupError:
                return
            self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while time.monotonic() < deadline:
            _reap(self.pid)
            try:
                os.killpg(self.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "MiniStack | None":
        """The emulator that was saved, if it still runs."""
        if not path.exists():
            return None
        saved = cls(**json.loads(path.read_text()))
        return saved if saved.is_running else None


@contextmanager
def running_ministack(directory: Path, *, auth: bool = False) -> Iterator[MiniStack]:
    """MiniStack for as long as the block lasts. `auth` makes it evaluate IAM policies, as AWS does."""
    ministack = start(directory, auth=auth, attached=True)
    try:
        yield ministack
    finally:
        ministack.stop()


def start(directory: Path, *, auth: bool, attached: bool) -> MiniStack:
    """Start on a free port, with its log and all it unpacks in `directory`. Attached, it ends with this process."""
    temporary = directory / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    port = _free_port()
    command = ["sh", "-c", ATTACHED, str(PROGRAM)] if attached else [str(PROGRAM)]
    log = directory / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=_environment(port, auth, temporary),
            stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    ministack = MiniStack(pid=process.pid, endpoint_url=f"http://127.0.0.1:{port}")
    try:
        _wait_until_healthy(process, ministack, log)
    except BaseException:
        ministack.stop()
        raise
    return ministack


def _environment(port: int, auth: bool, temporary: Path) -> dict[str, str]:
    # Its own, not ours: the functions inherit it.
    return CREDENTIALS | {
        "PATH": os.environ["PATH"],
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "AUTH": "true" if auth else "false",
        "LOG_LEVEL": "INFO",
    }


def _wait_until_healthy(process: subprocess.Popen[bytes], ministack: MiniStack, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise MiniStackError(f"MiniStack ended at once; see {log}\n{log.read_text()[-2000:]}")
        try:
            with urlopen(f"{ministack.endpoint_url}/_ministack/health", timeout=2) as answer:  # noqa: S310 - loopback
                if answer.status == 200:
                    return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise MiniStackError(f"MiniStack did not answer within {START_SECONDS_MAX} s; see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _reap(pid: int) -> None:
    """A child that has ended stays in its group until its parent takes note of it."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
