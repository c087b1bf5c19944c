"""HTTP API, private: what a lead's score is and why, which leads are in a stage, and somebody's word on who is who."""

import base64
import hmac
import os
import re
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

from aws_lambda_powertools import Logger
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

type Event = Mapping[str, Any]
type Answer = dict[str, Any]
#: Gets what the path's pattern holds in groups.
type Endpoint = Callable[..., Answer]

HEALTH = "/health"
BODY_CHARACTERS_MAX = 4_096

logger = Logger()


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


def health(_event: Event) -> Answer:
    return json_answer(200, '{"status":"ok"}')


def lead_by_id(_event: Event, lead: str) -> Answer:
    return lead_or_404(reading().read(lead) if LEAD_ID.fullmatch(lead) else None)


def lead_by_identifier(event: Event) -> Answer:
    return lead_or_404(reading().find(LeadLookup.of(body_of(event)).identifier))


def merge_lead(event: Event, lead: str) -> Answer:
    into = LeadMerge.of(body_of(event)).into
    return queued("merge", rulings().merge(lead_id(lead), into))


def unmerge_lead(_event: Event, lead: str) -> Answer:
    return queued("unmerge", rulings().unmerge(lead_id(lead)))


def leads_in_stage(event: Event) -> Answer:
    query = StageQuery.of(query_of(event))
    return json_answer(200, reading().in_stage(query.stage, limit=query.limit).model_dump_json())


def account(event: Event, name: str) -> Answer:
    query = AccountQuery.of(query_of(event))
    found = reading().account(name, limit=query.limit)
    if found is None:
        return problem(404, "account_not_found", "no such account, or the model in force has none")
    return json_answer(200, found.model_dump_json())


ROUTES: tuple[tuple[str, re.Pattern[str], Endpoint], ...] = (
    ("GET", re.compile(HEALTH), health),
    ("GET", re.compile(r"/leads"), leads_in_stage),
    ("GET", re.compile(r"/leads/([^/]+)"), lead_by_id),
    ("POST", re.compile(r"/leads/lookup"), lead_by_identifier),
    ("POST", re.compile(r"/leads/([^/]+)/merge"), merge_lead),
    ("POST", re.compile(r"/leads/([^/]+)/unmerge"), unmerge_lead),
    ("GET", re.compile(r"/accounts/(.+)"), account),
)
RETRY = {"Retry-After": "5"}
EXPECTED: dict[type[Exception], tuple[int, str, str, dict[str, str]]] = {
    NoSuchLead: (404, "lead_not_found", "no such lead", {}),
    UnknownStage: (404, "stage_not_found", "the model in force has no such stage, and no lead is in it", {}),
    ModelBehind: (503, "model_changing", "a new model is being taken into use: try again", RETRY),
    NotQueued: (503, "not_queued", "nothing was queued: try again", RETRY),
}


def handler(event: dict[str, Any], _context: LambdaContext) -> Answer:
    try:
        return answer(event)
    except InvalidRequest as error:
        return problem(400, "invalid_request", str(error))
    except RulingRefused as refused:
        return problem(409, refused.code, str(refused))
    except tuple(EXPECTED) as error:
        return problem(*EXPECTED[type(error)])
    except Exception as error:  # noqa: BLE001 - logged, counted by its status, and answered in the API's own form
        logger.error("leads_api.failed", extra=describe(error))  # noqa: TRY400 - a traceback's words may be personal
        return problem(500, "internal_error", "the request failed for no fault of yours: try again")


def answer(event: Event) -> Answer:
    """Nothing is answered without the token, not even that a path does not exist; only whether the function is up."""
    method, path = event["requestContext"]["http"]["method"], path_of(event)
    if path != HEALTH and not is_token(header(event, "authorization")):
        return problem(
            401, "unauthorized", "send the header `Authorization: Bearer <leads token>`", {"WWW-Authenticate": "Bearer"}
        )
    for allowed, pattern, endpoint in ROUTES:
        if method == allowed and (match := pattern.fullmatch(path)):
            return endpoint(event, *match.groups())
    return problem(404, "not_found", "no such path: see docs/api.md")


def is_token(authorization: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    token = secrets().read(os.environ["LEADS_TOKEN_SECRET_ARN"])
    # Compared in constant time; an empty secret lets nobody in.
    is_same = hmac.compare_digest(given.strip().encode(errors="replace"), token.encode())
    return scheme.lower() == "bearer" and bool(token) and is_same


def path_of(event: Event) -> str:
    """A stage that is not the default one leads every path."""
    stage = event["requestContext"].get("stage", "$default")
    path = str(event["rawPath"])
    return path if stage == "$default" else path.removeprefix(f"/{stage}")


def header(event: Event, name: str) -> str:
    return next((value for given, value in (event.get("headers") or {}).items() if given.lower() == name), "")


def query_of(event: Event) -> Mapping[str, str]:
    return event.get("queryStringParameters") or {}


def body_of(event: Event) -> str:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body).decode()
        except ValueError:
            raise InvalidRequest("the body must be JSON in UTF-8") from None
    if len(body) > BODY_CHARACTERS_MAX:
        raise InvalidRequest(f"the body has more than {BODY_CHARACTERS_MAX} characters")
    return str(body)


def lead_id(text: str) -> str:
    if not LEAD_ID.fullmatch(text):
        raise NoSuchLead
    return text


def queued(what: Literal["merge", "unmerge"], ruling: Ruling) -> Answer:
    answer = QueuedRuling(queued=what, lead=ruling.lead, into=ruling.into or None)
    return json_answer(202, answer.model_dump_json())


def lead_or_404(lead: Lead | None) -> Answer:
    if lead is None:
        return problem(404, "lead_not_found", "no such lead")
    return json_answer(200, lead.model_dump_json())


def problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    return json_answer(status, Problem(code=code, message=message).model_dump_json(), headers)


def json_answer(status: int, body: str, headers: dict[str, str] | None = None) -> Answer:
    # What is said of a lead is for the asker's eyes, not for a cache.
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})}
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}
