"""However a program writes yes and no, every field that asks understands it."""

import pytest

from leadscore.domain.event import Trust
from leadscore.ingest import mautic
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.columns import Column, Meaning, columns_of
from leadscore.ingest.facts.consent import consent_answers
from leadscore.ingest.opt_out import opt_out_value
from leadscore.ingest.rejection import Rejected
from tests.leads import NOON

YES = ["1", "on", "t", "true", "TRUE", "y", "Yes"]
NO = ["0", "f", "false", "False", "n", "NO", "off"]
SAID = [*((word, True) for word in YES), *((word, False) for word in NO)]


def consented(word: str) -> list[bool]:
    return consent_answers({"consent": {"categoryPreferences": {"analytics": word}}}, {"analytics"})


def cell(word: str) -> object:
    columns = columns_of(["email", "Customer"], {"Customer": Column(Meaning.TRAIT, "is_customer", "boolean")}, event="")
    arrival = Arrival("import", Trust.SERVER, NOON, new_id=lambda: "never used")
    return columns.read(["ada@x.example", word], arrival).traits["is_customer"]


@pytest.mark.parametrize(("word", "is_yes"), SAID)
def test_a_consent_an_opt_out_and_a_column_are_understood(word: str, is_yes: bool) -> None:
    assert consented(word) == [is_yes]
    assert opt_out_value(word) is is_yes
    assert cell(word) is is_yes


@pytest.mark.parametrize(("word", "is_yes"), SAID)
def test_a_browser_that_asks_not_to_be_followed_is_understood(word: str, is_yes: bool) -> None:
    assert mautic.opts_out({"do_not_track": word}) is is_yes


@pytest.mark.parametrize("word", ["", "2", "maybe", "yess", "nope"])
def test_any_other_word_is_neither(word: str) -> None:
    assert consented(word) == []
    assert opt_out_value(word) == word


def test_a_column_of_yes_and_no_takes_no_other_word() -> None:
    with pytest.raises(Rejected, match="`Customer` is neither true nor false"):
        cell("maybe")
