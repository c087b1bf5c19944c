"""How many events the pure fold takes in a second, on one core."""

import time
from collections.abc import Sequence
from random import Random
from statistics import median

from leadscore.domain.event import Identifier, LeadEvent, Trust, event_id
from leadscore.domain.fold import fold
from leadscore.domain.model import Model
from tests.bench.browser import PATHS, lead_event, new_visitor
from tests.bench.figures import Figure, Progress, Section
from tests.bench.models import EVENT_NAMES, model_of_a_hundred_rules, shipped_model
from tests.bench.rules import TIMED, histories, model_of, rules
from tests.bench.scoring import NOON
from tests.bench.units import DOWNLOAD

EVENTS = 100_000
ROUNDS = 3
#: So that one lead's events fit into two years.
HURRY = 400
FULL_FOLD_SECONDS_MAX = 1.0
_MINUTE_MS = 60_000


def browser_events(number: int = EVENTS) -> list[LeadEvent]:
    """One person's page views and downloads: real calls, all of them scored."""
    person = new_visitor(Random(1)).known_as("usr_01J8Z3K4M5N6P7Q8R9S0T1V2W3")
    samples = [lead_event(person.page(path, NOON)) for path in PATHS]
    samples.append(lead_event(person.track("Content Downloaded", NOON, DOWNLOAD)))
    return [_at(samples[place % len(samples)], place) for place in range(number)]


def events_of_many_kinds(number: int = EVENTS) -> list[LeadEvent]:
    """For the model of a hundred rules: every kind of event that it names."""
    properties = {"path": "/docs/pricing", "kind": "ebook", "seconds": 90, "form": "contact"}
    samples = [
        LeadEvent(
            id="",
            name=name,
            call="track",
            source="website",
            trust=Trust.PUBLIC,
            occurred_at=NOON,
            received_at=NOON,
            identifiers=(Identifier("user_id", "usr_01J8Z3K4M5N6P7Q8R9S0T1V2W3"),),
            fingerprint="",
            properties=properties,
            traits={},
            context={"locale": "en-GB"},
        )
        for name in EVENT_NAMES
    ]
    return [_at(samples[place % len(samples)], place) for place in range(number)]


def _at(sample: LeadEvent, place: int) -> LeadEvent:
    at = NOON + place * _MINUTE_MS
    # dataclasses.replace would take most of the bench's time here.
    return LeadEvent(
        id=event_id("website", f"message-{place}"),
        name=sample.name,
        call=sample.call,
        source=sample.source,
        trust=sample.trust,
        occurred_at=at,
        received_at=at,
        identifiers=sample.identifiers,
        fingerprint=sample.fingerprint,
        properties=sample.properties,
        traits=sample.traits,
        context=sample.context,
    )


def events_per_second(events: Sequence[LeadEvent], model: Model) -> float:
    """By CPU time, the median of a few rounds."""
    rates = []
    for _ in range(ROUNDS):
        before = time.process_time()
        state, _ = fold(events, model, activation=1, lead="lead", as_of=NOON)
        rates.append(len(events) / (time.process_time() - before))
        if state.folded_count != len(events):
            raise AssertionError("the fold left events out")
    return median(rates)


def sections(progress: Progress) -> list[Section]:
    progress("the shipped model")
    shipped = events_per_second(browser_events(), shipped_model())
    progress("a model of 100 rules")
    hundred = events_per_second(events_of_many_kinds(), model_of_a_hundred_rules())
    progress("100 rules of which a third could match")
    (history,) = histories(1, events=EVENTS, hurry=HURRY)
    dense = events_per_second([moment.event for moment in history], model_of(rules(100), features=TIMED))
    rates = {
        "shipped model, a browser's calls": shipped,
        "100 rules over 12 kinds of event": hundred,
        "100 rules, a third could match and ten do": dense,
    }
    return [
        Section(
            "The pure fold, on one core",
            f"{EVENTS:,} events of one lead; median of {ROUNDS} rounds, CPU time.",
            [Figure(name, rate, style=",.0f") for name, rate in rates.items()],
            unit="events/s",
        ),
        Section(
            f"A full fold of {EVENTS:,} events of one lead",
            "The same runs. The last model is the one that other engines are compared on: ten rules match every event.",
            [Figure(name, EVENTS / rate, most=FULL_FOLD_SECONDS_MAX) for name, rate in rates.items()],
            unit="s",
        ),
    ]
