"""HTTP API, private: what a lead's score is and why, which leads are in a stage, and somebody's word on who is who."""

import hmac
import os
import time
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from leadscore.adapters import clients, models
from leadscore.adapters.dynamodb_accounts import DynamoDBAccountStore
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.dynamodb_transitions import DynamoDBTransitionLog
from leadscore.adapters.events_queue import NotQueued, SqsEventsQueue
from leadscore.adapters.failure import describe
from leadscore.adapters.secrets import StoredSecrets
from leadscore.contracts.leads import (
    LEAD_ID,
    AccountQuery,
    InvalidRequest,
    Lead,
    LeadLookup,
    LeadMerge,
    Problem,
    QueuedRuling,
    StageQuery,
)
from leadscore.use_cases.messages import Ruling
from leadscore.use_cases.ports import ModelBehind, Secrets
from leadscore.use_cases.read_leads import LeadReading, UnknownStage
from leadscore.use_cases.rulings import NoSuchLead, RulingRefused, Rulings

type Next = Callable[[APIGatewayHttpResolver], Response[str]]

HEALTH = "/health"
BODY_CHARACTERS_MAX = 4_096

logger = Logger()
app = APIGatewayHttpResolver()


@cache
def secrets() -> Secrets:
    return StoredSecrets(clients.secrets_manager(), clock=time.monotonic)


@cache
def reading() -> LeadReading:
    client, table = clients.dynamodb(), os.environ["LEADS_TABLE"]
    return LeadReading(
        store=DynamoDBLeadStore(client, table=table),
        log=DynamoDBEventLog(client, table=os.environ["EVENTS_TABLE"]),
        transitions=DynamoDBTransitionLog(client, table=table),
        index=DynamoDBStageIndex(client, table=table),
        models=models.StoredModels(client, table=table, default_text=models.shipped_text, clock=time.monotonic),
        now=now,
        accounts=DynamoDBAccountStore(client, table=table),
    )


@cache
def rulings() -> Rulings:
    return Rulings(
        store=reading().store,
        queue=SqsEventsQueue(clients.sqs(), url=os.environ["EVENTS_QUEUE_URL"]),
        now=now,
        new_token=lambda: uuid.uuid4().hex,
    )


def now() -> int:
    return time.time_ns() // 1_000_000


@app.get(HEALTH)
def health() -> Response[str]:
    return json_response(200, '{"status":"ok"}')


@app.get("/leads/<lead>")
def lead_by_id(lead: str) -> Response[str]:
    return lead_or_404(reading().read(lead) if LEAD_ID.fullmatch(lead) else None)


@app.post("/leads/lookup")
def lead_by_identifier() -> Response[str]:
    return lead_or_404(reading().find(LeadLookup.of(request_body()).identifier))


@app.post("/leads/<lead>/merge")
def merge_lead(lead: str) -> Response[str]:
    into = LeadMerge.of(request_body()).into
    return queued("merge", rulings().merge(lead_id(lead), into))


@app.post("/leads/<lead>/unmerge")
def unmerge_lead(lead: str) -> Response[str]:
    return queued("unmerge", rulings().unmerge(lead_id(lead)))


@app.get("/leads")
def leads_in_stage() -> Response[str]:
    query = StageQuery.of(app.current_event.query_string_parameters)
    return json_response(200, reading().in_stage(query.stage, limit=query.limit).model_dump_json())


@app.get("/accounts/.+")
def account() -> Response[str]:
    query = AccountQuery.of(app.current_event.query_string_parameters)
    found = reading().account(app.current_event.path.removeprefix("/accounts/"), limit=query.limit)
    if found is None:
        return problem(404, "account_not_found", "no such account, or the model in force has none")
    return json_response(200, found.model_dump_json())


@app.not_found
def no_such_path(_error: NotFoundError) -> Response[str]:
    return problem(404, "not_found", "no such path: see docs/api.md")


RETRY = {"Retry-After": "5"}
EXPECTED: dict[type[Exception], tuple[int, str, str, dict[str, str]]] = {
    NoSuchLead: (404, "lead_not_found", "no such lead", {}),
    UnknownStage: (404, "stage_not_found", "the model in force has no such stage, and no lead is in it", {}),
    ModelBehind: (503, "model_changing", "a new model is being taken into use: try again", RETRY),
    NotQueued: (503, "not_queued", "nothing was queued: try again", RETRY),
}


def answer_errors(app: APIGatewayHttpResolver, next_middleware: Next) -> Response[str]:
    try:
        return next_middleware(app)
    except InvalidRequest as error:
        return problem(400, "invalid_request", str(error))
    except RulingRefused as refused:
        return problem(409, refused.code, str(refused))
    except tuple(EXPECTED) as error:
        return problem(*EXPECTED[type(error)])
    except Exception as error:  # noqa: BLE001 - logged, counted by its status, and answered in the API's own form
        logger.error("leads_api.failed", extra=describe(error))  # noqa: TRY400 - a traceback's words may be personal
        return problem(500, "internal_error", "the request failed for no fault of yours: try again")


def require_token(app: APIGatewayHttpResolver, next_middleware: Next) -> Response[str]:
    """Nothing is answered without the token, not even that a path does not exist; only whether the function is up."""
    if app.current_event.path == HEALTH or is_token(app.current_event.headers.get("authorization", "")):
        return next_middleware(app)
    return problem(
        401, "unauthorized", "send the header `Authorization: Bearer <leads token>`", {"WWW-Authenticate": "Bearer"}
    )


def is_token(authorization: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    token = secrets().read(os.environ["LEADS_TOKEN_SECRET_ARN"])
    # Compared in constant time; an empty secret lets nobody in.
    is_same = hmac.compare_digest(given.strip().encode(errors="replace"), token.encode())
    return scheme.lower() == "bearer" and bool(token) and is_same


app.use(middlewares=[answer_errors, require_token])


def request_body() -> str:
    try:
        body = app.current_event.decoded_body or ""
    except UnicodeDecodeError:
        raise InvalidRequest("the body must be JSON in UTF-8") from None
    if len(body) > BODY_CHARACTERS_MAX:
        raise InvalidRequest(f"the body has more than {BODY_CHARACTERS_MAX} characters")
    return body


def lead_id(text: str) -> str:
    if not LEAD_ID.fullmatch(text):
        raise NoSuchLead
    return text


def queued(what: Literal["merge", "unmerge"], ruling: Ruling) -> Response[str]:
    answer = QueuedRuling(queued=what, lead=ruling.lead, into=ruling.into or None)
    return json_response(202, answer.model_dump_json())


def lead_or_404(lead: Lead | None) -> Response[str]:
    if lead is None:
        return problem(404, "lead_not_found", "no such lead")
    return json_response(200, lead.model_dump_json())


def problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response[str]:
    return json_response(status, Problem(code=code, message=message).model_dump_json(), headers)


def json_response(status: int, body: str, headers: dict[str, str] | None = None) -> Response[str]:
    # What is said of a lead is for the asker's eyes, not for a cache.
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(status_code=status, content_type="application/json", body=body, headers=headers)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
