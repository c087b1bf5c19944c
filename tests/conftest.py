"""Sockets are shut for every test, by pyproject.toml; those that talk to the emulator may open one, on loopback."""

from pathlib import Path

import pytest

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
END_TO_END = Path(__file__).parent / "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(END_TO_END):
            item.add_marker(pytest.mark.e2e)
            # The first one waits for the deployment.
            item.add_marker(pytest.mark.timeout(300))
        if item.get_closest_marker("e2e") or item.get_closest_marker("ministack"):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
