"""`leadscore email-links`: what it prints is what the collector takes."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from leadscore.adapters import clients
from leadscore.cli import main
from tests.ingest.door import ROOT, Door, identifiers

TARGET = "https://www.example.com/pricing"


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployed stack, as far as this command looks at it."""

    @contextmanager
    def deployed(_stack: str, *, local: bool) -> Iterator[Any]:
        yield SimpleNamespace(outputs={"WriteKeySecretArn": "arn", "CollectUrl": "https://collect.example.com"})

    secrets = SimpleNamespace(get_secret_value=lambda **_: {"SecretString": ROOT})
    # By its full name, for the command has the module's.
    monkeypatch.setattr(sys.modules["leadscore.cli.email_links"], "deployed", deployed)
    monkeypatch.setattr(clients, "secrets_manager", lambda: secrets)


def run(*words: str) -> Any:
    return CliRunner().invoke(main, ["email-links", "--campaign", "spring", *words])


def follow(door: Door, address: str) -> int:
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("https", "collect.example.com")
    return door.get(parts.path).status


def test_one_persons_picture_and_link_are_taken() -> None:
    said = run("--user-id", "u-1042", "--target", TARGET)
    lines = dict(line.split() for line in said.stdout.splitlines())

    door = Door()
    assert follow(door, lines["picture"]) == 200
    assert follow(door, lines["link"]) == 302
    assert [event.name for event in door.events] == ["Email Opened", "Email Link Clicked"]
    assert {identifiers(event)["user_id"] for event in door.events} == {"u-1042"}
    assert {event.properties["campaign_id"] for event in door.events} == {"spring"}


def test_a_file_of_people_becomes_a_file_of_links(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("name,user_id\nAda,u-1\nBob,u-2\n")
    rows = list(csv.DictReader(run("--user-ids", str(people), "--target", TARGET).stdout.splitlines()))

    door = Door()
    assert [row["user_id"] for row in rows] == ["u-1", "u-2"]
    assert [follow(door, row["link"]) for row in rows] == [302, 302]
    assert [identifiers(event)["user_id"] for event in door.events] == ["u-1", "u-2"]


def test_without_a_target_there_is_only_the_picture(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("user_id\nu-1\n")

    assert [line.split()[0] for line in run("--user-id", "u-1").stdout.splitlines()] == ["picture"]
    assert run("--user-ids", str(people)).stdout.splitlines()[0] == "user_id,picture"


def test_an_address_for_an_id_is_refused_without_a_word_of_it() -> None:
    said = run("--user-id", "ada@example.org")

    assert (said.exit_code, said.stdout) == (1, "")
    assert "opaque id" in said.stderr
    assert "ada" not in said.stderr


@pytest.mark.parametrize("words", [(), ("--user-id", "u", "--user-ids", "x.csv"), ("--user-ids", "missing.csv")])
def test_a_call_that_names_nobody_says_how_to(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_a_person_who_cannot_have_a_link_is_told_by_the_line(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("user_id\nu-1\nada@northwind.example\n")
    said = run("--user-ids", str(people))

    assert (said.exit_code, said.stdout) == (1, "")
    assert f"{people}, line 3: " in " ".join(said.stderr.split())
    assert "ada" not in said.stderr


def test_a_file_without_ids_is_refused(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("id\nu-1\n")

    assert "user_id" in run("--user-ids", str(people)).stderr
