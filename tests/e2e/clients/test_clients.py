"""Clients as companies run them: unmodified, each in a process of its own, against the deployed stack."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from infra.local.http_server import serving
from infra.local.ministack import ROOT
from infra.local.stack import LocalStack, front_of
from tests.e2e.clients.faulty import Fault, FaultyFront
from tests.e2e.outside import Outside, new_name
from tests.patience import PATIENCE_SECONDS

HERE = Path(__file__).parent
PYTHON, NODE = (sys.executable,), ("node",)
#: The program of each client, and its options.
CLIENTS: Mapping[str, tuple[str, ...]] = {
    "segment-analytics-python": (*PYTHON, "segment_python.py"),
    "segment-analytics-python, gzip": (*PYTHON, "segment_python.py", "gzip"),
    "rudder-sdk-python": (*PYTHON, "rudder_python.py"),
    "rudder-sdk-python, uncompressed": (*PYTHON, "rudder_python.py", "plain"),
    "snowplow-tracker": (*PYTHON, "snowplow_python.py"),
    "snowplow-tracker, GET": (*PYTHON, "snowplow_python.py", "get"),
    "@segment/analytics-node": (*NODE, "segment_node.mjs"),
    "@rudderstack/rudder-sdk-node": (*NODE, "rudder_node.mjs"),
}
#: What they send, as rules count it. Snowplow knows no traits.
EVENTS = {"Trial started": 1, "Email link clicked": 1}
TRAITS = {"Decides (C-level, founder, VP)": 1}
#: Whoever asks for a picture gets one.
TOLD_OF_KEYS = [client for client in CLIENTS if not client.endswith("GET")]
AT_ONCE = 4

#: `| client | version | note |` in docs/collect.md.
DOCUMENTED = re.compile(r"^\| (\S+) +\| ([\d.]+) +\|", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """How it went with one process. `statuses` are what its requests were answered, in order."""

    user: str
    code: int
    says: str
    statuses: list[int]


@pytest.fixture(scope="module")
def runs(stack: LocalStack, outside: Outside) -> Mapping[tuple[str, Fault | None], Run]:
    """Every client with every fault, and (None) with a key that nobody has. A few run beside each other.

    The function is warm by then: on a busy machine it may start more slowly than clients are ready to wait, and they
    would ask more often than the fault makes them.
    """
    cases = list(product(CLIENTS, (*Fault, None)))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(lambda _: outside.without_key("GET", "/health").status_code, range(AT_ONCE))) == {200}
        return dict(zip(cases, pool.map(lambda case: run(stack, *case), cases), strict=True))


def run(stack: LocalStack, client: str, fault: Fault | None) -> Run:
    user = new_name()
    key = "nobody_0123456789abcdef0123456789abcdef" if fault is None else stack.server_write_key
    front = FaultyFront(front_of(stack.ministack, stack.outputs), fault or Fault.NONE)
    program, script, *options = CLIENTS[client]
    with serving(front) as url:
        process = subprocess.run(
            [program, str(HERE / script), url, key, user, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=os.environ | {"NO_PROXY": "127.0.0.1"},
            timeout=PATIENCE_SECONDS,
        )
        return Run(user, process.returncode, process.stderr, front.statuses)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
def test_each_event_counts_once_whatever_happens_to_the_first_request(
    runs: Mapping[tuple[str, Fault | None], Run], outside: Outside, client: str, fault: Fault
) -> None:
    ran = runs[client, fault]

    assert ran.code == 0, ran
    assert [status for status in ran.statuses if status != 200] == ([] if fault is Fault.NONE else [503]), ran
    lead = outside.lead(user_id=ran.user)
    sent = EVENTS if client.startswith("snowplow") else EVENTS | TRAITS
    assert {line["rule"]: line["times"] for line in lead["explanation"]} == sent


@pytest.mark.parametrize("client", TOLD_OF_KEYS)
def test_a_refused_key_is_tried_once_for_each_batch_and_the_process_ends(
    runs: Mapping[tuple[str, Fault | None], Run], outside: Outside, client: str
) -> None:
    ran = runs[client, None]

    assert ran.code == 0, ran
    assert ran.statuses == [401] * len(runs[client, Fault.NONE].statuses)
    assert outside.ask("POST", "/leads/lookup", json={"user_id": ran.user}).status_code == 404


def test_the_documentation_names_the_clients_that_run_here_and_their_versions() -> None:
    section = (ROOT / "docs/collect.md").read_text().split("### Clients that are run by the tests")[1].split("\n## ")[0]
    documented = dict(DOCUMENTED.findall(section))
    python = re.findall(r"^([a-z-]+)==([\d.]+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE)
    installed = dict(python) | json.loads((ROOT / "package.json").read_text())["devDependencies"]

    assert documented.keys() == {client.partition(",")[0] for client in CLIENTS}
    assert documented == {client: installed[client] for client in documented}
