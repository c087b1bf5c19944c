"""Sockets are shut for every test, by pyproject.toml; those that talk to the emulator may open one, on loopback.

Files run beside each other, in several processes, if pytest is given `-n` and `--dist loadfile`: a file's tests stay
together and in their order, and each process has a deployment of its own.
"""

from pathlib import Path

import pytest
from hypothesis import settings

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
END_TO_END = Path(__file__).parent / "e2e"

# How long an example takes says something of the machine and of what else it does: speed is measured in tests/bench.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(END_TO_END):
            item.add_marker(pytest.mark.e2e)
            # The first one waits for the deployment.
            item.add_marker(pytest.mark.timeout(300))
        if item.get_closest_marker("e2e") or item.get_closest_marker("ministack"):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
    if hasattr(config, "workerinput"):
        # These take longest and wait more than they compute: whoever is free meanwhile runs the others.
        items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
