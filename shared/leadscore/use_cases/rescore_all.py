"""Has every lead looked at again, after a model came into force: ticks through the queue that events take.

Leads are found by the stage index, every shard of every stage a segment of its own, several beside each other. How far
each has come is remembered, so that an interrupted run goes on where it stopped. A lead that moves meanwhile may get
two ticks or, if an event moved it, none: that event has brought it to the model.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import batched
from threading import Lock

from leadscore.domain.cause import Cause
from leadscore.domain.rules import DISQUALIFIED, OUT
from leadscore.use_cases.messages import TICKS_MAX, ticks_body
from leadscore.use_cases.ports import Activation, EventsQueue, Run, Runs, Segment, StageShards

type Task = Callable[[], None]
#: Runs tasks beside each other and gives what each gave, or the exception that it raised, in order.
type RunAll = Callable[[list[Task]], list[Exception | None]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the leads that were sent a tick, the segments that are finished, and how many there are."""

    leads: int
    finished: int
    segments: int

    @property
    def is_complete(self) -> bool:
        return self.finished == self.segments


def rescore_all(
    *,
    activation: Activation,
    stages: Iterable[str],
    shards: StageShards,
    runs: Runs,
    queue: EventsQueue,
    new_token: Callable[[], str],
    run_all: RunAll,
    is_stopped: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Send the ticks of an activation: those that the run before left out, or, if it came to its end, all of them.

    `report` is called from several threads, one at a time. Raises what the first segment that failed raised.
    """
    run, segments = _open(activation, list(_segments(stages, shards)), runs, new_token)
    sending = _Sending(run, segments, shards, runs, queue, new_token, is_stopped, report)
    for outcome in run_all([sending.task(segment) for segment in segments if not segment.finished]):
        if outcome is not None:
            raise outcome
    return sending.progress


def stages_of(activations: Iterable[Activation]) -> Iterator[str]:
    """Every stage that a lead may be in: a model of long ago may have put it there, and nothing happened since."""
    yield from dict.fromkeys([stage for then in activations for stage in then.stages] + [OUT, DISQUALIFIED])


def _segments(stages: Iterable[str], shards: StageShards) -> Iterator[Segment]:
    """The first shard of every stage, then the second: what is read beside each other lies in different partitions."""
    names = list(stages)
    yield from (Segment(stage, shard) for shard in range(shards.stage_shards) for stage in names)


def _open(
    activation: Activation, segments: list[Segment], runs: Runs, new_token: Callable[[], str]
) -> tuple[Run, list[Segment]]:
    latest = runs.latest()
    if latest is not None and latest[0].activation == activation.activation:
        begun = {(segment.stage, segment.shard): segment for segment in latest[1]}
        resumed = [begun.get((segment.stage, segment.shard), segment) for segment in segments]
        if not all(segment.finished for segment in resumed):
            return latest[0], resumed
    run = Run(new_token(), activation.activation)
    runs.begin(run)
    return run, segments


class _Sending:
    """One run while it goes on, on several threads."""

    def __init__(
        self,
        run: Run,
        segments: Iterable[Segment],
        shards: StageShards,
        runs: Runs,
        queue: EventsQueue,
        new_token: Callable[[], str],
        is_stopped: Callable[[], bool],
        report: Callable[[Progress], None],
    ) -> None:
        self._run = run
        self._segments = {(segment.stage, segment.shard): segment for segment in segments}
        self._shards = shards
        self._runs = runs
        self._queue = queue
        self._new_token = new_token
        self._is_stopped = is_stopped
        self._report = report
        self._lock = Lock()
        report(self.progress)

    @property
    def progress(self) -> Progress:
        found = self._segments.values()
        return Progress(sum(item.sent for item in found), sum(item.finished for item in found), len(found))

    def task(self, segment: Segment) -> Task:
        return lambda: self._send(segment)

    def _send(self, segment: Segment) -> None:
        while not segment.finished and not self._is_stopped():
            leads = self._shards.page(segment.stage, shard=segment.shard, after=segment.after)
            if leads:
                self._queue.send(
                    [
                        ticks_body(self._new_token(), batch, Cause.MODEL, activation=self._run.activation)
                        for batch in batched(leads, TICKS_MAX, strict=False)
                    ]
                )
                segment = segment._replace(after=leads[-1], sent=segment.sent + len(leads))
            else:
                segment = segment._replace(finished=True)
            # After the ticks: an interruption in between repeats a page, which costs time, and leaves none out.
            self._runs.remember(self._run, segment)
            self._note(segment)

    def _note(self, segment: Segment) -> None:
        with self._lock:
            self._segments[segment.stage, segment.shard] = segment
            self._report(self.progress)
