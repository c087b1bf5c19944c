"""The events table."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from leadscore.adapters.memory.hooks import Hook, Hooks, ignore
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.use_cases.ports import Recorded


class _LoggedEvent(NamedTuple):
    token: str
    fingerprint: str
    document: str


class MemoryEventLog(Hooks):
    """EventLog. An event is kept as the text that a table would keep."""

    def __init__(self, before_call: Hook = ignore, after_call: Hook = ignore) -> None:
        super().__init__(before_call, after_call)
        self._events: dict[Identifier, dict[str, _LoggedEvent]] = {}

    def put(self, event: LeadEvent, *, token: str) -> Recorded | None:
        with self._call("put"):
            logged = self._events.setdefault(event.home, {})
            if (there := logged.get(event.id)) is not None:
                return Recorded(there.token, there.fingerprint)
            logged[event.id] = _LoggedEvent(token, event.fingerprint, json.dumps(event.to_json()))
            return None

    def has(self, event: LeadEvent) -> bool:
        with self._call("has"):
            return event.id in self._events.get(event.home, {})

    def read(self, homes: Iterable[Identifier]) -> list[LeadEvent]:
        with self._call("read"):
            documents = [logged.document for home in set(homes) for logged in self._events.get(home, {}).values()]
        return [LeadEvent.from_json(json.loads(document)) for document in documents]

    def all_events(self) -> list[LeadEvent]:
        """The whole log, each event once, for tests to look at; no hook is called."""
        with self._lock:
            documents = [logged.document for home in self._events.values() for logged in home.values()]
        return [LeadEvent.from_json(json.loads(document)) for document in documents]
