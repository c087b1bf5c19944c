"""`leadscore explain`: sums that a reader can check, from files and from a store."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from rich.console import Console
from typer.testing import CliRunner, Result

from leadscore.adapters.memory import FixedModels
from leadscore.cli import main
from leadscore.cli.explain import explain_stored
from leadscore.cli.explanation import print_explanation
from leadscore.cli.lead_document import lead_document
from leadscore.contracts.model_file import load_model
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.use_cases.compare import follow
from leadscore.use_cases.offline import score_person, stages_of_person
from leadscore.use_cases.people import people_in
from tests.contracts.generated_models import models
from tests.domain.generated import AFTER, histories
from tests.leads import DAY, NOON, event, small_model
from tests.use_cases.office import Office

MODEL = """
model: small
stages:
  - stage: new
  - {stage: mql, at: 25}
  - {stage: sql, at: 60}
scores:
  - {score: engagement, cap: 40}
  - {score: total, cap: 50}
  - score: topic
    stages: [{stage: keen, at: 20}]
fit:
  - {rule: Director, points: 15, when: {title: [Director]}}
engagement:
  - {rule: White paper, event: White Paper Read, points: 25, score: [engagement, topic]}
  - {rule: Careers, event: Careers Viewed, points: -10}
grade:
  criteria: [{rule: Right title, thirds: 2, when: {title: [Director]}}]
escape:
  - {rule: Unsubscribed, event: Unsubscribed}
inactivity:
  - {rule: 30 days without activity, after: 30d, take: 50}
"""
#: `  +25  White paper`, or what stands below the line.
_TERM = re.compile(r"^ +([+-]?\d+)  \S", re.MULTILINE)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    calls: list[dict[str, Any]] = [
        {"type": "page", "anonymousId": "c1"},
        {"type": "identify", "userId": "ada", "anonymousId": "c1", "traits": {"email": "Ada@x.example"}},
        {"type": "track", "event": "White Paper Read", "userId": "ada"},
        {"type": "track", "event": "Careers Viewed", "userId": "ada"},
        {"type": "track", "event": "White Paper Read", "userId": "ada"},
        {"type": "identify", "userId": "ada", "traits": {"title": "Director"}},
    ]
    events = tmp_path / "events.jsonl"
    stamped = [{**call, "timestamp": f"2026-03-01T11:0{minute}:00Z"} for minute, call in enumerate(calls)]
    events.write_text("\n".join(map(json.dumps, stamped)))
    model = tmp_path / "model.yaml"
    model.write_text(MODEL)
    return ["--model", str(model), "--events", str(events)]


def explain(lead: str, *arguments: str, columns: int = 80) -> Result:
    return CliRunner().invoke(main, ["explain", lead, *arguments], env={"COLUMNS": str(columns)})


def explained(lead: str, files: list[str], as_of: str = "2026-03-01T12:00:00Z") -> str:
    result = explain(lead, *files, "--as-of", as_of)
    assert result.exit_code == 0, result.stderr
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


def sections(output: str) -> dict[str, str]:
    return {text.partition("\n")[0]: text for text in output.split("\n\n")}


def sum_of(section: str) -> tuple[int, int]:
    """What the terms add up to, and what the section says that they do."""
    terms, result = section.split("─" * 6)
    return sum(map(int, _TERM.findall(terms))), int(_TERM.findall(result)[0])


def test_every_sum_adds_up_to_what_stands_below_it(files: list[str]) -> None:
    found = sections(explained("ada", files))

    for name in ("fit", "engagement", "total", "topic (not in the total)"):
        added, shown = sum_of(found[name])
        assert added == shown, found[name]
    assert found["engagement"].splitlines()[-1].split() == ["40", "engagement"]
    assert "+50  White paper x2" in found["engagement"]
    assert "-10  Careers " in found["engagement"]
    assert [line.split()[0] for line in found["total"].splitlines()[1:]] == ["+15", "+40", "-5", "──────", "50"]


def test_the_grade_is_explained_in_thirds(files: list[str]) -> None:
    grade = sections(explained("ada", files))["grade"]

    assert "+2/3  Right title" in grade
    assert grade.splitlines()[-1].split() == ["C-", "grade"]


def test_stages_are_told_with_the_rule_that_moved_the_lead_and_the_next_change_follows(files: list[str]) -> None:
    output = explained("ada", files, as_of="2026-04-15")

    assert sections(output)["stages"].splitlines()[1:] == [
        "  2026-03-01 11:00:00Z  nothing -> new",
        "  2026-03-01 11:02:00Z  new -> mql      White paper",
        "  2026-03-01 11:03:00Z  mql -> new      Careers",
        "  2026-03-01 11:04:00Z  new -> mql      White paper",
        "  2026-03-31 11:04:00Z  mql -> new      30 days without activity",
    ]
    assert output.endswith("If nothing happens, nothing changes any more.")
    assert "the next change is at 2026-03-31 11:04:00Z" in explained("ada", files)


def test_what_brought_the_lead_here_is_told_first_to_last(files: list[str], tmp_path: Path) -> None:
    pages = [
        {"url": "https://acme.com/a?utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=x1"},
        {"url": "https://acme.com/b", "referrer": "https://www.linkedin.com/"},
    ]
    events = tmp_path / "pages.jsonl"
    lines = [
        {"type": "page", "userId": "bea", "properties": page, "timestamp": f"2026-03-0{day}T11:00:00Z"}
        for day, page in enumerate(pages, 1)
    ]
    events.write_text("\n".join(map(json.dumps, lines)))

    output = explained("bea", [*files[:2], "--events", str(events)], as_of="2026-03-05")

    assert sections(output)["came here by"].splitlines()[1:] == [
        "  2026-03-01 11:00:00Z  paid-search  google / cpc / brand  https://acme.com/a",
        "                                     gclid",
        "  2026-03-02 11:00:00Z  social       www.linkedin.com  https://acme.com/b",
    ]


@pytest.mark.parametrize("name", ["ada", "ADA@x.example", "c1"])
def test_a_lead_is_found_by_any_of_its_names(files: list[str], name: str) -> None:
    assert explained(name, files).startswith("ada  ada@x.example\ntotal 50; grade C-; stage mql, topic/keen; active\n")


@pytest.mark.parametrize("name", ["nobody", "null"])
def test_nobody_of_that_name_ends_with_status_1(files: list[str], name: str) -> None:
    result = explain(name, *files)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no lead goes by that name" in result.stderr


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_it_fits_the_terminal(files: list[str], columns: int) -> None:
    output = explain("ada", *files, columns=columns).stdout
    assert max(map(len, output.splitlines())) <= columns


def test_files_come_with_a_model_and_a_stack_tells_what_is_now(files: list[str]) -> None:
    for arguments in (
        files[:2],
        files[2:],
        ["--as-of", "2026-03-01"],
        [*files, "--local"],
        [*files, "--stack", "Mine"],
    ):
        result = explain("ada", *arguments)
        assert result.exit_code == 2, result.output


# -- on a stack --------------------------------------------------------------------------------------------------------


def stored(office: Office, name: str) -> str:
    said = io.StringIO()
    found = explain_stored(
        name,
        reading=office.reading,
        histories=office.store,
        models=office.models,
        now=office.now,
        console=Console(file=said, width=80),
    )
    return "\n".join(line.rstrip() for line in said.getvalue().splitlines()) if found else ""


def test_a_stored_lead_is_explained_in_the_same_layout() -> None:
    office = Office()
    office.receive(
        event("White Paper Read", user="ada", email="ada@x.example", at=NOON),
        event("Webinar Attended", user="ada", at=NOON + DAY),
    )

    output = stored(office, "lead1")

    assert output.startswith("lead1  ada  ada@x.example\ntotal 65; stage mql; active\n")
    assert sections(output)["total"].splitlines()[-1].split() == ["65", "total"]
    assert sections(output)["stages"].splitlines()[1:] == [
        "  2026-03-01 12:00:00Z  nothing -> warm  White paper",
        "  2026-03-02 12:00:00Z  warm -> mql      Webinar",
    ]
    assert stored(office, "ada") == stored(office, "ADA@x.example") == output
    assert stored(office, "nobody") == ""


def test_a_stored_leads_company_is_told_with_its_score() -> None:
    office = Office(models=FixedModels(1, small_model(accounts={"score": "sum"})))
    said = {"account": "acme-corp"}
    office.receive(event("Webinar Attended", user="ada", traits=said), event(user="bob", traits=said))
    assert "\ncompany acme-corp: score 41, 2 leads\n" in stored(office, "ada")


def test_what_counts_nothing_is_told_with_the_reason() -> None:
    office = Office()
    office.receive(
        event("White Paper Read", user="ada", at=NOON),
        replace(event("Webinar Attended", user="ada", at=NOON + DAY), context={"machine": True}),
        replace(event("Webinar Attended", user="ada", at=NOON + 2 * DAY), context={"machine": True}),
        replace(event("Webinar Attended", user="ada", at=NOON + 3 * DAY), context={"unconsented": True}),
    )

    found = sections(stored(office, "ada"))

    assert found["kept, and counting nothing"].splitlines()[1:] == [
        "       2  events by a crawler, a script or a link scanner",
        "       1  event without consent",
    ]


def test_of_own_people_everything_is_told_to_count_nothing() -> None:
    office = Office()
    office.receive(
        event("White Paper Read", user="ada", at=NOON),
        replace(event("Webinar Attended", user="ada", at=NOON + DAY), context={"internal": "lead"}),
    )

    assert "  everything: this is one of the own people, or a test" in stored(office, "ada").splitlines()


def test_where_all_events_count_nothing_is_told_of_it() -> None:
    office = Office()
    office.receive(event("White Paper Read", user="ada", at=NOON))

    assert "counting nothing" not in stored(office, "ada")


# -- any model, any history --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=models(), events=histories(most=8), after=AFTER)
def test_under_any_model_every_score_is_explained_and_every_sum_adds_up(
    document: dict[str, Any], events: list[LeadEvent], after: int
) -> None:
    model = compile_model(load_model(yaml.safe_dump(document, sort_keys=False), name="model.yaml"))
    as_of = max(event.occurred_at for event in events) + after
    (person,) = people_in([replace(event, identifiers=(Identifier("user_id", "ada"),)) for event in events])
    lead = lead_document(score_person(person, model, as_of=as_of))
    said = io.StringIO()

    changes = stages_of_person(person, model, as_of=as_of)
    print_explanation(lead, changes, model, Console(file=said, width=100))

    output = "\n".join(line.rstrip() for line in said.getvalue().splitlines())
    found = sections(output)
    shown = {name.removesuffix(" (not in the total)"): text for name, text in found.items()}
    for name, score in {**lead["scores"], "total": lead["total"]}.items():
        if name in shown:
            assert sum_of(shown[name]) == (score, score)
        else:
            assert score == 0, "a score without a single line"
    assert changes[-1].to_stage == lead["stage"]
    assert follow(person.lead, person.events, model, as_of=as_of).stage == lead["stage"]
