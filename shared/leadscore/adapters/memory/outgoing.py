"""What is sent away, kept for whoever wants to look at it: the queue, the failed events, the topic."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from leadscore.adapters.failed_events import FailedEvent
from leadscore.adapters.memory.hooks import Hook, Hooks, ignore


class MemoryQueue(Hooks):
    """EventsQueue. `bodies` is what was sent and not taken yet, `delay_seconds` how long the last were to wait."""

    def __init__(self, before_call: Hook = ignore, after_call: Hook = ignore) -> None:
        super().__init__(before_call, after_call)
        self.bodies: list[str] = []
        self.delay_seconds = 0

    def send(self, bodies: Sequence[str], *, delay_seconds: int = 0) -> None:
        with self._call("send"):
            self.bodies.extend(bodies)
            self.delay_seconds = delay_seconds

    def take(self) -> list[str]:
        """Everything sent since the last call, no longer in the queue."""
        with self._lock:
            taken, self.bodies = self.bodies, []
            return taken


class MemoryFailedEvents(Hooks):
    """FailedEvents. `kept` is one entry for each raw text, the last reason given for it."""

    def __init__(self, before_call: Hook = ignore, after_call: Hook = ignore) -> None:
        super().__init__(before_call, after_call)
        self.kept: dict[str, FailedEvent] = {}

    def put(self, *, raw: str, code: str, reason: str, at: int) -> None:
        with self._call("put_failed"):
            self.kept[raw] = FailedEvent(raw, code, reason, at)


class Notification(NamedTuple):
    body: str
    attributes: Mapping[str, str | Sequence[str]]


class MemoryTopic(Hooks):
    """Topic. `published` is every notification, repeats included, in order."""

    def __init__(self, before_call: Hook = ignore, after_call: Hook = ignore) -> None:
        super().__init__(before_call, after_call)
        self.published: list[Notification] = []

    def publish(self, *, body: str, attributes: Mapping[str, str | Sequence[str]]) -> None:
        with self._call("publish"):
            self.published.append(Notification(body, dict(attributes)))
