"""What every endpoint of the public door shares: whose key it is, and keeping what came.

A batch's bad items go to the failed events first, so they are kept, too. A single bad call is refused and nothing kept:
its sender is told. But for forms: who submits one does not come again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.naming import NamedRuling
from leadscore.ingest.arrival import Arrival, Sender, find_source
from leadscore.ingest.facts.uncounted import NO_HOUSE, House
from leadscore.ingest.http import Request, Response, failure, json_response
from leadscore.ingest.segment import Failure, failed_text
from leadscore.use_cases.messages import event_bodies, named_rulings_bodies
from leadscore.use_cases.ports import EventsQueue, FailedEvents

RETRY_AFTER_SECONDS = 5
SUCCESS = json_response({"success": True})


class Unavailable(Exception):
    """Something that collecting needs did not answer: nothing is promised, the sender has to come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """`sources` are believed as far as their trust says; `kinds` has the kind that each was given in the settings.

    `redirect_sites` are the deployer's own, and what comes from the `house` counts nothing. `report` gets what failed,
    `count` what is worth a metric. `claim` gives what a key was first claimed for, which may be right now.
    """

    sources: Mapping[str, Trust]
    redirect_sites: Collection[str]
    read_root: Callable[[], str]
    queue: EventsQueue
    failed_events: FailedEvents
    now: Callable[[], int]
    new_token: Callable[[], str]
    count: Callable[[str, int], None]
    report: Callable[[BaseException], None]
    kinds: Mapping[str, str] = field(default_factory=dict)
    signing_secret: Callable[[str], str | None] = lambda _source: None
    claim: Callable[[str, str], str] = lambda _key, said: said
    house: House = NO_HOUSE

    def arrival(self, request: Request, key: Any) -> Arrival:
        """Who sent it: the source of the key in Basic authentication, or else of `key`."""
        source, trust = find_source(request.basic_user() or key, root=self.root(), sources=self.sources)
        return self.arrival_of(request, source, trust)

    def arrival_of(self, request: Request, source: str, trust: Trust) -> Arrival:
        """The arrival of something whose sender is known already."""
        sender = Sender(
            request.address,
            request.header("user-agent"),
            opts_out=request.opts_out,
            is_prefetch=request.is_prefetch,
        )
        return Arrival(source, trust, self.now(), self.new_token, sender, self.house)

    def root(self) -> str:
        """The secret that every write key is derived from."""
        with or_unavailable():
            return self.read_root()

    def keep(self, events: Sequence[LeadEvent]) -> None:
        """Queue all of them, or raise Unavailable."""
        if events:
            with or_unavailable():
                self.queue.send(list(event_bodies(events, self.new_token)))

    def keep_rulings(self, rulings: Sequence[NamedRuling]) -> None:
        """Queue all of them, or raise Unavailable."""
        if rulings:
            with or_unavailable():
                self.queue.send(list(named_rulings_bodies(rulings, self.new_token)))

    def keep_failures(self, document: Mapping[str, Any], failures: Sequence[Failure], arrival: Arrival) -> None:
        """One object for each reason, not for each item: a batch of 2,500 bad ones must not cost 2,500 writes."""
        by_reason: dict[tuple[str, str], list[Failure]] = defaultdict(list)
        for failed in failures:
            by_reason[failed.rejected.code, failed.rejected.message].append(failed)
        for (code, message), alike in by_reason.items():
            raw = failed_text(document, alike, arrival.source)
            with or_unavailable():
                self.failed_events.put(raw=raw, code=code, reason=message, at=arrival.received_at)
        if failures:
            self.count("event.failed", len(failures))

    def report_unavailable(self, error: Unavailable) -> None:
        self.report(error.__cause__ or error)


def unavailable() -> Response:
    return failure(
        503,
        "unavailable",
        "the event could not be queued: send it again, with the same messageId",
        {"retry-after": str(RETRY_AFTER_SECONDS)},
    )


@contextmanager
def or_unavailable() -> Iterator[None]:
    """Whatever went wrong out there, the answer is the same: not taken, come again."""
    try:
        yield
    except Exception as error:
        raise Unavailable from error
