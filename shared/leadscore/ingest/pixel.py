"""The tracking pixel: one GET, all of it in the query string.

Query strings end up in logs and referrers, so a request with an e-mail address anywhere in it is not taken at all.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival, event_name
from leadscore.ingest.http import Response
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import checked
from leadscore.ingest.page import campaign, with_path
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import EVENT_NAMES

#: 43 bytes, one transparent point.
GIF = base64.b64decode("R0lGODlhAQABAPAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
#: The end of an address within other text: `@48.1,11.5`, `/@ada` and `react@18.2.0` are none. One character of the part
#: before the @ is enough, and keeps the search linear.
_ADDRESS_INSIDE = re.compile(r"[\w.+%'-]@(?:[\w-]+\.)+[^\W\d_][\w-]+")
#: Plain, encoded, and encoded within a URL that is a parameter of another one, and once more for good measure.
_ENCODINGS_MAX = 4
_PAGE_VIEWED = EVENT_NAMES["page"]


def picture(cookie: str | None = None) -> Response:
    """What the pixel answers, whatever happens."""
    never_cached = {"cache-control": "no-store, no-cache, must-revalidate"}
    return Response(200, GIF, "image/gif", {**never_cached, "cross-origin-resource-policy": "cross-origin"}, cookie)


def read_pixel(
    query: Mapping[str, str], arrival: Arrival, *, visitor: str | None, referer: str, user_agent: str
) -> LeadEvent:
    """The event of a pixel. `visitor` is the cookie's id, `referer` the page where the parameters name none.

    Whatever key it came with, it is public: a secret key in a page's source is none.
    """
    url = query.get("url") or referer
    refuse_addresses((*query, *query.values(), url))
    page = with_path(
        {
            "url": url,
            "path": query.get("path"),
            "title": query.get("title"),
            "referrer": query.get("referrer"),
        }
    )
    name = event_name("event", query.get("event") or _PAGE_VIEWED)
    is_page = name == _PAGE_VIEWED
    context = {
        "page": {} if is_page else page,
        "campaign": campaign(query, page.get("url", "")),
        "userAgent": user_agent,
    }
    return arrival.trusted_as(Trust.PUBLIC).event(
        call="page" if is_page else "track",
        name=name,
        identifiers={
            "user_id": identifier("userId", query.get("userId")),
            "anonymous_id": identifier("anonymousId", query.get("anonymousId")) or visitor,
        },
        content=checked({name: value for name, value in query.items() if name != "writeKey"}),
        properties=page if is_page else {},
        context={name: value for name, value in context.items() if value},
    )


def refuse_addresses(texts: Iterable[str]) -> None:
    """Reject what would come from a URL that tells somebody's e-mail address."""
    if any(map(_tells_an_address, texts)):
        raise Rejected("email_in_url", "an e-mail address must not stand in a URL: send an opaque id")


def _tells_an_address(text: str) -> bool:
    """Whether the text is an e-mail address, or has one in it, in plain or percent-encoded as in a URL's own URL."""
    for _ in range(_ENCODINGS_MAX):
        if "@" in text and (email_address(text) or _ADDRESS_INSIDE.search(text)):
            return True
        text = unquote(text)
    return False
