"""The size of the state item of a lead that has done everything, ten thousand times in all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leadscore.adapters.dynamodb_attributes import to_item
from leadscore.adapters.dynamodb_state import state_values
from leadscore.adapters.memory import FixedModels, MemoryStore
from leadscore.domain.cause import Cause
from leadscore.domain.event import IDENTIFIER_KINDS, Identifier, LeadEvent, Trust, event_id
from leadscore.domain.state import LeadState
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Delivery, LeadWork
from tests.bench.figures import Figure, Progress, Section, exactly
from tests.bench.item_size import WRITE_UNIT_BYTES, item_bytes
from tests.bench.models import shipped_document, shipped_model
from tests.bench.scoring import DAY_MS, NOON

EVENTS = 10_000
_LEAD = "0123456789abcdef01234567"
#: A trait with several values matches what any of them matches: one person cannot be all of this, but a state must
#: hold it.
_TRAITS: Mapping[str, Any] = {
    "seniority": ["c-level", "director", "manager", "student"],
    "department": ["Marketing"],
    "company_size": [500, 50, 2],
    "industry": ["Software", "Gambling"],
    "country": ["US", "Atlantis"],
    "email_domain": ["competitor.example"],
    "email_kind": ["free", "fake"],
}
_PROPERTIES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "Content Downloaded": ({"kind": "white-paper"}, {"kind": "ebook"}, {"kind": "checklist"}),
    "Form Submitted": ({"form": "book-a-demo"}, {"form": "contact"}, {"form": "blog"}, {"form": "survey"}),
    "Page Viewed": (
        {"path": "/features/reports"},
        {"path": "/pricing"},
        {"path": "/careers"},
        {"path": "/unsubscribe"},
    ),
}


@dataclass(frozen=True)
class BusyLead:
    """`missing` are the lines of the model that the lead's state does not have."""

    state: LeadState
    missing: tuple[str, ...]

    @property
    def size(self) -> int:
        return item_bytes(to_item(state_values(self.state)))


def measure(events: int = EVENTS) -> BusyLead:
    """The state after as many events, one commit each, of every kind that the shipped model knows."""
    model = shipped_model()
    store = MemoryStore()
    clock = [NOON]
    rescoring = Rescoring(
        store=store, log=store, models=FixedModels(1, model), now=lambda: clock[0], pause=lambda _: None
    )
    for number, event in enumerate(_history(events)):
        clock[0] = event.received_at
        work = LeadWork([Delivery(event, f"{number:032x}")], causes={Cause.EVENT})
        rescoring.rescore(_LEAD, work)
    state = store.all_states()[_LEAD]
    held = {model.lines[number][1] for number in state.lines}
    return BusyLead(state, tuple(rule["rule"] for rule in _rules() if rule["rule"] not in held))


def _rules() -> Iterator[Mapping[str, Any]]:
    """Everything in the shipped model that has a line of its own: rules, effects and steps."""
    for section in shipped_document().values():
        if isinstance(section, list):
            yield from (rule for rule in section if "rule" in rule)


def _event_names() -> list[str]:
    """All that the shipped model names."""
    named = (rule.get("event", ()) for rule in _rules())
    return sorted({name for names in named for name in ([names] if isinstance(names, str) else names)})


def _history(events: int) -> Iterator[LeadEvent]:
    """All kinds in turn, minutes apart and from several devices.

    Half-way there is a break of 100 days, where much was gained since the last reset: both steps of time take some.
    """
    kinds = [(name, properties) for name in _event_names() for properties in _PROPERTIES.get(name, ({},))]
    rich = next(place for place, (name, _) in enumerate(kinds) if name == "Unsubscribed")
    break_at = events // 2 // len(kinds) * len(kinds) + rich
    at = NOON
    for number in range(events):
        at += 100 * DAY_MS if number == break_at else 7 * 60_000
        name, properties = kinds[number % len(kinds)]
        named = {
            "user_id": "usr_01J8Z3K4M5N6P7Q8R9S0T1V2W3",
            "email": f"someone.{number % 3}@competitor.example",
            "anonymous_id": f"8c2f4a6e-1b3d-4e5f-8a9b-0c1d2e3f4a5{number % 8}",
        }
        identifiers = tuple(Identifier(kind, named[kind]) for kind in IDENTIFIER_KINDS[number % 3 :])
        yield LeadEvent(
            id=event_id("backend", f"message-{number}"),
            name=name,
            call="track",
            source="backend",
            trust=Trust.SERVER,
            occurred_at=at,
            received_at=at,
            identifiers=identifiers,
            fingerprint=f"fingerprint-{number}",
            properties=properties,
            traits=_TRAITS if number == 0 else {},
        )


def sections(progress: Progress) -> list[Section]:
    progress(f"{EVENTS:,} events of one lead")
    busy = measure()
    lines = len(busy.state.lines)
    return [
        Section(
            f"The state item of a lead with {busy.state.folded_count:,} events",
            "Every rule, effect and step of the shipped model has fired; recent ids and homes are as many as are kept.",
            [
                Figure("size", busy.size, most=WRITE_UNIT_BYTES - 1, is_exact=True, style=",.0f"),
                exactly(
                    "lines of the model that it does not hold",
                    len(busy.missing),
                    0,
                    style=".0f",
                    note=", ".join(busy.missing),
                ),
                Figure("lines of explanation in it", lines, style=".0f"),
            ],
            unit="bytes",
        )
    ]
