"""`leadscore explain`: one lead's score line by line, from files or from a deployed stack."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from leadscore.adapters import clients
from leadscore.adapters.dynamodb_histories import DynamoDBHistories
from leadscore.cli.clock import now
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.cli.ending import end
from leadscore.cli.explanation import print_explanation, print_uncounted
from leadscore.cli.history_files import AsOfOption, Believed, StrictOption, TrustOption, file_or_stdin, read_people
from leadscore.cli.lead_document import lead_document
from leadscore.cli.lead_reading import lead_reading
from leadscore.cli.model_files import MODEL_HELP, model_file, read_model_file
from leadscore.contracts.leads import LEAD_ID, Lead
from leadscore.domain.attribution import attribution
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import Identifier, identifiers_in, is_external_type
from leadscore.domain.fold import stage_changes
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.rejection import Rejected
from leadscore.use_cases.offline import score_person, stages_of_person
from leadscore.use_cases.people import find_person
from leadscore.use_cases.ports import Histories, ModelBehind, Models
from leadscore.use_cases.read_leads import LeadReading

UNKNOWN = "no lead goes by that name"

LeadArgument = Annotated[
    str,
    typer.Argument(
        metavar="LEAD",
        help="A user id, address, anonymous id or another system's type:id; on a stack a lead's id, too.",
    ),
]


def explain(
    lead: LeadArgument,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="MODEL", parser=model_file, help=f"With --events: {MODEL_HELP}"),
    ] = None,
    events: Annotated[
        list[Path] | None,
        typer.Option(
            "--events",
            parser=file_or_stdin,
            metavar="FILE",
            help="Explain from these events, as `score` takes them, instead of from a stack.",
        ),
    ] = None,
    as_of: AsOfOption = None,
    trust: TrustOption = Believed.SERVER,
    strict: StrictOption = False,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Say why a lead has its score, and which stages it has been in, from files or from a deployed stack."""
    if bool(events) != (model is not None):
        raise typer.BadParameter("give --model and --events together, or neither for a deployed stack")
    if events and (local or stack != STACK):
        raise typer.BadParameter("--events explains from files: leave out --stack and --local, which name a stack")
    if not events or model is None:
        if as_of is not None:
            raise typer.BadParameter("--as-of needs --model and --events: a stack tells what is now")
        _explain_deployed(lead, stack, local=local)
        return
    at = now() if as_of is None else as_of
    compiled = compile_model(read_model_file(model).document)
    people = read_people(events, as_of=at, trust=trust, strict=strict)
    person = find_person(people, identifiers_of(lead))
    if person is None:
        end(UNKNOWN)
    document = lead_document(score_person(person, compiled, as_of=at), has_accounts=compiled.accounts is not None)
    known = [event for event in person.events if event.occurred_at <= at]
    changes = stages_of_person(person, compiled, as_of=at)
    print_explanation(document, changes, compiled, Console(), attribution(known).touches)
    print_uncounted(known, Console())


def identifiers_of(text: str) -> Iterator[Identifier]:
    """What a word on the command line may mean, the strongest first, in the form in which events' names are kept."""
    try:
        value = identifier("LEAD", text)
    except Rejected as rejected:
        raise typer.BadParameter(rejected.message) from None
    named = {"user_id": value, "email": email_address(text), "anonymous_id": value}
    kind, _, external = (value or "").partition(":")
    if is_external_type(kind):
        named[kind] = external
    yield from identifiers_in(named)


def find_stored(text: str, reading: LeadReading) -> Lead | None:
    """By its id, or by whatever it goes by."""
    if LEAD_ID.fullmatch(text) and (lead := reading.read(text)) is not None:
        return lead
    return next((lead for name in identifiers_of(text) if (lead := reading.find(name)) is not None), None)


def explain_stored(
    text: str, *, reading: LeadReading, histories: Histories, models: Models, now: int, console: Console
) -> bool:
    """Whether there is such a lead. The stages are those that the model in force makes of its history."""
    lead = find_stored(text, reading)
    if lead is None:
        return False
    _, model = models.active()
    history = list(histories.read_history(lead.lead))
    changes = list(stage_changes(history, model, as_of=now))
    print_explanation(lead.model_dump(mode="json"), changes, model, console, attribution(history).touches)
    print_uncounted(history, console)
    return True


def _explain_deployed(text: str, stack: str, *, local: bool) -> None:
    with deployed(stack, local=local) as deployment:
        reading = lead_reading(deployment)
        leads, events = (deployment.outputs[name] for name in ("LeadsTableName", "EventsTableName"))
        histories = DynamoDBHistories(clients.dynamodb(), events=events, leads=leads)
        try:
            is_known = explain_stored(
                text, reading=reading, histories=histories, models=reading.models, now=now(), console=Console()
            )
        except ModelBehind as error:
            end(f"the lead cannot be explained now: {error}")
        if not is_known:
            end(UNKNOWN)
