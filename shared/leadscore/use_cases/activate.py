"""Puts a model into force and has every lead looked at again, quietly: ticks through the queue that events take."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import batched

from leadscore.domain.model import DISQUALIFIED, OUT, Model
from leadscore.domain.transition import Cause
from leadscore.use_cases.messages import TICKS_MAX, ticks_body
from leadscore.use_cases.ports import EventsQueue, ModelVersions, StageIndex

#: More leads of one stage than one command can reach.
STAGE_LEADS_MAX = 10_000_000
#: Ticks that are sent at once.
MESSAGES_MAX = 100


@dataclass(frozen=True, slots=True)
class Activated:
    """The model's version, the activation number from which states carry it, and how many leads were sent a tick."""

    name: str
    version: int
    activation: int
    leads: int


def activate_model(
    *,
    text: str,
    model: Model,
    before: Model,
    versions: ModelVersions,
    index: StageIndex,
    queue: EventsQueue,
    new_token: Callable[[], str],
    progress: Callable[[int], None] = lambda _leads: None,
) -> Activated:
    """Store `text`, which says `model`, as the next version, put it into force in place of `before`, send the ticks.

    A lead that no tick reaches is brought up to date by its next event: an interrupted run only takes longer.
    Raises VersionConflict where somebody else activates a model at the same time.
    """
    pointer = versions.activate(model.name, text)
    ladder = [stage.name for stage in (*model.stages, *before.stages)]
    leads = 0
    for share in batched(_leads(index, [*ladder, OUT, DISQUALIFIED]), TICKS_MAX * MESSAGES_MAX, strict=False):
        ticks = batched(share, TICKS_MAX, strict=False)
        queue.send([ticks_body(new_token(), batch, Cause.MODEL, activation=pointer.activation) for batch in ticks])
        leads += len(share)
        progress(leads)
    return Activated(model.name, pointer.version, pointer.activation, leads)


def _leads(index: StageIndex, stages: Iterable[str]) -> Iterable[str]:
    for stage in dict.fromkeys(stages):
        yield from index.leads_in(stage, limit=STAGE_LEADS_MAX)
