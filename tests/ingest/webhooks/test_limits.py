"""How much a webhook may hold: its sender chooses the size of a batch, and comes again for days with one too large."""

import gzip
import json

from leadscore.ingest.webhooks.vendor import EVENTS_MAX
from leadscore.use_cases.collecting.webhooks import BODY_BYTES_MAX
from leadscore.use_cases.messages import BODY_BYTES_MAX as MESSAGE_BYTES_MAX
from leadscore.use_cases.messages import EVENTS_MAX as MESSAGE_EVENTS_MAX
from leadscore.use_cases.messages import read_message
from tests.ingest.door import PUBLIC_KEY, document
from tests.ingest.webhooks.senders import new_door, of, signed

OPEN = of("sendgrid").body[5]
#: As SendGrid's documentation says.
SENDGRID_BYTES_MAX = 768 * 1024


def opens(count: int, filling: int = 0) -> list[dict[str, object]]:
    return [{**OPEN, "sg_event_id": f"e{number}", "x": "y" * filling} for number in range(count)]


def test_a_batch_as_large_as_sendgrid_sends_is_taken_in_messages_that_the_queue_takes() -> None:
    door = new_door()
    sent = signed("sendgrid", opens(1_000, filling=SENDGRID_BYTES_MAX // 1_000 - len(json.dumps(OPEN))))
    assert 0.95 * SENDGRID_BYTES_MAX < len(sent.body) < SENDGRID_BYTES_MAX * 1.05

    assert sent.to(door).status == 200
    assert len({event.id for event in door.events}) == 1_000
    assert max(len(body.encode()) for body in door.queue.bodies) <= MESSAGE_BYTES_MAX
    assert max(len(read_message(body).events) for body in door.queue.bodies) <= MESSAGE_EVENTS_MAX


def test_as_many_events_as_fit_into_such_a_batch_are_not_too_many() -> None:
    assert len(json.dumps(OPEN)) * EVENTS_MAX > SENDGRID_BYTES_MAX
    few, many = signed("sendgrid", [1] * EVENTS_MAX), signed("sendgrid", [1] * (EVENTS_MAX + 1))

    assert few.to(new_door()).status == 200
    assert document(many.to(new_door()))["code"] == "too_many_events"


def test_what_is_larger_than_a_webhook_may_be_is_refused_packed_or_not() -> None:
    sent = signed("sendgrid", ["x" * BODY_BYTES_MAX])
    for body, headers in ((sent.body, {}), (gzip.compress(sent.body), {"content-encoding": "gzip"})):
        sent.body, sent.headers = body, {**sent.headers, **headers}
        response = sent.to(new_door())
        assert (response.status, document(response)["code"]) == (413, "body_too_large")
        assert "1024 KB" in document(response)["message"]


def test_browsers_may_send_no_more_than_before() -> None:
    response = new_door().post("/v1/batch", b" " * (600 * 1024), key=PUBLIC_KEY)

    assert (response.status, "520 KB" in document(response)["message"]) == (413, True)
