"""A fault at every call that scoring makes over the wire, one at a time: whatever breaks, nothing is lost or doubled.

The story has what makes scoring branch: a first contact, a visit, a copy under another token, a late event, a visitor
who gives an address, a known person's second device, a demo request, and time that passes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from leadscore.adapters.dynamodb_accounts import DynamoDBAccountStore
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_transitions import DynamoDBTransitionLog
from leadscore.domain.cause import Cause
from leadscore.use_cases.messages import events_body, ticks_body
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Contended
from tests.adapters.conftest import Tables, create_tables
from tests.adapters.wire import Fault, Wire
from tests.leads import DAY, NOON, event, small_model
from tests.use_cases.mutants import MarkFirstAddLater
from tests.use_cases.world import Crash, Everything, World, check

pytestmark = pytest.mark.ministack

VISIT = [event(at=NOON + n, anonymous="a1", message=f"page {n}") for n in range(3)]
LATE = event(at=NOON + 1500, anonymous="a1", message="late")
LAST = event(at=NOON + 9000, anonymous="a1", message="last")
FORM = event("Form Submitted", at=NOON + 10_000, anonymous="a1", email="ada@x.example", traits={"title": "Director"})
DEVICE = event("Webinar Attended", at=NOON + 5_000, anonymous="a2")
LOGIN = event("White Paper Read", at=NOON + 20_000, anonymous="a2", email="ada@x.example")
DEMO = event("Demo Requested", at=NOON + 30_000, email="ada@x.example")
EVENTS = [*VISIT, LATE, LAST, FORM, DEVICE, LOGIN, DEMO]

#: What each invocation of the function is given: bodies that arrive together.
INVOCATIONS = [
    [events_body("t1", VISIT)],
    [events_body("t2", [LAST]), events_body("t3", [DEVICE])],
    [events_body("t1 again", VISIT[1:]), events_body("t4", [LATE])],
    [events_body("t5", [FORM])],
    [events_body("t6", [LOGIN])],
    [events_body("t7", [DEMO]), events_body("t6", [LOGIN])],
]


class Run:
    """The story on tables of its own, each message delivered until it is done, and at last all of them once more."""

    def __init__(self, tables: Tables, client: Any, rescoring_type: type[Rescoring]) -> None:
        """`client` is the scoring function's; that of `tables`, which nothing breaks, looks at what came of it."""
        self.tables = tables
        self.store = DynamoDBLeadStore(tables.client, table=tables.leads)
        self.log = DynamoDBEventLog(tables.client, table=tables.events)
        self.world = World(
            DynamoDBLeadStore(client, table=tables.leads),
            DynamoDBEventLog(client, table=tables.events),
            rescoring_type,
            expected_errors=(Contended, ClientError),
            account_store=DynamoDBAccountStore(client, table=tables.leads),
        )

    def play(self) -> Everything:
        for bodies in INVOCATIONS:
            self.deliver(bodies)
        self.world.now = NOON + 40 * DAY
        self.deliver([ticks_body("tick", self._leads(), Cause.TIME)])
        for bodies in INVOCATIONS:
            self.deliver(bodies)
        return self._everything()

    def deliver(self, bodies: Iterable[str]) -> None:
        messages = [(f"m{number}", body) for number, body in enumerate(bodies)]
        for _ in range(5):
            try:
                failed = self.world.score(messages)
            except (Crash, ClientError):  # The invocation is gone: all of its messages come back.
                continue
            messages = [message for message in messages if message[0] in failed]
            if not messages:
                return
        raise AssertionError("a message does not get done")

    def _leads(self) -> list[str]:
        return sorted(self._scan_leads("STATE"))

    def _scan_leads(self, sk: str) -> set[str]:
        items = self.tables.client.scan(TableName=self.tables.leads, ConsistentRead=True)["Items"]
        return {item["pk"]["S"].removeprefix("LEAD#") for item in items if item["sk"]["S"] == sk}

    def _everything(self) -> Everything:
        leads = self._leads()
        transitions = DynamoDBTransitionLog(self.tables.client, table=self.tables.leads)
        homes = {lead: set(self.store.read_homes(lead)) for lead in leads}
        return Everything(
            events=self.log.read(set().union(*homes.values())),
            states=self.store.read_states(leads),
            homes=homes,
            profiles={lead: self.store.read_profile(lead) for lead in leads},
            marks={lead: self.store.read_marks(lead) for lead in leads},
            transitions={lead: list(reversed(transitions.read_transitions(lead, limit=100))) for lead in leads},
        )


@dataclass(frozen=True)
class Theatre:
    """Plays the story, on new tables each time, and checks every promise at the end."""

    onlooker: Any
    scoring: Any

    def play(self, fault: tuple[int, Fault] | None = None, rescoring_type: type[Rescoring] = Rescoring) -> Wire:
        run = Run(create_tables(self.onlooker), self.scoring, rescoring_type)
        with Wire(self.scoring) as wire:
            if fault is not None:
                wire.break_call(*fault)
            found = run.play()
        check(found, accepted=EVENTS, model=small_model())
        return wire


@pytest.fixture
def theatre(aws: Callable[[str], Any], pauses: list[float]) -> Theatre:
    return Theatre(aws("dynamodb"), aws("dynamodb"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", list(Fault))
def test_a_fault_at_any_call_loses_and_doubles_nothing(theatre: Theatre, fault: Fault) -> None:
    calls = theatre.play().calls
    fired = [theatre.play((position, fault)).fired for position in range(len(calls))]
    writes = sum(call in ("PutItem", "TransactWriteItems") for call in calls)
    assert sum(fired) == (writes if fault is Fault.CONFLICT else len(calls))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", [MarkFirstAddLater], ids=lambda mutant: mutant.__name__)
def test_the_faults_find_what_they_are_for(theatre: Theatre, mutant: type[Rescoring]) -> None:
    for fault in (Fault.LOST, Fault.CRASH_AFTER):
        for position in range(len(theatre.play().calls)):
            try:
                theatre.play((position, fault), mutant)
            except AssertionError:
                return
    pytest.fail(f"no fault found out {mutant.__doc__}")
