"""docs/api.md and docs/notifications.md say what really happens: their requests are made, their answers compared."""

import itertools
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions import leads_api
from leadscore.adapters.memory import FixedModels, MemoryQueue, MemoryTopic
from leadscore.contracts.leads import Account, Lead
from leadscore.contracts.notification import StageChange
from leadscore.domain.event import Trust
from leadscore.domain.state import LeadState
from leadscore.use_cases import rulings
from leadscore.use_cases.notify import PERSONAL_FIELDS, NotificationSettings, publish_transition
from leadscore.use_cases.ports import Commit
from tests.leads import DAY, HOUR, NOON, event, small_model
from tests.use_cases.office import Office

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs/api.md").read_text()
NOTIFICATIONS = (ROOT / "docs/notifications.md").read_text()
LEAD = "5f0c1a7e9b3d4c2f8a6e1d0b7c9f2e34"
OTHER, FORMER = "0b9a4d7c1e2f4a6b8c3d5e7f", "7d1e5a90c3b24f68a0d2c4e6"
TOKEN = "secret"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FIRST_CELL = re.compile(r"^\| `(\w+)`", re.MULTILINE)


def blocks(document: str) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in _BLOCK.finditer(document)]


def section(document: str, heading: str) -> str:
    return document.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def office_of(*, model: str = "b2b", **parts: Any) -> Office:
    return Office(models=FixedModels(1, small_model(model=model, **parts)), new_leads=iter([LEAD]))


class Token:
    """Secrets with nothing but the leads token."""

    def read(self, _arn: str) -> str:
        return TOKEN


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor who downloads a paper, gives her address for it, and attends a webinar the day after.

    By then it is known where she works.
    """
    office = office_of(accounts={"score": "sum"})
    visitor = {"anonymous": "b2c4", "source": "website"}
    first = event(at=NOON, trust=Trust.PUBLIC, properties={"path": "/pricing"}, **visitor)
    page = {"url": "https://www.example.com/pricing?ref=1", "referrer": "https://www.google.com/"}
    office.receive(replace(first, context={"channel": "organic-search", "page": page}))
    office.receive(
        event(
            "Content Downloaded",
            at=NOON + 60_000,
            email="ada@example.com",
            trust=Trust.DECLARED,
            properties={"kind": "white paper", "asset_id": "security-101"},
            traits={"title": "Director of Engineering"},
            **visitor,
        )
    )
    webinar = event("Webinar Attended", at=NOON + DAY, user="u-1042", email="ada@example.com")
    office.receive(replace(webinar, traits={"account": "acme-corp"}))
    office.now = NOON + DAY + HOUR
    monkeypatch.setenv("LEADS_TOKEN_SECRET_ARN", "arn")
    monkeypatch.setattr(leads_api, "secrets", Token)
    monkeypatch.setattr(leads_api, "reading", lambda: office.reading)
    # Somebody else, and a lead that became part of her.
    office.store.commit(Commit(LeadState(OTHER, version=1, stage="new", identified=True)))
    office.store.commit(Commit(LeadState(FORMER, version=1, identified=True, merged_into=OTHER)))
    given = rulings.Rulings(store=office.store, queue=MemoryQueue(), now=lambda: office.now, new_token=lambda: "token")
    monkeypatch.setattr(leads_api, "rulings", lambda: given)


def curl(command: str) -> Any:
    """What the API answers to a documented call."""
    words = shlex.split(command.replace("$LEADS_TOKEN", TOKEN).replace("$LEADS_URL", "https://leads.example"))
    assert words.pop(0) == "curl"
    url = urlsplit(words.pop())
    options = dict(zip(words[::2], words[1::2], strict=True))
    name, _, value = options.get("-H", "x: y").partition(": ")
    body = options.get("-d")
    request = {
        "version": "2.0",
        "rawPath": url.path,
        "queryStringParameters": dict(parse_qsl(url.query)),
        "headers": {name.lower(): value},
        "requestContext": {
            "http": {"method": options.get("-X") or ("GET" if body is None else "POST"), "path": url.path},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }
    return json.loads(leads_api.handler(request, None)["body"])  # type: ignore[arg-type]


def calls(document: str) -> list[str]:
    return [text for language, text in blocks(document) if language == "sh" and text.startswith("curl")]


def calls_with_answers() -> list[tuple[str, str]]:
    following = itertools.pairwise(blocks(API))
    return [(call, answer) for (one, call), (other, answer) in following if (one, other) == ("sh", "json")]


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(("command", "answer"), calls_with_answers())
def test_a_documented_call_has_the_documented_answer(command: str, answer: str) -> None:
    assert curl(command) == json.loads(answer)


@pytest.mark.usefixtures("api")
def test_a_documented_lookup_finds_the_documented_lead() -> None:
    (by_id,) = calls(section(API, "A lead"))
    by_email, _ = calls(section(API, "A lead by what you know it by"))

    assert curl(by_email) == curl(by_id)


def test_every_field_of_a_lead_is_documented() -> None:
    assert set(_FIRST_CELL.findall(section(API, "A lead"))) == set(Lead.model_fields)


def test_every_field_of_an_account_is_documented() -> None:
    assert set(_FIRST_CELL.findall(section(API, "A company and its leads"))) == set(Account.model_fields)


def test_every_error_is_documented_with_its_status() -> None:
    source = Path(str(leads_api.__file__)).read_text()
    answered = set(re.findall(r"\(\s*(\d+), \"(\w+)\"", source))
    refusals = Path(str(rulings.__file__)).read_text()
    answered |= {("409", code) for code in re.findall(r"RulingRefused\(\s*\"(\w+)\"", refusals)}
    documented = set(re.findall(r"^\| (\d+) +\| `(\w+)`", section(API, "Errors"), re.MULTILINE))

    assert documented == answered
    assert len(documented) == 14


def told() -> tuple[Any, Any]:
    """A known reader comes by a newsletter, attends a webinar and says who she is."""
    office, topic = office_of(), MemoryTopic()
    link = "https://www.example.com/blog?utm_source=newsletter&utm_medium=email&utm_campaign=march"
    context = {"channel": "email", "page": {"url": link, "referrer": ""}}
    office.receive(replace(event(at=NOON, user="u-1042"), context=context))
    office.receive(
        event("Webinar Attended", at=NOON + 60_000, user="u-1042", traits={"title": "Director of Engineering"})
    )
    settings = NotificationSettings(
        source="arn:aws:sns:eu-central-1:111122223333:LeadScore-Transitions",
        link="https://crm.example.com/leads/{lead}",
        personal=frozenset(),
    )
    for transition in office.store.stream:
        publish_transition(
            transition=transition, leads=office.store, histories=office.store, topic=topic, settings=settings
        )
    (notification,) = topic.published
    return json.loads(notification.body), dict(notification.attributes)


def test_the_documented_notification_is_what_is_sent() -> None:
    body, attributes = (json.loads(text) for language, text in blocks(NOTIFICATIONS) if language == "json")

    assert (body, attributes) == told()


def test_every_message_has_every_field_but_the_personal_ones() -> None:
    body, _ = told()
    fields = {field.alias or name for name, field in StageChange.model_fields.items()}

    assert set(body["data"]) == fields - PERSONAL_FIELDS


def test_every_field_of_a_notification_is_documented() -> None:
    fields = {field.alias or name for name, field in StageChange.model_fields.items()}

    assert set(_FIRST_CELL.findall(section(NOTIFICATIONS, "The message"))) == fields
