"""Histories made by chance, of the events that the generated models look at.

Times are clustered: ties, bursts of a second, and gaps that are exactly a window of the models, a millisecond more or
less, or weeks. There are few names and values, so that repetition, counts and sequences happen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from leadscore.domain.event import Identifier, LeadEvent, Trust, event_id
from tests.contracts.generated_models import EVENT_GROUPS, EVENT_NAMES, EVENT_SCORES, PROPERTIES, SOURCES, TRAITS
from tests.leads import DAY, HOUR, NOON

SECOND, MINUTE = 1000, 60_000

#: The windows of the models: visits, bursts, counts, sequences, decays, inactivity.
WINDOWS = (SECOND, 5 * SECOND, 45 * SECOND, MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY)
GAPS: st.SearchStrategy[int] = st.one_of(
    st.sampled_from((0, 1, 250, 400)),
    st.builds(lambda window, off: window + off, st.sampled_from(WINDOWS), st.sampled_from((-1, 0, 0, 1))),
    st.sampled_from((17 * MINUTE, 5 * HOUR, 10 * DAY, 26 * DAY, 95 * DAY)),
)
#: Within an hour, at its end, and a Sunday's last moment.
STARTS = st.sampled_from((NOON, NOON + 17 * MINUTE, NOON + HOUR - 1, NOON + 12 * HOUR - 1))

#: The first ones most often.
NAMES = st.one_of(
    st.sampled_from(("Page Viewed", "Email Link Clicked", "Email Opened", "Content Downloaded")),
    st.sampled_from((*EVENT_NAMES, "Consent Given", "Consent Withdrawn")),
)
MORE_PROPERTIES: Mapping[str, Sequence[Any]] = {
    "seconds": (7.5, 0.0004, -5, "30", True),
    "asset_id": (3, ["a1", "a2"], None),
    "url": ("/a", "/b", "/c"),
}
VALUES = {
    name: st.one_of(st.sampled_from(values), st.sampled_from((*values, *MORE_PROPERTIES.get(name, ()))))
    for name, values in PROPERTIES.items()
}
PEOPLE = {name: st.sampled_from((*values, "", None)) for name, values in TRAITS.items()}
RESETS = st.one_of(
    st.just({}),
    st.sampled_from(("engagement", *EVENT_SCORES, "fit", "unknown")).map(lambda score: {"score": score}),
    st.sampled_from((*EVENT_GROUPS, "Titles", "unknown")).map(lambda group: {"group": group}),
)
TRUSTS = st.sampled_from((Trust.SERVER, Trust.SERVER, Trust.DECLARED, Trust.PUBLIC))
CONTEXTS = st.one_of(
    st.just({}),
    st.just({}),
    st.just({}),
    st.sampled_from(({}, {}, {"machine": True}, {"internal": True}, {"internal": "browser"}, {"unconsented": True})),
)
CONSENTS = st.sampled_from(({}, {}, {"channel": "web"}, {"channel": "email"}))


def lead_event(number: int, at: int, said: Mapping[str, Any]) -> LeadEvent:
    """Its number makes the event's id, whose hash decides between events of one moment.

    What is public comes from a browser, which has no name for the lead.
    """
    kind = "anonymous_id" if said["trust"] is Trust.PUBLIC else "user_id"
    name = Identifier(kind, f"browser {number % 2}" if kind == "anonymous_id" else "ada")
    address = said["traits"].get("email") or ""
    return LeadEvent(
        id=event_id("history", str(number)),
        call="track",
        occurred_at=at,
        received_at=at + said["told_after"],
        identifiers=(name, Identifier("email", address)) if "@" in address else (name,),
        fingerprint=f"{number:016x}",
        **{name: value for name, value in said.items() if name != "told_after"},
    )


@st.composite
def _single(draw: st.DrawFn) -> list[tuple[int, dict[str, Any]]]:
    name = draw(NAMES)
    properties = draw(st.fixed_dictionaries({}, optional=VALUES))
    if name == "Score Reset":
        properties = draw(RESETS)
    if name.startswith("Consent "):
        properties = draw(CONSENTS)
    traits = draw(st.one_of(st.just({}), st.fixed_dictionaries({}, optional=PEOPLE)))
    said = {
        "name": name,
        "source": draw(st.sampled_from(SOURCES)),
        "trust": draw(TRUSTS),
        "properties": properties,
        "traits": traits,
        "context": draw(CONTEXTS),
        "told_after": draw(st.sampled_from((0, 0, 0, 0, HOUR, DAY, 7 * DAY, 7 * DAY + 1))),
    }
    return [(draw(GAPS), said)]


@st.composite
def _again(draw: st.DrawFn) -> list[tuple[int, dict[str, Any]]]:
    """The same a few times over: what limits and counts are for."""
    [(gap, said)] = draw(_single())
    apart = draw(GAPS)
    return [(gap, said), *[(apart, said)] * draw(st.integers(1, 4))]


@st.composite
def _burst(draw: st.DrawFn) -> list[tuple[int, dict[str, Any]]]:
    """Links, all different but for one perhaps, in a second or hardly more."""
    [(gap, said)] = draw(_single())
    urls = draw(st.permutations(("/docs", "/pricing", "/careers", "/a", "/b", "/b")))[: draw(st.integers(4, 6))]
    within = draw(st.sampled_from((0, 1000, 1001)))
    gaps = [gap, *[within // (len(urls) - 1)] * (len(urls) - 2)]
    gaps.append(within - sum(gaps[1:]))
    signed = draw(st.sampled_from(({}, {"source": "email-links", "trust": Trust.PUBLIC})))
    links = [
        said | {"name": "Email Link Clicked", "properties": {"url": url}} | draw(st.sampled_from((signed, signed, {})))
        for url in urls
    ]
    return list(zip(gaps, links, strict=True))


@st.composite
def histories(draw: st.DrawFn, *, most: int = 12) -> list[LeadEvent]:
    """The events of one lead in the order of their times."""
    parts = draw(st.lists(st.one_of(_single(), _single(), _single(), _again(), _burst()), min_size=1, max_size=most))
    at = draw(STARTS)
    if draw(st.integers(0, 19)) == 0:  # One of the own people, or a test: told at some time, and for all of it.
        part = draw(st.sampled_from(parts))
        part[0] = (part[0][0], part[0][1] | {"context": {"internal": "lead"}})
    events = []
    for number, (gap, said) in enumerate(said for part in parts for said in part):
        at += gap if number else 0
        events.append(lead_event(number, at, said))
    return events


#: How long after the last event a lead is looked at.
AFTER = st.one_of(GAPS, st.integers(0, 40 * DAY))
