"""Web forms, straight from a browser or by a script."""

from dataclasses import replace

from leadscore.ingest.form import read_fields, read_form
from leadscore.ingest.http import Request, Response
from leadscore.ingest.redirect import allowed_redirect
from leadscore.ingest.visitor import visitor_of
from leadscore.use_cases.collecting.collector import SUCCESS, Collector


def submit(collector: Collector, request: Request, form: str) -> Response:
    query = request.query_fields()
    fields = read_fields(request.header("content-type"), request.content())
    event = read_form(
        form,
        fields,
        collector.arrival(request, fields.get("writeKey") or query.get("writeKey")),
        visitor=visitor_of(request),
        page_url=request.header("referer"),
        user_agent=request.header("user-agent"),
    )
    collector.keep([event])
    return _thanks(collector, request, str(fields.get("redirect", "")))


def _thanks(collector: Collector, request: Request, redirect: str) -> Response:
    """Back to a site that is allowed, where a browser or the form itself asks for it; else just a yes."""
    if request.wants_json:
        return SUCCESS
    target = redirect or (request.header("referer") if request.is_page_load else "")
    location = allowed_redirect(target, collector.redirect_sites)
    return SUCCESS if location is None else replace(SUCCESS, status=303, headers={"location": location})
