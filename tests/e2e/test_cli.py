"""The command line against a deployed stack of its own, because another model in force is everybody's."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.local.stack import LocalStack, local_stack
from leadscore.adapters.models import shipped_text
from tests.e2e.golden_play import GoldenPlay
from tests.e2e.outside import Outside, new_name
from tests.golden.cases import cases


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with local_stack(auth=True) as running:
        yield running


@pytest.fixture(scope="module")
def outside(stack: LocalStack) -> Iterator[Outside]:
    with Outside(stack) as view:
        yield view


def leadscore(stack: LocalStack, *arguments: str) -> str:
    """What the command says. It must succeed, and as AWS's own tools do it takes the account from the environment."""
    program = Path(sys.executable).with_name("leadscore")
    done = subprocess.run(
        [program, *arguments], env=stack.ministack.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_keys_are_those_that_the_door_takes(stack: LocalStack) -> None:
    said = leadscore(stack, "keys")

    assert stack.public_write_key in said
    assert stack.server_write_key in said
    assert stack.leads_token in said


def test_another_model_scores_all_leads_anew_and_quietly_and_the_old_one_brings_the_old_scores_back(
    outside: Outside, tmp_path: Path
) -> None:
    (case,) = (case for case in cases() if case.id == "G14")
    (shopper,) = (GoldenPlay(lead, outside) for lead in case.leads)
    customer = new_name()
    outside.by_server("/v1/track", {"userId": customer, "event": "Demo Requested"}).raise_for_status()
    outside.by_server("/v1/track", {"userId": shopper.user_id, "event": "Signed Up"}).raise_for_status()
    before = outside.lead(user_id=customer)
    assert (before["total"], before["stage"]) == (25, "sql")
    assert len(outside.told("sales", before["lead"], expected=1)) == 1
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(dict(case.model or {})))
    (tmp_path / "b2b.yaml").write_text(shipped_text())

    assert "2" in leadscore(outside.stack, "model", "activate", str(tmp_path / "shop.yaml"))

    rescored = outside.lead(user_id=customer)
    assert (rescored["total"], rescored["stage"], rescored["model"]) == (0, "visitor", "shop")
    while shopper.send_next_step():
        assert shopper.scored() == shopper.expected

    leadscore(outside.stack, "model", "activate", str(tmp_path / "b2b.yaml"))

    again = outside.lead(user_id=customer)
    assert (again["total"], again["stage"], again["explanation"]) == (25, "sql", before["explanation"])
    assert outside.told("sales", before["lead"], expected=0) == []


def test_what_was_told_of_a_lead_can_be_told_again_with_the_same_id(outside: Outside) -> None:
    user = new_name()
    outside.by_server("/v1/track", {"userId": user, "event": "Demo Requested"}).raise_for_status()
    lead = outside.lead(user_id=user)["lead"]
    (first,) = outside.told("sales", lead, expected=1)

    said = leadscore(outside.stack, "notifications", "republish", lead)

    (second,) = outside.told("sales", lead, expected=1)
    assert said == f"{lead}: 1 published\n"
    assert second == first


def test_failed_events_are_listed_with_their_reason_and_without_what_came(outside: Outside) -> None:
    remark = new_name()
    outside.by_server("/v1/batch", {"batch": [{"type": "track", "event": "Signed Up", "properties": {"by": remark}}]})

    listed, raw = leadscore(outside.stack, "failed"), leadscore(outside.stack, "failed", "--raw")

    assert "no_user_anon_id: " in listed
    assert remark not in listed
    assert remark in raw
