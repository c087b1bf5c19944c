"""docs/webhooks.md says what really happens: its tables are compared with the code and with the webhooks on file."""

import json
import re
from pathlib import Path

from infra import settings
from leadscore.ingest.webhooks import calendly, mailgun, ses
from leadscore.ingest.webhooks.kinds import WEBHOOK_KINDS, vendor
from leadscore.ingest.webhooks.signature import TOLERANCE_SECONDS
from tests.ingest.door import SERVER_KEY, Door, identifiers
from tests.ingest.webhooks.senders import recorded

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/webhooks.md").read_text()
#: What a person asked, or a sender of its own chose, adds properties of any name.
FREE = {"Form Submitted", "Meeting Booked", "Meeting Canceled", "Calendly Meeting Rescheduled"}
VENDORS = {vendor(kind).name: vendor(kind) for kind in WEBHOOK_KINDS}
EVENTS = {name: each.events for name, each in VENDORS.items()} | {ses.NAME: ses.EVENTS}


def rows(first_heading: str) -> list[list[str]]:
    lines = TEXT.split(f"| {first_heading} ", 1)[1].splitlines()[2:]
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def events_table() -> list[list[str]]:
    return rows("sender            | their event")


def test_its_table_of_events_is_the_codes() -> None:
    said = {
        (sender, theirs.strip("`")): "" if not ours.startswith("`") else ours.strip("`")
        for sender, theirs, ours, _, _ in events_table()
    }
    assert said == {(sender, theirs): ours for sender, events in EVENTS.items() for theirs, ours in events.items()}


def test_its_properties_are_those_of_the_webhooks_on_file() -> None:
    told: dict[tuple[str, str], set[str]] = {}
    for record in recorded():
        sender = ses.NAME if record.kind == "ses" else vendor(record.kind).name
        for name, _, properties in record.expected:
            told.setdefault((sender, name), set()).update(properties)
    said: dict[tuple[str, str], set[str]] = {}
    for sender, _, ours, properties, _ in events_table():
        if ours.startswith("`"):
            said.setdefault((sender, ours.strip("`")), set()).update(re.findall(r"`(\w+)`", properties))
    for (sender, name), properties in said.items():
        found = told[sender, name]
        assert properties <= found if name in FREE else properties == found, (sender, name)


def test_whatever_it_maps_is_an_event_that_the_events_page_names() -> None:
    known = set(re.findall(r"^\| `([^`]+)`", (ROOT / "docs/events.md").read_text(), re.MULTILINE))
    named = {ours for events in EVENTS.values() for ours in events.values() if ours}
    assert {name for name in named - known if not name.startswith(("HubSpot ", "Calendly "))} == set()


def test_every_kind_has_a_line_and_the_stack_knows_the_same() -> None:
    kinds = [kind.strip("`") for kind, *_ in rows("kind ")]
    assert kinds == [*WEBHOOK_KINDS, settings.SES_KIND]
    assert settings.WEBHOOK_KINDS == WEBHOOK_KINDS


def test_it_says_how_long_a_signature_is_good() -> None:
    said = {sender: good for sender, _, good in rows("sender            | signed")}
    assert set(said) == set(EVENTS)
    assert said["Mailgun"] == f"{mailgun.TOLERANCE_SECONDS // 3_600} hours"
    assert said["Calendly"] == f"{calendly.TOLERANCE_SECONDS} s"
    assert said["HubSpot"] == said["Standard Webhooks"] == f"{TOLERANCE_SECONDS} s"


def test_its_example_says_whose_a_deal_is() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    door = Door()
    assert door.post("/v1/batch", {"batch": [json.loads(example)]}, key=SERVER_KEY).status == 200
    assert identifiers(door.event) == {"email": "ada@northwind.example", "hubspot_deal": "777"}
