import json
from types import SimpleNamespace
from typing import Any

import pytest

from functions import import_file
from leadscore.adapters.memory import MemoryQueue
from leadscore.use_cases.import_drop import Job
from leadscore.use_cases.import_file import ROWS_PER_SENDING
from tests.use_cases.test_import_drop import MemoryDrop
from tests.use_cases.test_import_file import people

MINUTE_MS = 60_000


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    queue = MemoryQueue()
    monkeypatch.setattr(import_file, "jobs_queue", lambda: queue)
    return queue


@pytest.fixture(autouse=True)
def house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNAL", "{}")
    monkeypatch.setenv("CONSENT_CATEGORIES", "[]")


@pytest.fixture
def drop(monkeypatch: pytest.MonkeyPatch) -> MemoryDrop:
    made = MemoryDrop(leads_csv=people(2 * ROWS_PER_SENDING))
    monkeypatch.setattr(import_file, "drop", lambda: made)
    monkeypatch.setattr(import_file, "events_queue", MemoryQueue)
    return made


def notification(*keys: str, etag: str = "tag") -> str:
    """As S3 tells of objects."""
    return json.dumps({"Records": [{"s3": {"object": {"key": key, "eTag": etag, "size": 1}}} for key in keys]})


def handle(*bodies: str, rest_ms: int = 5 * MINUTE_MS) -> None:
    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: rest_ms)
    import_file.handler({"Records": [{"messageId": "m", "body": body} for body in bodies]}, context)


def test_names_of_files_are_those_that_their_senders_gave() -> None:
    (job,) = import_file.jobs_in(json.loads(notification("import/two+words+%28%C3%BC%29.csv")))

    assert job == Job("import/two words (ü).csv", "tag")


def test_mappings_folders_and_the_test_of_s3_are_no_files() -> None:
    told = notification("import/leads.csv.mapping.yaml", "import/2026/")

    assert list(import_file.jobs_in(json.loads(told))) == []
    assert list(import_file.jobs_in({"Service": "Amazon S3", "Event": "s3:TestEvent"})) == []


def test_a_file_is_done_in_one_go_where_there_is_time(jobs: MemoryQueue, drop: MemoryDrop) -> None:
    handle(notification("import/leads.csv", etag=drop.files["import/leads.csv"].decode()))

    assert jobs.take() == []
    assert drop.report("leads.csv")["taken"] == 2 * ROWS_PER_SENDING


def test_what_is_left_when_time_runs_out_is_a_job_of_its_own(jobs: MemoryQueue, drop: MemoryDrop) -> None:
    handle(notification("import/leads.csv", etag=drop.files["import/leads.csv"].decode()), rest_ms=1_000)
    (following,) = jobs.take()
    assert drop.report("leads.csv")["taken"] == ROWS_PER_SENDING

    handle(following)

    assert jobs.take() == []
    assert drop.report("leads.csv")["taken"] == 2 * ROWS_PER_SENDING
    assert drop.report("leads.csv")["finished"] is True


def test_a_file_that_was_replaced_is_left_to_its_own_notification(jobs: MemoryQueue, drop: MemoryDrop) -> None:
    handle(notification("import/leads.csv", etag="of yesterday"))

    assert set(drop.files) == {"import/leads.csv"}


def test_what_is_no_message_comes_back_and_ends_among_the_dead_letters(jobs: MemoryQueue, drop: MemoryDrop) -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        handle("no message")
