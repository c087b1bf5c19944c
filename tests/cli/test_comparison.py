"""Two models beside each other: what `simulate` and `model shadow` print."""

import io

from rich.console import Console

from leadscore.cli.comparison import print_comparison
from leadscore.domain.model import Model
from leadscore.use_cases.compare import MOVERS_KEPT, Compared, compare_lead, summarise
from tests.leads import NOON, event, small_model

DEARER = small_model(model="dearer", engagement=[{"rule": "Page", "event": "Page Viewed", "points": 30}])
SHOP = small_model(model="shop", stages=[{"stage": "visitor"}, {"stage": "buyer", "at": 20}])


def seen(pages: int, *names: str, other: Model = DEARER) -> Compared:
    """A lead with so many page views, and what else it did."""
    events = [event(at=NOON + number) for number in range(pages)] + [event(name, at=NOON + 100) for name in names]
    return compare_lead(f"lead of {pages}", events, [small_model(), other], as_of=NOON + 100)


def report(*found: Compared, other: Model = DEARER) -> str:
    out = io.StringIO()
    comparison = summarise(iter(found), [small_model(), other])
    print_comparison(comparison, ["small", other.name], Console(file=out, width=100), as_of=NOON)
    return out.getvalue()


def rows(text: str, *first: str) -> list[list[str]]:
    """The rows that begin with these cells."""
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines() if "│" in line]
    return [row for row in cells if row[: len(first)] == list(first)]


def test_each_stage_is_counted_under_both_models_with_what_pushed_leads_into_it() -> None:
    text = report(seen(1), seen(1), seen(2), seen(1, "Demo Requested"))
    assert rows(text, "warm", "small") == [["warm", "small", "1", "1", "0 h", "1 Demo requested"]]
    assert rows(text, "warm", "dearer") == [["warm", "dearer", "4", "4", "0 h", "4 Page"]]
    assert rows(text, "new")[-1] == ["new", "2", "1", ""]


def test_who_moves_is_counted_by_direction() -> None:
    text = report(seen(1), seen(2), seen(0, "Blog Subscribed"), seen(0, "White Paper Read"))
    assert "2 move up, 1 move down, 1 stay\n" in text


def test_a_stage_that_only_one_model_has_is_neither_above_nor_below() -> None:
    text = report(seen(0, "White Paper Read", other=SHOP), seen(0, "Unsubscribed", other=SHOP), other=SHOP)
    assert "0 move up, 0 move down, 1 stay, 1 go from a stage that only small has\n" in text


def test_the_largest_differences_come_first_and_nobody_who_stays() -> None:
    text = report(*(seen(pages) for pages in range(15)))
    shown = [line for line in text.splitlines() if "lead of" in line]
    assert len(shown) == MOVERS_KEPT
    assert rows(text, "lead of 14") == [["lead of 14", "14 new", "420 sql"]]
    assert "lead of 14" in shown[0]
    assert "who moves" not in report(seen(0, "Nothing"))


def test_no_lead_is_no_difference() -> None:
    text = report()
    assert "0 leads as of" in text
    assert "0 move up, 0 move down, 0 stay\n" in text
