"""What is in e-mails: pictures that tell of an opening, and links that tell of a click and lead on.

A person waits behind each of them. So a click leads to its target whatever becomes of the event, and what could not be
taken is counted as a metric.
"""

from leadscore.domain.event import Trust
from leadscore.ingest.email_links import SOURCE, EmailLink, Purpose, link_event, location_of, read_token
from leadscore.ingest.http import Request, Response
from leadscore.ingest.pixel import picture
from leadscore.ingest.rejection import Rejected
from leadscore.use_cases.collecting.collector import Collector, Unavailable

#: What mail programs take for a part of a link that stands in a sentence or in brackets. No token ends so.
_AFTER_A_LINK = ".,;:!?)]}>'\"*"


def open_mail(collector: Collector, request: Request, token: str) -> Response:
    """The picture, whatever happens: mail clients show nothing else."""
    try:
        link = read_token(token, Purpose.OPEN, collector.root())
    except Rejected:
        collector.count("email_link.dropped", 1)
    except Unavailable as error:
        collector.report_unavailable(error)
        collector.count("email_link.dropped", 1)
    else:
        _tell(collector, request, link)
    return picture()


def click(collector: Collector, request: Request, token: str) -> Response:
    """To the target inside the token and nowhere else, also long after the link has expired: people keep mails."""
    link = read_token(token.rstrip(_AFTER_A_LINK), Purpose.CLICK, collector.root())
    location = location_of(link)
    _tell(collector, request, link)
    return Response(302, headers={"location": location, "referrer-policy": "no-referrer"})


def _tell(collector: Collector, request: Request, link: EmailLink) -> None:
    """Queue the event. HEAD looks at nothing, and an expired link tells nothing."""
    if request.method == "HEAD":
        return
    arrival = collector.arrival_of(request, SOURCE, Trust.PUBLIC)
    try:
        if arrival.received_at < link.expires_at * 1000:
            collector.keep([link_event(link, arrival, user_agent=request.header("user-agent"))])
            return
    except Unavailable as error:
        collector.report_unavailable(error)
    collector.count("email_link.dropped", 1)
