"""Companies on the command line: from files, and from a stack."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from leadscore.adapters.memory import FixedModels
from leadscore.cli import main
from leadscore.cli.account import show_account
from leadscore.use_cases.ports import ModelBehind
from tests.leads import event, small_model
from tests.use_cases.office import Office

MODEL = """
model: m
stages: [{stage: new}, {stage: mql, at: 30}]
engagement:
  - {rule: Webinar, event: Webinar Attended, points: 40}
  - {rule: Page, event: Page Viewed, points: 1}
"""
CALLS: list[dict[str, Any]] = [
    {"type": "group", "userId": "ada", "groupId": "acme-corp"},
    {"type": "track", "userId": "ada", "event": "Webinar Attended"},
    {"type": "identify", "userId": "bob", "traits": {"email": "bob@initech.com"}},
    {"type": "page", "userId": "bob"},
    {"type": "group", "userId": "eve", "groupId": "acme-corp"},
    {"type": "page", "userId": "eve"},
    {"type": "page", "userId": "dan"},
    {"type": "group", "anonymousId": "visitor", "groupId": "acme-corp"},
]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    lines = [{**call, "timestamp": f"2026-03-01T12:00:{n:02}Z"} for n, call in enumerate(CALLS)]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def score(history: Path, *options: str, accounts: str = "accounts: {score: sum}\n") -> Result:
    model = history.parent / "model.yaml"
    model.write_text(MODEL + accounts)
    words = ["score", "--model", str(model), "--events", str(history), "--as-of", "2026-03-02", *options]
    return CliRunner().invoke(main, words)


def test_companies_are_printed_the_best_first_with_their_leads(history: Path) -> None:
    companies = json.loads(score(history, "--accounts", "--format", "json").stdout)
    assert companies == [
        {
            "account": "acme-corp",
            "score": 41,
            "leads": [
                {"lead": "ada", "points": 40, "stage": "mql"},
                {"lead": "eve", "points": 1, "stage": "new"},
            ],
        },
        {"account": "initech.com", "score": 1, "leads": [{"lead": "bob", "points": 1, "stage": "new"}]},
    ]
    lines = score(history, "--accounts", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == companies


def test_companies_are_scored_as_the_model_says(history: Path) -> None:
    rows = score(history, "--accounts", "--format", "csv", accounts="accounts: {score: top, leads: 1}\n").stdout
    assert rows.splitlines() == ["account,score,leads", "acme-corp,40,2", "initech.com,1,1"]


def test_a_table_names_the_leads_that_bring_a_company_most(history: Path) -> None:
    table = score(history, "--accounts").stdout
    assert "acme-corp" in table
    assert "40 ada" in table


def test_a_lead_has_its_company_only_where_the_model_has_accounts(history: Path) -> None:
    leads = json.loads(score(history, "--format", "json").stdout)
    named = {lead["lead"]: lead["account"] for lead in leads}
    assert named == {"ada": "acme-corp", "bob": "initech.com", "eve": "acme-corp", "dan": None, "visitor": None}
    assert not any("account" in lead for lead in json.loads(score(history, "--format", "json", accounts="").stdout))


def test_an_explanation_names_the_leads_company_where_the_model_has_accounts(history: Path) -> None:
    def explained(accounts: str) -> list[str]:
        score(history, accounts=accounts)
        words = ["explain", "ada", "--model", str(history.parent / "model.yaml"), "--events", str(history)]
        return CliRunner().invoke(main, [*words, "--as-of", "2026-03-02"]).stdout.splitlines()

    assert explained("accounts: {score: sum}\n")[2:3] == ["company acme-corp"]
    assert not any("company" in line for line in explained(""))


def test_companies_are_refused_where_the_model_has_none(history: Path) -> None:
    refused = score(history, "--accounts", accounts="")
    assert refused.exit_code == 2
    assert "no accounts" in " ".join(refused.stderr.split())


def shown(account: str, desk: Office, leads: int = 20) -> str:
    console = Console(width=100, record=True, file=StringIO())
    show_account(account, reading=desk.reading, leads=leads, console=console)
    return console.export_text()


def test_a_stacks_company_is_shown_with_its_score_and_leads(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Office(models=FixedModels(1, small_model(accounts={"score": "sum"})))
    said = {"account": "acme-corp"}
    desk.receive(event("Webinar Attended", user="ada", traits=said), event(user="bob", traits=said))
    text = shown("acme-corp", desk, leads=1)
    assert "acme-corp: 41, of 2 leads, the best 1 of them shown, as of 2026-03-01T12:00:00.000Z" in text
    assert "lead1" in text
    assert "lead2" not in text
    with pytest.raises(typer.Exit):
        shown("nobody", desk)
    assert "no lead is of that company" in capsys.readouterr().err
    desk.models.active = _behind  # type: ignore[method-assign]
    with pytest.raises(typer.Exit):
        shown("acme-corp", desk)
    assert "cannot be shown now" in capsys.readouterr().err


def _behind(*, at_least: int = 0) -> Any:
    raise ModelBehind
