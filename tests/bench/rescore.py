"""What it costs, and how long it takes, to look at a million leads again after a model was activated.

What a lead takes is measured on MiniStack: units, calls and CPU for one whose score stays, one whose score changes and
one that changes its stage as well. How many of each there are is assumed, and so is what no emulator can tell.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from statistics import fmean, median
from typing import Any

import yaml

from leadscore.adapters.dynamodb_keys import STAGE_INDEX
from leadscore.domain.event import LeadEvent
from leadscore.domain.state import LeadState
from leadscore.use_cases.messages import TICKS_MAX
from tests.bench.bill import billed
from tests.bench.browser import Visitor, new_visitor
from tests.bench.figures import Figure, Progress, Section
from tests.bench.item_size import item_bytes
from tests.bench.models import shipped_document, shipped_model
from tests.bench.ours import fold_history
from tests.bench.price import (
    GIGABYTE_SECOND,
    INVOCATION,
    MEMORY_GIGABYTES,
    MESSAGES_PER_BATCH,
    MILLION,
    QUEUE_REQUEST,
    READ_UNIT,
    WRITE_UNIT,
)
from tests.bench.scoring import Scoring
from tests.bench.units import Leads, download, page

LEADS = MILLION
EVENTS_PER_LEAD = 50
#: The others are page views.
DOWNLOAD_EVERY = 8
FOLDS = 300
#: Of all leads.
SCORE_CHANGES, STAGE_CHANGES = 0.55, 0.05

#: As infra/scoring.py has it: to read it there would start the CDK.
FUNCTIONS_AT_ONCE = 100
# What nobody can measure here. A call takes 6 ms, and a function has eight of them under way (see `price`). A gigabyte
# of memory comes with so many processors, each as fast as this machine's.
CALL_SECONDS, CALLS_AT_ONCE = 0.006, 8
PROCESSORS_PER_GIGABYTE = 1_024 / 1_769
#: What a table on demand takes from its first day on; it grows with its use.
WRITE_UNITS_PER_SECOND, READ_UNITS_PER_SECOND = 4_000, 12_000
#: What DynamoDB reads for half a unit, and gives in one answer.
_HALF_UNIT_BYTES, _PAGE_BYTES = 4_096, 1_000_000
_MESSAGES_PER_SENDING = 10

type Document = dict[str, Any]


@dataclass(frozen=True)
class PerLead:
    """Units, calls and CPU seconds of one lead."""

    write: float
    read: float
    calls: float
    cpu: float


@dataclass(frozen=True)
class Rescored:
    """What a lead takes in the worker, by what happens to it, and its entry in the index that leads are found by."""

    stays: PerLead
    score_changes: PerLead
    stage_changes: PerLead
    entry_bytes: float


@dataclass(frozen=True)
class Projection:
    """A rescoring of `leads` leads. The shares are of all leads; what is left of them stays as it is."""

    rescored: Rescored
    leads: int = LEADS
    score_changes: float = SCORE_CHANGES
    stage_changes: float = STAGE_CHANGES

    def _mean(self, of: Callable[[PerLead], float]) -> float:
        stays = 1 - self.score_changes - self.stage_changes
        return (
            stays * of(self.rescored.stays)
            + self.score_changes * of(self.rescored.score_changes)
            + self.stage_changes * of(self.rescored.stage_changes)
        )

    @property
    def write_units(self) -> float:
        return self.leads * self._mean(lambda lead: lead.write)

    @property
    def read_units(self) -> float:
        """The index is read a little stale, page by page."""
        return self.leads * (self._mean(lambda lead: lead.read) + self.rescored.entry_bytes / _HALF_UNIT_BYTES * 0.5)

    @property
    def messages(self) -> float:
        return self.leads / TICKS_MAX

    @property
    def invocations(self) -> float:
        return self.messages / MESSAGES_PER_BATCH

    @property
    def function_seconds(self) -> float:
        """Either the processor's share is what takes long, or waiting for calls."""
        cpu = self._mean(lambda lead: lead.cpu) / (MEMORY_GIGABYTES * PROCESSORS_PER_GIGABYTE)
        waiting = self._mean(lambda lead: lead.calls) * CALL_SECONDS / CALLS_AT_ONCE
        return self.leads * max(cpu, waiting)

    @property
    def dollars(self) -> dict[str, float]:
        return {
            "writes": self.write_units * WRITE_UNIT,
            "reads": self.read_units * READ_UNIT,
            "functions": self.invocations * INVOCATION + self.function_seconds * MEMORY_GIGABYTES * GIGABYTE_SECOND,
            # A sending for ten messages; a receiving and a deleting for each invocation.
            "queue": (self.messages / _MESSAGES_PER_SENDING + 2 * self.invocations) * QUEUE_REQUEST,
        }

    @property
    def seconds(self) -> dict[str, float]:
        """How long each part would take by itself; all of them go on at once, so that the longest counts."""
        pages = self.leads * self.rescored.entry_bytes / _PAGE_BYTES
        return {
            f"{FUNCTIONS_AT_ONCE} functions at once": self.function_seconds / FUNCTIONS_AT_ONCE,
            f"{WRITE_UNITS_PER_SECOND:,} write units a second": self.write_units / WRITE_UNITS_PER_SECOND,
            f"{READ_UNITS_PER_SECOND:,} read units a second": self.read_units / READ_UNITS_PER_SECOND,
            "one sender": (pages + self.messages / _MESSAGES_PER_SENDING) * CALL_SECONDS,
        }


class Population:
    """As many leads as one message has ticks, each with the same fifty events, and the worker on them."""

    def __init__(self, client: Any) -> None:
        leads = Leads(client)
        self.scoring: Scoring = leads.scoring
        self._client = client
        people = [leads.known() for _ in range(TICKS_MAX)]
        for person in people:
            self.scoring.score(self.scoring.message(_further_events(person)))
        self._leads = list(self.scoring.store.find([page(person).home for person in people]).values())

    def rescore(self, change: Callable[[Document], None], expected: Callable[[LeadState, LeadState], bool]) -> PerLead:
        """Activate the shipped model with a change, then without it: once for the bill, once for the CPU."""
        before = self.scoring.store.read_states(self._leads)
        ticks = self._activate(change)
        with billed(self._client) as bill:
            self.scoring.score(ticks)
        after = self.scoring.store.read_states(self._leads)
        if not all(expected(before[lead], after[lead]) for lead in self._leads):
            raise AssertionError("the activated model was to do something else to these leads")
        ticks = self._activate(_nothing)
        began = time.process_time()
        self.scoring.score(ticks)
        cpu = time.process_time() - began
        number = len(self._leads)
        return PerLead(bill.write_units / number, bill.read / number, bill.calls.total() / number, cpu / number)

    def _activate(self, change: Callable[[Document], None]) -> str:
        """Gives the message of ticks."""
        document = shipped_document()
        change(document)
        activation = self.scoring.activate(document["model"], yaml.safe_dump(document, sort_keys=False))
        return self.scoring.model_tick(self._leads, activation)

    def entry_bytes(self) -> float:
        """Of a lead in the index by stage."""
        found = self._client.scan(TableName=self.scoring.tables.leads, IndexName=STAGE_INDEX)["Items"]
        return fmean(map(item_bytes, found))


def _further_events(person: Visitor) -> list[LeadEvent]:
    """A known lead has two events already."""
    return [
        download(person, second) if second % DOWNLOAD_EVERY == 0 else page(person, second)
        for second in range(EVENTS_PER_LEAD - 2)
    ]


def _nothing(_document: Document) -> None:
    """The same model again."""


def _one_point_more(document: Document) -> None:
    """For what each of the leads did a few times, so that none gets into another stage by it."""
    for rule in document["engagement"]:
        rule["points"] += rule.get("event") == "Content Downloaded"


def _stages_out_of_reach(document: Document) -> None:
    for stage in document["stages"][1:]:
        stage["at"] = MILLION


def _stays(before: LeadState, after: LeadState) -> bool:
    return (before.scores, before.stage) == (after.scores, after.stage)


def _changes_its_score_alone(before: LeadState, after: LeadState) -> bool:
    return before.scores != after.scores and before.stage == after.stage


def _changes_its_stage(before: LeadState, after: LeadState) -> bool:
    return before.stage != after.stage


def measure(client: Any) -> Rescored:
    population = Population(client)
    return Rescored(
        stays=population.rescore(_nothing, _stays),
        score_changes=population.rescore(_one_point_more, _changes_its_score_alone),
        stage_changes=population.rescore(_stages_out_of_reach, _changes_its_stage),
        entry_bytes=population.entry_bytes(),
    )


def fold_seconds() -> float:
    """CPU of a lead's full fold alone, without the calls around it."""
    model = shipped_model()
    events = _further_events(new_visitor(Random(1)).known_as("usr_01J8Z3K4M5N6P7Q8R9S0T1V2W3"))
    times = []
    for _ in range(FOLDS):
        began = time.process_time_ns()
        fold_history(events, model)
        times.append((time.process_time_ns() - began) / 1e9)
    return median(times) * EVENTS_PER_LEAD / len(events)


def sections(client: Any, progress: Progress) -> list[Section]:
    progress(f"{TICKS_MAX} leads of {EVENTS_PER_LEAD} events")
    rescored = measure(client)
    progress("the fold alone")
    return [_per_lead_section(rescored, fold_seconds()), _projection_section(Projection(rescored))]


def _per_lead_section(rescored: Rescored, fold_alone: float) -> Section:
    happenings = {
        "nothing changes for it": (rescored.stays, 0.0),
        "its score changes": (rescored.score_changes, 1.0),
        "its stage changes too": (rescored.stage_changes, None),
    }
    return Section(
        f"Rescoring a lead of {EVENTS_PER_LEAD} events after an activation",
        f"{TICKS_MAX} leads in one message, the shipped model and changed ones. CPU is that of the whole worker, calls"
        " included.",
        [
            Figure(
                name,
                lead.write,
                most=most,
                note=f"{lead.read:.2f} RRU, {lead.calls:.2f} calls, {lead.cpu * 1_000:.1f} ms of CPU",
            )
            for name, (lead, most) in happenings.items()
        ],
        unit="WRU",
        remarks=[
            f"The fold alone: {fold_alone * 1e6:,.0f} us of CPU, {1 / fold_alone:,.0f} leads a second.",
            f"A lead's entry in the index that leads are found by: {rescored.entry_bytes:.0f} bytes.",
        ],
    )


def _projection_section(projection: Projection) -> Section:
    dollars, seconds = projection.dollars, projection.seconds
    processors = MEMORY_GIGABYTES * PROCESSORS_PER_GIGABYTE
    slowest = max(seconds, key=lambda part: seconds[part])
    stays = 1 - projection.score_changes - projection.stage_changes
    return Section(
        f"Rescoring {projection.leads:,} leads on AWS",
        f"Assumed: {stays:.0%} stay as they are, {projection.score_changes:.0%} change their score,"
        f" {projection.stage_changes:.0%} their stage too.",
        [
            Figure("dollars", sum(dollars.values()), note=_listed(dollars, ".3f")),
            Figure("minutes", seconds[slowest] / 60, note=f"what it waits for: {slowest}"),
        ],
        remarks=[
            f"Seconds by what would be the limit: {_listed(seconds, ',.0f')}.",
            f"Assumed: a call takes {CALL_SECONDS * 1_000:.0f} ms, {CALLS_AT_ONCE} at once; a table as it is when new.",
            f"Assumed: {MEMORY_GIGABYTES} GB come with {processors:.2f} of a processor that is as fast as this one.",
            f"{TICKS_MAX} leads a message, {MESSAGES_PER_BATCH} messages an invocation; no log. us-east-1, on demand.",
        ],
    )


def _listed(parts: Mapping[str, float], style: str) -> str:
    return ", ".join(f"{name} {value:{style}}" for name, value in parts.items())
