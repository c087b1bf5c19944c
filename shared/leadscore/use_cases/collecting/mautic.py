"""Mautic's tracking, for those who move from it: its script, its event and its pixel.

Its clients send no key, so the deployment's one source of kind mautic is meant, unless the address names a key.
"""

from collections.abc import Mapping
from typing import Any

from leadscore.domain.event import LeadEvent
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.form_body import read_urlencoded
from leadscore.ingest.http import Request, Response, json_response
from leadscore.ingest.mautic import device_of, identity, opts_out, read_view, unpacked
from leadscore.ingest.mautic_script import MTC_JS
from leadscore.ingest.pixel import picture, refuse_addresses
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.visitor import visitor_cookie, visitor_of
from leadscore.use_cases.collecting.collector import Collector
from leadscore.use_cases.collecting.pixel import pictured

KIND = "mautic"
_COOKIE = "mautic_device_id"
_SCRIPT = Response(200, MTC_JS.encode(), "text/javascript; charset=utf-8", {"cache-control": "public, max-age=3600"})


def script(_collector: Collector, _request: Request) -> Response:
    return _SCRIPT


def event(collector: Collector, request: Request) -> Response:
    """A page view, answered with the id that the browser is to name from now on."""
    fields = _texts(read_urlencoded(request.header("content-type"), request.content()))
    arrival = _arrival(collector, request)
    device, _ = _device(collector, request, fields)
    if device is None and "email" not in fields:
        # Nobody's view, as was asked for.
        collector.count("event.anonymous", 1)
    else:
        collector.keep([_view(fields, arrival, request, device)])
    return json_response({"success": 1, **identity(device), "events": {}})


def contact(collector: Collector, request: Request) -> Response:
    """Who is asking, as far as cookies tell."""
    _arrival(collector, request)
    return json_response(identity(_device_in_cookies(request)))


def view(collector: Collector, request: Request) -> Response:
    return pictured(collector, request, _picture)


def _picture(collector: Collector, request: Request) -> Response:
    """As with any picture, what comes with an e-mail address in its address is not taken."""
    fields = unpacked(request.query_fields())
    page_url = fields.get("page_url") or request.header("referer")
    refuse_addresses((*fields, *fields.values(), page_url))
    arrival = _arrival(collector, request)
    device, is_new = _device(collector, request, fields)
    collector.keep([_view(fields, arrival, request, device)])
    return picture(visitor_cookie(device) if device and is_new else None)


def _view(fields: Mapping[str, str], arrival: Arrival, request: Request, device: str | None) -> LeadEvent:
    return read_view(
        fields, arrival, device=device, page_url=request.header("referer"), user_agent=request.header("user-agent")
    )


def _device(collector: Collector, request: Request, fields: Mapping[str, str]) -> tuple[str | None, bool]:
    """The browser's id, and whether it is a new one. Who does not want to be followed has none but what they name."""
    named = device_of(fields.get(_COOKIE))
    if named or request.opts_out or opts_out(fields):
        return named, False
    known = _device_in_cookies(request)
    return (known, False) if known else (collector.new_token(), True)


def _device_in_cookies(request: Request) -> str | None:
    if request.opts_out:
        return None
    return device_of(request.cookie(_COOKIE)) or visitor_of(request)


def _arrival(collector: Collector, request: Request) -> Arrival:
    key = request.basic_user() or request.query_fields().get("writeKey")
    if key:
        return collector.arrival(request, key)
    source = next((source for source, kind in collector.kinds.items() if kind == KIND), None)
    if source is None:
        raise Rejected(
            "invalid_write_key",
            "no source of this deployment is of kind mautic, and the address names no `writeKey`: see docs/clients.md",
            status=401,
        )
    return collector.arrival_of(request, source, collector.sources[source])


def _texts(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else ",".join(map(str, value)) for name, value in fields.items()}
