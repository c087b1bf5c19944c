"""`leadscore explain` on a deployed stack."""

import subprocess
import sys
from pathlib import Path

from tests.e2e.outside import Outside, new_name


def explain(outside: Outside, name: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("leadscore")
    return subprocess.run(
        [program, "explain", name],
        env={**outside.stack.ministack.environment(), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lead_is_explained_by_its_id_and_by_its_names(outside: Outside) -> None:
    user = new_name()
    address = f"{user}@northwind.example"
    outside.by_server("/v1/identify", {"userId": user, "traits": {"email": address, "title": "CTO"}}).raise_for_status()
    outside.by_server("/v1/track", {"userId": user, "event": "Demo Requested"}).raise_for_status()
    lead = outside.lead(user_id=user)

    by_id, by_user, by_address = (explain(outside, name) for name in (lead["lead"], user, address))

    assert by_id.returncode == 0, by_id.stderr
    assert by_id.stdout.startswith(f"{lead['lead']}  ")
    assert f"total {lead['total']}; {lead['matrix']}; stage sql" in " ".join(by_id.stdout.split())
    assert "-> sql" in by_id.stdout
    assert "A demo request goes to sales" in by_id.stdout
    for other in (by_user, by_address):
        assert other.stdout.splitlines()[4:] == by_id.stdout.splitlines()[4:]


def test_nobody_of_that_name_ends_with_status_1(outside: Outside) -> None:
    done = explain(outside, new_name())
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "no lead goes by that name\n")
