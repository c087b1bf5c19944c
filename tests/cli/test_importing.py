"""`leadscore import`: what the person at the terminal sees, and what is left beside the file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from leadscore.adapters.events_queue import NotQueued
from leadscore.adapters.memory import MemoryQueue
from leadscore.cli import importing, main
from leadscore.domain.cause import Cause
from leadscore.domain.event import LeadEvent
from leadscore.use_cases.messages import Message, read_message

LEADS = "E-mail,First Name,Shoe Size\nada@x.example,Ada,39\n,Bob,44\nnobody,Eve,40\n"

HOUSE = {"INTERNAL": '{"email_domains": ["northwind.example"]}', "CONSENT_CATEGORIES": "[]"}


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    """The queue of a stack that is deployed nowhere."""
    memory = MemoryQueue()

    @contextmanager
    def deployed(_stack: str, *, local: bool) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(outputs={"EventsQueueUrl": "https://queue"}, environment=lambda _function: HOUSE)

    monkeypatch.setattr(importing, "deployed", deployed)
    monkeypatch.setattr(importing.clients, "sqs", lambda: None)
    monkeypatch.setattr(importing, "SqsEventsQueue", lambda _client, **_: memory)
    return memory


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    file = tmp_path / "leads.csv"
    file.write_text(LEADS)
    return file


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["import", *map(str, arguments)], env={"COLUMNS": "80"})


def messages(queue: MemoryQueue) -> list[Message]:
    return [read_message(body) for body in queue.take()]


def events(queue: MemoryQueue) -> list[LeadEvent]:
    return [event for message in messages(queue) for event in message.events]


def test_a_report_says_what_was_taken_what_was_refused_why_and_where_it_is(queue: MemoryQueue, leads: Path) -> None:
    result = run(leads)

    refused = leads.with_name("leads.refused.csv")
    assert result.stdout == (
        "1 taken, 2 refused\n"
        "  1: the row names nobody: it needs an e-mail address or another identifier (line 3)\n"
        "  1: the cell of `E-mail` is no e-mail address of a person: leave one there, and nothing beside it (line 4)\n"
        f"the refused rows are in {refused}: mend them and import that file\n"
    )
    assert result.stderr == "left out, as no mapping says what they are: Shoe Size\n"
    assert result.exit_code == 1
    assert "Bob" in refused.read_text()
    assert refused.stat().st_mode & 0o777 == 0o600
    assert [event.traits["first_name"] for event in events(queue)] == ["Ada"]


def test_a_file_without_faults_ends_with_status_0_and_leaves_nothing_behind(queue: MemoryQueue, leads: Path) -> None:
    leads.write_text("\n".join(LEADS.splitlines()[:2]))

    result = run(leads)

    assert (result.exit_code, result.stdout) == (0, "1 taken, 0 refused\n")
    assert list(leads.parent.iterdir()) == [leads]


def test_refused_rows_that_somebody_mends_are_not_overwritten(queue: MemoryQueue, leads: Path) -> None:
    run(leads)
    mended = leads.with_name("leads.refused.csv")
    mended.write_text("email\nbob@x.example\n")

    run(leads)

    assert mended.read_text() == "email\nbob@x.example\n"
    assert "Bob" in leads.with_name("leads.refused-2.csv").read_text()


def test_downstream_is_told_only_where_it_is_asked_for(queue: MemoryQueue, leads: Path) -> None:
    run(leads)
    run(leads, "--notify")

    assert [message.cause for message in messages(queue)] == [Cause.IMPORT, Cause.EVENT]


def test_a_mapping_and_options_say_what_the_file_is(queue: MemoryQueue, leads: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text("event: Webinar Attended\nsource: shoes\ncolumns:\n  Shoe Size: {property: size, as: number}\n")
    leads.write_bytes("E-mail;Shoe Size;City\na@x.example;39;Köln\n".encode("cp1252"))

    result = run(leads, "--mapping", mapping, "--encoding", "windows-1252", "--source", "webinars")

    (event,) = events(queue)
    assert (event.name, event.source, event.properties, event.traits["city"]) == (
        "Webinar Attended", "webinars", {"size": 39}, "Köln",
    )  # fmt: skip
    assert result.exit_code == 0


def test_a_dry_run_shows_how_the_file_is_understood_and_does_nothing(queue: MemoryQueue, leads: Path) -> None:
    result = run(leads, "--dry-run")

    assert queue.take() == []
    assert list(leads.parent.iterdir()) == [leads]
    assert "│ E-mail     │ identifier email │" in result.stdout
    assert "│ Shoe Size  │ left out         │" in result.stdout
    assert "line 2: Identified of email ada@x.example" in result.stdout
    assert '"first_name": "Ada"' in result.stdout
    assert "line 3: refused, the row names nobody" in result.stdout
    assert "1 would be taken, 2 refused" in result.stdout


def test_events_are_read_as_score_reads_them(queue: MemoryQueue, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    lines = [{"type": "track", "event": "Trial Started", "userId": "u1", "timestamp": "2020-01-01"}, {"type": "x"}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))

    result = run(file)

    assert [event.name for event in events(queue)] == ["Trial Started"]
    assert "1 taken, 1 refused" in result.stdout
    assert json.loads(tmp_path.joinpath("events.refused.jsonl").read_text())["type"] == "x"


@pytest.mark.parametrize(
    ("name", "content", "options", "complaint"),
    [
        ("leads.xlsx", "x", [], "rename it, or save a workbook as CSV"),
        ("leads.csv", "City\nRome\n", [], "no column names a person"),
        ("leads.csv", "", [], "the file is empty"),
        ("leads.csv", LEADS, ["--encoding", "latin1"], "this must be utf-8 or windows-1252"),
        ("leads.csv", LEADS, ["--source", "no name"], "this must be a name of 1 to 32"),
        ("leads.csv", LEADS, ["--mapping", "nowhere.yaml"], "there is no such file"),
    ],
)
def test_what_cannot_be_imported_at_all_is_said_and_ends_with_status_2(
    queue: MemoryQueue, tmp_path: Path, name: str, content: str, options: list[str], complaint: str
) -> None:
    file = tmp_path / name
    file.write_text(content)

    result = run(file, *options)

    assert result.exit_code == 2
    assert complaint in " ".join(result.stderr.replace("│", "").split())


def test_a_mapping_with_mistakes_is_refused_by_line(queue: MemoryQueue, leads: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns:\n  City: place\n")

    result = run(leads, "--mapping", mapping)

    assert result.exit_code == 2
    assert f"{mapping}:2: columns.City: this must be one of" in result.stderr


@pytest.mark.parametrize(
    ("trouble", "status"), [(KeyboardInterrupt(), 130), (NotQueued("SQS left 3 messages unsent"), 1)]
)
def test_whoever_is_interrupted_is_told_that_running_again_is_safe(
    queue: MemoryQueue, leads: Path, trouble: BaseException, status: int
) -> None:
    def fail(_call: str) -> None:
        raise trouble

    queue.before_call = fail

    result = run(leads)

    assert result.exit_code == status
    assert "run the same again: what was taken already counts once" in result.stderr


def test_own_people_are_imported_and_count_nothing(queue: MemoryQueue, leads: Path) -> None:
    leads.write_text("Email\nann@northwind.example\n")
    assert run(leads).exit_code == 0
    assert [event.context["internal"] for event in events(queue)] == ["lead"]
