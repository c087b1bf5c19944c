"""The two indexes of the leads table: by stage, and by timer."""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadscore.adapters.memory.hooks import Hook, ignore
from leadscore.adapters.memory.leads import MemoryLeadStore
from leadscore.domain.event import Identifier


class MemoryIndexedLeads(MemoryLeadStore):
    """The leads with StageIndex, StageShards and DueIndex, in pages of `page_size`."""

    def __init__(
        self,
        before_call: Hook = ignore,
        after_call: Hook = ignore,
        *,
        is_stale: Callable[[Identifier | str], bool] = lambda _: False,
        due_shards: int = 8,
        page_size: int = 100,
    ) -> None:
        super().__init__(before_call, after_call, is_stale=is_stale)
        self._shards = due_shards
        self._page_size = page_size
        self._cursor: str | None = None

    # StageIndex

    def leads_in(self, stage: str, *, limit: int) -> Sequence[str]:
        with self._call("leads_in"):
            return [state.lead for state in self._states.values() if state.stage == stage][:limit]

    # StageShards

    @property
    def stage_shards(self) -> int:
        return self._shards

    def page(self, stage: str, *, shard: int, after: str) -> Sequence[str]:
        with self._call("page"):
            beyond = sorted(
                state.lead
                for state in self._states.values()
                if state.stage == stage and self._shard_of(state.lead) == shard and state.lead > after
            )
            return beyond[: self._page_size]

    # DueIndex

    @property
    def due_shards(self) -> int:
        return self._shards

    def due(self, *, until: int, shard: int, after: str | None) -> tuple[Sequence[str], str | None]:
        with self._call("due"):
            armed = sorted(
                (state.due_at, state.lead)
                for state in self._states.values()
                if state.due_at is not None and state.due_at <= until and self._shard_of(state.lead) == shard
            )
        if after is not None:
            due_at, lead = after.split(" ")
            armed = [entry for entry in armed if entry > (int(due_at), lead)]
        page = armed[: self._page_size]
        end = f"{page[-1][0]} {page[-1][1]}" if len(page) < len(armed) else None
        return [lead for _, lead in page], end

    def read_cursor(self) -> Mapping[str, Any] | None:
        with self._call("read_cursor"):
            cursor: Mapping[str, Any] | None = json.loads(self._cursor) if self._cursor is not None else None
            return cursor

    def write_cursor(self, cursor: Mapping[str, Any] | None) -> None:
        with self._call("write_cursor"):
            self._cursor = None if cursor is None else json.dumps(cursor)

    def _shard_of(self, lead: str) -> int:
        return zlib.crc32(lead.encode()) % self._shards
