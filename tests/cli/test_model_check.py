"""`leadscore model check` with what it costs and with real events, and `leadscore model schema`."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from leadscore.cli import main

MODEL = """
model: mine
stages: [{stage: new}, {stage: mql, at: 50, drop_below: 40, signals: 2}]
scores: [{score: crm, stages: [{stage: keen, at: 20, route: sales}]}]
engagement:
  - {rule: Pages, event: Page Viewed, points: 5, when: {properties: {path: [/pricing]}}}
  - {rule: Demo, event: Demo Requestd, points: 25, score: [engagement, crm]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(MODEL)
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["model", *map(str, arguments)], env={"COLUMNS": "200"})


def events(tmp_path: Path, *lines: object) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return file


def test_it_shows_what_each_stage_asks_for_those_of_a_score_of_its_own_too(file: Path) -> None:
    rows = [line.split("│")[1:-1] for line in run("check", file).stdout.splitlines() if line.startswith("│")]
    stages = [[cell.strip() for cell in row] for row in rows if len(row) == 4]
    assert stages == [
        ["new", "the start", "", "nobody"],
        ["mql", "total 50 and 2 signals", "total 40", "nobody"],
        ["crm/keen", "crm 20", "", "sales"],
    ]


def test_it_says_how_large_a_state_can_become_and_what_that_costs(file: Path) -> None:
    stdout = run("check", file).stdout
    most = re.search(r"The state of a lead: usually 0\.\d KB, at most (\d\.\d) KB\.", stdout)
    parts = re.search(r"At most, in bytes: (.*)\.", stdout)
    assert most
    assert parts
    assert round(sum(int(part.split()[-1]) for part in parts[1].split(" + ")) / 1024, 1) == float(most[1])
    assert "Every event writes it: 1 write unit, 2 at most.\n" in stdout
    assert "Every KB above the first is a unit more: $0.625 for a million events." in stdout
    file.write_text(MODEL.replace("score: [engagement, crm]", "decay: {expire_after: 365d}"))
    assert "1 write unit, 5 at most." in run("check", file).stdout


def test_a_state_that_cannot_be_stored_is_warned_of(file: Path) -> None:
    assert "a state holds" not in run("check", file).stdout
    file.write_text(
        f"{MODEL}".replace("path: [/pricing]}}", "path: [/pricing]}}, score: crm")
        + "\n".join(
            f"  - {{rule: R{number}, event: X, points: 1, decay: {{expire_after: 3650d}}}}" for number in range(12)
        )
    )
    warning = f"warning: {file}: a state holds 400 KB at most: let points decay by half-lives, or in less time"
    assert warning in run("check", file).stdout


def test_real_events_show_which_names_and_rules_never_occur(file: Path, tmp_path: Path) -> None:
    seen = events(
        tmp_path,
        {"type": "track", "event": "Demo Requested", "userId": "ada"},
        {"type": "page", "anonymousId": "a", "properties": {"path": "/"}},
        "",
        {"type": "screen", "anonymousId": "a"},
        {"type": "alias", "userId": "ada", "previousId": "ada"},
    )
    result = run("check", file, "--events", seen)
    assert (result.exit_code, result.stderr) == (0, "3 events\n")
    said = [line for line in result.stdout.splitlines() if line.startswith("warning") and "events" in line]
    assert said == [
        f"warning: {file}:6: engagement[0].when: this matches none of the events that it looks at (1)",
        (
            f"warning: {file}:7: engagement[1].event: none of 3 events is called `Demo Requestd`: "
            "did you mean `Demo Requested`?"
        ),
    ]


def test_a_model_whose_names_and_rules_all_occur_is_not_warned_of(file: Path, tmp_path: Path) -> None:
    file.write_text(MODEL.replace("Requestd", "Requested"))
    seen = events(
        tmp_path,
        {"type": "track", "event": "Demo Requested", "userId": "ada"},
        {"type": "page", "anonymousId": "a", "properties": {"path": "/pricing"}},
    )
    assert "events that" not in run("check", file, "--events", seen).stdout


def test_real_people_show_which_traits_and_rules_of_fit_never_occur(file: Path, tmp_path: Path) -> None:
    fit = """
fit:
  - {rule: Chief, points: 5, when: {titel: [CEO]}}
  - {rule: Home, points: 5, when: {country: [DE]}}
  - {rule: Chief by fact, points: 5, when: {seniority: [c-level], phone: [{exists: false}]}}
grade: {criteria: [{rule: Abroad, thirds: 2, when: {$or: [{titel: [CTO]}, {country: [FR]}]}}]}
"""
    file.write_text(MODEL + fit)
    seen = events(
        tmp_path,
        {"type": "identify", "userId": "ada", "traits": {"title": "CEO"}},
        {"type": "identify", "userId": "ada", "traits": {"country": "FR"}},
        {"type": "page", "anonymousId": "a"},
    )
    said = [line for line in run("check", file, "--events", seen).stdout.splitlines() if "lead" in line]
    assert [line.split(": ", 2)[2] for line in said if line.startswith("warning")] == [
        "fit[0].when: no lead has the trait `titel`: did you mean `title`?",
        "fit[1].when: this matches none of the leads (2)",
    ]


@pytest.mark.parametrize("line", ["{", "[]", '{"type": "click"}', '{"type": "track", "event": "X"}'])
def test_a_line_that_is_no_call_is_named_and_the_rest_is_looked_at(file: Path, tmp_path: Path, line: str) -> None:
    seen = events(tmp_path, {"type": "page", "anonymousId": "a"}, line)
    result = run("check", file, "--events", seen)
    assert (result.exit_code, "none of 1 events is called" in result.stdout) == (0, True)
    assert result.stderr.startswith(f"{seen}:2: ")
    assert run("check", file, "--events", seen, "--strict").exit_code == 1


def test_the_schema_that_is_printed_is_one() -> None:
    result = run("schema")
    assert result.exit_code == 0
    Draft202012Validator.check_schema(json.loads(result.stdout))
