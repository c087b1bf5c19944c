"""Starts and stops MiniStack, the emulator of AWS, on loopback."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3

from infra.local import processes

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".ministack" / "bin" / "ministack"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_SECONDS_MAX = 60

#: Ends the whole process group when the emulator ends, or when whoever started it is gone, however it went: its end of
#: the pipe closes.
ATTACHED = '{ "$0"; kill -TERM 0; } & read -r _; kill -TERM 0; sleep 3; kill -KILL 0'


class MiniStackError(Exception):
    """The emulator did not start."""


@dataclass(frozen=True)
class MiniStack:
    """A running emulator. `pid` is also the id of its process group, in which it starts the functions."""

    pid: int
    endpoint_url: str

    @property
    def is_running(self) -> bool:
        """Whether it is still there, and still the emulator: ids are used again."""
        return any(str(PROGRAM) in command for command in processes.group(self.pid))

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
        processes.stop(self.pid)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "MiniStack | None":
        """The emulator that was saved, if it still runs."""
        if not path.exists():
            return None
        saved = cls(**json.loads(path.read_text()))
        return saved if saved.is_running else None


def client(service: Any, endpoint_url: str) -> Any:
    """A boto3 client for the emulator."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@contextmanager
def running_ministack(directory: Path, *, auth: bool = False) -> Iterator[MiniStack]:
    """MiniStack for as long as the block lasts, and no longer than this process however that ends.

    Its log and all that it unpacks go to `directory`. `auth` makes it evaluate IAM policies, as AWS does.
    """
    # Leaving the block closes our end of its standard input.
    with _spawn(["sh", "-c", ATTACHED, str(PROGRAM)], directory, auth=auth) as (process, ministack):
        try:
            _wait_until_healthy(process, ministack, directory)
            yield ministack
        finally:
            ministack.stop()


def start(directory: Path) -> MiniStack:
    """MiniStack until somebody stops it."""
    with _spawn([str(PROGRAM)], directory, auth=False) as (process, ministack):
        try:
            _wait_until_healthy(process, ministack, directory)
        except BaseException:
            ministack.stop()
            raise
        process.returncode = 0  # Not to be waited for.
    return ministack


@contextmanager
def _spawn(command: list[str], directory: Path, *, auth: bool) -> Iterator[tuple[subprocess.Popen[bytes], MiniStack]]:
    # What goes to this machine itself goes through no proxy, whatever the user's settings are.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    temporary = directory / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    port = _free_port()
    with (
        _log(directory).open("wb") as output,
        subprocess.Popen(
            command,
            cwd=directory,
            env=_environment(port, auth, directory),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        yield process, MiniStack(pid=process.pid, endpoint_url=f"http://127.0.0.1:{port}")


def _environment(port: int, auth: bool, directory: Path) -> dict[str, str]:
    # Its own, not ours: the functions inherit it.
    return CREDENTIALS | {
        "PATH": os.environ["PATH"],
        "HOME": str(directory / "tmp"),
        "TMPDIR": str(directory / "tmp"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "AUTH": "true" if auth else "false",
        # It reports this as its own: so another emulator that took the port is not mistaken for ours.
        "MINISTACK_EDITION": str(directory),
    }


def _wait_until_healthy(process: subprocess.Popen[bytes], ministack: MiniStack, directory: Path) -> None:
    log = _log(directory)
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise MiniStackError(f"MiniStack ended at once; see {log}\n{log.read_text()[-2000:]}")
        try:
            with urlopen(f"{ministack.endpoint_url}/_ministack/health", timeout=2) as answer:  # noqa: S310 - loopback
                if json.load(answer)["edition"] == str(directory):
                    return
        except OSError:
            time.sleep(0.05)
    raise MiniStackError(f"MiniStack did not answer within {START_SECONDS_MAX} s; see {log}")


def _log(directory: Path) -> Path:
    return directory / "ministack.log"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
