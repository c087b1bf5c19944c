"""What the public door promises, on the deployed stack."""

import json

import httpx

from infra.local.play import failures
from tests.e2e.conftest import REDIRECT_SITE
from tests.e2e.outside import Outside, new_name


def test_an_event_that_is_sent_twice_counts_once(outside: Outside) -> None:
    user = new_name()
    batch = {
        "batch": [
            {"type": "track", "event": "Trial Started", "userId": user, "messageId": new_name()},
            {"type": "track", "event": "Email Link Clicked", "userId": user, "messageId": new_name()},
        ]
    }

    for _ in range(3):
        outside.by_server("/v1/batch", batch).raise_for_status()

    lead = outside.lead(user_id=user)
    times = {line["rule"]: line["times"] for line in lead["explanation"]}
    assert (lead["total"], times) == (30, {"Trial started": 1, "Email link clicked": 1})


def test_a_browsers_key_neither_fast_tracks_nor_unsubscribes(outside: Outside) -> None:
    hopeful, customer = new_name(), new_name()
    outside.by_browser("/v1/track", {"userId": hopeful, "event": "Demo Requested"}).raise_for_status()
    outside.open_pixel(userId=hopeful, event="Demo Requested").raise_for_status()
    outside.by_server("/v1/track", {"userId": customer, "event": "Content Downloaded", "properties": {"kind": "ebook"}})
    outside.by_browser("/v1/track", {"userId": customer, "event": "Unsubscribed"}).raise_for_status()

    assert outside.lead(user_id=hopeful)["stage"] == "warm"  # by the points that browsers may give
    assert outside.lead(user_id=customer)["stage"] == "mql"


def test_a_bad_item_of_a_batch_is_kept_and_fails_no_neighbour(outside: Outside) -> None:
    user = new_name()
    before = failures(outside.stack)
    good = {"type": "track", "event": "Trial Started", "userId": user}
    bad = {"type": "track", "event": "Trial Started", "properties": {"remark": f"nobody's, {user}"}}

    answer = outside.by_server("/v1/batch", {"batch": [bad, good]})

    assert answer.status_code == httpx.codes.OK
    assert [failure["code"] for failure in answer.json()["failures"]] == ["no_user_anon_id"]
    assert outside.lead(user_id=user)["total"] == 25
    (key,) = failures(outside.stack) - before
    bucket = outside.stack.outputs["FailedEventsBucketName"]
    kept = json.loads(outside.stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert kept["code"] == "no_user_anon_id"
    assert json.loads(kept["raw"])["batch"] == [bad]


def test_a_reused_id_is_kept_aside_and_changes_nothing(outside: Outside) -> None:
    user, message_id = new_name(), new_name()
    before = failures(outside.stack)
    call = {"userId": user, "event": "Trial Started", "messageId": message_id}
    outside.by_server("/v1/track", call).raise_for_status()
    outside.settle()

    outside.by_server("/v1/track", {**call, "event": "Meeting Booked"}).raise_for_status()

    assert outside.lead(user_id=user)["total"] == 25
    assert len(failures(outside.stack) - before) == 1


def test_a_browsers_form_goes_back_to_an_allowed_site_only(outside: Outside) -> None:
    email = f"{new_name()}@northwind.example"
    browser = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}

    home = outside.submit("contact", {"email": email, "redirect": f"{REDIRECT_SITE}/thanks"}, **browser)
    away = outside.submit("contact", {"email": email, "redirect": "https://phishing.example/thanks"}, **browser)

    assert (home.status_code, home.headers["location"]) == (303, f"{REDIRECT_SITE}/thanks")
    assert away.status_code == httpx.codes.OK
    assert "location" not in away.headers
    assert outside.lead(email=email)["total"] == 30


def test_without_a_key_nothing_is_taken_and_the_pixel_shows_its_picture_anyway(outside: Outside) -> None:
    user = new_name()

    refused = outside.without_key("POST", "/v1/track", json={"userId": user, "event": "Signed Up"})
    picture = outside.without_key("GET", "/pixel.gif", params={"userId": user})

    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_write_key")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/gif")
    outside.settle()
    assert outside.ask("POST", "/leads/lookup", json={"user_id": user}).status_code == httpx.codes.NOT_FOUND
