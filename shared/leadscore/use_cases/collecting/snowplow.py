"""Snowplow's collector, for its trackers: they send no key, so their app id says whose they are."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival, find_source
from leadscore.ingest.http import Request, Response
from leadscore.ingest.ids import JUNK
from leadscore.ingest.json_body import parse
from leadscore.ingest.pixel import picture as answered_picture
from leadscore.ingest.pixel import refuse_addresses
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.segment import Failure
from leadscore.ingest.snowplow import app_id, may_name_nobody, names_nobody, payloads, read_payload, without_key
from leadscore.ingest.visitor import visitor_cookie, visitor_of
from leadscore.use_cases.collecting.collector import Collector
from leadscore.use_cases.collecting.pixel import pictured

#: The kind of source that trackers name by their app id alone.
KIND = "snowplow"
#: As its collector answers.
_OK = Response(200, b"ok", "text/plain; charset=utf-8")
#: The cookie of Snowplow's own collector under the same domain: whoever moves here keeps their visitors.
_COOKIE = "sp"
_COOKIE_VALUE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: A request says it once, and it goes into each of a batch's events.
_USER_AGENT_CHARACTERS_MAX = 1_000


def collect(collector: Collector, request: Request) -> Response:
    """A POST is a batch of which each event stands alone; a GET is a picture."""
    return _batch(collector, request) if request.method == "POST" else pictured(collector, request, _picture)


def _batch(collector: Collector, request: Request) -> Response:
    """A bad payload is kept among the failed events. But a tracker may have been told to name nobody: what it sends
    then is nobody's, and only counted."""
    found = payloads(parse(request.content()))
    arrivals = _arrivals(collector, request, {app_id(payload) for payload in found})
    events: list[LeadEvent] = []
    # By source and not by app id, of which one request may name as many as it has payloads.
    failures: dict[str, list[Failure]] = defaultdict(list)
    nobody = 0
    user_agent, network_id = request.header("user-agent")[:_USER_AGENT_CHARACTERS_MAX], _network_id(request)
    for index, payload in enumerate(found):
        app = app_id(payload) if app_id(payload) in arrivals else next(iter(arrivals))
        try:
            if app_id(payload) != app:
                raise _unknown_app()
            events.append(read_payload(payload, arrivals[app], network_id=network_id, user_agent=user_agent))
        except Rejected as rejected:
            if rejected.code == "no_user_anon_id" and (_is_anonymous(request) or may_name_nobody(payload)):
                nobody += 1
            else:
                failures[arrivals[app].source].append(Failure(index, without_key(payload), rejected))
    by_source = {arrival.source: arrival for arrival in arrivals.values()}
    for source, failed in failures.items():
        collector.keep_failures({}, failed, by_source[source])
    if nobody:
        collector.count("event.anonymous", nobody)
    collector.keep(events)
    return _OK


def _picture(collector: Collector, request: Request) -> Response:
    """An event in an address: public whatever its key, and dropped if it tells an e-mail address, encoded or not."""
    query = request.query_fields()
    network_id = _network_id(request)
    is_new_visitor = names_nobody(query) and not (network_id or request.opts_out or _is_anonymous(request))
    if is_new_visitor:
        network_id = collector.new_token()
    event = read_payload(
        {name: value for name, value in query.items() if name != "writeKey"},
        _arrivals(collector, request, {app_id(query)})[app_id(query)].trusted_as(Trust.PUBLIC),
        network_id=network_id,
        page_url=request.header("referer"),
        user_agent=request.header("user-agent"),
    )
    refuse_addresses((*query, *query.values(), json.dumps(event.to_json(), ensure_ascii=False)))
    collector.keep([event])
    return answered_picture(visitor_cookie(network_id) if network_id and is_new_visitor else None)


def _arrivals(collector: Collector, request: Request, apps: set[str]) -> Mapping[str, Arrival]:
    """By app id, whose it is; at least one is somebody's. A key in the request itself counts for all of them."""
    key = request.basic_user() or request.query_fields().get("writeKey")
    if key:
        return dict.fromkeys(apps, collector.arrival(request, key))
    known = {app: arrival for app in apps if (arrival := _arrival_of_app(collector, request, app))}
    if apps and not known:
        raise _unknown_app()
    return known


def _arrival_of_app(collector: Collector, request: Request, app: str) -> Arrival | None:
    if collector.kinds.get(app) == KIND:
        return collector.arrival_of(request, app, collector.sources[app])
    try:
        source, trust = find_source(app, root=collector.root(), sources=collector.sources)
    except Rejected:
        return None
    return collector.arrival_of(request, source, trust)


def _unknown_app() -> Rejected:
    return Rejected(
        "invalid_write_key",
        "the tracker's app id (`aid`) is neither a write key of this deployment nor the name of a source of kind"
        " snowplow: see docs/clients.md",
        status=401,
    )


def _is_anonymous(request: Request) -> bool:
    """Whether the tracker asks for no id that a server keeps."""
    return bool(request.header("sp-anonymous"))


def _network_id(request: Request) -> str | None:
    if _is_anonymous(request) or request.opts_out:
        return None
    theirs = request.cookie(_COOKIE) or ""
    return theirs if _COOKIE_VALUE.fullmatch(theirs) and theirs not in JUNK else visitor_of(request)
