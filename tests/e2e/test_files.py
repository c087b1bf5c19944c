"""Files into a deployed stack, and leads out of it."""

import csv
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from infra.local.stack import LocalStack
from tests.e2e.outside import Outside, new_name
from tests.patience import PATIENCE_SECONDS


def leadscore(stack: LocalStack, *arguments: str | Path, status: int = 0) -> str:
    program = Path(sys.executable).with_name("leadscore")
    done = subprocess.run(
        [program, *arguments], env=stack.ministack.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout


def put(stack: LocalStack, name: str, content: str) -> None:
    bucket = stack.outputs["ImportBucketName"]
    stack.client("s3").put_object(Bucket=bucket, Key=f"import/{name}", Body=content.encode())


def read(stack: LocalStack, key: str) -> str:
    """What the function put into the bucket, once it did."""
    s3, bucket = stack.client("s3"), stack.outputs["ImportBucketName"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8-sig"))
        except s3.exceptions.NoSuchKey:
            time.sleep(0.5)
    raise AssertionError(f"nobody wrote {key}")


def report(stack: LocalStack, name: str) -> dict[str, Any]:
    return dict(json.loads(read(stack, f"report/{name}.json")))


def test_a_file_is_imported_quietly_and_twice_counts_once(outside: Outside, tmp_path: Path) -> None:
    name = new_name()
    file = tmp_path / "guests.csv"
    file.write_text(f"E-mail,Job Title,Record ID\n{name}@northwind.example,VP Sales,{name}\nnobody,CTO,\n")

    said = [leadscore(outside.stack, "import", file, status=1) for _ in range(2)]

    assert said[0].startswith("1 taken, 1 refused\n")
    lead = outside.lead(email=f"{name}@northwind.example")
    assert [entry["name"] for entry in lead["timeline"] if entry["type"] == "event"] == ["Identified"]
    assert lead["scores"]["fit"] > 0
    assert outside.told("nurture", lead["lead"], expected=0) == []


def test_downstream_hears_of_an_import_that_is_to_be_told(outside: Outside, tmp_path: Path) -> None:
    file = tmp_path / "demos.jsonl"
    quiet, told = new_name(), new_name()
    for name, options in ((quiet, []), (told, ["--notify"])):
        file.write_text(json.dumps({"type": "track", "event": "Demo Requested", "userId": name}) + "\n")
        leadscore(outside.stack, "import", file, *options)

    leads = {name: outside.lead(user_id=name) for name in (quiet, told)}

    assert [lead["stage"] for lead in leads.values()] == ["sql", "sql"]
    assert len(outside.told("sales", leads[told]["lead"], expected=1)) == 1
    assert outside.told("sales", leads[quiet]["lead"], expected=0) == []


def test_a_file_in_the_bucket_is_imported_with_its_mapping_and_reported_on(outside: Outside) -> None:
    name = new_name()
    columns = "  Attendee: {identifier: email}\n  Minutes: {property: minutes, as: number}\n"
    mapping = f"event: Webinar Attended\ncolumns:\n{columns}"
    put(outside.stack, f"{name} (1).csv.mapping.yaml", mapping)
    put(outside.stack, f"{name} (1).csv", f"Attendee;Minutes;Seat\n{name}@northwind.example;42;7\nnobody;1;8\n")

    said = report(outside.stack, f"{name} (1).csv")

    assert (said["finished"], said["taken"], said["refused"], said["left_out_columns"]) == (True, 1, 1, ["Seat"])
    assert "nobody;1;8" in read(outside.stack, f"report/{name} (1).refused.csv")
    lead = outside.lead(email=f"{name}@northwind.example")
    (event,) = (entry for entry in lead["timeline"] if entry["type"] == "event")
    assert (event["name"], event["properties"]) == ("Webinar Attended", {"minutes": 42})


def test_a_file_that_is_none_is_reported_on_and_not_tried_again(outside: Outside) -> None:
    name = new_name()
    put(outside.stack, f"{name}.xlsx", "PK")

    assert "ends in what it is" in report(outside.stack, f"{name}.xlsx")["problem"]
    queues = outside.stack.client("sqs").list_queues()["QueueUrls"]
    assert any("Import" in queue for queue in queues)


def test_leads_come_out_with_who_they_are_and_what_they_have(outside: Outside, tmp_path: Path) -> None:
    name = new_name()
    call = {"userId": name, "traits": {"email": f"{name}@gmail.com", "company": "=1+1"}}
    outside.by_server("/v1/identify", call).raise_for_status()
    outside.by_server("/v1/track", {"userId": name, "event": "Demo Requested"}).raise_for_status()
    lead = outside.lead(user_id=name)
    file = tmp_path / "leads.csv"

    leadscore(outside.stack, "export", "leads", "--stage", "sql", "--out", file)

    with file.open(newline="") as content:
        (row,) = (row for row in csv.DictReader(content) if row["user_id"] == name)
    assert (row["lead"], row["total"], row["stage"]) == (lead["lead"], str(lead["total"]), "sql")
    assert (row["email"], row["company"]) == (f"{name}@gmail.com", "'=1+1")
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_audience_leaves_out_who_said_no(outside: Outside) -> None:
    stays, leaves = (f"{new_name()}@northwind.example" for _ in range(2))
    for address in (stays, leaves):
        outside.by_server("/v1/identify", {"userId": address, "traits": {"email": address}}).raise_for_status()
    outside.by_server("/v1/track", {"userId": leaves, "event": "Unsubscribed"}).raise_for_status()
    outside.settle()

    said = leadscore(outside.stack, "export", "audience", "--platform", "meta").splitlines()

    assert said[0] == "email"
    assert hashlib.sha256(stays.encode()).hexdigest() in said
    assert hashlib.sha256(leaves.encode()).hexdigest() not in said
