"""`leadscore email-links`: signed links and pictures for e-mails, one person's or a file's of them."""

import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from leadscore.adapters import clients
from leadscore.adapters.secrets import StoredSecrets
from leadscore.cli.deployed import STACK, LocalOption, StackOption, collect_url, deployed
from leadscore.cli.ending import end
from leadscore.ingest.email_links import EmailLink, UnfitLink, email_link, make_token

DAY_SECONDS = 24 * 3_600
COLUMN = "user_id"


def email_links(
    campaign: Annotated[str, typer.Option(help="What the mail is called: rules read it as campaign_id.")],
    target: Annotated[str, typer.Option(help="Where the link leads. Without it there is only the picture.")] = "",
    user_id: Annotated[str, typer.Option(help="The id of the person whom the mail is for: no e-mail address.")] = "",
    user_ids: Annotated[
        Path | None, typer.Option(help=f"A CSV file with a column {COLUMN}: links for each, as CSV.", dir_okay=False)
    ] = None,
    expires_days: Annotated[int, typer.Option(min=1, max=3_650, help="How long opening and clicking counts.")] = 365,
    stack: StackOption = STACK,
    local: LocalOption = False,
) -> None:
    """Print the picture and the link that tell who opened an e-mail and who clicked."""
    if bool(user_id) == bool(user_ids):
        raise typer.BadParameter("name one person by --user-id, or many by --user-ids FILE.csv")
    expires_at = int(time.time()) + expires_days * DAY_SECONDS
    people = {"": user_id} if user_ids is None else dict(_read(user_ids))
    links = [list(_links(person, campaign, target, expires_at, where)) for where, person in people.items()]
    with deployed(stack, local=local) as deployment:
        secrets = StoredSecrets(clients.secrets_manager(), clock=time.monotonic)
        root = secrets.read(deployment.outputs["WriteKeySecretArn"])
        collector = collect_url(deployment, local=local)
    made = ([url(collector, link, root) for link in person] for person in links)
    if user_ids is None:
        for addresses in made:
            for name, address in zip(("picture", "link"), addresses, strict=False):
                typer.echo(f"{name:20} {address}")
        return
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow([COLUMN, "picture", *(["link"] if target else [])])
    rows.writerows([person, *addresses] for person, addresses in zip(people.values(), made, strict=True))


def url(collector: str, link: EmailLink, root: str) -> str:
    """Where the collector waits for this link."""
    token = make_token(link, root)
    return f"{collector}/e/c/{token}" if link.target else f"{collector}/e/o/{token}.gif"


def _links(user_id: str, campaign: str, target: str, expires_at: int, where: str) -> Iterator[EmailLink]:
    """The picture, and the link where there is a target. Ends the command, saying `where`, if one cannot be made."""
    try:
        for leads_to in dict.fromkeys(["", target]):
            yield email_link(user_id=user_id, campaign_id=campaign, target=leads_to, expires_at=expires_at)
    except UnfitLink as unfit:
        end(f"{where}{unfit}")


def _read(file: Path) -> Iterator[tuple[str, str]]:
    """Each person, by where they stand in the file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if COLUMN not in (rows.fieldnames or ()):
                raise typer.BadParameter(f"{file} has no column {COLUMN}: name the column of ids so")
            for row in rows:
                yield f"{file}, line {rows.line_num}: ", row[COLUMN] or ""
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise typer.BadParameter(f"{file} cannot be read as CSV in UTF-8: {type(error).__name__}") from None
