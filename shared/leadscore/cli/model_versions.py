"""`leadscore model push`, `activate`, `rollback`, `rescore` and `list`: the versions of a deployed stack."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from leadscore.adapters import clients
from leadscore.adapters.deployment import Deployment
from leadscore.adapters.model_versions import DynamoDBModelVersions
from leadscore.adapters.models import StoredModels, shipped_text
from leadscore.adapters.state_bound import state_bytes_max
from leadscore.cli.clock import now
from leadscore.cli.deployed import STACK, LocalOption, StackOption, deployed
from leadscore.cli.ending import end
from leadscore.cli.model_files import NAMES, ModelArgument, read_model_text, read_text, shipped_models
from leadscore.cli.printing import add_row
from leadscore.cli.rescoring import rescore_leads, resumable
from leadscore.domain.compiler import compile_model
from leadscore.domain.model import Model
from leadscore.use_cases import activate as versions_in_force
from leadscore.use_cases.ports import Activation, ModelBehind, Version, VersionConflict

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME[@N] | FILE",
        help="A version that was pushed (without @N the latest), or a file to push first; "
        f"or the name of a model that ships and was never pushed: {NAMES}.",
    ),
]
NotifyOption = Annotated[
    bool, typer.Option("--notify", help="Tell downstream of the leads that change their stage by this.")
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until all leads are rescored.")]


def push(file: ModelArgument, stack: StackOption = STACK, local: LocalOption = False) -> None:
    """Store a model in the deployed stack as its next version, without putting it into force."""
    checked = _checked(file)
    with _stored(stack, local=local) as (_, versions):
        version, is_new = versions.push(*checked, at=now())
    pushed = f"{version.name}@{version.version}"
    if is_new:
        typer.echo(f"{pushed} is stored. To put it into force: leadscore model activate {pushed}")
    else:
        typer.echo(f"{pushed} says the same already: nothing was stored.")


def activate(
    target: TargetArgument,
    notify: NotifyOption = False,
    wait: WaitOption = False,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Put a model into force, without a deployment, and rescore every lead, quietly unless told otherwise."""
    file = Path(target)
    own = _checked(file) if file.is_file() else None  # Before anything is asked of AWS.
    with _stored(stack, local=local) as (deployment, versions):
        _install_shipped(deployment)
        version = _find(target, versions) if own is None else versions.push(*own, at=now())[0]
        activation = versions_in_force.activate(
            version=version, model=_model_of(version, versions), tells=notify, versions=versions, now=now()
        )
        _bring_into_force(deployment, versions, activation, waits=wait)


def rollback(
    notify: NotifyOption = False,
    wait: WaitOption = False,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Go back to the version that was in force before, and rescore every lead; once more goes back one further."""
    with _stored(stack, local=local) as (deployment, versions):
        try:
            activation = versions_in_force.roll_back(tells=notify, versions=versions, now=now())
        except versions_in_force.NothingBefore:
            end("no other version was in force before this one")
        _bring_into_force(deployment, versions, activation, waits=wait)


def rescore(wait: WaitOption = False, stack: StackOption = STACK, local: LocalOption = False) -> None:
    """Rescore every lead by the model in force: the rest of an interrupted run, or all of them once more."""
    with _stored(stack, local=local) as (deployment, versions):
        activation = versions.in_force()
        if activation is None:
            end("no model was ever in force here: no lead was ever scored")
        with resumable():
            leads = rescore_leads(deployment, versions, activation, waits=wait)
    typer.echo(f"Leads {'rescored' if wait else 'being rescored'}: {leads}.")


def list_versions(stack: StackOption = STACK, local: LocalOption = False) -> None:
    """List every model and version: when it was pushed, and which is in force since when."""
    with _stored(stack, local=local) as (_, versions):
        present, pushed = versions.in_force(), versions.versions()
        earlier = versions_in_force.goes_back_to(versions)
    table = Table()
    for heading in ("model", "version", "pushed", "activation", "in force since"):
        table.add_column(heading, justify="right" if heading in ("version", "activation") else "left", overflow="fold")
    for version in pushed:
        add_row(table, version.name, str(version.version), _moment(version.pushed_at), *_in_force(version, present))
    Console().print(table)
    if present is None:
        typer.echo("Until the first event comes or a version is activated, the model that ships is in force.")
    if earlier is not None:
        typer.echo(f"`leadscore model rollback` goes back to {earlier.name}@{earlier.version}.")


@contextmanager
def _stored(stack: str, *, local: bool) -> Iterator[tuple[Deployment, DynamoDBModelVersions]]:
    with deployed(stack, local=local) as deployment:
        try:
            yield (
                deployment,
                DynamoDBModelVersions(clients.dynamodb(), table=deployment.outputs["LeadsTableName"]),
            )
        except VersionConflict as error:
            end(f"nothing was changed: {error}")


def _install_shipped(deployment: Deployment) -> None:
    """So that there is something to go back to, even before the first event."""
    table = deployment.outputs["LeadsTableName"]
    models = StoredModels(
        clients.dynamodb(), table=table, default_text=shipped_text, clock=time.monotonic, installs=True
    )
    try:
        models.active()
    except ModelBehind:
        return  # The one in force cannot be read any more: no reason against another.


def _bring_into_force(
    deployment: Deployment, versions: DynamoDBModelVersions, activation: Activation, *, waits: bool
) -> None:
    with resumable():
        typer.echo(f"{activation.name}@{activation.version} is in force, activation {activation.activation}.")
        leads = rescore_leads(deployment, versions, activation, waits=waits)
    typer.echo(
        f"Leads {'rescored' if waits else 'being rescored'}: {leads}. "
        + ("Downstream is told" if activation.tells else "Nobody is told")
        + " of stages that only the model moves."
    )


class _Checked(NamedTuple):
    """A model that is valid, as it is pushed."""

    name: str
    text: str


def _checked(file: Path) -> _Checked:
    """What is wrong with the model in the file ends the command."""
    text = read_text(file)
    document = read_model_text(text, name=str(file)).document
    if not state_bytes_max(document).is_storable:
        end(f"{file}: a lead's state could outgrow what the table holds: see `leadscore model check {file}`")
    return _Checked(compile_model(document).name, text)


def _find(target: str, versions: DynamoDBModelVersions) -> Version:
    name, at_sign, number = target.partition("@")
    if at_sign and not number:
        end(f"{target} names no version: write {name}@1, or {name} for the latest")
    found = [version for version in versions.versions() if version.name == name]
    chosen = [version for version in found if not number or str(version.version) == number]
    if not found and target in (shipped := shipped_models()):
        return versions.push(*_checked(shipped[target]), at=now())[0]
    if not found:
        end(
            f"{target} is neither a file nor a model that was pushed (`leadscore model list` names those), "
            f"and {NAMES} are those that ship"
        )
    if not chosen:
        end(f"{name} has no version {number}: its latest is {found[-1].version}")
    return chosen[-1]


def _model_of(version: Version, versions: DynamoDBModelVersions) -> Model:
    """The model of a stored version, which this version of the program has to understand."""
    text = versions.text(version.name, version.version)
    if text is None:
        end(f"the text of {version.name}@{version.version} is gone from the table")
    return compile_model(read_model_text(text, name=f"{version.name}@{version.version}").document)


def _in_force(version: Version, present: Activation | None) -> tuple[str, str]:
    if present is None or (present.name, present.version) != (version.name, version.version):
        return "", ""
    return str(present.activation), _moment(present.activated_at)


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%MZ}"
