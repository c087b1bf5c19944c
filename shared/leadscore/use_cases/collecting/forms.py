"""Web forms, straight from a browser or by a script."""

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from leadscore.ingest.form import read_fields, read_form
from leadscore.ingest.http import Request, Response, json_response
from leadscore.ingest.redirect import allowed_redirect
from leadscore.ingest.visitor import visitor_of
from leadscore.use_cases.collecting.collector import SUCCESS, Collector

if TYPE_CHECKING:
    from leadscore.ingest.hubspot_form import HubSpotPost


def submit(collector: Collector, request: Request, form: str) -> Response:
    query = request.query_fields()
    body = request.content()
    post = _hubspot_post(request, body)
    fields = read_fields(request.header("content-type"), body) if post is None else post.fields
    event = read_form(
        form,
        fields,
        collector.arrival(request, fields.get("writeKey") or query.get("writeKey")),
        visitor=visitor_of(request) or (post.visitor if post else None),
        page_url=(post.page_url if post else "") or request.header("referer"),
        user_agent=request.header("user-agent"),
        submitted_at=post.submitted_at if post else None,
    )
    collector.keep([event])
    return _thanks(collector, request, str(fields.get("redirect", "")))


def submit_as_to_hubspot(collector: Collector, request: Request, _portal: str, form: str) -> Response:
    """At the path of HubSpot's own Forms API, with its answer. Its clients send a key, if any, as a bearer token."""
    scheme, _, token = request.header("authorization").partition(" ")
    if scheme.lower() == "bearer":
        request = replace(request, query=f"{request.query}&{urlencode({'writeKey': token.strip()})}")
    submit(collector, request, form.lower())
    return json_response({"success": True, "inlineMessage": ""})


def _hubspot_post(request: Request, body: bytes) -> "HubSpotPost | None":
    if b'"fields"' not in body or "json" not in request.header("content-type"):
        return None
    # Few forms are sent so.
    from leadscore.ingest.hubspot_form import read_hubspot_post  # noqa: PLC0415

    return read_hubspot_post(body)


def _thanks(collector: Collector, request: Request, redirect: str) -> Response:
    """Back to a site that is allowed, where a browser or the form itself asks for it; else just a yes."""
    if request.wants_json:
        return SUCCESS
    target = redirect or (request.header("referer") if request.is_page_load else "")
    location = allowed_redirect(target, collector.redirect_sites)
    return SUCCESS if location is None else replace(SUCCESS, status=303, headers={"location": location})
