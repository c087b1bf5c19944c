"""Calls in the address of a picture, for where neither a script nor a form can be."""

from leadscore.ingest.call_picture import read_picture, read_query
from leadscore.ingest.http import Request, Response
from leadscore.ingest.pixel import picture
from leadscore.use_cases.collecting.collector import Collector
from leadscore.use_cases.collecting.pixel import pictured
from leadscore.use_cases.collecting.segment import write_key_in


def view(collector: Collector, request: Request, call: str) -> Response:
    def take(collector: Collector, request: Request) -> Response:
        query = request.query_fields()
        document = read_query(query)
        arrival = collector.arrival(request, write_key_in(document) or query.get("writeKey"))
        event = read_picture(document, call, arrival, user_agent=request.header("user-agent"))
        collector.keep([event] if event is not None else [])
        return picture()

    return pictured(collector, request, take)
