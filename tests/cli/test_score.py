"""`leadscore score`: leads from files of events, in every format."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from leadscore.cli import main

AS_OF = "2026-03-01T12:00:00Z"
MODEL = """
model: small
stages:
  - stage: new
  - {stage: mql, at: 50, route: nurture}
scores:
  - score: topic
    stages: [{stage: keen, at: 20}]
fit:
  - {rule: Director, points: 15, when: {title: [Director]}}
  - {rule: Competitor, points: -100, when: {email: [{suffix: "@competitor.example"}]}}
engagement:
  - {rule: White paper, event: White Paper Read, points: 25, score: [engagement, topic]}
  - {rule: "Page [bold]", event: Page Viewed, points: 1}
grade:
  criteria: [{rule: Right title, thirds: 2, when: {title: [Director]}}]
matrix: {fit: [10], engagement: [20]}
priority: {high: [A1]}
inactivity:
  - {rule: 30 days without activity, after: 30d, take: 50}
"""
ADA = {
    "type": "identify",
    "userId": "ada",
    "anonymousId": "c1",
    "traits": {"email": "Ada@x.example", "title": "Director"},
}
READ = {"type": "track", "event": "White Paper Read", "userId": "ada"}
VISIT = {"type": "page", "anonymousId": "c1"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.yaml"
    file.write_text(MODEL)
    return file


def dated(call: Mapping[str, Any], minute: int) -> dict[str, Any]:
    return {**call, "timestamp": f"2026-03-01T11:{minute:02}:00Z"}


def history(*calls: Mapping[str, Any]) -> str:
    return "".join(json.dumps(dated(call, minute)) + "\n" for minute, call in enumerate(calls))


def score(model: Path, *arguments: str, events: str, columns: int = 120) -> Result:
    command = ["score", "--model", str(model), "--events", "-", "--as-of", AS_OF, *arguments]
    return CliRunner().invoke(main, command, input=events, env={"COLUMNS": str(columns)})


def scored(model: Path, *calls: Mapping[str, Any]) -> list[dict[str, Any]]:
    result = score(model, "--format", "json", events=history(*calls))
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_json_has_one_object_for_each_lead_and_its_lines_add_up(model: Path) -> None:
    (ada,) = scored(model, VISIT, ADA, READ)

    assert ada == {
        "lead": "ada",
        "total": 41,
        "scores": {"fit": 15, "engagement": 26, "topic": 25},
        "grade": "C-",
        "matrix": "A1",
        "priority": "high",
        "stage": "new",
        "lists": ["new", "topic/keen"],
        "activity": "active",
        "next_change_at": "2026-03-31T11:02:00.000Z",
        "external_ids": {"user_id": "ada", "email": "ada@x.example"},
        "explanation": [
            line("engagement", "White paper", 25, 2),
            line("fit", "Director", 15, 1),
            line("engagement", "Page [bold]", 1, 0),
        ],
        "explanations": {
            "grade": [line("grade", "Right title", 2, 1)],
            "topic": [line("topic", "White paper", 25, 2)],
        },
        "as_of": "2026-03-01T12:00:00.000Z",
    }
    assert sum(each["points"] for each in ada["explanation"]) == ada["total"]


def line(score: str, rule: str, points: int, minute: int) -> dict[str, Any]:
    return {
        "score": score, "rule": rule, "points": points, "times": 1, "last_at": f"2026-03-01T11:{minute:02}:00.000Z",
    }  # fmt: skip


def test_leads_come_by_their_total_and_are_called_by_their_strongest_name(model: Path) -> None:
    leads = scored(
        model, {**VISIT, "anonymousId": "c9"}, ADA, {"type": "identify", "traits": {"email": "ben@x.example"}}
    )

    assert [(lead["lead"], lead["total"]) for lead in leads] == [("ada", 15), ("c9", 1), ("ben@x.example", 0)]
    assert leads[1]["external_ids"] == {}


def test_no_leads_are_an_empty_array(model: Path) -> None:
    assert scored(model) == []


def test_json_lines_are_the_same_objects_one_on_each(model: Path) -> None:
    events = history(ADA, VISIT, {**VISIT, "anonymousId": "c9"})
    lines = score(model, "--format", "jsonl", events=events).stdout.splitlines()

    assert [json.loads(each) for each in lines] == json.loads(score(model, "--format", "json", events=events).stdout)


def test_csv_has_a_row_for_each_lead_with_every_score_and_runs_in_no_spreadsheet(model: Path) -> None:
    calls = [ADA, READ, *({**VISIT, "anonymousId": name} for name in ("=1+1", "+1", "-x", "@x", "plain"))]
    calls.append({"type": "identify", "traits": {"email": "x@competitor.example"}})
    rows = list(csv.DictReader(io.StringIO(score(model, "--format", "csv", events=history(*calls)).stdout)))

    assert rows[0] == {
        "lead": "ada", "user_id": "ada", "email": "ada@x.example", "total": "40", "grade": "C-", "matrix": "A1",
        "priority": "high", "stage": "new", "lists": "new topic/keen", "activity": "active",
        "next_change_at": "2026-03-31T11:01:00.000Z", "as_of": "2026-03-01T12:00:00.000Z",
        "fit": "15", "engagement": "25", "topic": "25",
    }  # fmt: skip
    assert [row["lead"] for row in rows[1:]] == ["'+1", "'-x", "'=1+1", "'@x", "plain", "x@competitor.example"]
    assert rows[-1]["total"] == "-100", "a number is no formula"


def test_a_score_may_be_called_like_a_column(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(MODEL.replace("score: topic", "score: activity").replace("topic]", "activity]"))
    heading = score(file, "--format", "csv", events=history(ADA)).stdout.splitlines()[0].split(",")

    assert len(set(heading)) == len(heading)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_fits_the_terminal_and_hides_no_total(model: Path, columns: int) -> None:
    long = "a.very.long.name.of.somebody.who.works.at@a-company-with-a-long-name.example"
    events = history(ADA, READ, {"type": "identify", "traits": {"email": long, "title": "Director"}})
    output = score(model, events=events, columns=columns).stdout

    assert max(map(len, output.splitlines())) <= columns
    assert output.index(" 40 ") < output.index(" 15 ")
    assert "+25 White" in output
    assert ("engagement" in output) == (columns == 120)


def test_a_name_is_no_markup(model: Path) -> None:
    output = score(model, events=history({**VISIT, "anonymousId": "[red]c1"})).stdout
    assert "[red]c1" in output
    assert "Page [bold]" in output


def test_time_passes_until_as_of_and_what_comes_later_is_left_out(model: Path) -> None:
    events = history(READ, READ)
    at = ["--format", "json", "--as-of"]
    early, late = (
        json.loads(score(model, *at, time, events=events).stdout) for time in ("2026-03-01T11:00", "2026-04-01")
    )

    assert (early[0]["total"], late[0]["total"]) == (25, 0)
    assert late[0]["activity"] == "quiet"
    assert "1 later than that moment" in score(model, "--as-of", "2026-03-01T11:00", events=events).stderr


def test_several_files_are_one_history(model: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    one.write_text(history(VISIT))
    two.write_text(history(VISIT, ADA))
    command = ["score", "--model", str(model), "--events", str(one), "--events", str(two), "--as-of", AS_OF]
    result = CliRunner().invoke(main, [*command, "--format", "json"])

    assert [lead["total"] for lead in json.loads(result.stdout)] == [16]
    assert result.stderr == "2 events of 1 lead, 1 duplicate\n"


def test_a_bad_line_is_named_on_stderr_and_the_rest_is_scored(model: Path) -> None:
    events = history(READ) + '{"type": "track", "userId": "secret@x.example"}\n'
    result = score(model, "--format", "json", events=events)

    assert (result.exit_code, len(json.loads(result.stdout))) == (0, 1)
    assert result.stderr.splitlines() == [
        "stdin:2: `event` must be a name of 1 to 200 characters",
        "1 event of 1 lead, 1 not readable",
    ]


def test_strict_fails_for_a_bad_line_and_nothing_readable_fails_anyway(model: Path) -> None:
    events = history(READ) + "{\n"

    assert score(model, events=events).exit_code == 0
    assert (score(model, "--strict", events=events).exit_code, score(model, events="{\n").exit_code) == (1, 1)
    assert score(model, "--strict", events=history(READ)).exit_code == 0
    assert score(model, events="").exit_code == 0


def test_a_file_of_bad_lines_does_not_flood_the_terminal(model: Path) -> None:
    result = score(model, events="{\n" * 1_000)
    assert len(result.stderr.splitlines()) == 102
    assert "... and 900 lines more" in result.stderr


def test_trust_is_the_operators_to_say(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(MODEL + "fast_track: [{rule: Demo, event: Demo Requested, stage: mql}]\n")
    events = history({"type": "track", "event": "Demo Requested", "userId": "ada"})
    stages = [
        json.loads(score(file, "--format", "json", *trust, events=events).stdout)[0]["stage"]
        for trust in ([], ["--trust", "declared"], ["--trust", "public"])
    ]

    assert stages == ["mql", "mql", "new"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--as-of", "tomorrow"], "ISO 8601"), (["--trust", "full"], "full"), (["--format", "xml"], "xml")],
)
def test_a_wrong_option_is_an_error_of_usage(model: Path, arguments: list[str], words: str) -> None:
    result = score(model, *arguments, events="")
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_wrong_model_is_named_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text("model: small\nstages: [{stage: new}]\nfitt: []\n")
    result = score(file, events="")
    assert (result.exit_code, "did you mean `fit`?" in result.stderr) == (1, True)


def test_a_file_that_is_not_there_is_an_error_of_usage(model: Path, tmp_path: Path) -> None:
    for file in (tmp_path / "none.jsonl", tmp_path):
        result = CliRunner().invoke(main, ["score", "--model", str(model), "--events", str(file)])
        assert result.exit_code == 2
        assert "no such file" in result.stderr
