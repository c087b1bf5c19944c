"""The published cases, from files, through `leadscore score`."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from leadscore.adapters.models import shipped_text
from leadscore.cli import main
from tests.golden.cases import Case, Expected, Lead, Request, cases
from tests.leads import NOON

LEADS = [pytest.param(case, lead, id=f"{case.id}: {lead.name}") for case in cases() for lead in case.leads]


@pytest.mark.parametrize(("case", "lead"), LEADS)
def test_a_published_case_comes_out_as_published(case: Case, lead: Lead, tmp_path: Path) -> None:
    model = tmp_path / "model.yaml"
    model.write_text(yaml.safe_dump(dict(case.model)) if case.model else shipped_text())
    lines: list[str] = []
    for requests, expected in lead.requests(user_id="ada", now=NOON):
        lines += map(line, requests)
        command = ["score", "--model", str(model), "--events", "-", "--as-of", str(NOON), "--format", "json"]
        done = CliRunner().invoke(main, command, input="\n".join(lines))
        assert done.exit_code == 0, done.stderr
        (scored,) = json.loads(done.stdout)
        assert in_detail_of(expected, scored) == expected
        assert sum(each["points"] for each in scored["explanation"]) == scored["total"]


def line(request: Request) -> str:
    """A request as it stands in a file."""
    return json.dumps(dict(_fields(request)))


def _fields(request: Request) -> Iterator[tuple[str, Any]]:
    yield "source", request.source
    if request.path.startswith("/forms/"):
        yield "form", request.path.removeprefix("/forms/")
        yield "fields", request.body
        yield "timestamp", datetime.fromtimestamp(request.occurred_at / 1000, UTC).isoformat()
    else:
        yield from request.body.items()


def in_detail_of(expected: Expected, scored: dict[str, Any]) -> Expected:
    return Expected(
        total=scored["total"],
        stage=scored["stage"],
        lines={each["rule"]: each["points"] for each in scored["explanation"] if each["points"]},
        fit=None if expected.fit is None else scored["scores"]["fit"],
        engagement=None if expected.engagement is None else scored["scores"]["engagement"],
    )
