"""Nothing personal in what operators and monitoring see: canaries are sent everywhere, and looked for in every log."""

import json
from collections.abc import Iterator

import httpx

from infra.local.stack import LocalStack
from tests.e2e.outside import Outside, new_name

USER = new_name()
NAME = f"Canary{new_name()}"
EMAIL = f"{NAME}@Northwind.example"
TRAITS = {"email": EMAIL, "name": NAME}


def test_no_log_no_metric_and_no_error_names_a_person(outside: Outside) -> None:
    answers = [*good_calls(outside), *bad_calls(outside)]
    with outside.quick_tries():
        outside.poison(json.dumps({"v": 1, "token": "t", "cause": EMAIL, "events": [{"id": NAME, "traits": TRAITS}]}))
        outside.take_dead_letter()
    outside.settle()
    answers += questions(outside)
    errors = [answer.text for answer in answers if answer.status_code != httpx.codes.OK]
    told = outside.told("sales", outside.lead(user_id=USER)["lead"], expected=1)
    logs = log_lines(outside.stack)

    assert told
    assert len(errors) >= 8
    assert {"Collection", "Scoring", "Notification", "Leads"} <= {part for part, _ in logs}
    assert any("score.failed" in line for _, line in logs)
    assert not [text for text in errors if names_somebody(text)]
    assert not [line for _, line in logs if names_somebody(line)]


def good_calls(outside: Outside) -> Iterator[httpx.Response]:
    event = {"userId": USER, "context": {"traits": TRAITS, "page": {"title": NAME}}, "properties": TRAITS}
    yield outside.by_server("/v1/identify", {"userId": USER, "traits": TRAITS})
    yield outside.by_server("/v1/track", {**event, "event": "Demo Requested"})
    yield outside.by_server("/v1/page", {**event, "name": NAME})
    yield outside.by_server("/v1/screen", {**event, "name": NAME})
    yield outside.by_server("/v1/group", {"userId": USER, "groupId": NAME, "traits": TRAITS})
    yield outside.by_server("/v1/alias", {"userId": USER, "previousId": f"{NAME}-visitor"})
    yield outside.by_browser("/v1/identify", {"anonymousId": f"{NAME}-visitor", "traits": TRAITS})
    items = [{"type": "track", **event, "event": NAME}, {"type": NAME, **event}]
    yield outside.by_browser("/v1/batch", {"batch": items})
    yield outside.submit("contact", {"email": EMAIL, "name": NAME, "message": EMAIL})
    yield outside.open_pixel(userId=USER, title=NAME)
    yield outside.open_pixel(userId=USER, title=EMAIL)


def bad_calls(outside: Outside) -> Iterator[httpx.Response]:
    yield outside.by_server("/v1/track", f'{{"userId": "{EMAIL}", "event": "{NAME}"')
    yield outside.by_server("/v1/track", {"userId": [NAME], "event": "Signed Up"})
    yield outside.by_server("/v1/track", {"userId": USER, "event": {"name": NAME}})
    yield outside.by_server("/v1/track", {"userId": USER, "event": "Signed Up", "timestamp": NAME})
    yield outside.by_server("/v1/batch", {"batch": NAME})
    yield outside.without_key("POST", "/v1/track", json={"writeKey": NAME, "userId": EMAIL})
    yield outside.submit("contact", {"email": EMAIL, "event": NAME * 20})
    for text in (NAME, EMAIL):  # one id, two events: the second is kept aside
        yield outside.by_server("/v1/track", {"userId": USER, "event": text, "messageId": USER})
        outside.settle()


def questions(outside: Outside) -> list[httpx.Response]:
    bodies = [{"email": EMAIL}, {"email": f"{EMAIL}.nobody"}, {"email": EMAIL, "user_id": NAME}, {NAME: EMAIL}]
    return [outside.ask("POST", "/leads/lookup", json=body) for body in bodies] + [
        outside.ask("POST", "/leads/lookup", content=f'{{"email": "{EMAIL}"'),
        outside.ask("GET", "/leads", params={"stage": NAME}),
    ]


def names_somebody(text: str) -> bool:
    return NAME.casefold() in text.casefold()


def log_lines(stack: LocalStack) -> list[tuple[str, str]]:
    """Every line that a function wrote, metrics included (they are lines, too), with the part of the stack it is of."""
    logs = stack.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    pages = [
        (group.rpartition("/")[2].partition("Log")[0], page)
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    ]
    return [(part, event["message"]) for part, page in pages for event in page["events"]]
