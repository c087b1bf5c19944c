"""The command line against a deployed stack of its own, because another model in force is everybody's."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.stack import LocalStack, local_stack
from leadscore.adapters.models import shipped_text
from tests.e2e.golden_play import GoldenPlay
from tests.e2e.outside import Outside, new_name
from tests.golden.cases import Case, cases


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


def shop_ladder() -> Case:
    (case,) = (case for case in cases() if case.id == "G14")
    return case


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The file of another model."""
    file = tmp_path / "shop.yaml"
    file.write_text(yaml.safe_dump({**(shop_ladder().model or {}), "model": "shop"}))
    return file


@pytest.fixture
def _pushed_shop(stack: LocalStack, shop: Path) -> None:
    """That model as shop@1, whichever test comes first."""
    leadscore(stack, "model", "push", str(shop))


def new_customer(outside: Outside) -> dict[str, Any]:
    """Somebody who asked for a demo, of whom sales was told."""
    customer = new_name()
    outside.by_server("/v1/track", {"userId": customer, "event": "Demo Requested"}).raise_for_status()
    lead = outside.lead(user_id=customer)
    assert (lead["total"], lead["stage"], lead["model"]) == (25, "sql", "b2b")
    assert len(outside.told("sales", lead["lead"], expected=1)) == 1
    return lead | {"user_id": customer}


def test_a_version_that_is_pushed_scores_nobody_until_it_is_activated(outside: Outside, shop: Path) -> None:
    customer = new_customer(outside)

    said = [leadscore(outside.stack, "model", "push", str(shop)) for _ in range(2)]

    assert said[0].startswith("shop@1 is stored.")
    assert said[1] == "shop@1 says the same already: nothing was stored.\n"
    assert outside.lead(user_id=customer["user_id"])["total"] == 25
    listed = leadscore(outside.stack, "model", "list").splitlines()
    (b2b,) = (line for line in listed if "b2b" in line)
    (pushed,) = (line for line in listed if "shop" in line)
    assert [cell.strip()[:2] for cell in b2b.split("│")[1:-1]] == ["b2", "1", "20", "1", "20"]
    assert [cell.strip()[:2] for cell in pushed.split("│")[1:-1]] == ["sh", "1", "20", "", ""]


def test_a_model_scores_all_leads_anew_and_quietly_and_a_rollback_brings_the_old_scores_back(
    outside: Outside, shop: Path
) -> None:
    (shopper,) = (GoldenPlay(lead, outside) for lead in shop_ladder().leads if lead.name == "a shopper")
    before = new_customer(outside)
    outside.by_server("/v1/track", {"userId": shopper.user_id, "event": "Signed Up"}).raise_for_status()

    said = leadscore(outside.stack, "model", "activate", str(shop), "--wait")

    assert said.startswith("shop@1 is in force, activation 2.\nLeads rescored: ")
    assert said.endswith("Nobody is told of stages that only the model moves.\n")
    rescored = outside.lead(user_id=before["user_id"])
    assert (rescored["total"], rescored["stage"], rescored["model"]) == (0, "visitor", "shop")
    while shopper.send_next_step():
        assert shopper.scored() == shopper.expected

    assert "goes back to b2b@1" in leadscore(outside.stack, "model", "list")
    assert leadscore(outside.stack, "model", "rollback", "--wait").startswith("b2b@1 is in force, activation 3.")

    again = outside.lead(user_id=before["user_id"])
    assert (again["total"], again["stage"], again["explanation"]) == (25, "sql", before["explanation"])
    assert outside.told("sales", before["lead"], expected=0) == []


def test_downstream_is_told_once_and_with_the_cause_where_it_is_to_be(outside: Outside, tmp_path: Path) -> None:
    customer = new_customer(outside)
    slower = tmp_path / "slower.yaml"
    slower.write_text(yaml.safe_dump({**yaml.safe_load(shipped_text()), "fast_track": []}))

    said = leadscore(outside.stack, "model", "activate", str(slower), "--notify", "--wait")

    assert "b2b@2 is in force" in said
    assert said.endswith("Downstream is told of stages that only the model moves.\n")
    (told,) = outside.told("sales", customer["lead"], expected=1)
    assert (told["data"]["from"], told["data"]["cause"]) == ("sql", "model")
    assert leadscore(outside.stack, "model", "rescore", "--wait").startswith("Leads rescored: ")
    leadscore(outside.stack, "model", "rollback", "--wait")
    assert outside.lead(user_id=customer["user_id"])["stage"] == "sql"
    assert outside.told("sales", customer["lead"], expected=0) == []


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Programs inherit that an interruption is ignored, as it is where somebody runs the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible", "_pushed_shop")
def test_an_activation_that_is_interrupted_goes_on_with_the_next_rescoring(outside: Outside) -> None:
    customer = new_customer(outside)
    program = Path(sys.executable).with_name("leadscore")
    with subprocess.Popen(
        [program, "model", "activate", "shop@1"],
        env=outside.stack.ministack.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        said = running.stdout.readline()
        assert said.startswith("shop@1 is in force"), said or running.stderr.read()
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate()

    assert running.returncode == 130
    assert "`leadscore model rescore` goes on from here" in complaint
    leadscore(outside.stack, "model", "rescore", "--wait")
    state = outside.stack.client("dynamodb").get_item(
        TableName=outside.stack.outputs["LeadsTableName"],
        Key={"pk": {"S": f"LEAD#{customer['lead']}"}, "sk": {"S": "STATE"}},
    )
    assert state["Item"]["stage"] == {"S": "visitor"}
    leadscore(outside.stack, "model", "rollback", "--wait")


def test_a_shadow_is_reported_on_and_changes_nothing(outside: Outside, shop: Path) -> None:
    customer = new_customer(outside)

    said = leadscore(outside.stack, "model", "shadow", str(shop))

    assert customer["lead"] in said
    assert "25 sql" in said
    assert "0 visitor" in said
    assert "under b2b in force (rows) and under shop (columns)" in said
    assert outside.lead(user_id=customer["user_id"])["version"] == customer["version"]


def test_a_model_that_ships_goes_by_its_name(outside: Outside) -> None:
    assert leadscore(outside.stack, "model", "push", "pardot").startswith("pardot@1 is stored.")
    assert leadscore(outside.stack, "model", "activate", "ecommerce", "--wait").startswith("ecommerce@1 is in force")
    assert leadscore(outside.stack, "model", "rollback", "--wait").startswith("b2b@1 is in force")


@pytest.mark.usefixtures("_pushed_shop")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["activate", "nobody"], "nobody is neither a file nor a model that was pushed"),
        (["activate", "shop@7"], "shop has no version 7: its latest is 1"),
        (["activate", "shop@"], "shop@ names no version: write shop@1, or shop for the latest"),
        (["shadow", "--sample", "0%", __file__], "a sample is more than nothing"),
    ],
)
def test_what_cannot_be_done_is_said(outside: Outside, arguments: list[str], complaint: str) -> None:
    program = Path(sys.executable).with_name("leadscore")
    done = subprocess.run(
        [program, "model", *arguments],
        env=outside.stack.ministack.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {1, 2}
    assert complaint in done.stderr


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
