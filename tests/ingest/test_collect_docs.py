"""docs/collect.md says what really happens: its commands and its form are sent, its tables compared with the code."""

import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import segment.analytics.request

from leadscore.domain.event import IDENTIFIER_BYTES_MAX, Trust
from leadscore.ingest import arrival, form_body, http, json_body
from leadscore.ingest import segment as segment_format
from leadscore.use_cases.collecting.segment import NAMED_FAILURES_MAX
from leadscore.use_cases.collecting.webhooks import BODY_BYTES_MAX as WEBHOOK_BYTES_MAX
from tests.ingest.door import PUBLIC_KEY, SERVER_KEY, Door, basic, document, identifiers, told

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/collect.md").read_text()
PLACEHOLDER_KEY = "website_0123456789abcdef0123456789abcdef"
VALUES = {
    "$COLLECT_URL": "https://collect.example.com",
    "$SERVER_WRITE_KEY": SERVER_KEY,
    "$PUBLIC_WRITE_KEY": PUBLIC_KEY,
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def section(heading: str) -> str:
    return re.split(r"\n#{2,3} ", TEXT.split(f" {heading}\n", 1)[1], maxsplit=1)[0]


def cells(heading: str, column: int) -> list[str]:
    rows = [line.strip("|").split("|") for line in section(heading).splitlines() if line.startswith("| ")][2:]
    return [row[column].strip() for row in rows]


def run_curl(command: str, door: Door) -> dict[str, Any]:
    """What `curl -u key: url -d body` would do."""
    for name, value in VALUES.items():
        command = command.replace(name, value)
    words = shlex.split(command)
    assert words[0] == "curl"
    options = {words[place]: words[place + 1] for place, word in enumerate(words) if word.startswith("-")}
    (url,) = (word for word in words if word.startswith("https://"))
    assert options.keys() == {"-u", "-d"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = door.post(urlsplit(url).path, options["-d"], key=options["-u"].removesuffix(":"), headers=headers)
    assert response.status == 200
    return document(response)


def test_its_commands_get_the_answers_that_follow_them() -> None:
    commands = [block for block in blocks("sh") if block.startswith("curl")]
    answers = [json.loads(block) for block in blocks("json")]
    assert len(commands) == len(answers) == 2
    doors = [Door() for _ in commands]
    assert [run_curl(command, door) for command, door in zip(commands, doors, strict=True)] == answers
    assert [door.event.name for door in doors] == ["Content Downloaded", "Trial Started"]


def test_its_python_example_works(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()

    class Response:
        status_code = 200

    class Session:
        def post(self, url: str, *, data: str, headers: dict[str, str], **_: Any) -> Response:
            lower = {name.lower(): value for name, value in headers.items()}
            assert door.post(urlsplit(url).path, data, key=None, headers=lower).status == 200
            return Response()

    monkeypatch.setattr(segment.analytics.request, "_session", Session())
    (example,) = blocks("python")
    names = {"SERVER_WRITE_KEY": SERVER_KEY, "COLLECT_URL": VALUES["$COLLECT_URL"]}
    exec(compile(example + "\nanalytics.shutdown()\n", "docs/collect.md", "exec"), names)  # noqa: S102
    assert [event.name for event in door.events] == ["Identified", "Trial Started"]


class Form(HTMLParser):
    """What a browser would post: where to, and the fields' values."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = values["action"]
        if tag == "input":
            self.fields[values["name"]] = values["value"]
        self._textarea = values["name"] if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea] = data
            self._textarea = ""


def test_its_form_makes_a_lead_and_brings_the_browser_to_the_thanks() -> None:
    (html,) = (block for block in blocks("html") if "<form" in block)
    page = Form(html.replace(PLACEHOLDER_KEY, PUBLIC_KEY))
    door = Door()
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html", "sec-fetch-mode": "navigate"}
    response = door.post(urlsplit(page.action).path, urlencode(page.fields), key=None, headers=headers)
    assert (response.status, response.headers["location"]) == (303, "https://www.example.com/thanks")
    event = door.event
    assert (event.name, event.trust, identifiers(event)) == (
        "Form Submitted",
        Trust.DECLARED,
        {"email": "ada@northwind.example"},
    )
    person = {"email": "ada@northwind.example", "first_name": "Ada", "title": "CTO", "company_size": 250}
    assert told(event.traits) == person
    assert event.properties == {"form": "demo-request", "message": "Please call me."}
    assert told(event.context) == {"consent": {"newsletter": "yes"}}


def test_its_picture_is_a_page_view() -> None:
    (html,) = (block for block in blocks("html") if "<img" in block)
    url = urlsplit(html.split('"')[1].replace(PLACEHOLDER_KEY, PUBLIC_KEY))
    door = Door()
    assert door.get(url.path, url.query, headers={"referer": "https://www.example.com/pricing"}).cookie is not None
    assert door.event.properties["path"] == "/pricing"


def test_its_paths_exist() -> None:
    door = Door()
    for path in re.findall(r"`(?:GET|POST) (/[^`]*)`", TEXT.split("\n## ", 1)[0]):
        filled = re.sub(r"\{([a-z]+),[^}]*\}", r"\1", path).replace("{form}", "f").replace("{write key}", PUBLIC_KEY)
        assert door.get(filled, method="OPTIONS").status == 204, path


def test_its_error_table_is_complete_and_has_nothing_else() -> None:
    of_files = {"columns.py", "csv_rows.py"}  # What is wrong with a file is said where it is imported.
    modules = [
        *(path for path in (ROOT / "shared/leadscore/ingest").rglob("*.py") if path.name not in of_files),
        *(ROOT / "shared/leadscore/use_cases/collecting").glob("*.py"),
    ]
    source = "".join(path.read_text() for path in modules)
    raised = set(re.findall(r'(?:Rejected\(\s*|failure\(\s*\d+,\s*)"([a-z_]+)"', source))
    # What the pixel refuses nobody gets to read.
    silent = {"email_in_url"}
    assert {cell.split("`")[1] for cell in cells("Errors", 0)} == raised - silent


def test_its_limits_are_the_codes() -> None:
    said = dict(zip(cells("Limits", 0), cells("Limits", 1), strict=True))
    assert said == {
        "body, after decompression": f"{http.BODY_BYTES_MAX // 1024} KB; a webhook's {WEBHOOK_BYTES_MAX // 1024**2} MB",
        "a batch's `context`, times its events": f"{segment_format.REPEATED_BYTES_MAX // 1024**2} MB",
        "one event": f"{json_body.EVENT_BYTES_MAX // 1024} KB",
        "events in a batch": f"{segment_format.BATCH_EVENTS_MAX:,}",
        "depth of an event": f"{json_body.DEPTH_MAX} levels",
        "an id": f"{IDENTIFIER_BYTES_MAX} bytes",
        "`messageId`": f"{arrival.MESSAGE_ID_CHARACTERS_MAX} characters",
        "an event's name": f"{arrival.EVENT_NAME_CHARACTERS_MAX} characters",
        "`timestamp`": "not before 2000",
        "fields of a form": str(form_body.FIELDS_MAX),
        "a form field's text": f"{form_body.VALUE_BYTES_MAX // 1024} KB; the rest is cut",
    }
    assert f"names the first {NAMED_FAILURES_MAX}" in TEXT


def test_its_table_of_calls_names_every_event() -> None:
    names = dict(zip(cells("From a server", 0), cells("From a server", 1), strict=True))
    assert {call.strip("`"): name.strip("`") for call, name in names.items()} == {
        call: name or "its `event" for call, name in segment_format.EVENT_NAMES.items()
    }


def test_its_table_of_keys_is_true() -> None:
    door = Door()
    for key in (PUBLIC_KEY, SERVER_KEY):
        door.post("/v1/track", {"userId": "u", "event": "E"}, key=None, headers={"authorization": basic(key)})
    assert [event.trust.name.lower() for event in door.events] == [
        cell.strip("`") for cell in cells("Keys and trust", 0)
    ]
