"""The runner on a laptop: it starts on loopback only, and nothing outlives it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from infra.local import processes
from infra.local.ministack import MiniStack, running_ministack, start
from infra.local.stack import api_url
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.ministack

#: Starts an emulator for itself, says which, and waits to be killed.
OWNER = """
import sys, time
from pathlib import Path
from infra.local.ministack import running_ministack
with running_ministack(Path(sys.argv[1])) as ministack:
    print(ministack.pid, flush=True)
    time.sleep(60)
"""


def test_it_answers_while_the_block_lasts_and_leaves_no_process(tmp_path: Path) -> None:
    with running_ministack(tmp_path) as ministack:
        with urlopen(f"{ministack.endpoint_url}/_ministack/health") as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        assert ministack.is_running
        assert urlsplit(ministack.endpoint_url).hostname == "127.0.0.1"

    assert not processes.group(ministack.pid)
    assert not ministack.is_running


def test_it_ends_with_whoever_started_it_even_by_force(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        emulator = int(owner.stdout.readline())
        assert processes.group(emulator)
        owner.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + PATIENCE_SECONDS
    while processes.group(emulator) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not processes.group(emulator)


def test_left_running_it_is_found_again_and_stopped(tmp_path: Path) -> None:
    started = start(tmp_path)
    try:
        started.save(tmp_path / "ministack.json")
        found = MiniStack.load(tmp_path / "ministack.json")
        assert found == started
        found.stop()
        assert not processes.group(started.pid)
        assert MiniStack.load(tmp_path / "ministack.json") is None
    finally:
        started.stop()


def test_a_stranger_with_the_same_process_id_is_left_alone(tmp_path: Path) -> None:
    saved = MiniStack(pid=os.getpid(), endpoint_url="http://127.0.0.1:1")
    saved.save(tmp_path / "ministack.json")

    assert MiniStack.load(tmp_path / "ministack.json") is None


def test_tools_see_the_emulator_and_nothing_of_the_users_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")

    environment = MiniStack(pid=1, endpoint_url="http://127.0.0.1:4566").environment()

    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_CONFIG_FILE"] == os.devnull


def test_an_api_is_reached_by_a_path_because_its_host_resolves_on_aws_only() -> None:
    ministack = MiniStack(pid=1, endpoint_url="http://127.0.0.1:4566")

    url = api_url(ministack, "http://abc123.execute-api.localhost:4566")

    assert url == "http://127.0.0.1:4566/_aws/execute-api/abc123"
