"""Webhooks, signed for real, on the deployed stack: the secret goes in by the command line."""

import copy
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from leadscore.adapters.signing_secrets import FRESH_SECONDS
from tests.e2e.outside import Outside, new_name
from tests.ingest.webhooks.senders import SECRETS, Sent, of, signed
from tests.patience import PATIENCE_SECONDS


def leadscore(outside: Outside, *words: str, stdin: str = "") -> str:
    program = Path(sys.executable).with_name("leadscore")
    environment = outside.stack.ministack.environment()
    done = subprocess.run([program, *words], env=environment, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def deliver(outside: Outside, source: str, sent: Sent) -> httpx.Response:
    return outside.without_key("POST", f"/webhooks/{source}", content=sent.body, headers=sent.headers)


def deliver_until_taken(outside: Outside, source: str, sent: Sent) -> None:
    """As a sender does that is told to come again."""
    deadline = time.monotonic() + FRESH_SECONDS + PATIENCE_SECONDS
    while (answer := deliver(outside, source, sent)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        assert time.monotonic() < deadline
        time.sleep(1)
    assert (answer.status_code, answer.json()) == (httpx.codes.OK, {"success": True})


def renamed(body: Any, email: str) -> Any:
    text = json.dumps(body)
    return json.loads(
        text.replace("Ada.Lovelace@Northwind.example", email).replace("ada.lovelace@northwind.example", email)
    )


def moment() -> str:
    return datetime.now(UTC).isoformat()


def test_a_form_builders_form_is_taken_once_its_secret_is_stored(outside: Outside) -> None:
    email = f"{new_name()}@northwind.example"
    body = renamed(copy.deepcopy(of("typeform").body), email)
    body["form_response"] |= {"token": new_name(), "hidden": {}, "submitted_at": moment()}
    sent = signed("typeform", body)
    assert deliver(outside, "forms", sent).json()["code"] == "secret_not_set"

    assert leadscore(outside, "webhooks", "set", "forms", stdin=SECRETS["typeform"]).startswith("forms: stored.")
    deliver_until_taken(outside, "forms", sent)
    deliver_until_taken(outside, "forms", sent)
    forged = signed("typeform", body, secret_of="other-typeform")
    assert deliver(outside, "forms", forged).json()["code"] == "invalid_signature"

    lead = outside.lead(email=email)
    assert lead["stage"] == "sql", "the form is called `Request a demo`, and a person filled it in"
    assert {line["times"] for line in lead["explanation"]} == {1}
    listed = leadscore(outside, "webhooks", "list")
    assert "secret stored" in listed
    assert SECRETS["typeform"] not in listed


def test_mail_platforms_tell_who_clicked_and_who_left(outside: Outside) -> None:
    email = f"{new_name()}@northwind.example"
    events = [
        {
            "email": email,
            "timestamp": int(time.time()) - 60,
            "event": "click",
            "url": "https://www.example.com/",
            "sg_event_id": new_name(),
        },
        {"email": email, "timestamp": int(time.time()) - 30, "event": "unsubscribe", "sg_event_id": new_name()},
    ]
    leadscore(outside, "webhooks", "set", "newsletter", stdin=SECRETS["sendgrid"])
    deliver_until_taken(outside, "newsletter", signed("sendgrid", events[:1]))
    assert outside.lead(email=email)["total"] > 0
    deliver_until_taken(outside, "newsletter", signed("sendgrid", events))

    assert outside.lead(email=email)["stage"] == "out"


def test_what_ses_publishes_to_the_topic_becomes_events(outside: Outside) -> None:
    email = f"{new_name()}@northwind.example"
    record = renamed(of("ses-click").body, email)
    record["mail"] |= {"tags": {}, "messageId": new_name()}
    record["click"]["timestamp"] = moment()
    sns = outside.stack.client("sns")
    for _ in range(2):
        sns.publish(TopicArn=outside.stack.outputs["SesTopicArn"], Message=json.dumps(record))

    deadline = time.monotonic() + PATIENCE_SECONDS
    while outside.ask("POST", "/leads/lookup", json={"email": email}).status_code != httpx.codes.OK:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    times = {line["rule"]: line["times"] for line in outside.lead(email=email)["explanation"]}
    assert times == {"Email link clicked": 1}
