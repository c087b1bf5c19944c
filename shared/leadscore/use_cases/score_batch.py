"""One batch of queue messages: whose events they are, then each lead's work, leads beside each other, then accounts.

A message fails only for its own reasons or its leads'; whatever else came with it commits.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from leadscore.domain.state import LeadState
from leadscore.use_cases.accounts import AccountKeeping
from leadscore.use_cases.messages import Message, Ruling, UnreadableMessage, read_message
from leadscore.use_cases.ports import FailedEvents, LeadStore, ModelBehind, Models
from leadscore.use_cases.rescoring.intake import PUBLIC_EVENTS_MAX
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Delivery, LeadWork, Tally
from leadscore.use_cases.resolve import Resolver

type Task = Callable[[], Tally]
#: Runs tasks beside each other and gives what each gave, or the exception that it raised, in order.
type RunAll = Callable[[list[Task]], list[Tally | Exception]]


class Failure(NamedTuple):
    """Why messages have to come back. `lead` is None where it never came to a lead."""

    messages: frozenset[str]
    error: Exception
    lead: str | None = None


@dataclass(slots=True)
class BatchResult:
    """What failed, and what the rest did."""

    failures: list[Failure] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def failed_messages(self) -> frozenset[str]:
        return frozenset().union(*(failure.messages for failure in self.failures))


class _LeadBatch:
    """One lead's work, and the messages that brought it."""

    def __init__(self) -> None:
        self.work = LeadWork()
        self.messages: set[str] = set()


class _Aside(NamedTuple):
    """An event to keep as a failed one, and the messages that have to come back if that fails."""

    raw: Any
    code: str
    reason: str
    messages: frozenset[str]


def score_batch(
    bodies: Mapping[str, str],
    *,
    rescoring: Rescoring,
    store: LeadStore,
    accounts: AccountKeeping,
    failed_events: FailedEvents,
    new_lead: Callable[[], str],
    run_all: RunAll,
) -> BatchResult:
    """Score the messages (id to body). Nothing is dropped: what cannot be done fails its message, or is kept aside."""
    result = BatchResult()
    messages = _with_their_model(_read_messages(bodies, result), result, rescoring.models)
    resolver = _resolver(messages, store=store, new_lead=new_lead)
    batches = _sort_by_lead(messages, result, resolver)
    states = {**resolver.states, **_read_states(batches.keys() - resolver.states.keys(), store)}
    done = list(_work_on(batches, states, result, rescoring, run_all))
    # Only now: a name may be that of a lead whose first events came with the very same batch.
    done += _work_on(_named_rulings_by_lead(messages, result, resolver), {}, result, rescoring, run_all)
    asides = list(_unreadable_events(messages))
    stirred: set[str] = set()
    for batch, tally in done:
        asides.extend(_reused_ids(tally, batch))
        asides.extend(_surplus(tally, batch))
        asides.extend(_refused_rulings(tally, batch))
        stirred |= batch.messages if tally.accounts else set()
    for aside in asides:
        try:
            failed_events.put(raw=json.dumps(aside.raw), code=aside.code, reason=aside.reason, at=rescoring.now())
        except Exception as error:  # noqa: BLE001  What could be kept nowhere stays in the queue.
            result.failures.append(Failure(aside.messages, error))
    try:
        # Before anything is reported as done: what is told to nobody has to come back.
        accounts.tell(result.tally.accounts)
    except Exception as error:  # noqa: BLE001  The leads are committed; whoever does it again tells it again.
        result.failures.append(Failure(frozenset(stirred), error))
    result.failures += _keep_accounts(messages, accounts)
    return result


def _work_on(
    batches: Mapping[str, _LeadBatch],
    states: Mapping[str, LeadState],
    result: BatchResult,
    rescoring: Rescoring,
    run_all: RunAll,
) -> Iterator[tuple[_LeadBatch, Tally]]:
    """Do the leads' work beside each other; gives what was done."""
    tasks = [_task(rescoring, lead, batch.work, states.get(lead)) for lead, batch in batches.items()]
    for (lead, batch), outcome in zip(batches.items(), run_all(tasks), strict=True):
        if isinstance(outcome, Exception):
            result.failures.append(Failure(frozenset(batch.messages), outcome, lead))
        else:
            result.tally.add(outcome)
            yield batch, outcome


def _keep_accounts(messages: Mapping[str, Message], accounts: AccountKeeping) -> Iterator[Failure]:
    asked: dict[str, set[str]] = {}
    for message_id, message in messages.items():
        for lead in message.accounts:
            asked.setdefault(lead, set()).add(message_id)
    if asked:
        activation = max(message.activation for message in messages.values())
        for unkept in accounts.keep(asked, at_least=activation):
            yield Failure(unkept.messages, unkept.error, unkept.lead)


def _read_states(leads: Collection[str], store: LeadStore) -> Mapping[str, LeadState]:
    """Every lead's state, in one read. Where that fails there is none: then each lead reads its own, or fails alone."""
    try:
        found = store.read_states(leads) if leads else {}
    except Exception:  # noqa: BLE001  One state that cannot be read must not stop the other leads.
        return {}
    return {lead: found.get(lead) or LeadState(lead) for lead in leads}


def _task(rescoring: Rescoring, lead: str, work: LeadWork, state: LeadState | None) -> Task:
    return lambda: rescoring.rescore(lead, work, state)


def _read_messages(bodies: Mapping[str, str], result: BatchResult) -> dict[str, Message]:
    messages = {}
    for message_id, body in bodies.items():
        try:
            messages[message_id] = read_message(body)
        except UnreadableMessage as error:
            result.failures.append(Failure(frozenset({message_id}), error))
    return messages


def _with_their_model(messages: Mapping[str, Message], result: BatchResult, models: Models) -> dict[str, Message]:
    """Without the messages that ask for a newer model than can be seen: a worker may not have noticed it yet."""
    ready = {}
    for message_id, message in messages.items():
        try:
            models.active(at_least=message.activation)
        except ModelBehind as error:
            result.failures.append(Failure(frozenset({message_id}), error))
        else:
            ready[message_id] = message
    return ready


def _resolver(messages: Mapping[str, Message], *, store: LeadStore, new_lead: Callable[[], str]) -> Resolver:
    events = [event for message in messages.values() for event in message.events]
    return Resolver(events, store=store, new_lead=new_lead)


def _sort_by_lead(messages: Mapping[str, Message], result: BatchResult, resolver: Resolver) -> dict[str, _LeadBatch]:
    batches: dict[str, _LeadBatch] = {}
    for message_id, message in messages.items():
        for event in message.events:
            try:
                lead, merges = resolver.resolve(event)
            except Exception as error:  # noqa: BLE001  Its message comes back, and no other has to wait for it.
                result.failures.append(Failure(frozenset({message_id}), error))
                continue
            batch = _batch_of(lead, message_id, message, batches)
            batch.work.deliveries.append(Delivery(event, message.token))
            batch.work.merges.extend(merge for merge in merges if merge not in batch.work.merges)
        for lead in message.ticks:
            _batch_of(lead, message_id, message, batches)
        for ruling in message.rulings:
            _batch_of(ruling.into or ruling.lead, message_id, message, batches).work.rulings.append(ruling)
    return batches


def _named_rulings_by_lead(
    messages: Mapping[str, Message], result: BatchResult, resolver: Resolver
) -> dict[str, _LeadBatch]:
    batches: dict[str, _LeadBatch] = {}
    for message_id, message in messages.items():
        for ruling in _looked_up(message_id, message, result, resolver):
            _batch_of(ruling.into, message_id, message, batches).work.rulings.append(ruling)
    return batches


def _looked_up(message_id: str, message: Message, result: BatchResult, resolver: Resolver) -> Iterator[Ruling]:
    """The rulings by names that there is something left to do for."""
    for named in message.named_rulings:
        try:
            ruling = resolver.rule(named)
        except Exception as error:  # noqa: BLE001  Its message comes back, and no other has to wait for it.
            result.failures.append(Failure(frozenset({message_id}), error))
            continue
        if ruling is not None:
            yield ruling


def _batch_of(lead: str, message_id: str, message: Message, batches: dict[str, _LeadBatch]) -> _LeadBatch:
    batch = batches.setdefault(lead, _LeadBatch())
    batch.messages.add(message_id)
    batch.work.causes.add(message.cause)
    return batch


def _unreadable_events(messages: Mapping[str, Message]) -> Iterator[_Aside]:
    for message_id, message in messages.items():
        for unreadable in message.unreadable:
            yield _Aside(unreadable.raw, "unreadable_event", unreadable.reason, frozenset({message_id}))


def _reused_ids(tally: Tally, batch: _LeadBatch) -> Iterator[_Aside]:
    for event in tally.reused_ids:
        reason = "another event has this id already: give every event an id of its own"
        yield _Aside(event.to_json(), "event_id_reused", reason, frozenset(batch.messages))


def _surplus(tally: Tally, batch: _LeadBatch) -> Iterator[_Aside]:
    """All of a lead's in one: whoever sends very many must not cost as many writes."""
    if tally.surplus:
        reason = f"the lead has {PUBLIC_EVENTS_MAX:,} events or more: send what matters with a server's key"
        raw = {"events": [event.to_json() for event in tally.surplus]}
        yield _Aside(raw, "lead_full", reason, frozenset(batch.messages))


def _refused_rulings(tally: Tally, batch: _LeadBatch) -> Iterator[_Aside]:
    for ruling, reason in tally.refused_rulings:
        yield _Aside(ruling._asdict(), "ruling_refused", reason, frozenset(batch.messages))
