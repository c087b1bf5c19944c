"""The demo's stories, by real clients on the deployed stack with IAM enforced, and what its receivers get."""

import io
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from infra.local.checks import checks
from infra.local.demo import finish, show
from infra.local.play import Document, Played, play
from infra.local.stack import LocalStack
from infra.local.stories import STORIES
from leadscore.contracts.leads import Lead
from leadscore.contracts.notification import Notification


@pytest.fixture(scope="module")
def played(stack: LocalStack) -> Played:
    return play(stack, STORIES)


def messages(played: Played, queue: str) -> Sequence[Document]:
    return [message for outcome in played.outcomes for message in outcome.messages[queue]]


def test_every_story_ends_as_it_should(played: Played) -> None:
    assert [problem for check in checks(played) for problem in check.problems] == []


def test_every_lead_is_what_the_leads_api_promises(played: Played) -> None:
    schema = Lead.model_json_schema()

    for outcome in played.outcomes:
        jsonschema.validate(outcome.lead, schema)


@pytest.mark.parametrize("queue", ["sales", "nurture"])
def test_every_message_is_what_the_contract_promises(played: Played, queue: str) -> None:
    schema = Notification.model_json_schema()
    told = messages(played, queue)

    assert told
    for message in told:
        jsonschema.validate(message, schema)
        assert queue in message["data"]["routes"]


def test_the_changes_of_a_lead_follow_from_each_other(played: Played) -> None:
    for outcome in played.outcomes:
        told = outcome.messages["nurture"]
        for before, after in itertools.pairwise(told):
            assert after["data"]["from"] == before["data"]["to"]
            assert after["data"]["sequence"] > before["data"]["sequence"]


def test_no_message_names_a_person(played: Played) -> None:
    told = json.dumps([*messages(played, "sales"), *messages(played, "nurture")])

    assert not [story.email for story in STORIES if story.email and story.email in told]
    assert "Diaz" not in told


def test_what_a_visitor_read_without_a_name_is_in_the_timeline_of_the_person(played: Played) -> None:
    (ann,) = (outcome.lead for outcome in played.outcomes if outcome.story.name == "Ann")

    events = [entry["name"] for entry in ann["timeline"] if entry["type"] == "event"]

    assert events == ["Form Submitted", "Page Viewed", "Page Viewed", "Page Viewed"]


def test_the_clock_alone_told_nurture_that_a_lead_is_gone(played: Played) -> None:
    (tom,) = (outcome for outcome in played.outcomes if outcome.story.name == "Tom")

    last = tom.messages["nurture"][-1]["data"]

    assert (last["cause"], last["direction"], last["from"], last["to"]) == ("time", "down", "mql", "new")
    assert last["reasons"][0] == {"rule": "30 days without activity", "points": -50}


def test_the_demo_in_the_readme_is_what_the_demo_shows(played: Played) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    excerpt = readme.split("<!-- demo -->\n```text\n")[1].split("```")[0]
    console = Console(width=80, record=True, file=io.StringIO(), highlight=False)
    show(console, played)
    finish(console, played, seconds=30)
    shown = {line.rstrip() for line in console.export_text().splitlines()}

    _, tables = excerpt.split("\n\n", 1)

    assert [line for line in tables.splitlines() if line not in shown | {"…"}] == []
