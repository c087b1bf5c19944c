"""Plays stories on a deployed stack, from outside only: real clients send, and the leads API and the queues are asked.

What is waited for is the system coming to rest, never what a story wants: a wrong ending shows at once.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from segment import analytics  # type: ignore[import-untyped]

from infra.local.stack import LocalStack
from infra.local.stories import Call, Form, Pixel, Step, Story

SITE = "https://www.example.com"
#: What a browser calls itself: a picture that a script loads is nobody's view.
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
#: How long "a moment" is at least.
MOMENT_MIN = timedelta(seconds=8)
REST_SECONDS_MAX = 60
ARRIVAL_SECONDS_MAX = 60

type Report = Callable[[str], None]
type Document = dict[str, Any]


class PlayError(Exception):
    """The stories could not be played to their end."""


@dataclass(frozen=True)
class Outcome:
    """What came of a story: the lead as the leads API shows it, and the messages about it by queue, in order."""

    story: Story
    lead: Document
    messages: Mapping[str, Sequence[Document]]


@dataclass(frozen=True)
class Played:
    """All that came of it. `due` is how many leads the clock moved, `failed` what the system could not process."""

    outcomes: Sequence[Outcome]
    events: int
    due: int
    failed: Sequence[str]


def play(stack: LocalStack, stories: Sequence[Story], *, report: Report = lambda _: None) -> Played:
    """Play the stories, and say what came of them. `report` hears what begins."""
    failed = failures(stack)
    first = [(story, step) for story in stories for step in story.first]
    later = [(story, step) for story in stories for step in story.later]
    report(f"act 1: {_cast(first)}, over HTTP")
    took = perform(stack, first)
    report(f"act 2: {_cast(later)}")
    # Twice what the first act took: on a slow machine, too, the lead has to be scored before its time is up.
    moment = max(MOMENT_MIN, 2 * took)
    time_is_up_at = datetime.now(UTC) + moment
    perform(stack, later, moment=moment)
    report("act 3: 30 days without activity run out for one lead")
    wait_until(time_is_up_at)
    due = decay(stack)
    report("asking the leads API, and the queues of sales and nurture")
    return Played(outcomes(stack, stories), len(first) + len(later), due, sorted(failures(stack) - failed))


def perform(stack: LocalStack, steps: Sequence[tuple[Story, Step]], *, moment: timedelta = MOMENT_MIN) -> timedelta:
    """Send what happens, wait until all of it is scored, and return how long that took."""
    now = datetime.now(UTC)
    for key, write_key in (("server", stack.server_write_key), ("public", stack.public_write_key)):
        calls = [(story, step) for story, step in steps if isinstance(step, Call) and step.key == key]
        send_calls(stack.collect_url, write_key, calls, now=now, moment=moment)
    with httpx.Client(base_url=stack.collect_url, headers=BROWSER, trust_env=False, timeout=30) as browser:
        for story, step in steps:
            match step:
                case Pixel():
                    open_page(browser, stack.public_write_key, story, step)
                case Form():
                    submit(browser, stack.public_write_key, story, step)
                case Call():
                    pass
    wait_for_rest(stack)
    return datetime.now(UTC) - now


def send_calls(
    host: str, write_key: str, calls: Sequence[tuple[Story, Call]], *, now: datetime, moment: timedelta
) -> None:
    """All in one batch: it goes when the last of them has been queued."""
    if not calls:
        return
    errors: list[Exception] = []
    client = analytics.Client(
        write_key, host=host, upload_size=len(calls), upload_interval=1, on_error=lambda error, _: errors.append(error)
    )
    for story, call in calls:
        ids = {"user_id": story.user_id or None, "anonymous_id": story.anonymous_id or None}
        at = now - call.ago + (moment if call.almost else timedelta())
        match call.call:
            case "identify":
                email = {"email": story.email} if story.email else {}
                client.identify(traits={**email, **call.said}, timestamp=at, **ids)
            case "track":
                client.track(event=call.event, properties=dict(call.said), timestamp=at, **ids)
            case "page":
                client.page(properties={"url": SITE + str(call.said["path"]), **call.said}, timestamp=at, **ids)
    client.shutdown()
    if errors:
        raise PlayError(f"the analytics client could not send: {errors[0]}")


def open_page(browser: httpx.Client, write_key: str, story: Story, page: Pixel) -> None:
    parameters = {"writeKey": write_key, "anonymousId": story.anonymous_id, "url": SITE + page.path}
    browser.get("/pixel.gif", params=parameters).raise_for_status()


def submit(browser: httpx.Client, write_key: str, story: Story, form: Form) -> None:
    fields = {"writeKey": write_key, "email": story.email, "anonymousId": story.anonymous_id, **form.fields}
    browser.post(f"/forms/{form.form}", data=fields).raise_for_status()


def decay(stack: LocalStack) -> int:
    """What the schedule does every hour. Returns how many leads were due."""
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs["DecayFunctionName"])
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise PlayError(f"the decay function failed: {result}")
    wait_for_rest(stack)
    return int(result["sent"])


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def wait_for_rest(stack: LocalStack) -> None:
    """Until the events queue is empty: a message leaves it when it has been scored."""
    sqs = stack.client("sqs")
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    deadline = time.monotonic() + REST_SECONDS_MAX
    while time.monotonic() < deadline:
        answer = sqs.get_queue_attributes(QueueUrl=stack.outputs["EventsQueueUrl"], AttributeNames=counts)
        if not any(int(answer["Attributes"][count]) for count in counts):
            return
        time.sleep(0.1)
    raise PlayError(f"events were still waiting to be scored after {REST_SECONDS_MAX} s")


def outcomes(stack: LocalStack, stories: Sequence[Story]) -> list[Outcome]:
    found = [(story, find_lead(stack, story.known_by)) for story in stories]
    queues = {
        "sales": receive(
            stack, stack.sales_queue_url, expected={lead["lead"]: len(story.ending.sales) for story, lead in found}
        ),
        "nurture": receive(
            stack, stack.nurture_queue_url, expected={lead["lead"]: len(story.ending.nurture) for story, lead in found}
        ),
    }
    return [
        Outcome(story, lead, {queue: messages[lead["lead"]] for queue, messages in queues.items()})
        for story, lead in found
    ]


def failures(stack: LocalStack) -> set[str]:
    """What is where the system puts what it cannot process."""
    bucket, dead_letters = stack.outputs["FailedEventsBucketName"], stack.outputs["EventsDlqUrl"]
    kept = stack.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    count = "ApproximateNumberOfMessages"
    dead = stack.client("sqs").get_queue_attributes(QueueUrl=dead_letters, AttributeNames=[count])["Attributes"][count]
    return {entry["Key"] for entry in kept} | {f"dead letter {number}" for number in range(int(dead))}


def find_lead(stack: LocalStack, known_by: Mapping[str, str]) -> Document:
    """The lead, by the leads API."""
    answer = httpx.post(
        f"{stack.leads_url}/leads/lookup",
        json=known_by,
        headers={"Authorization": f"Bearer {stack.leads_token}"},
        trust_env=False,
        timeout=30,
    )
    if answer.status_code != httpx.codes.OK:
        raise PlayError(f"the leads API answered {answer.status_code} when asked for {known_by}: {answer.text}")
    return dict(answer.json())


def receive(stack: LocalStack, url: str, *, expected: Mapping[str, int]) -> Mapping[str, list[Document]]:
    """The messages of a queue by lead, in order.

    It is done when about every lead as many have come as are expected, and for a second no more. What is about other
    leads is taken away, too.
    """
    sqs = stack.client("sqs")
    received: dict[str, Document] = {}
    deadline = time.monotonic() + ARRIVAL_SECONDS_MAX
    while time.monotonic() < deadline:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for message in messages:
            body = json.loads(message["Body"])
            received[body["id"]] = body
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        come = Counter(body["subject"] for body in received.values())
        if not messages and all(come[lead] >= count for lead, count in expected.items()):
            break
    return by_lead(received.values())


def by_lead(messages: Iterable[Document]) -> Mapping[str, list[Document]]:
    sorted_out: dict[str, list[Document]] = defaultdict(list)
    for message in sorted(messages, key=lambda message: int(message["data"]["sequence"])):
        sorted_out[message["data"]["lead"]].append(message)
    return sorted_out


def _cast(steps: Sequence[tuple[Story, Step]]) -> str:
    return f"{len(steps)} events by {len({story.name for story, _ in steps})} leads"
