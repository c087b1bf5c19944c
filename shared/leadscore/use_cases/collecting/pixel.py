"""The tracking pixel. It gets its picture whatever happens, and what it could not deliver is counted."""

from collections.abc import Callable

from leadscore.ingest.http import Request, Response
from leadscore.ingest.pixel import picture, read_pixel
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.visitor import visitor_cookie, visitor_of
from leadscore.use_cases.collecting.collector import Collector, Unavailable


def view(collector: Collector, request: Request) -> Response:
    return pictured(collector, request, _view)


def pictured(collector: Collector, request: Request, take: Callable[[Collector, Request], Response]) -> Response:
    """What `take` answers, or else a picture: browsers and mail clients show nothing else."""
    if request.method == "HEAD":
        return picture()
    try:
        return take(collector, request)
    except Rejected:
        pass  # Counted, like all that could not be taken.
    except Unavailable as error:
        collector.report_unavailable(error)
    collector.count("pixel.dropped", 1)
    return picture()


def _view(collector: Collector, request: Request) -> Response:
    query = request.query_fields()
    arrival = collector.arrival(request, query.get("writeKey"))
    visitor = visitor_of(request)
    is_new_visitor = not visitor and not query.get("anonymousId") and not request.opts_out
    if is_new_visitor:
        visitor = collector.new_token()
    event = read_pixel(
        query,
        arrival,
        visitor=visitor,
        referer=request.header("referer"),
        user_agent=request.header("user-agent"),
    )
    collector.keep([event])
    return picture(visitor_cookie(visitor) if visitor and is_new_visitor else None)
