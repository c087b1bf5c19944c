"""The deployed stack as its users have it: two URLs, some keys, two queues. Nothing is looked at from within."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from infra.local.play import BROWSER, Document, receive, wait_for_rest
from infra.local.stack import LocalStack
from tests.patience import PATIENCE_SECONDS


def new_name() -> str:
    """A name that no other test uses: all of them share one deployment."""
    return uuid.uuid4().hex[:12]


class Outside:
    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self._http = httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._http.close()

    def without_key(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._http.request(method, self.stack.collect_url + path, **more)

    def by_server(self, path: str, body: Any) -> httpx.Response:
        """A call with the server's key; `body` is JSON, or text as it is."""
        return self._call(path, body, self.stack.server_write_key)

    def by_browser(self, path: str, body: Any) -> httpx.Response:
        """The same with the public key."""
        return self._call(path, body, self.stack.public_write_key)

    def submit(self, form: str, fields: Document, **headers: str) -> httpx.Response:
        """A browser's form post."""
        data = {"writeKey": self.stack.public_write_key, **fields}
        return self._http.post(f"{self.stack.collect_url}/forms/{form}", data=data, headers=headers)

    def open_pixel(self, **parameters: str) -> httpx.Response:
        data = {"writeKey": self.stack.public_write_key, **parameters}
        return self._http.get(f"{self.stack.collect_url}/pixel.gif", params=data, headers=BROWSER)

    def ask(self, method: str, path: str, *, authorization: str | None = None, **more: Any) -> httpx.Response:
        """A call of the leads API, with the token unless something else is given."""
        headers = {"Authorization": f"Bearer {self.stack.leads_token}" if authorization is None else authorization}
        return self._http.request(method, self.stack.leads_url + path, headers=headers, **more)

    def lead(self, **known_by: str) -> Document:
        """A lead, once everything sent so far is scored."""
        self.settle()
        answer = self.ask("POST", "/leads/lookup", json=known_by)
        assert answer.status_code == httpx.codes.OK, answer.text
        return dict(answer.json())

    def settle(self) -> None:
        wait_for_rest(self.stack)

    @contextmanager
    def quick_tries(self) -> Iterator[None]:
        """What failed comes again after a second, not after the minutes that a real deployment waits."""
        sqs, queue = self.stack.client("sqs"), self.stack.outputs["EventsQueueUrl"]
        usual = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
        try:
            yield
        finally:
            sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)

    def poison(self, body: str) -> None:
        """Put something on the events queue that is no message of ours."""
        self.stack.client("sqs").send_message(QueueUrl=self.stack.outputs["EventsQueueUrl"], MessageBody=body)

    def take_dead_letter(self) -> str:
        """What ends in the dead-letter queue next."""
        sqs, queue = self.stack.client("sqs"), self.stack.outputs["EventsDlqUrl"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                return str(message["Body"])
        raise AssertionError("nothing came to the dead-letter queue")

    def told(self, queue: str, lead: str, *, expected: int) -> list[Document]:
        """What a queue was told of a lead."""
        url = {"sales": self.stack.sales_queue_url, "nurture": self.stack.nurture_queue_url}[queue]
        return receive(self.stack, url, expected={lead: expected})[lead]

    def _call(self, path: str, body: Any, key: str) -> httpx.Response:
        content = {"content": body} if isinstance(body, str | bytes) else {"json": body}
        return self._http.post(self.stack.collect_url + path, auth=(key, ""), **content)
