"""Models on leads that there really were, where their data lies beside the checkout (it is not ours to pass on)."""

import csv
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from leadscore.cli import main

DATA = Path(__file__).parents[3] / "shared/data"
EDUCATION = DATA / "xeducation_leads_train.csv"
MARKETPLACE, DEALS = DATA / "olist_marketing_qualified_leads.csv", DATA / "olist_closed_deals.csv"


def rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def rule(name: str, points: int, **when: Any) -> dict[str, Any]:
    return {"rule": name, "points": points, "when": when}


def simulate(folder: Path, fit: list[dict[str, Any]], calls: list[dict[str, Any]], *arguments: str) -> dict[str, Any]:
    stages = [{"stage": "new"}, {"stage": "mql", "at": 20}, {"stage": "sql", "at": 40}]
    (folder / "model.yaml").write_text(yaml.safe_dump({"model": "m", "stages": stages, "fit": fit}))
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, calls)))
    files = ["--model", str(folder / "model.yaml"), "--events", str(folder / "events.jsonl")]
    done = CliRunner().invoke(main, ["simulate", *files, "--format", "json", "--as-of", "2026-03-01", *arguments])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not EDUCATION.exists(), reason="the data set is not there")
def test_a_scorecard_of_six_lines_tells_students_who_enrol_from_those_who_do_not(tmp_path: Path) -> None:
    traits = {
        "origin": "Lead Origin", "occupation": "What is your current occupation", "last": "Last Activity",
        "no_email": "Do Not Email", "converted": "Converted",
    }  # fmt: skip
    calls = [
        {
            "type": "identify",
            "userId": row["Prospect ID"],
            "traits": {trait: row[column] for trait, column in traits.items()}
            | {"seconds": int(row["Total Time Spent on Website"] or 0)},
        }
        for row in rows(EDUCATION)
    ]
    fit = [
        rule("Came by a recommendation", 40, origin=["Lead Add Form"]),
        rule("Works", 30, occupation=["Working Professional"]),
        rule("Occupation unknown", -20, occupation=[{"exists": False}]),
        rule("Answers text messages", 20, last=["SMS Sent"]),
        rule("Ten minutes of reading", 20, seconds=[{"numeric": [">=", 600]}]),
        rule("Wants no e-mail", -15, no_email=["Yes"]),
    ]
    found = simulate(tmp_path, fit, calls, "--outcome-trait", "converted", "--calibrate")
    quality = found["models"][0]["outcomes"]
    totals = {lead["lead"]: lead["models"][0]["total"] for lead in found["by_lead"]}
    won = [totals[row["Prospect ID"]] for row in rows(EDUCATION) if row["Converted"] == "1"]
    lost = [totals[row["Prospect ID"]] for row in rows(EDUCATION) if row["Converted"] == "0"]

    assert (quality["leads"], quality["converted"]) == (len(won) + len(lost), len(won))
    assert quality["auc"] > 0.8
    assert quality["auc"] == pytest.approx(_mann_whitney(won, lost), abs=1e-6)
    mql, sql = quality["stages"]
    assert mql["recall"] > sql["recall"]
    assert sql["precision"] > mql["precision"] > len(won) / (len(won) + len(lost))
    reached = sum(total >= 20 for total in [*won, *lost])
    assert (mql["reached"], mql["reached_and_converted"]) == (reached, sum(total >= 20 for total in won))


@pytest.mark.skipif(not (MARKETPLACE.exists() and DEALS.exists()), reason="the data set is not there")
def test_sellers_are_judged_by_what_was_known_before_they_signed(tmp_path: Path) -> None:
    calls = [
        {
            "type": "identify",
            "userId": row["mql_id"],
            "timestamp": row["first_contact_date"],
            "traits": {"origin": row["origin"]},
        }
        for row in rows(MARKETPLACE)
    ]
    deals = {row["mql_id"]: row["won_date"] for row in rows(DEALS)}
    # Known only since they signed: a model that looks at it would know the answer.
    calls += [
        {"type": "identify", "userId": seller, "timestamp": won_at, "traits": {"signed": True}}
        for seller, won_at in deals.items()
    ]
    outcomes = tmp_path / "outcomes.csv"
    named = [
        f"{row['mql_id']},{int(row['mql_id'] in deals)},{deals.get(row['mql_id'], '')}" for row in rows(MARKETPLACE)
    ]
    outcomes.write_text("lead,converted,at\n" + "\n".join(named) + "\n")
    fit = [
        rule("Signed", 100, signed=[True]),
        rule("Came by searching", 20, origin=["paid search", "organic search", "direct traffic", "unknown"]),
    ]
    quality = simulate(tmp_path, fit, calls, "--outcomes", str(outcomes))["models"][0]["outcomes"]

    assert quality["leads"] > 7_900
    assert {cut["threshold"] for cut in quality["thresholds"]} == {0, 20}
    assert quality["stages"][1]["reached"] == 0
    assert 0.5 < quality["auc"] < 0.7


def _mann_whitney(won: list[int], lost: list[int]) -> Fraction:
    """By the sum of ranks, ties sharing theirs."""
    ordered = sorted([*won, *lost])
    first = {score: place for place, score in reversed(list(enumerate(ordered, start=1)))}
    last = {score: place for place, score in enumerate(ordered, start=1)}
    ranks = sum(Fraction(first[score] + last[score], 2) for score in won)
    return (ranks - Fraction(len(won) * (len(won) + 1), 2)) / (len(won) * len(lost))
