"""Plays the leads of tests/golden over HTTP."""

import time
from collections.abc import Mapping
from typing import Any

from tests.e2e.outside import Outside, new_name
from tests.golden.cases import Expected, Lead, Request


class GoldenPlay:
    """One lead of a case, step by step."""

    def __init__(self, lead: Lead, outside: Outside) -> None:
        self.user_id = f"golden-{new_name()}"
        self._steps = lead.requests(user_id=self.user_id, now=time.time_ns() // 1_000_000)
        self._outside = outside
        self.expected: Expected

    def send_next_step(self) -> bool:
        """Whether there was one left."""
        step = next(self._steps, None)
        if step is None:
            return False
        requests, self.expected = step
        for request in requests:
            self._send(request)
        return True

    def scored(self) -> Expected:
        """What the leads API says, in as much detail as is expected."""
        lead: Mapping[str, Any] = self._outside.lead(user_id=self.user_id)
        assert sum(line["points"] for line in lead["explanation"]) == lead["total"]
        return Expected(
            total=lead["total"],
            stage=lead["stage"],
            lines={line["rule"]: line["points"] for line in lead["explanation"] if line["points"]},
            fit=None if self.expected.fit is None else lead["scores"]["fit"],
            engagement=None if self.expected.engagement is None else lead["scores"]["engagement"],
        )

    def _send(self, request: Request) -> None:
        call = self._outside.by_server if request.source == "server" else self._outside.by_browser
        call(request.path, request.body).raise_for_status()
