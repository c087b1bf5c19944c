"""The leads API over its HTTP events: who may ask, what is answered, and what is never said."""

import base64
import io
import json
import logging
from typing import Any

import pytest

from functions import leads_api
from leadscore.adapters.events_queue import NotQueued
from leadscore.adapters.memory import FixedModels, MemoryQueue, MemoryStore
from leadscore.contracts.leads import Account, Lead, Problem, QueuedRuling, StageList
from leadscore.domain.event import Identifier
from leadscore.domain.fold import fold
from leadscore.domain.state import LeadState
from leadscore.use_cases.messages import Ruling, read_message
from leadscore.use_cases.ports import Commit
from leadscore.use_cases.read_leads import LeadReading
from leadscore.use_cases.rulings import Rulings
from tests.leads import HOUR, NOON, event, small_model

TOKEN = "t0ken-of-the-leads-api"
SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:Token"


class OneSecret:
    """Secrets with the leads token in it."""

    def __init__(self, value: str = TOKEN) -> None:
        self.value = value

    def read(self, arn: str) -> str:
        assert arn == SECRET_ARN
        return self.value


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """Ada, known by her user id, her address and her browser, is an mql of 52 points."""
    store, model = MemoryStore(), small_model()
    events = [event("White Paper Read", at=NOON + number, message=f"{number}") for number in (1, 2)]
    events.append(event("Blog Subscribed", at=NOON))
    state, _ = fold(events, model, activation=1, lead="lead1", as_of=NOON + HOUR)
    state.version = 1
    for item in events:
        store.put(item, token="t")
    ids = [Identifier("user_id", "ada"), Identifier("email", "ada@x.example"), Identifier("anonymous_id", "browser")]
    ids.append(Identifier("hubspot", "51"))
    for identifier in ids:
        store.link(identifier, "lead1", is_new=False)
    store.commit(Commit(state, homes=tuple(ids)))
    reading = LeadReading(
        store=store, log=store, transitions=store, index=store, models=FixedModels(1, model), now=lambda: NOON + HOUR
    )
    monkeypatch.setattr(leads_api, "reading", lambda: reading)
    return store


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_TOKEN_SECRET_ARN", SECRET_ARN)
    monkeypatch.setattr(leads_api, "secrets", OneSecret)


def call(
    method: str,
    path: str,
    *,
    body: str | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    is_base64: bool = False,
) -> dict[str, Any]:
    """An HTTP API event, payload 2.0, and what is answered."""
    headers = {"authorization": f"Bearer {TOKEN}"} if headers is None else headers
    request: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default", "requestId": "r"},
        "isBase64Encoded": is_base64,
    }
    if query is not None:
        request["queryStringParameters"] = query
    if body is not None:
        request["body"] = body
    return leads_api.handler(request, None)  # type: ignore[arg-type]


def lookup(**named: Any) -> dict[str, Any]:
    return call("POST", "/leads/lookup", body=json.dumps(named))


def header(response: dict[str, Any], name: str) -> str | None:
    headers: dict[str, str] = response.get("headers", {})
    return headers.get(name)


def code_of(response: dict[str, Any]) -> str:
    return Problem.model_validate_json(response["body"]).code


# -- answers -----------------------------------------------------------------------------------------------------------


def test_a_lead_is_answered_by_its_id() -> None:
    response = call("GET", "/leads/lead1")

    assert response["statusCode"] == 200
    assert header(response, "Content-Type") == "application/json"
    lead = Lead.model_validate_json(response["body"])
    assert (lead.lead, lead.total, lead.stage) == ("lead1", 52, "mql")
    assert sum(line.points for line in lead.explanation) == 52
    assert lead.external_ids == {"user_id": "ada", "email": "ada@x.example"}


def test_the_answer_is_a_plain_document() -> None:
    document = json.loads(call("GET", "/leads/lead1")["body"])

    assert {"lead", "total", "scores", "stage", "lists", "next_change_at", "explanation", "timeline"} < document.keys()
    assert document["timeline"][0] == {
        "at": "2026-03-01T12:00:00.002Z",
        "type": "event",
        "name": "White Paper Read",
        "source": "backend",
        "trust": "server",
        "properties": {},
    }


@pytest.mark.parametrize(
    "named",
    [
        {"user_id": "ada"},
        {"user_id": "  ada\n"},
        {"email": "ada@x.example"},
        {"email": " ADA@X.example "},
        {"anonymous_id": "browser"},
        {"anonymous_id": "browser", "email": None},
        {"external_id": {"type": "hubspot", "id": 51}},
    ],
)
def test_a_lead_is_looked_up_by_one_identifier_in_any_spelling(named: dict[str, Any]) -> None:
    response = lookup(**named)

    assert response["statusCode"] == 200
    assert json.loads(response["body"])["lead"] == "lead1"


def test_a_lookup_may_come_in_base64_as_api_gateway_sends_what_it_takes_for_binary() -> None:
    body = base64.b64encode(b'{"user_id": "ada"}').decode()

    assert call("POST", "/leads/lookup", body=body, is_base64=True)["statusCode"] == 200


def test_a_stage_is_listed_highest_total_first() -> None:
    response = call("GET", "/leads", query={"stage": "mql", "limit": "10"})

    listed = StageList.model_validate_json(response["body"])
    assert [(summary.lead, summary.total) for summary in listed.leads] == [("lead1", 52)]
    assert json.loads(response["body"]).keys() == {"stage", "leads", "truncated"}


def test_health_needs_no_token() -> None:
    response = call("GET", "/health", headers={})

    assert (response["statusCode"], json.loads(response["body"])) == (200, {"status": "ok"})


def test_nothing_that_is_answered_may_be_kept_by_a_cache() -> None:
    for path in ("/leads/lead1", "/leads/nobody", "/nowhere"):
        assert header(call("GET", path), "Cache-Control") == "no-store"


# -- rulings -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def queue(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    """Bob is another person, `nobody` an anonymous lead, and `former` became part of Ada by a ruling at NOON + 1."""
    for lead, known in (("bob", True), ("anonymous", False)):
        store.commit(Commit(LeadState(lead, version=1, stage="new", identified=known)))
    store.commit(Commit(LeadState("former", version=1, identified=True, merged_into="lead1", ruled_at=NOON + HOUR)))
    queue = MemoryQueue()
    rulings = Rulings(store=store, queue=queue, now=lambda: NOON, new_token=lambda: "token")
    monkeypatch.setattr(leads_api, "rulings", lambda: rulings)
    return queue


def merge(lead: str, into: Any) -> dict[str, Any]:
    return call("POST", f"/leads/{lead}/merge", body=json.dumps({"into": into}))


def ruling_in(queue: MemoryQueue) -> Ruling:
    (body,) = queue.take()
    (ruling,) = read_message(body).rulings
    return ruling


@pytest.mark.parametrize("lead", ["bob", "anonymous"])
def test_a_merge_is_queued(queue: MemoryQueue, lead: str) -> None:
    response = merge(lead, "lead1")

    assert response["statusCode"] == 202
    assert QueuedRuling.model_validate_json(response["body"]) == QueuedRuling(queued="merge", lead=lead, into="lead1")
    assert ruling_in(queue) == Ruling(lead, "lead1", NOON)


def test_an_undo_is_queued_and_is_later_than_what_it_undoes_whatever_the_clock_says(queue: MemoryQueue) -> None:
    response = call("POST", "/leads/former/unmerge")

    assert response["statusCode"] == 202
    assert json.loads(response["body"]) == {"queued": "unmerge", "lead": "former", "into": None}
    assert ruling_in(queue) == Ruling("former", "", NOON + HOUR + 1)


@pytest.mark.parametrize(
    ("lead", "into", "status", "code"),
    [
        ("nobody", "lead1", 404, "lead_not_found"),
        ("lead1", "nobody", 404, "lead_not_found"),
        ("ada@x.example", "lead1", 404, "lead_not_found"),
        ("bob", "bob", 409, "same_lead"),
        ("former", "bob", 409, "already_merged"),
        ("bob", "former", 409, "into_merged"),
        ("bob", "anonymous", 409, "into_anonymous"),
        ("bob", "ada@x.example", 400, "invalid_request"),
        ("bob", None, 400, "invalid_request"),
        ("bob", ["lead1"], 400, "invalid_request"),
    ],
)
def test_a_merge_that_cannot_be_is_refused_and_not_queued(
    queue: MemoryQueue, lead: str, into: Any, status: int, code: str
) -> None:
    response = merge(lead, into)

    assert (response["statusCode"], code_of(response)) == (status, code)
    assert "ada" not in json.loads(response["body"])["message"]
    assert queue.take() == []


@pytest.mark.parametrize(
    ("lead", "status", "code"),
    [("nobody", 404, "lead_not_found"), ("bob", 409, "not_merged"), ("%00", 404, "not_found")],
)
def test_an_undo_of_nothing_is_refused(queue: MemoryQueue, lead: str, status: int, code: str) -> None:
    response = call("POST", f"/leads/{lead}/unmerge")

    assert response["statusCode"] == status
    assert code_of(response) in {code, "lead_not_found"}
    assert queue.take() == []


def test_what_the_queue_did_not_take_is_said(queue: MemoryQueue) -> None:
    def fail(_call: str) -> None:
        raise NotQueued

    queue.before_call = fail
    response = merge("bob", "lead1")

    assert (response["statusCode"], code_of(response), header(response, "Retry-After")) == (503, "not_queued", "5")


@pytest.mark.parametrize("what", ["merge", "unmerge"])
def test_without_the_token_nobody_says_who_is_who(queue: MemoryQueue, what: str) -> None:
    response = call("POST", f"/leads/former/{what}", headers={}, body='{"into": "bob"}')

    assert (response["statusCode"], queue.take()) == (401, [])


# -- who may ask -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": TOKEN},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Bearer {TOKEN[:-1]}"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer \N{GRINNING FACE}\ud800"},
        {"cookie": f"token={TOKEN}"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/leads/lead1"), ("GET", "/leads"), ("POST", "/leads/lookup"), ("GET", "/nowhere"), ("POST", "/health/x")],
)
def test_without_the_token_nothing_is_answered(method: str, path: str, headers: dict[str, str]) -> None:
    response = call(method, path, headers=headers, body='{"user_id":"ada"}', query={"stage": "mql"})

    assert response["statusCode"] == 401
    assert header(response, "WWW-Authenticate") == "Bearer"
    assert code_of(response) == "unauthorized"


def test_an_unknown_lead_and_a_known_one_look_the_same_without_the_token() -> None:
    assert call("GET", "/leads/lead1", headers={}) == call("GET", "/leads/nobody", headers={})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_written_in_any_case(scheme: str) -> None:
    assert call("GET", "/leads/lead1", headers={"Authorization": f"{scheme} {TOKEN}"})["statusCode"] == 200


def test_an_empty_secret_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leads_api, "secrets", lambda: OneSecret(""))

    assert call("GET", "/leads/lead1", headers={"authorization": "Bearer "})["statusCode"] == 401


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", ["nobody", "lookup", "ada@x.example", "lead1#x", "x" * 65, "%00", "l\u00e4d"])
def test_what_is_no_lead_is_not_found(lead: str) -> None:
    response = call("GET", f"/leads/{lead}")

    assert (response["statusCode"], code_of(response) in {"lead_not_found", "not_found"}) == (404, True)


def test_an_identifier_that_nobody_has_is_not_found() -> None:
    response = lookup(email="nobody@x.example")

    assert (response["statusCode"], code_of(response)) == (404, "lead_not_found")


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        "NaN",
        "{}",
        '{"user_id": null}',
        '{"user_id": "ada", "email": "ada@x.example"}',
        '{"user_id": "   "}',
        '{"user_id": ["ada"]}',
        '{"user_id": {"a": 1}}',
        '{"user_id": true}',
        '{"user_id": "\\ud800"}',
        '{"id": "ada"}',
        '{"external_id": "ada"}',
        '{"external_id": {"type": "ada", "id": "ada", "more": 1}}',
        '{"external_id": {"type": "email", "id": "ada@x.example"}}',
        '{"external_id": {"id": "ada"}}',
        '{"user_id": "ada", "ada@x.example": 1}',
        json.dumps({"email": "a" * 256 + "@x.example"}),
        "[" * 3_000,
        json.dumps({"user_id": "ada", "more": "x" * 5_000}),
    ],
)
def test_a_lookup_that_is_none_is_refused_without_quoting_it(body: str | None) -> None:
    response = call("POST", "/leads/lookup", body=body)

    assert response["statusCode"] == 400
    problem = Problem.model_validate_json(response["body"])
    assert problem.code == "invalid_request"
    assert "ada" not in problem.message


def test_a_body_that_is_no_utf_8_is_refused() -> None:
    body = base64.b64encode(b'{"user_id": "\xff"}').decode()

    assert call("POST", "/leads/lookup", body=body, is_base64=True)["statusCode"] == 400


@pytest.mark.parametrize(
    "query",
    [
        None,
        {},
        {"limit": "5"},
        {"stage": ""},
        {"stage": "x" * 101},
        {"stage": "mql", "limit": "0"},
        {"stage": "mql", "limit": "1001"},
        {"stage": "mql", "limit": "ten"},
        {"stage": "mql", "sort": "total"},
    ],
)
def test_a_list_that_cannot_be_given_is_refused(query: dict[str, str] | None) -> None:
    response = call("GET", "/leads", query=query)

    assert (response["statusCode"], code_of(response)) == (400, "invalid_request")


def test_a_stage_that_the_model_does_not_have_is_not_found() -> None:
    response = call("GET", "/leads", query={"stage": "hot"})

    assert (response["statusCode"], code_of(response)) == (404, "stage_not_found")


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/lead"), ("POST", "/leads"), ("PUT", "/leads/x")])
def test_a_path_that_does_not_exist_is_not_found(method: str, path: str) -> None:
    response = call(method, path)

    assert (response["statusCode"], code_of(response)) == (404, "not_found")


def test_a_lead_of_a_model_that_is_not_seen_yet_is_to_be_asked_for_again(store: MemoryStore) -> None:
    store.commit(Commit(LeadState("lead2", version=1, activation=9, stage="new")))
    response = call("GET", "/leads/lead2")

    assert (response["statusCode"], code_of(response)) == (503, "model_changing")
    assert header(response, "Retry-After") == "5"


def test_a_failure_says_its_kind_in_the_log_and_nothing_personal_anywhere(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(leads_api.logger.registered_handler, "stream", log)

    def fail(name: str) -> None:
        if name == "read_states":
            raise RuntimeError("no shard for ada@x.example")

    store.before_call = fail
    with caplog.at_level(logging.DEBUG):
        response = lookup(email="ada@x.example")

    assert (response["statusCode"], code_of(response)) == (500, "internal_error")
    assert '"error":"RuntimeError"' in log.getvalue()
    assert "x.example" not in log.getvalue() + caplog.text + response["body"]


def test_a_secret_that_cannot_be_read_answers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> OneSecret:
        raise ConnectionError

    monkeypatch.setattr(leads_api, "secrets", fail)

    assert call("GET", "/leads/lead1")["statusCode"] == 500


# -- companies -----------------------------------------------------------------------------------------------------


class Companies:
    """Reading that has one company of any name, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def account(self, account: str, *, limit: int) -> Account | None:
        self.asked.append((account, limit))
        if account == "nobody":
            return None
        return Account(
            account=account, score=5, leads=0, as_of="2026-03-01T12:00:00.000Z", members=[], truncated=False,
            is_current=True, model="small",
        )  # fmt: skip


@pytest.fixture
def companies(monkeypatch: pytest.MonkeyPatch) -> Companies:
    made = Companies()
    monkeypatch.setattr(leads_api, "reading", lambda: made)
    return made


@pytest.mark.parametrize("account", ["acme.com", "Acme, Inc.", "a/b", "株式会社", "100%", 'say "x" #1?'])
def test_a_company_is_asked_for_by_its_name_whatever_that_is(companies: Companies, account: str) -> None:
    answer = call("GET", f"/accounts/{account}", query={"limit": "7"})
    assert (answer["statusCode"], json.loads(answer["body"])["account"]) == (200, account)
    assert companies.asked == [(account, 7)]


def test_a_company_that_nobody_is_of_is_not_found(companies: Companies) -> None:
    answer = call("GET", "/accounts/nobody")
    assert (answer["statusCode"], Problem.model_validate_json(answer["body"]).code) == (404, "account_not_found")
    assert companies.asked == [("nobody", 100)]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"what": "x"}])
def test_a_company_is_not_asked_for_with_a_wrong_query(companies: Companies, query: dict[str, str]) -> None:
    assert call("GET", "/accounts/acme.com", query=query)["statusCode"] == 400
    assert companies.asked == []


def test_no_company_is_told_of_without_the_token(companies: Companies) -> None:
    assert call("GET", "/accounts/acme.com", headers={})["statusCode"] == 401
    assert companies.asked == []
