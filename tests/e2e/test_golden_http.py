"""The published cases of tests/golden once more: the same files, sent over HTTP to the deployed stack."""

import pytest

from tests.e2e.golden_play import GoldenPlay
from tests.e2e.outside import Outside
from tests.golden.cases import Case, cases

#: A fresh deployment has the shipped model in force, so these are the cases that are about it.
CASES = [case for case in cases() if case.model is None]


def test_at_least_five_cases_are_about_the_shipped_model() -> None:
    assert len({case.id for case in CASES} & {f"G{number}" for number in range(1, 14)}) >= 5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_published_case_comes_out_as_published_over_http(case: Case, outside: Outside) -> None:
    """The leads of a case take their steps beside each other."""
    plays = {lead.name: GoldenPlay(lead, outside) for lead in case.leads}
    while plays:
        ended = [name for name, play in plays.items() if not play.send_next_step()]
        outside.settle()
        for name in ended:
            del plays[name]
        got = {name: play.scored() for name, play in plays.items()}
        assert got == {name: play.expected for name, play in plays.items()}
