"""How the demo looks: the leads, best first, each with its reasons; what the queues were told; the verdict."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from infra.local.checks import Check
from infra.local.play import Document, Outcome

STAGE_STYLES = {"sql": "bold green", "mql": "cyan", "warm": "yellow"}
POINTS_WIDTH = 4


def leads_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, leading=1, padding=0, show_edge=False)
    table.add_column("Score", justify="right")
    table.add_column("Stage")
    table.add_column("Lead", ratio=1)
    table.add_column(f"{'Why':>{POINTS_WIDTH + 4}}", no_wrap=True)
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.lead["total"]):
        lead, story = outcome.lead, outcome.story
        scores = f"fit {lead['scores']['fit']} + engagement {lead['scores']['engagement']}"
        who = Group(Text(story.name, style="bold"), Text(story.tells), Text(scores, style="dim"))
        table.add_row(Text(str(lead["total"]), style="bold"), stage(lead["stage"]), who, explanation(lead))
    return table


def explanation(lead: Document) -> Text:
    lines = []
    for line in lead["explanation"]:
        times = f" x{line['times']}" if line["times"] > 1 else ""
        lines.append(Text.assemble(points(line["points"]), " ", line["rule"], (times, "dim")))
    return Text("\n").join(lines)


def messages_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("Score", justify="right")
    table.add_column("Message", no_wrap=True)
    table.add_column("About")
    table.add_column("Because of", ratio=1, no_wrap=True)
    for queue in ("sales", "nurture"):
        told = [(outcome.story.name, message["data"]) for outcome in outcomes for message in outcome.messages[queue]]
        table.add_row("", Text(f"in the {queue} queue", style="bold"))
        for name, data in sorted(told, key=lambda each: (each[1]["as_of"], each[1]["sequence"])):
            table.add_row(str(data["scores"]["total"]), change(data), name, reason(data))
        table.add_section()
    return table


def change(data: dict[str, Any]) -> Text:
    arrow = ("▲", "green") if data["direction"] == "up" else ("▼", "red")
    return Text.assemble(arrow, " ", data["from"] or "nothing", " → ", stage(data["to"] or "nothing"))


def reason(data: dict[str, Any]) -> Text:
    """The first one, if any: a new model may move a lead that no rule ever gave anything."""
    return Text("\n").join(Text.assemble(points(each["points"]), " ", each["rule"]) for each in data["reasons"][:1])


def stage(name: str) -> Text:
    return Text(name, style=STAGE_STYLES.get(name, "dim"))


def points(number: int) -> Text:
    """Zero points are a reason, too: why a lead is where it is."""
    if not number:
        return Text(f"{'·':>{POINTS_WIDTH}}", style="dim")
    return Text(f"{number:+{POINTS_WIDTH}d}", style="green" if number > 0 else "red")


def verdict(checks: Sequence[Check]) -> Iterator[Text]:
    for check in checks:
        yield Text.assemble(("✗ ", "red") if check.problems else ("✓ ", "green"), check.what)
        yield from (Text(f"    {problem}", style="red") for problem in check.problems)
