"""What the person at the terminal is told when a rescoring stops in the middle, and when it is over."""

import json

import pytest
import typer
from botocore.exceptions import EndpointConnectionError
from rich.progress import Progress

from leadscore.adapters import clients
from leadscore.adapters.events_queue import NotQueued
from leadscore.cli import rescoring
from leadscore.use_cases.ports import Activation
from tests.adapters.conftest import Answers


@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "stopped\n"),
        (NotQueued("SQS left 3 messages unsent"), 1, "AWS did not do it: SQS left 3 messages unsent\n"),
        (EndpointConnectionError(endpoint_url="https://sqs"), 1, "AWS did not do it: Could not connect"),
    ],
    ids=["Ctrl-C", "throttled", "offline"],
)
def test_whoever_is_interrupted_is_told_how_to_go_on(
    capsys: pytest.CaptureFixture[str], trouble: BaseException, status: int, said: str
) -> None:
    with pytest.raises(typer.Exit) as ended, rescoring.resumable():
        raise trouble
    complaint = capsys.readouterr().err
    assert ended.value.exit_code == status
    assert complaint.startswith(said)
    assert "`leadscore model rescore` goes on from here" in complaint


def test_a_mistake_of_our_own_is_not_taken_for_an_interruption() -> None:
    with pytest.raises(KeyError), rescoring.resumable():
        raise KeyError


def test_the_queue_is_empty_when_it_looks_empty_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = Answers("sqs")
    for waiting, worked_on in [(7, 0), (0, 3), (0, 0), (0, 0), (0, 1), (0, 0), (0, 0), (0, 0)]:
        counts = {
            "ApproximateNumberOfMessages": str(waiting),
            "ApproximateNumberOfMessagesNotVisible": str(worked_on),
        }
        sqs.prepare(200, json.dumps({"Attributes": counts}).encode())
    pauses: list[float] = []
    monkeypatch.setattr(clients, "sqs", lambda: sqs.client)
    monkeypatch.setattr("leadscore.cli.rescoring.time.sleep", pauses.append)
    rescoring._wait_until_drained("https://queue", Progress(disable=True))
    assert len(sqs.requests) == len(pauses) == 8


def test_workers_get_time_to_notice_a_model_only_when_it_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1_000_000

    def sleep(seconds: float) -> None:
        nonlocal clock
        clock += int(seconds * 1_000) + 1

    monkeypatch.setattr(rescoring, "now", lambda: clock)
    monkeypatch.setattr("leadscore.cli.rescoring.time.sleep", sleep)
    activation = Activation(2, "b2b", 1, activated_at=clock)
    rescoring._wait_until_noticed(activation, Progress(disable=True))
    noticed = clock
    assert noticed - activation.activated_at >= rescoring.NOTICED_SECONDS * 1_000
    rescoring._wait_until_noticed(activation, Progress(disable=True))
    assert clock == noticed
