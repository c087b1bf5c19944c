"""`leadscore simulate`: models tried on a history, beside each other and beside what became of the leads."""

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from leadscore.cli.clock import now
from leadscore.cli.ending import end
from leadscore.cli.history_files import (
    AsOfOption,
    Believed,
    EventsOption,
    StrictOption,
    TrustOption,
    read_people,
    report_bad_lines,
)
from leadscore.cli.model_files import MODEL_HELP, model_file, read_model_file
from leadscore.cli.simulation_document import simulation_document
from leadscore.cli.simulation_tables import print_simulation
from leadscore.domain.compiler import compile_model
from leadscore.domain.model import Model
from leadscore.use_cases.outcomes import Outcome, outcome_in_trait, outcome_of, read_outcomes
from leadscore.use_cases.people import Person
from leadscore.use_cases.simulation import simulate as simulation_of

ModelsOption = Annotated[
    list[Path], typer.Option("--model", metavar="MODEL", parser=model_file, help=f"{MODEL_HELP} Once or twice.")
]
OutcomesOption = Annotated[
    Path | None,
    typer.Option(
        "--outcomes",
        exists=True,
        dir_okay=False,
        readable=True,
        help="What became of leads: `lead`, `converted` (1, 0, won, lost), perhaps `at`; CSV or JSON per line.",
    ),
]
OutcomeTraitOption = Annotated[
    str, typer.Option("--outcome-trait", metavar="TRAIT", help="Or the trait that says whether a lead converted.")
]


class Format(StrEnum):
    """How a simulation is printed."""

    TABLE = "table"
    JSON = "json"


def simulate(
    model: ModelsOption,
    events: EventsOption,
    as_of: AsOfOption = None,
    outcomes: OutcomesOption = None,
    outcome_trait: OutcomeTraitOption = "",
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="With outcomes: what each threshold of the total would do.")
    ] = False,
    format: Annotated[Format, typer.Option("--format")] = Format.TABLE,  # noqa: A002
    trust: TrustOption = Believed.SERVER,
    strict: StrictOption = False,
) -> None:
    """Try one model on a history, or two: who reaches which stage, because of what, and who moves."""
    if len(model) > 2:
        raise typer.BadParameter("two models at most are compared")
    if outcomes and outcome_trait:
        raise typer.BadParameter("outcomes come from a file or from a trait: give one of them")
    if calibrate and not (outcomes or outcome_trait):
        raise typer.BadParameter("--calibrate needs --outcomes or --outcome-trait")
    at = now() if as_of is None else as_of
    models = [compile_model(read_model_file(file).document) for file in model]
    people = read_people(events, as_of=at, trust=trust, strict=strict)
    known = _known(people, outcomes, outcome_trait, strict=strict)
    simulation = simulation_of(people, models, as_of=at, known=known)
    labels = _labels(model, models)
    if format is Format.JSON:
        typer.echo(json.dumps(simulation_document(simulation, labels), ensure_ascii=False, indent=2))
    else:
        print_simulation(simulation, labels, Console(), calibrates=calibrate)


def _known(
    people: Sequence[Person], file: Path | None, trait: str, *, strict: bool
) -> list[tuple[Person, Outcome]] | None:
    """The people whose outcome is known, with it; None where nobody asks."""
    if file is not None:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            outcomes, bad_lines = read_outcomes(file.name, lines)
        report_bad_lines(bad_lines)
        if not (outcomes or bad_lines):
            end(f"{file} has no outcomes: write `lead,converted`, and below it a line for each lead")
        if bad_lines and (strict or not outcomes):
            raise typer.Exit(1)
        found = ((person, outcome_of(person, outcomes)) for person in people)
    elif trait:
        found = ((person, outcome_in_trait(person, trait)) for person in people)
    else:
        return None
    known = [(person, outcome) for person, outcome in found if outcome is not None]
    if file is not None and not known:
        end(f"{file} names no lead of the events: `lead` is a user id, e-mail address or anonymous id that they have")
    typer.echo(f"the outcome of {len(known):,} of them is known", err=True)
    return known


def _labels(files: Sequence[Path], models: Sequence[Model]) -> list[str]:
    """The models' names, or the files' where two models have one name."""
    names = [model.name for model in models]
    return names if len(set(names)) == len(names) else [str(file) for file in files]
