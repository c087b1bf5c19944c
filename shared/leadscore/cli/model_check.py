"""`leadscore model check` and `model schema`: what is wrong with a scoring model, what it costs, what may be in it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from leadscore.adapters.state_bound import (
    DOLLARS_PER_MILLION_WRITE_UNITS,
    ITEM_BYTES_MAX,
    Bound,
    state_bytes_max,
    write_units,
)
from leadscore.cli.clock import now
from leadscore.cli.history_files import Believed, StrictOption, TrustOption, file_or_stdin, read_events
from leadscore.cli.model_files import ModelArgument, read_model_file
from leadscore.cli.printing import add_row, say, show
from leadscore.contracts.model_review_events import doubts_of_events
from leadscore.contracts.model_review_traits import doubts_of_traits
from leadscore.contracts.model_schema import EFFECTS
from leadscore.contracts.model_schema_json import json_schema
from leadscore.domain.model import event_document
from leadscore.use_cases.people import people_in

#: How many of the weightiest rules, each way, a summary shows: it fits one screen.
RULES_SHOWN = 5

#: Sections by what one entry, and several, of them are called. Effects are counted together.
_ENTRIES = (
    ("stages", "stage", "stages"),
    ("scores", "score of its own", "scores of their own"),
    ("fit", "fit rule", "fit rules"),
    ("engagement", "engagement rule", "engagement rules"),
    ("inactivity", "inactivity rule", "inactivity rules"),
)

EventsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--events",
        parser=file_or_stdin,
        metavar="FILE",
        help="Real events, as `score` takes them: say which names, traits and rules never occur in them.",
    ),
]


def check(
    file: ModelArgument,
    events: EventsOption = None,
    trust: TrustOption = Believed.SERVER,
    strict: StrictOption = False,
) -> None:
    """Say what is wrong with a model's file, line by line, or sum it up with what its leads' states cost."""
    model = read_model_file(file)
    bound = state_bytes_max(model.document)
    warnings = [f"{file}:{warning}" for warning in model.warnings]
    if events:
        seen = read_events(events, as_of=now(), trust=trust, strict=strict)
        leads = [person.traits for person in people_in(seen)]
        doubts = [
            *doubts_of_events(model.document, map(event_document, seen)),
            *doubts_of_traits(model.document, leads),
        ]
        warnings += [f"{file}:{doubt}" for doubt in model.problems(doubts)]
    if not bound.is_storable:
        kb = ITEM_BYTES_MAX // 1_024
        warnings.append(f"{file}: a state holds {kb} KB at most: let points decay by half-lives, or in less time")
    console = Console()
    _summarise(model.document, console)
    for line in _cost(bound):
        say(line, console)
    for warning in warnings:
        say(f"warning: {warning}", console)


def schema() -> None:
    """Print the JSON Schema of a model's file, with which editors complete and check it."""
    typer.echo(schema_text(), nl=False)


def schema_text() -> str:
    """As it is shipped beside the models."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


# -- the summary ---------------------------------------------------------------------------------------------------


def _summarise(document: Mapping[str, Any], console: Console) -> None:
    say(f"Model {document['model']} is valid: {', '.join(_counts(document))}.", console)
    show("stages", _stages(document), console)
    show("weightiest rules", _weightiest(document), console)


def _counts(document: Mapping[str, Any]) -> Iterator[str]:
    counts = [(len(document.get(section, ())), one, several) for section, one, several in _ENTRIES]
    counts.append((sum(len(document.get(section, ())) for section in EFFECTS), "effect", "effects"))
    for count, one, several in counts:
        if count:
            yield f"{count} {one if count == 1 else several}"


def _stages(document: Mapping[str, Any]) -> Table:
    table = Table("stage", "from", "until below", "told")
    own = [(score["score"], stage) for score in document.get("scores", ()) for stage in score.get("stages", ())]
    for ladder, stage in [("", stage) for stage in document["stages"]] + own:
        name = f"{ladder}/{stage['stage']}" if ladder else stage["stage"]
        asked = [*_thresholds(stage.get("at", {})), *_further(stage)]
        held = _thresholds(stage.get("drop_below", {}))
        add_row(table, name, " and ".join(asked) or "the start", " or ".join(held), stage.get("route", "nobody"))
    return table


def _thresholds(at: Mapping[str, int]) -> list[str]:
    return [f"{score} {points}" for score, points in at.items()]


def _further(stage: Mapping[str, Any]) -> Iterator[str]:
    if "grade" in stage:
        yield f"grade {stage['grade']}"
    if "signals" in stage:
        yield f"{stage['signals']} signals"


def _weightiest(document: Mapping[str, Any]) -> Table:
    table = Table()
    table.add_column("points", justify="right")
    table.add_column("rule", overflow="fold")
    rules = sorted(_rules(document), reverse=True)
    giving = [rule for rule in rules if rule[0] > 0][:RULES_SHOWN]
    taking = [rule for rule in rules if rule[0] < 0][-RULES_SHOWN:]
    for points, name in [*giving, *taking]:
        add_row(table, f"{points:+}", name)
    return table


def _rules(document: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for section in ("fit", "engagement"):
        for rule in document.get(section, ()):
            yield rule["points"], rule["rule"]


def _cost(bound: Bound) -> Iterator[str]:
    """What the state of a lead takes. Every event writes it, so its size is most of what an event costs."""
    parts = sorted(((size, name) for name, size in bound.most.items() if size), reverse=True)
    usual, most = write_units(bound.bytes_usual), write_units(bound.bytes_max)
    units = f"{usual} write unit{'s' if usual > 1 else ''}" + (f", {most} at most" if most > usual else "")
    yield f"\nThe state of a lead: usually {_kb(bound.bytes_usual)}, at most {_kb(bound.bytes_max)}."
    yield f"Every event writes it: {units}."
    yield f"Every KB above the first is a unit more: ${DOLLARS_PER_MILLION_WRITE_UNITS:.3f} for a million events."
    yield f"At most, in bytes: {' + '.join(f'{name} {size:,}' for size, name in parts)}."


def _kb(size: int) -> str:
    return f"{size / 1024:.1f} KB"
