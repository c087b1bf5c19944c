"""`leadscore model check` and `model schema`: what is wrong with a scoring model, what it costs, what may be in it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadscore.adapters.state_bound import (
    DOLLARS_PER_MILLION_WRITE_UNITS,
    ITEM_BYTES_MAX,
    Bound,
    state_bytes_max,
    write_units,
)
from leadscore.cli.model_files import ModelArgument, read_model_file
from leadscore.contracts.model_review_events import doubts_of_events
from leadscore.contracts.model_schema_json import json_schema
from leadscore.domain.event import Trust
from leadscore.domain.model import event_document
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import EVENT_NAMES, read_call

#: How many of the weightiest rules, each way, a summary shows: it fits one screen.
RULES_SHOWN = 5

EventsOption = Annotated[
    Path | None,
    typer.Option(
        "--events",
        exists=True,
        dir_okay=False,
        readable=True,
        help="Real events in Segment's format, one JSON object per line: say which names and rules never occur.",
    ),
]


def register(commands: typer.Typer) -> None:
    commands.command()(check)
    commands.command()(schema)


def check(file: ModelArgument, events: EventsOption = None) -> None:
    """Say what is wrong with a model's file, line by line, or sum it up with what its leads' states cost."""
    model = read_model_file(file)
    console = Console()
    _summarise(model.document, console)
    bound = state_bytes_max(model.document)
    for line in _cost(bound):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    warnings = list(model.warnings)
    if events is not None:
        warnings += model.problems(doubts_of_events(model.document, _read_events(events)))
    for warning in warnings:
        console.print(f"warning: {file}:{warning}", markup=False, highlight=False, soft_wrap=True)
    if not bound.is_storable:
        text = f"a state holds {ITEM_BYTES_MAX // 1024} KB at most: let points decay by half-lives, or in less time"
        console.print(f"warning: {file}: {text}", markup=False, highlight=False, soft_wrap=True)


def schema() -> None:
    """Print the JSON Schema of a model's file, with which editors complete and check it."""
    typer.echo(schema_text(), nl=False)


def schema_text() -> str:
    """As it is shipped beside the models."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


# -- events --------------------------------------------------------------------------------------------------------


def _read_events(file: Path) -> Iterator[dict[str, Any]]:
    """What conditions see of each call in the file. A line that is none ends the command with status 1."""
    arrival = Arrival(source="file", trust=Trust.SERVER, received_at=0, new_id=lambda: "")
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                call = json.loads(line)
                event = read_call(call, _call_type(call), arrival)
            except (ValueError, Rejected) as error:
                typer.echo(f"{file}:{number}: this is no call in Segment's format: {error}", err=True)
                raise typer.Exit(1) from None
            if event is not None:
                yield event_document(event)


def _call_type(call: Any) -> str:
    call_type = call.get("type") if isinstance(call, dict) else None
    if call_type not in EVENT_NAMES:
        raise ValueError(f"`type` must be one of {', '.join(EVENT_NAMES)}")
    return str(call_type)


# -- the summary ---------------------------------------------------------------------------------------------------


def _summarise(document: Mapping[str, Any], console: Console) -> None:
    counts = ", ".join(f"{len(rules)} {section}" for section, rules in document.items() if isinstance(rules, list))
    console.print(f"Model {document['model']} is valid: {counts}.", markup=False, highlight=False, soft_wrap=True)
    console.print(_stages(document), _weightiest(document))


def _stages(document: Mapping[str, Any]) -> Table:
    table = Table("stage", "from", "until below", "told", title="Stages", title_justify="left")
    own = [(score["score"], stage) for score in document.get("scores", ()) for stage in score.get("stages", ())]
    for ladder, stage in [("", stage) for stage in document["stages"]] + own:
        name = f"{ladder}/{stage['stage']}" if ladder else stage["stage"]
        asked = [*_thresholds(stage.get("at", {})), *_further(stage)]
        held = _thresholds(stage.get("drop_below", {}))
        table.add_row(name, " and ".join(asked) or "the start", " or ".join(held), stage.get("route", "nobody"))
    return table


def _thresholds(at: Mapping[str, int]) -> list[str]:
    return [f"{score} {points}" for score, points in at.items()]


def _further(stage: Mapping[str, Any]) -> Iterator[str]:
    if "grade" in stage:
        yield f"grade {stage['grade']}"
    if "signals" in stage:
        yield f"{stage['signals']} signals"


def _weightiest(document: Mapping[str, Any]) -> Table:
    table = Table("points", "rule", title="Weightiest rules", title_justify="left")
    rules = sorted(_rules(document), reverse=True)
    giving = [rule for rule in rules if rule[0] > 0][:RULES_SHOWN]
    taking = [rule for rule in rules if rule[0] < 0][-RULES_SHOWN:]
    for points, name in [*giving, *taking]:
        table.add_row(f"{points:+}", Text(name))
    return table


def _rules(document: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for section in ("fit", "engagement"):
        for rule in document.get(section, ()):
            yield rule["points"], rule["rule"]


def _cost(bound: Bound) -> Iterator[str]:
    """What the state of a lead takes. Every event writes it, so its size is most of what an event costs."""
    parts = sorted(((size, name) for name, size in bound.most.items() if size), reverse=True)
    shown = ", ".join(f"{name} {size:,}" for size, name in parts)
    yield f"State of a lead: usually {_kb(bound.bytes_usual)}, {_kb(bound.bytes_max)} at most (bytes: {shown})."
    usual, most = write_units(bound.bytes_usual), write_units(bound.bytes_max)
    units = f"{usual} write unit{'s' if usual > 1 else ''}" + (f", {most} at most" if most > usual else "")
    price = f"${DOLLARS_PER_MILLION_WRITE_UNITS:.3f} for a million events"
    yield f"Each event writes it: {units}. Every KB above the first is one unit more: {price}."


def _kb(size: int) -> str:
    return f"{size / 1024:.1f} KB"
