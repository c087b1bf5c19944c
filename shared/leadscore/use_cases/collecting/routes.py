"""Which endpoint answers a path, and what is answered where none can."""

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Literal, NamedTuple

from leadscore.ingest.http import Request, Response, failure, json_response, preflight, with_credentials
from leadscore.ingest.pixel import picture
from leadscore.ingest.rejection import Rejected
from leadscore.use_cases.collecting import forms, pixel, segment
from leadscore.use_cases.collecting.collector import Collector, Unavailable, unavailable

#: Gets what the path's pattern holds in groups.
type Endpoint = Callable[..., Response]


class Route(NamedTuple):
    """`pictures` says that whoever asks can show nothing but a picture, even where this program is broken.

    `credentials` says which pages may send their visitor's cookies and read the answer: of any site, where the answer
    is the same for everybody, or of the deployer's own sites.
    """

    path: re.Pattern[str]
    methods: tuple[str, ...]
    endpoint: Endpoint
    pictures: bool = False
    credentials: Literal["", "any", "own"] = ""


def answer(collector: Collector, request: Request) -> Response:
    """The answer to any request. Raises nothing but what is broken here."""
    try:
        response = _route(collector, request)
    except Rejected as rejected:
        response = failure(rejected.status, rejected.code, rejected.message)
    except Unavailable as error:
        collector.report_unavailable(error)
        response = unavailable()
    if response.status >= 500 and _takes_any_answer_for_a_success(request.path, request.header("authorization")):
        response = replace(response, is_readable=False)
    if _may_send_cookies(collector, request):
        response = with_credentials(response, request.header("origin"))
    return replace(response, body=b"") if request.method == "HEAD" else response


def broken(path: str) -> Response:
    """What is left to say where this program failed."""
    if any(route.pictures and route.path.fullmatch(_trimmed(path)) for route in ROUTES):
        return picture()
    response = failure(500, "internal_error", "something broke on our side: send it again later")
    return replace(response, is_readable=not _OF_ANALYTICS_JS.fullmatch(_trimmed(path)))


def _route(collector: Collector, request: Request) -> Response:
    path = _trimmed(request.path)
    for route in ROUTES:
        if match := route.path.fullmatch(path):
            if request.method == "OPTIONS":
                return preflight(request)
            if request.method in route.methods:
                return route.endpoint(collector, request, *match.groups())
            allowed = ", ".join((*route.methods, "OPTIONS"))
            return failure(
                405, "method_not_allowed", f"this path answers {allowed}: use one of them", {"allow": allowed}
            )
    return failure(404, "not_found", "there is nothing at this path: see docs/collect.md for those that there are")


def _takes_any_answer_for_a_success(path: str, authorization: str) -> bool:
    """Whether a client sent this that does not look at the status of an answer.

    Up to version 1.70 analytics.js did not, nor do those made after it: whatever a page may read is a success to them.
    What it may not read looks like a broken connection, after which they send again. They send no Authorization, where
    RudderStack's, some of which give up on a broken connection, always do.
    """
    trimmed = _trimmed(path)
    return bool(_OF_ANALYTICS_JS.fullmatch(trimmed) or (not authorization and _CALL.fullmatch(trimmed)))


def _may_send_cookies(collector: Collector, request: Request) -> bool:
    origin = request.header("origin")
    path = _trimmed(request.path)
    allowed = next((route.credentials for route in ROUTES if origin and route.path.fullmatch(path)), "")
    return allowed == "any" or (allowed == "own" and origin.lower() in collector.redirect_sites)


def _trimmed(path: str) -> str:
    """The path without slashes too many: many clients put theirs behind a host that was given with one."""
    return "/" + path.strip("/")


def _health(_collector: Collector, _request: Request) -> Response:
    return json_response({"status": "ok"})


def _later(module: str, function: str) -> Endpoint:
    """An endpoint that is imported when it is first asked for: few deployments have every sender there is."""

    def endpoint(collector: Collector, request: Request, *groups: str) -> Response:
        imported = import_module(f"leadscore.use_cases.collecting.{module}")
        response: Response = getattr(imported, function)(collector, request, *groups)
        return response

    return endpoint


_GET = ("GET", "HEAD")
_POST = ("POST",)
#: June's clients have another prefix than Segment's.
_CALL = re.compile(r"/(?:v1|sdk)/(identify|track|page|screen|group|alias|[itpsga])")
#: Calls that no other client knows.
_OF_ANALYTICS_JS = re.compile(r"/v1/[itpsga]|/sdk/[a-z]+")
ROUTES: tuple[Route, ...] = (
    Route(re.compile(r"/(?:v1|sdk)/(?:batch|import|b)"), _POST, segment.batch),
    Route(_CALL, _POST, segment.call),
    # As RudderStack has it, and Segment.
    Route(
        re.compile(r"/(?:pixel/v1|v1/pixel)/(identify|track|page|screen|group|alias)"),
        _GET,
        _later("call_picture", "view"),
        pictures=True,
    ),
    Route(re.compile(r"/v1/projects/([^/]+)/settings"), _GET, segment.settings),
    Route(re.compile(r"/pixel\.gif"), _GET, pixel.view, pictures=True),
    Route(re.compile(r"/forms/([^/]+)"), _POST, forms.submit),
    Route(re.compile(r"/health"), _GET, _health),
    Route(re.compile(r"/tracker\.js"), _GET, _later("tracker", "script")),
    Route(re.compile(r"/e/o/([^/]+)\.gif"), _GET, _later("email_links", "open_mail"), pictures=True),
    Route(re.compile(r"/e/c/([^/]+)"), _GET, _later("email_links", "click")),
    Route(re.compile(r"/webhooks/([^/]+)"), _POST, _later("webhooks", "receive")),
    Route(
        re.compile(r"/submissions/v3/integration/(?:secure/)?submit/([^/]+)/([^/]+)"), _POST, forms.submit_as_to_hubspot
    ),
    Route(
        re.compile(r"/(?:uploads/form/v2|submissions/v2/post/upload/secure)/([^/]+)/([^/]+)"),
        _POST,
        forms.submit_as_to_older_hubspot,
    ),
    # Jitsu's clients, in pages and (s2s) on servers.
    Route(re.compile(r"/api/s/(?:s2s/)?(identify|track|page|screen|group|alias)"), _POST, segment.call),
    Route(re.compile(r"/v1/merge"), _POST, _later("rudderstack", "merge")),
    Route(re.compile(r"/beacon/v1/batch"), _POST, _later("rudderstack", "beacon")),
    Route(re.compile(r"/sourceConfig"), _GET, _later("rudderstack", "source_config")),
    Route(re.compile(r"/mtc\.js"), _GET, _later("mautic", "script")),
    Route(re.compile(r"/mtc"), _GET, _later("mautic", "contact"), credentials="own"),
    Route(re.compile(r"/mtc/event"), _POST, _later("mautic", "event"), credentials="own"),
    Route(re.compile(r"/mtracking\.gif"), _GET, _later("mautic", "view"), pictures=True),
    Route(re.compile(r"/i|/ice\.png"), _GET, _later("snowplow", "collect"), pictures=True, credentials="any"),
    # A vendor's name and a version, also of one's own, which keeps requests out of the lists of advertisement blockers.
    Route(
        re.compile(r"/[a-z]{2,3}(?:\.[\w-]+)+/[\w-]+"),
        (*_GET, *_POST),
        _later("snowplow", "collect"),
        credentials="any",
    ),
)
