"""The published cases of tests/golden once more: the same files, sent over HTTP to the deployed stack."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.outside import Outside, new_name
from tests.golden.cases import Case, Expected, Lead, Request, cases

#: A fresh deployment has the shipped model in force, so these are the cases that are about it.
CASES = [case for case in cases() if case.model is None]


def test_at_least_five_cases_are_about_the_shipped_model() -> None:
    assert len({case.id for case in CASES} & {f"G{number}" for number in range(1, 14)}) >= 5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_published_case_comes_out_as_published_over_http(case: Case, outside: Outside) -> None:
    """The leads of a case take their steps beside each other."""
    plays = {lead.name: _Play(lead, outside) for lead in case.leads}
    while plays:
        ended = [name for name, play in plays.items() if not play.send_next_step()]
        outside.settle()
        for name in ended:
            del plays[name]
        got = {name: play.scored() for name, play in plays.items()}
        assert got == {name: play.expected for name, play in plays.items()}


class _Play:
    def __init__(self, lead: Lead, outside: Outside) -> None:
        self._user_id = f"golden-{new_name()}"
        self._steps = lead.requests(user_id=self._user_id, now=time.time_ns() // 1_000_000)
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
        lead: Mapping[str, Any] = self._outside.lead(user_id=self._user_id)
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
