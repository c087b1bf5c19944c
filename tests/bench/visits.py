"""Realistic traffic: visitors who read a few pages at a time, come back, and sometimes say who they are.

What they do is the business of a B2B site. How it arrives is worse than what a network does: every message is late by
up to half a minute, a tenth of what is sent is sent twice, and the queue delivers some messages again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from leadscore.domain.event import LeadEvent, Trust
from leadscore.use_cases.messages import events_body
from tests.bench.browser import PATHS, Visitor, lead_event, new_visitor
from tests.bench.scoring import DAY_MS, NOON

SECOND_MS = 1_000
HOUR_MS = 3_600_000
#: How long a message is on its way, at most; every delay up to that is as likely.
DELAY_MS_MAX = 30 * SECOND_MS
CLIENT_DUPLICATES = 0.10
REDELIVERIES = 0.05
#: How many visitors say who they are: on a good site it is one in twenty.
NAMED = 0.05
#: How often a page is looked at, in the order of PATHS: home, features, prices, blog, blog, customers, docs, careers.
_POPULARITY = (6, 4, 3, 5, 4, 2, 4, 1)
_EVENTS_PER_MESSAGE = (1, 1, 1, 1, 1, 2, 2, 3)
_SESSIONS_PER_VISITOR = (1, 1, 1, 2, 3)


@dataclass(frozen=True, order=True)
class Arrival:
    """A queue message when it becomes visible; a redelivery has the same body."""

    at: int
    message_id: str
    body: str


@dataclass(frozen=True)
class Traffic:
    """`events` is everything that happened, each once; `arrivals` are in the order of time."""

    events: list[LeadEvent]
    arrivals: list[Arrival]


def traffic(seed: int, *, visitors: int, named: float = NAMED) -> Traffic:
    """What so many visitors cause, of whom `named` (a share) fill in a form."""
    rng = Random(seed)
    numbers = count(1)
    events: list[LeadEvent] = []
    arrivals: list[Arrival] = []
    for number in range(visitors):
        for session in _sessions(rng, number, is_named=rng.random() < named):
            events += session
            arrivals += _sent(rng, session, numbers)
    return Traffic(events, sorted(arrivals))


def _sessions(rng: Random, number: int, *, is_named: bool) -> Iterator[list[LeadEvent]]:
    """One visitor's, on one day. The first ends with the form; the next are the person's, perhaps on another device."""
    visitor = new_visitor(rng)
    user_id = f"usr_01J8Z3K4M5N6P7Q8R9S0{number:06d}"
    at = NOON + rng.randrange(HOUR_MS)
    yield _session(rng, visitor, at) + (_form(rng, visitor.known_as(user_id), at + HOUR_MS // 2) if is_named else [])
    for _ in range(rng.choice(_SESSIONS_PER_VISITOR) - 1):
        at += HOUR_MS + rng.randrange(DAY_MS // 8)
        if not is_named:
            yield _session(rng, visitor, at)
        elif rng.random() < 0.5:
            yield _session(rng, visitor.known_as(user_id), at)
        else:
            device = new_visitor(rng)
            yield [*_session(rng, device, at), *_login(device.known_as(user_id), at + HOUR_MS // 2)]


def _session(rng: Random, visitor: Visitor, at: int) -> list[LeadEvent]:
    """Pages, tens of seconds each, and now and then something to read at home."""
    session = []
    for _ in range(1 + int(rng.expovariate(1 / 3))):
        path = rng.choices(PATHS, _POPULARITY)[0]
        session.append(lead_event(visitor.page(path, at)))
        at += _thinks(rng)
    if rng.random() < 0.1:
        properties = {"kind": rng.choice(("white-paper", "checklist")), "asset_id": "month-end-2026"}
        session.append(lead_event(visitor.track("Content Downloaded", at, properties)))
    return session


def _form(rng: Random, person: Visitor, at: int) -> list[LeadEvent]:
    """What a site sends when somebody fills in a form: who it is, what happened, and the page that says thank you."""
    traits = {
        "email": f"{person.user_id}@contoso.example",
        "name": "Maria Keller",
        "title": rng.choice(("Head of Finance", "Controller", "Student", "CFO")),
        "company_size": rng.choice((3, 45, 340)),
    }
    form = {"form": rng.choice(("contact", "newsletter", "book-a-demo"))}
    return [
        lead_event(person.identify(at, traits), Trust.DECLARED),
        lead_event(person.track("Form Submitted", at + 40, form), Trust.DECLARED),
        lead_event(person.page("/", at + 2 * SECOND_MS)),
    ]


def _login(person: Visitor, at: int) -> list[LeadEvent]:
    return [lead_event(person.track("Signed In", at, {})), lead_event(person.page("/docs/getting-started", at + 900))]


def _thinks(rng: Random) -> int:
    """Half of all pages are looked at for less than 30 seconds."""
    return 3 * SECOND_MS + int(rng.lognormvariate(3.3, 0.8) * SECOND_MS)


def _sent(rng: Random, session: list[LeadEvent], numbers: Iterator[int]) -> Iterator[Arrival]:
    """The session's messages. A batch goes out with its last event, a second sending when the first got no answer."""
    rest = list(session)
    while rest:
        size = rng.choice(_EVENTS_PER_MESSAGE)
        batch, rest = rest[:size], rest[size:]
        sent_at = batch[-1].received_at
        for is_copy in (False, True):
            if is_copy and rng.random() >= CLIENT_DUPLICATES:
                continue
            sent_at += is_copy * rng.randrange(DELAY_MS_MAX)
            number = next(numbers)
            at, body = sent_at + rng.randrange(DELAY_MS_MAX), events_body(f"{number:032x}", batch)
            yield Arrival(at, f"message-{number}", body)
            if rng.random() < REDELIVERIES:
                yield Arrival(at + rng.randrange(2 * DELAY_MS_MAX), f"message-{number}", body)
