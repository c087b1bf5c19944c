"""Webhooks: a sender that signs what it tells, at a path of its source's own."""

from dataclasses import replace
from typing import Any

from leadscore.domain.write_key import write_key
from leadscore.ingest.arrival import NOBODY, Arrival
from leadscore.ingest.http import Request, Response, failure
from leadscore.ingest.json_body import fingerprint, parse
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import Failure
from leadscore.ingest.webhooks.kinds import KEYED_KIND, WEBHOOK_KINDS, vendor
from leadscore.ingest.webhooks.vendor import Delivery, Reading, Stamp, Vendor
from leadscore.use_cases.collecting.collector import SUCCESS, Collector, or_unavailable

#: Senders choose the size of their batches: SendGrid's have up to 768 KB. The gateway takes 6 MB.
BODY_BYTES_MAX = 1024 * 1024
#: Until somebody has stored the secret: senders come again, for hours.
RETRY_AFTER_SECONDS = 300


def receive(collector: Collector, request: Request, source: str) -> Response:
    kind = collector.kinds.get(source, "")
    if kind not in WEBHOOK_KINDS:
        raise Rejected(
            "unknown_webhook", "no source of this name takes webhooks: see `leadscore webhooks list`", status=404
        )
    sender = vendor(kind)
    secret = _secret(collector, source, kind)
    if not secret:
        return failure(
            503,
            "secret_not_set",
            "this source's signing secret is not stored yet: `leadscore webhooks set` stores it, and what comes again"
            " then is taken",
            {"retry-after": str(RETRY_AFTER_SECONDS)},
        )
    delivery = Delivery(request, request.content(bytes_max=BODY_BYTES_MAX), collector.now())
    # Who made the request is the sender's own server, and nobody that an event could be about.
    arrival = replace(collector.arrival_of(request, source, sender.trust), sender=NOBODY)
    try:
        sender.verify(delivery, secret)
        document = parse(delivery.body)
        reading = sender.read(document, arrival, delivery)
    except Rejected as rejected:
        raise _final(rejected, sender) from None
    if sender.stamp_of is not None:
        _require_its_own(collector, sender.stamp_of(document), reading, arrival, sender)
    collector.keep_failures(_envelope(document), reading.failures, arrival)
    collector.keep(reading.events)
    collector.keep_rulings(reading.rulings)
    _count(collector, reading)
    return SUCCESS


def _secret(collector: Collector, source: str, kind: str) -> str | None:
    if kind == KEYED_KIND:
        return write_key(collector.root(), source)
    with or_unavailable():
        return collector.signing_secret(source)


def _require_its_own(collector: Collector, stamp: Stamp, reading: Reading, arrival: Arrival, sender: Vendor) -> None:
    """Refuse what comes under a signature that has told something else, and keep it to be looked at."""
    said = fingerprint(" ".join(f"{event.id} {event.fingerprint}" for event in reading.events))
    with or_unavailable():
        first = collector.claim(fingerprint(f"{sender.name} {stamp.signed}"), said)
    if first == said:
        return
    reused = Rejected(
        "signature_reused",
        "the webhook's signature has told another event already: look at what came among the failed events, and if it"
        " is none of yours, exchange the signing key",
        status=sender.refuses_with,
    )
    collector.keep_failures({}, [Failure(0, stamp.item, reused)], arrival)
    raise reused


def _final(rejected: Rejected, sender: Vendor) -> Rejected:
    """The refusal with the status after which this sender does not come again with the same."""
    if rejected.status != 400:
        return rejected
    return Rejected(rejected.code, rejected.message, status=sender.refuses_with)


def _envelope(document: Any) -> dict[str, Any]:
    """What a kept failure needs to be mended: of Segment's batches the time of sending and the common context."""
    return document if isinstance(document, dict) and "batch" in document else {}


def _count(collector: Collector, reading: Reading) -> None:
    if reading.passed_over:
        collector.count("webhook.passed_over", reading.passed_over)
