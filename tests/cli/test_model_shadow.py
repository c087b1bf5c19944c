"""The report of `leadscore model shadow`."""

import io

from rich.console import Console

from leadscore.cli.model_shadow import DIFFERENCES_SHOWN, print_report
from leadscore.domain.fold import fold
from leadscore.domain.model import Model
from leadscore.use_cases.shadow import Shadowed
from tests.leads import NOON, event, small_model

DEARER = small_model(model="dearer", engagement=[{"rule": "Page", "event": "Page Viewed", "points": 30}])


def seen(pages: int, other: Model, *names: str) -> Shadowed:
    """A lead with so many page views, and what else it did."""
    events = [event(at=NOON + number) for number in range(pages)] + [event(name, at=NOON + 100) for name in names]
    before, after = (fold(events, model, activation=1, lead="", as_of=NOON)[0] for model in (small_model(), other))
    return Shadowed(f"lead of {pages}", before, after)


def report(*found: Shadowed) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100)
    print_report(iter(found), active=small_model(), shadow=DEARER, console=console)
    return out.getvalue()


def row(text: str, first: str) -> list[str]:
    """The cells of the row that begins like this."""
    (line,) = (line for line in text.splitlines() if line.strip("│ ").startswith(first + " "))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_stages_are_counted_before_and_after() -> None:
    text = report(seen(1, DEARER), seen(1, DEARER), seen(2, DEARER))
    assert row(text, "new") == ["new", "3", "0"]
    assert row(text, "warm") == ["warm", "0", "2"]
    assert row(text, "mql") == ["mql", "0", "1"]
    assert "sql" not in text


def test_who_moves_is_counted_by_direction() -> None:
    text = report(
        seen(1, DEARER), seen(2, DEARER), seen(0, DEARER, "Blog Subscribed"), seen(0, DEARER, "White Paper Read")
    )
    assert "4 leads: 2 move up, 1 move down, 1 stay." in text


def test_the_largest_differences_come_first_and_nobody_without_one() -> None:
    text = report(*(seen(pages, DEARER) for pages in range(15)))
    shown = [line for line in text.splitlines() if "lead of" in line]
    assert len(shown) == DIFFERENCES_SHOWN
    assert "14 (new)" in shown[0]
    assert "420 (sql)" in shown[0]
    assert "+406" in shown[0]
    assert "lead of 0" not in report(seen(0, DEARER, "Nothing"))


def test_no_lead_is_no_difference() -> None:
    assert "0 leads: 0 move up, 0 move down, 0 stay." in report()
