"""The front door with a fault of the network in it, and a count of who came how often."""

import json
import threading
from enum import Enum

from infra.local.http_server import Answer, HttpAnswer, HttpRequest

#: What the collector says when its queue does not answer; a real one asks for five seconds.
UNAVAILABLE = HttpAnswer(
    503,
    [("content-type", "application/json"), ("retry-after", "1")],
    json.dumps({"code": "unavailable", "message": "send it again"}).encode(),
)


class Fault(Enum):
    """What happens to the first request."""

    NONE = "nothing"
    NOT_TAKEN = "it is not taken"
    ANSWER_LOST = "it is taken, and the answer is lost"


class FaultyFront:
    """Answers as `front` does, but for the fault. `statuses` are what the requests that came were answered."""

    def __init__(self, front: Answer, fault: Fault) -> None:
        self._front = front
        self._fault = fault
        self._lock = threading.Lock()
        self._untouched = True
        self.statuses: list[int] = []

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        with self._lock:
            fault = self._fault if self._untouched else Fault.NONE
            self._untouched = False
        answer = UNAVAILABLE if fault is Fault.NOT_TAKEN else self._front(request)
        answer = UNAVAILABLE if fault is Fault.ANSWER_LOST else answer
        self.statuses.append(answer.status)
        return answer
