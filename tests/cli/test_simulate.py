"""`leadscore simulate`: models tried on a history."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from leadscore.cli import main

AS_OF = "2026-03-01T12:00:00Z"


def model(mql: int, *, name: str = "", paper: int = 25) -> dict[str, Any]:
    return {
        "model": name or f"mql-{mql}",
        "stages": [{"stage": "new"}, {"stage": "mql", "at": mql}, {"stage": "sql", "at": 200}],
        "engagement": [
            {"rule": "White paper", "event": "White Paper Read", "points": paper},
            {"rule": "Page", "event": "Page Viewed", "points": 1},
        ],
        "fast_track": [{"rule": "Demo", "event": "Demo Requested", "stage": "sql"}],
    }


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """u0 to u5 have read as many white papers; u6 asked for a demo. Who read three or more buys."""
    calls: list[dict[str, Any]] = []
    for user in range(6):
        calls += [{"type": "page", "userId": f"u{user}", "timestamp": "2026-02-01T10:00:00Z"}]
        calls += [
            {"type": "track", "event": "White Paper Read", "userId": f"u{user}", "timestamp": f"2026-02-0{n}T12:00:00Z"}
            for n in range(1, user + 1)
        ]
        said = {"converted": int(user >= 3)}
        calls += [{"type": "identify", "userId": f"u{user}", "traits": said, "timestamp": "2026-02-20T10:00:00Z"}]
    calls += [{"type": "track", "event": "Demo Requested", "userId": "u6", "timestamp": "2026-02-01T10:00:00Z"}]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(map(json.dumps, calls)))
    return file


def simulate(events: Path, *models: dict[str, Any], arguments: tuple[str, ...] = ()) -> Result:
    command = ["simulate", "--events", str(events), "--as-of", AS_OF, *arguments]
    for number, document in enumerate(models):
        file = events.with_name(f"model{number}.yaml")
        file.write_text(yaml.safe_dump(document))
        command += ["--model", str(file)]
    return CliRunner().invoke(main, command, env={"COLUMNS": "100"})


def simulated(events: Path, *models: dict[str, Any], arguments: tuple[str, ...] = ()) -> dict[str, Any]:
    result = simulate(events, *models, arguments=("--format", "json", *arguments))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_higher_thresholds_give_fewer_mqls_and_each_was_pushed_over_by_a_rule(events: Path) -> None:
    counts = []
    for points in (50, 75, 100):
        mql = simulated(events, model(points))["models"][0]["stages"][0]
        assert sum(mql["pushed_by"].values()) == mql["ever"]
        counts.append(mql["ever"])

    assert counts == [5, 4, 3]
    assert all(more >= less for more, less in pairwise(counts))


def test_two_models_show_who_moves_and_why(events: Path) -> None:
    found = simulated(events, model(50), model(100))

    assert found["moves"] == {"mql": {"mql": 2, "new": 2}, "new": {"new": 2}, "sql": {"sql": 1}}
    assert found["moved"] == 2
    assert [lead["lead"] for lead in found["by_lead"] if lead["moves"]] == ["u2", "u3"]
    u2 = next(lead for lead in found["by_lead"] if lead["lead"] == "u2")
    assert u2["models"] == [
        {
            "model": "mql-50",
            "total": 51,
            "stage": "mql",
            "reached": {"mql": {"at": "2026-02-02T12:00:00.000Z", "rule": "White paper", "rules": ["White paper"]}},
        },
        {"model": "mql-100", "total": 51, "stage": "new", "reached": {}},
    ]
    assert found["models"][0]["stages"][0] == {
        "stage": "mql", "now": 5, "ever": 5, "median_seconds": 93_600, "pushed_by": {"White paper": 4, "Demo": 1},
    }  # fmt: skip
    assert "outcomes" not in found["models"][0]


def test_with_outcomes_each_model_has_precision_recall_and_auc(events: Path, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text(
        "lead,outcome,at\n" + "".join(f"u{n},{'won' if n >= 3 else 'lost'},2026-02-20\n" for n in range(6))
    )
    found = simulated(events, model(50), model(76), arguments=("--outcomes", str(outcomes)))
    by_trait = simulated(events, model(50), model(76), arguments=("--outcome-trait", "converted"))

    assert found["models"] == by_trait["models"]
    lax, strict = (each["outcomes"] for each in found["models"])
    assert (lax["leads"], lax["converted"], lax["auc"], lax["cut_off"]) == (6, 3, 1.0, 76)
    assert lax["stages"][0] == {
        "stage": "mql", "reached": 4, "reached_and_converted": 3, "precision": 0.75, "recall": 1.0,
    }  # fmt: skip
    assert lax["stages"][1] == {
        "stage": "sql", "reached": 0, "reached_and_converted": 0, "precision": None, "recall": 0.0,
    }  # fmt: skip
    assert strict["stages"][0]["precision"] == 1.0


def test_what_happens_after_an_outcome_does_not_count(events: Path, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.jsonl"
    outcomes.write_text("".join(
        json.dumps({"lead": f"u{n}", "converted": n == 5, "at": "2026-02-02T12:00:00Z"}) + "\n" for n in range(6)
    ))  # fmt: skip
    (only,) = simulated(events, model(50), arguments=("--outcomes", str(outcomes)))["models"]

    assert {each["threshold"] for each in only["outcomes"]["thresholds"]} == {1, 26}
    assert only["outcomes"]["stages"][0]["reached"] == 0


def test_calibration_finds_the_cut_and_tables_say_the_same(events: Path) -> None:
    arguments = ("--outcome-trait", "converted", "--calibrate")
    output = simulate(events, model(50), model(100), arguments=arguments).stdout

    assert "The cut-off is 76: the highest Youden index" in output
    assert "under mql-50 (rows) and under mql-100 (columns)" in output
    assert "0 move up, 2 move down, 5 stay" in output
    assert "4 White paper" in output
    assert "AUC of the total" in output
    assert max(map(len, output.splitlines())) <= 100


def test_a_model_beside_one_of_the_same_name_goes_by_its_file(events: Path) -> None:
    labels = [each["model"] for each in simulated(events, model(50, name="m"), model(75, name="m"))["models"]]
    assert [Path(label).name for label in labels] == ["model0.yaml", "model1.yaml"]


def test_bad_outcomes_are_named_by_their_line_and_quote_nothing(events: Path, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text("lead,converted\nu1,1\nada@x.example,perhaps\n")
    lenient = simulate(events, model(50), arguments=("--outcomes", str(outcomes)))
    strict = simulate(events, model(50), arguments=("--outcomes", str(outcomes), "--strict"))

    assert "outcomes.csv:3: `converted`" in lenient.stderr
    assert "ada@" not in lenient.stderr
    assert (lenient.exit_code, strict.exit_code) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [((), 3), (("--calibrate",), 1), (("--outcome-trait", "converted", "--outcomes", "README.md"), 1), ((), 0)],
)
def test_options_that_make_no_sense_together_are_an_error_of_usage(
    events: Path, arguments: tuple[str, ...], count: int
) -> None:
    assert simulate(events, *[model(50)] * count, arguments=arguments).exit_code == 2


def test_an_empty_history_has_nobody_in_any_stage(events: Path) -> None:
    events.write_text("")
    found = simulated(events, model(50), model(75))

    assert (found["leads"], found["moves"]) == (0, {})
    assert simulate(events, model(50), model(75)).exit_code == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "o.csv has no outcomes: write `lead,converted`"),
        ("lead,converted\n", "o.csv has no outcomes: write `lead,converted`"),
        ("lead,converted\nnobody,1\n", "o.csv names no lead of the events"),
        (
            "lead;converted\nu1;1\nu2;0\n",
            "o.csv:1: the heading has no column `lead`: it is `lead;converted`; separate by commas",
        ),
        (
            "lead,won\nu1,1\n",
            "o.csv:1: the heading has no column `converted` (or `outcome`): it is `lead,won`; name it so",
        ),
        ("u1,1\nu2,0\n", "o.csv:1: the first line is the heading, and it has no column `lead`"),
    ],
)
def test_outcomes_that_say_nothing_of_these_leads_end_it_with_one_line(
    events: Path, tmp_path: Path, text: str, problem: str
) -> None:
    outcomes = tmp_path / "o.csv"
    outcomes.write_text(text)
    result = simulate(events, model(50), arguments=("--outcomes", str(outcomes)))
    assert (result.exit_code, result.stdout) == (1, "")
    assert problem in result.stderr
    assert result.stderr.count("\n") == 2
    assert "u1" not in result.stderr
