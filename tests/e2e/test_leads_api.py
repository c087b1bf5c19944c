"""Who may ask about leads, on the deployed stack."""

import pytest

from tests.e2e.outside import Outside, new_name


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/leads/abc"), ("POST", "/leads/lookup"), ("GET", "/leads?stage=mql"), ("GET", "/x")]
)
def test_without_the_token_nothing_is_told(outside: Outside, method: str, path: str) -> None:
    for wrong in ("", "Bearer wrong", f"Bearer {outside.stack.server_write_key}", outside.stack.leads_token):
        answer = outside.ask(method, path, authorization=wrong)

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_a_lead_is_found_by_each_thing_that_it_goes_by_and_in_the_list_of_its_stage(outside: Outside) -> None:
    name = new_name()
    email = f"{name}@northwind.example"
    outside.open_pixel(anonymousId=name, url="https://www.example.com/pricing").raise_for_status()
    outside.settle()
    outside.submit("demo-request", {"email": email, "anonymousId": name}).raise_for_status()
    outside.settle()
    outside.by_server("/v1/identify", {"userId": name, "traits": {"email": email, "title": "CEO"}}).raise_for_status()

    found = [outside.lead(**known_by) for known_by in ({"user_id": name}, {"email": email}, {"anonymous_id": name})]

    assert len({lead["lead"] for lead in found}) == 1
    assert found[0]["total"] == 56
    assert found[0]["external_ids"] == {"user_id": name, "email": email}
    in_sales = outside.ask("GET", "/leads?stage=sql&limit=1000").json()["leads"]
    assert found[0]["lead"] in [lead["lead"] for lead in in_sales]


def test_two_people_become_one_by_hand_and_two_again(outside: Outside) -> None:
    user, other = new_name(), f"{new_name()}@northwind.example"
    outside.by_server("/v1/track", {"userId": user, "event": "Demo Requested"}).raise_for_status()
    outside.submit("newsletter", {"email": other}).raise_for_status()
    winner, loser = outside.lead(user_id=user), outside.lead(email=other)

    merged = outside.ask("POST", f"/leads/{loser['lead']}/merge", json={"into": winner["lead"]})

    assert (merged.status_code, merged.json()["queued"]) == (202, "merge")
    one = outside.lead(email=other)
    assert one["lead"] == winner["lead"]
    assert len(one["timeline"]) > len(winner["timeline"])

    undone = outside.ask("POST", f"/leads/{loser['lead']}/unmerge")

    assert undone.status_code == 202
    two = outside.lead(user_id=user), outside.lead(email=other)
    assert [lead["lead"] for lead in two] == [winner["lead"], loser["lead"]]
    assert [lead["total"] for lead in two] == [winner["total"], loser["total"]]
    assert outside.ask("POST", f"/leads/{loser['lead']}/unmerge").json()["code"] == "not_merged"
