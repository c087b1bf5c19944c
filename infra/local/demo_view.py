"""How the demo looks: a table of leads, best first, with the reasons; what each queue was told; the verdict."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.local.checks import Check
from infra.local.play import Document, Outcome

STAGE_STYLES = {"sql": "bold green", "mql": "cyan", "warm": "yellow"}


def leads_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1, 1, 0), show_edge=False)
    table.add_column("Lead", ratio=9)
    table.add_column("Stage")
    table.add_column("Score", justify="right")
    table.add_column("Why", ratio=11)
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.lead["total"]):
        lead = outcome.lead
        who = Group(
            Text(outcome.story.name, style="bold"),
            Text(outcome.story.tells),
            Text(f"fit {lead['scores']['fit']}, engagement {lead['scores']['engagement']}", style="dim"),
        )
        table.add_row(who, stage(lead["stage"]), Text(str(lead["total"]), style="bold"), explanation(lead))
    return table


def explanation(lead: Document) -> RenderableType:
    lines = Table.grid(padding=(0, 1, 0, 0))
    lines.add_column(justify="right", min_width=4)
    lines.add_column()
    for line in lead["explanation"]:
        times = f" ×{line['times']}" if line["times"] > 1 else ""
        lines.add_row(points(line["points"]), line["rule"] + times)
    return lines


def messages_table(queue: str, outcomes: Sequence[Outcome]) -> Table:
    told = [(outcome.story.name, message) for outcome in outcomes for message in outcome.messages[queue]]
    told.sort(key=lambda each: (each[1]["data"]["as_of"], each[1]["data"]["sequence"]))
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column(f"What {queue} was told", ratio=9)
    table.add_column("", justify="right")
    table.add_column("Score", justify="right")
    table.add_column("Cause", ratio=11)
    for name, message in told:
        table.add_row(*message_row(name, message["data"]))
    return table


def message_row(name: str, data: dict[str, Any]) -> tuple[RenderableType, ...]:
    first = data["reasons"][0]
    return (
        Text.assemble((name, "bold"), "  ", data["from"] or "nothing", " → ", stage(data["to"])),
        Text("▲" if data["direction"] == "up" else "▼", style="green" if data["direction"] == "up" else "red"),
        str(data["scores"]["total"]),
        Text.assemble(points(first["points"]), " ", first["rule"]),
    )


def stage(name: str) -> Text:
    return Text(name, style=STAGE_STYLES.get(name, "dim"))


def points(number: int) -> Text:
    """Zero is a reason without points: why a lead is where it is."""
    if not number:
        return Text("·", style="dim")
    return Text(f"{number:+d}", style="green" if number > 0 else "red")


def verdict(checks: Sequence[Check]) -> Iterator[Text]:
    for check in checks:
        yield Text.assemble(("✗ ", "red") if check.problems else ("✓ ", "green"), check.what)
        yield from (Text(f"    {problem}", style="red") for problem in check.problems)
