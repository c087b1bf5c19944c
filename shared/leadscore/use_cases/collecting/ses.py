"""Amazon SES's events, which come from inside AWS: nobody waits for an answer, and what fails is delivered again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leadscore.domain.event import Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.facts.uncounted import NO_HOUSE, House
from leadscore.ingest.segment import failed_text
from leadscore.ingest.webhooks.ses import read_invocation
from leadscore.use_cases.messages import event_bodies
from leadscore.use_cases.ports import EventsQueue, FailedEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class SesCollector:
    """`source` is whose events these are, `house` whose mails count nothing; `count` gets what is worth a metric."""

    source: str
    queue: EventsQueue
    failed_events: FailedEvents
    now: Callable[[], int]
    new_token: Callable[[], str]
    count: Callable[[str, int], None]
    house: House = NO_HOUSE


def take(collector: SesCollector, invocation: Any) -> None:
    """Queue what an invocation of the function holds. Raises Rejected where it is none of SES, and what the ports
    raise."""
    arrival = Arrival(collector.source, Trust.SERVER, collector.now(), collector.new_token, house=collector.house)
    reading = read_invocation(invocation, arrival)
    for failure in reading.failures:
        collector.failed_events.put(
            raw=failed_text({}, [failure], arrival.source),
            code=failure.rejected.code,
            reason=failure.rejected.message,
            at=arrival.received_at,
        )
    if reading.events:
        collector.queue.send(list(event_bodies(reading.events, collector.new_token)))
    for metric, number in (("event.failed", len(reading.failures)), ("webhook.passed_over", reading.passed_over)):
        if number:
            collector.count(metric, number)
