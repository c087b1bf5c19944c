"""Web forms, straight from a browser or by a script.

Who submits one never comes again with what was refused, so it is kept, with the reason, where its key says whose it is.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from leadscore.domain.event import LeadEvent
from leadscore.ingest.form import read_form
from leadscore.ingest.form_body import looks_like_json, media_type, read_fields
from leadscore.ingest.http import Request, Response, json_response
from leadscore.ingest.json_body import well_formed
from leadscore.ingest.redirect import allowed_redirect
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import Failure
from leadscore.ingest.visitor import visitor_of
from leadscore.use_cases.collecting.collector import SUCCESS, Collector

if TYPE_CHECKING:
    from leadscore.ingest.hubspot_form import HubSpotPost

#: A key in a body that cannot be read, in whichever encoding. What stands behind an empty one is another field.
_KEY = re.compile(rb"""writeKey["'\s:=>]+([\w-]+)""")


def submit(collector: Collector, request: Request, form: str) -> Response:
    body = request.content()
    key = request.query_fields().get("writeKey")
    try:
        post = _hubspot_post(request, body)
        fields = read_fields(request.header("content-type"), body) if post is None else post.fields
    except Rejected as rejected:
        _keep_unread(collector, request, form, body, rejected)
        raise
    key = fields.get("writeKey") or key
    try:
        event = _event(collector, request, form, fields, key, post)
    except Rejected as rejected:
        said = {name: value for name, value in fields.items() if name != "writeKey"}
        _keep_refused(collector, request, key, {"form": well_formed(form), "fields": said}, rejected)
        raise
    collector.keep([event])
    return _thanks(collector, request, str(fields.get("redirect", "")) or (post.redirect if post else ""))


def submit_as_to_hubspot(collector: Collector, request: Request, _portal: str, form: str) -> Response:
    """At the path of HubSpot's own Forms API, with its answer."""
    submit(collector, _with_key_of_bearer(request), form.lower())
    return json_response({"success": True, "inlineMessage": ""})


def submit_as_to_older_hubspot(collector: Collector, request: Request, _portal: str, form: str) -> Response:
    """At the path of its older one, which answers with nothing, or with where the form wants to go."""
    response = submit(collector, _with_key_of_bearer(request), form.lower())
    return replace(response, status=302) if "location" in response.headers else Response(204)


def _with_key_of_bearer(request: Request) -> Request:
    """HubSpot's clients send a key, if any, as a bearer token: maybe still HubSpot's, where the address has ours."""
    scheme, _, token = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer":
        return request
    return replace(request, query=f"{urlencode({'writeKey': token.strip()})}&{request.query}")


def _event(
    collector: Collector,
    request: Request,
    form: str,
    fields: Mapping[str, Any],
    key: Any,
    post: "HubSpotPost | None",
) -> LeadEvent:
    return read_form(
        form,
        fields,
        collector.arrival(request, key),
        visitor=visitor_of(request) or (post.visitor if post else None),
        page_url=(post.page_url if post else "") or request.header("referer"),
        user_agent=request.header("user-agent"),
        submitted_at=post.submitted_at if post else None,
    )


def _hubspot_post(request: Request, body: bytes) -> "HubSpotPost | None":
    content_type = request.header("content-type")
    is_json = looks_like_json(content_type, body)
    if (b'"fields"' if is_json else b"hs_context") not in body:
        return None
    # Few forms are sent so.
    from leadscore.ingest import hubspot_form  # noqa: PLC0415

    read = hubspot_form.read_hubspot_post if is_json else hubspot_form.read_older_hubspot_post
    return read(content_type, body)


def _keep_unread(collector: Collector, request: Request, form: str, body: bytes, rejected: Rejected) -> None:
    """Keep the body as it came, but for the key."""
    found = _KEY.search(body)
    if found:
        body = body.replace(found[1], b"")
    key = found[1].decode(errors="replace") if found else request.query_fields().get("writeKey")
    said = {
        "form": well_formed(form),
        "contentType": media_type(request.header("content-type")),
        "body": well_formed(body.decode(errors="replace")),
    }
    _keep_refused(collector, request, key, said, rejected)


def _keep_refused(
    collector: Collector, request: Request, key: Any, said: Mapping[str, Any], rejected: Rejected
) -> None:
    try:
        arrival = collector.arrival(request, key)
    except Rejected:  # Nobody's key: whatever strangers send is not worth a place. They are told what is wrong.
        return
    collector.keep_failures({}, [Failure(0, said, rejected)], arrival)


def _thanks(collector: Collector, request: Request, redirect: str) -> Response:
    """Back to a site that is allowed, where a browser or the form itself asks for it; else just a yes."""
    if request.wants_json:
        return SUCCESS
    target = redirect or (request.header("referer") if request.is_page_load else "")
    location = allowed_redirect(target, collector.redirect_sites)
    return SUCCESS if location is None else replace(SUCCESS, status=303, headers={"location": location})
