"""All leads of a deployment, one by one, as they stand at this moment."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadscore.domain.event import Identifier
from leadscore.domain.model import Model
from leadscore.domain.profile import said_traits
from leadscore.domain.reading import Reading, lists_of, read_state
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import StageShards
from leadscore.use_cases.read_leads import LeadReading

type Task = Callable[[], "ExportedLead"]
#: Runs tasks beside each other and gives what each gave, or the exception that it raised, in order.
type RunAll = Callable[[list[Task]], Sequence["ExportedLead | Exception"]]


@dataclass(frozen=True, slots=True)
class ExportedLead:
    """A lead as last committed, its scores at the moment `as_of`, and what is known of it.

    `known` are its user id and e-mail address, by kind; `other_ids` what else its events came under.
    """

    committed: LeadState
    reading: Reading
    lists: tuple[str, ...]
    known: Mapping[str, str]
    other_ids: tuple[Identifier, ...]
    traits: Mapping[str, Any]
    as_of: int


def export_leads(
    *, stages: Iterable[str], shards: StageShards, reading: LeadReading, run_all: RunAll
) -> Iterator[ExportedLead]:
    """Every lead in these stages, once, by the stage that it was committed in.

    A lead that changes its stage meanwhile may be found in both, and is told as it was found first, or in neither.
    """
    found: set[str] = set()
    for page in _pages(stages, shards):
        new = [lead for lead in page if lead not in found]
        found.update(new)
        states = reading.store.read_states(new)
        for outcome in run_all([_task(states[lead], reading) for lead in new if _is_open(states.get(lead))]):
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome


def stages_now(activated: Iterable[str], model: Model) -> list[str]:
    """Every stage that a lead may be in: those of all activations, and of a model that was never activated."""
    return list(dict.fromkeys([*activated, *(stage.name for stage in model.stages)]))


def _is_open(state: LeadState | None) -> bool:
    """Whether it is there, and no part of another lead by now."""
    return state is not None and not state.merged_into


def _task(committed: LeadState, reading: LeadReading) -> Task:
    return lambda: _exported(committed, reading)


def _exported(committed: LeadState, reading: LeadReading) -> ExportedLead:
    state, model = reading.brought_to_now(committed)
    store = reading.store
    return ExportedLead(
        committed=committed,
        reading=read_state(state, model),
        lists=lists_of(committed, model),
        known=store.read_known(committed.lead),
        other_ids=tuple(name for name in store.read_homes(committed.lead) if not name.is_known),
        traits=said_traits(store.read_profile(committed.lead)),
        as_of=state.as_of,
    )


def _pages(stages: Iterable[str], shards: StageShards) -> Iterator[Sequence[str]]:
    for stage in stages:
        for shard in range(shards.stage_shards):
            after = ""
            while leads := shards.page(stage, shard=shard, after=after):
                yield leads
                after = leads[-1]
