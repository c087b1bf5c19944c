"""Decay's clockwork: sends a tick for every lead whose timer has run out. What time does
to a lead is the fold's business.

Only the due index is read. A timer stays armed until its tick is worked on, so a crash anywhere, a second run beside
this one or a lost message costs a repeated tick at most: the next run finds the same timer.
"""

from collections.abc import Callable, Mapping
from itertools import batched
from typing import Any, NamedTuple, Self

from leadscore.domain.cause import Cause
from leadscore.use_cases.messages import TICKS_MAX, ticks_body
from leadscore.use_cases.ports import DueIndex, EventsQueue


class DecayRun(NamedTuple):
    """How many leads were sent a tick, and whether the run came to its end."""

    sent: int
    finished: bool


class _Position(NamedTuple):
    """The next page of a run: `until` is the run's own now, so that a resumed run ends where it would have ended."""

    until: int
    shard: int = 0
    after: str | None = None

    @classmethod
    def of(cls, cursor: Mapping[str, Any]) -> Self:
        """The position that a cursor remembers."""
        after = cursor["after"]
        return cls(int(cursor["until"]), int(cursor["shard"]), None if after is None else str(after))

    def following(self, end: str | None) -> "_Position":
        """Where to go on after a page that ended at `end`: in the same shard, or with the next."""
        return _Position(self.until, self.shard + 1) if end is None else _Position(self.until, self.shard, end)

    @property
    def cursor(self) -> Mapping[str, Any]:
        return {"until": self.until, "shard": self.shard, "after": self.after}


def send_due_ticks(
    *,
    index: DueIndex,
    queue: EventsQueue,
    now: int,
    out_of_time: Callable[[], bool],
    new_token: Callable[[], str],
) -> DecayRun:
    """Finish the run that ran out of time, if there is one, then go over everything due up to `now`.

    Without the cursor a backlog longer than one run would be served from its beginning forever, and the last shards
    never.
    """
    cursor = index.read_cursor()
    unfinished = [_Position.of(cursor)] if cursor is not None else []
    sent = 0
    for start in (*unfinished, _Position(now)):
        position = start
        while position.shard < index.due_shards:
            if out_of_time():
                index.write_cursor(position.cursor)
                return DecayRun(sent, finished=False)
            leads, end = index.due(until=position.until, shard=position.shard, after=position.after)
            if leads:
                queue.send(
                    [ticks_body(new_token(), batch, Cause.TIME) for batch in batched(leads, TICKS_MAX, strict=False)]
                )
                sent += len(leads)
            position = position.following(end)
    if cursor is not None:
        index.write_cursor(None)
    return DecayRun(sent, finished=True)
