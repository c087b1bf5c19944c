"""The paths of RudderStack's gateway and control plane that Segment's API does not have."""

from leadscore.ingest.http import Request, Response, json_response
from leadscore.ingest.json_body import parse
from leadscore.ingest.rudderstack import read_merge
from leadscore.ingest.rudderstack import source_config as config_of
from leadscore.use_cases.collecting.collector import SUCCESS, Collector
from leadscore.use_cases.collecting.segment import take_batch, write_key_in


def merge(collector: Collector, request: Request) -> Response:
    document = parse(request.content())
    collector.keep([read_merge(document, collector.arrival(request, write_key_in(document)))])
    return SUCCESS


def beacon(collector: Collector, request: Request) -> Response:
    """A batch that a browser sends while its page goes away, when it can set no header: the key is in the address."""
    document = parse(request.content())
    return take_batch(collector, document, request, request.query_fields().get("writeKey"))


def source_config(collector: Collector, request: Request) -> Response:
    key = request.basic_user() or request.query_fields().get("writeKey", "")
    return json_response(config_of(collector.arrival(request, key).source, key))
