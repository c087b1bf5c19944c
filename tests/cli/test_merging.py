"""Who is who, said at a terminal: leads by whatever they go by, and what cannot be in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from leadscore.adapters import clients
from leadscore.adapters.events_queue import NotQueued
from leadscore.adapters.memory import MemoryQueue
from leadscore.cli import main, merging
from leadscore.use_cases.messages import Ruling, read_message
from tests.leads import NOON, event
from tests.use_cases.office import Office


@pytest.fixture
def office() -> Office:
    """lead1 is Ada, lead2 Bob, lead3 a visitor who became part of Ada."""
    office = Office()
    office.receive(event(user="ada"))
    office.receive(event(email="bob@x.example"))
    office.receive(event(anonymous="a1"))
    office.receive(event(at=NOON + 1, user="ada", anonymous="a1", external={"crm": "c1"}))
    return office


@pytest.fixture(autouse=True)
def queue(office: Office, monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    """The stack's store and queue, in memory."""
    queue = MemoryQueue()

    @contextmanager
    def deployed(stack: str, *, local: bool) -> Iterator[Any]:
        assert (stack, local) == ("Mine", False)
        yield SimpleNamespace(outputs={"LeadsTableName": "leads", "EventsQueueUrl": "queue"})

    monkeypatch.setattr(merging, "deployed", deployed)
    monkeypatch.setattr(merging, "DynamoDBLeadStore", lambda *_, **__: office.store)
    monkeypatch.setattr(merging, "SqsEventsQueue", lambda *_, **__: queue)
    monkeypatch.setattr(merging, "now", lambda: NOON)
    for client in ("dynamodb", "sqs"):
        monkeypatch.setattr(clients, client, lambda: None)
    return queue


def leadscore(*words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--stack", "Mine"])


def rulings(queue: MemoryQueue) -> list[Ruling]:
    return [ruling for body in queue.take() for ruling in read_message(body).rulings]


@pytest.mark.parametrize("lead", ["lead2", "bob@x.example", " BOB@x.example "])
@pytest.mark.parametrize("into", ["lead1", "ada", "a1", "crm:c1"])
def test_a_merge_takes_leads_by_whatever_they_go_by(queue: MemoryQueue, lead: str, into: str) -> None:
    result = leadscore("merge", lead, into)

    assert (result.exit_code, result.stdout) == (0, "queued: lead2 becomes part of lead1\n")
    assert rulings(queue) == [Ruling("lead2", "lead1", NOON)]


@pytest.mark.parametrize("lead", ["lead3", "a1"])
def test_an_undo_takes_the_lead_as_it_was_or_a_name_that_was_its_own(queue: MemoryQueue, lead: str) -> None:
    result = leadscore("unmerge", lead)

    assert (result.exit_code, result.stdout) == (0, "queued: lead3 becomes somebody of its own again\n")
    assert rulings(queue) == [Ruling("lead3", "", NOON)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("merge", "nobody", "ada"), "LEAD: no lead goes by that name"),
        (("merge", "ada", "eve@x.example"), "INTO: no lead goes by that name"),
        (("merge", "ada", "a1"), "both are one lead already"),
        (("merge", "lead3", "lead3"), "both are one lead already"),
        (("merge", "lead3", "bob@x.example"), "the lead is part of another already"),
        (("unmerge", "ada"), "the lead is not part of another"),
        (("unmerge", "nobody"), "LEAD: no lead goes by that name"),
    ],
)
def test_what_cannot_be_ends_with_a_sentence_and_queues_nothing(
    queue: MemoryQueue, words: tuple[str, ...], said: str
) -> None:
    result = leadscore(*words)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(said)
    assert queue.take() == []


def test_what_the_queue_did_not_take_is_said(queue: MemoryQueue) -> None:
    def fail(_call: str) -> None:
        raise NotQueued("SQS left 1 messages unsent")

    queue.before_call = fail
    result = leadscore("merge", "bob@x.example", "ada")

    assert (result.exit_code, result.stderr) == (1, "AWS did not do it: SQS left 1 messages unsent\n")
