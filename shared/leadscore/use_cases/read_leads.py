"""What a person may want to know of a lead: its score at this moment, the reasons, and what happened when.

Scores are computed for the moment of reading; the stage is the one committed, because that is what everybody was told.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from leadscore.contracts.attribution import Touch
from leadscore.contracts.leads import (
    Account,
    AccountScore,
    ExplanationLine,
    Lead,
    LeadSummary,
    StageList,
    TimelineEvent,
    TimelineTransition,
)
from leadscore.contracts.moments import moment
from leadscore.domain.account import account_of_lead, account_score, points_for_account
from leadscore.domain.attribution import Touch as DomainTouch
from leadscore.domain.attribution import attribution
from leadscore.domain.event import Identifier, Json, LeadEvent
from leadscore.domain.fold import advance, fold, next_change_at
from leadscore.domain.model import Model
from leadscore.domain.reading import ExplanationLine as ReadLine
from leadscore.domain.reading import lists_of, read_state, standing
from leadscore.domain.rules import DISQUALIFIED, OUT
from leadscore.domain.state import LeadState
from leadscore.domain.transition import Transition
from leadscore.use_cases.open_lead import open_lead
from leadscore.use_cases.ports import AccountStore, EventLog, LeadStore, Models, StageIndex, TransitionLog

#: How many leads of a stage are looked at to find the highest totals.
STAGE_LEADS_MAX = 1_000
#: How many leads of an account are looked at for its score at the moment of reading.
ACCOUNT_LEADS_MAX = 1_000
#: How many entries a timeline shows.
TIMELINE_MAX = 100
#: How many touches are shown.
TOUCHES_MAX = 100
#: The log is ordered by id, so finding a lead's latest events means reading all of them: not for a lead with more.
TIMELINE_EVENTS_READ_MAX = 10_000
#: An excerpt of an event's properties has this many at most, and this many characters of each.
EXCERPT_PROPERTIES_MAX = 20
EXCERPT_CHARACTERS_MAX = 200


class UnknownStage(Exception):
    """The model in force has no such stage, and no lead is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadReading:
    """Reads leads and changes nothing. Raises ModelBehind where a lead's model is newer than the one seen.

    Without `accounts` no lead is shown with its company.
    """

    store: LeadStore
    log: EventLog
    transitions: TransitionLog
    index: StageIndex
    models: Models
    now: Callable[[], int]
    accounts: AccountStore | None = None

    def find(self, identifier: Identifier) -> Lead | None:
        """The lead that an identifier belongs to."""
        lead = self.store.find([identifier]).get(identifier)
        return None if lead is None else self.read(lead)

    def read(self, lead: str) -> Lead | None:
        """A lead; for one that was merged into another, that other."""
        _, committed = open_lead(self.store, lead)
        if committed is None:
            return None
        activation, model = self.models.active(at_least=committed.activation)
        homes = self.store.read_homes(committed.lead)
        shows_events = committed.folded_count <= TIMELINE_EVENTS_READ_MAX
        events = self.log.read(homes) if shows_events or committed.activation != activation else []
        current = self._current(committed, events, activation, model)
        transitions = self.transitions.read_transitions(committed.lead, limit=TIMELINE_MAX + 1)
        timeline = _timeline(events if shows_events else (), transitions)
        reading = read_state(current, model)
        came_by = attribution(events if shows_events else ())
        return Lead(
            total=reading.total,
            scores=reading.scores,
            grade=reading.grade,
            matrix=reading.matrix,
            priority=reading.priority,
            lead=committed.lead,
            stage=committed.stage,
            lists=list(lists_of(committed, model)),
            activity=reading.activity,
            next_change_at=_moment_or_none(reading.next_change_at),
            external_ids=dict(sorted(self.store.read_known(committed.lead).items(), reverse=True)),  # user_id is first
            account=self._account_of(committed, model),
            explanation=_explanation(reading.explanation),
            explanations={score: _explanation(lines) for score, lines in reading.explanations.items()},
            first_touch=_touch(came_by.first),
            last_touch=_touch(came_by.last),
            touches=[Touch.of(touch) for touch in came_by.touches[-TOUCHES_MAX:]],
            timeline=timeline[:TIMELINE_MAX],
            timeline_complete=shows_events and len(timeline) <= TIMELINE_MAX,
            model=model.name,
            version=committed.version,
            as_of=moment(current.as_of),
        )

    def in_stage(self, stage: str, *, limit: int) -> StageList:
        """The leads of a stage with the highest totals, out of up to STAGE_LEADS_MAX. Raises UnknownStage."""
        found = self.index.leads_in(stage, limit=STAGE_LEADS_MAX + 1)
        states = [state for state in self.store.read_states(found[:STAGE_LEADS_MAX]).values() if state.stage == stage]
        activation, model = self.models.active(at_least=max((state.activation for state in states), default=0))
        if not found and model.rank(stage) < 0 and stage not in (OUT, DISQUALIFIED):
            raise UnknownStage
        summaries = [self._summary(state, activation, model) for state in states]
        summaries.sort(key=lambda summary: (-summary.total, summary.lead))
        return StageList(stage=stage, leads=summaries[:limit], truncated=len(found) > STAGE_LEADS_MAX)

    def account(self, account: str, *, limit: int) -> Account | None:
        """A company with its leads, of which those that bring it most are listed. None where it has none.

        Its score is computed anew from up to ACCOUNT_LEADS_MAX leads, or else told as it was last counted.
        """
        if self.accounts is None or (counted := self.accounts.read_account(account)) is None:
            return None
        members = [member for member in self.accounts.read_members(account) if not member.is_gone]
        members.sort(key=lambda member: (-member.points, member.lead))
        read = self.store.read_states([member.lead for member in members[:ACCOUNT_LEADS_MAX]])
        states = [state for state in read.values() if account_of_lead(state) == account]
        activation, model = self.models.active(at_least=max([counted.activation, *(s.activation for s in states)]))
        if model.accounts is None or not states:
            return None
        brought = sorted(
            (-points_for_account(self._now(state, activation, model), model, model.accounts), state.lead, state)
            for state in states
        )
        is_current = len(members) <= ACCOUNT_LEADS_MAX
        return Account(
            account=account,
            score=account_score([-points for points, *_ in brought], model.accounts) if is_current else counted.score,
            leads=len(states) if is_current else counted.leads,
            as_of=moment(self.now() if is_current else counted.as_of),
            members=[self._summary(state, activation, model) for *_, state in brought[:limit]],
            truncated=len(members) > min(limit, ACCOUNT_LEADS_MAX),
            is_current=is_current,
            model=model.name,
        )

    def _account_of(self, committed: LeadState, model: Model) -> AccountScore | None:
        """As last counted: counting anew means reading all of a company's leads."""
        account = account_of_lead(committed)
        if self.accounts is None or model.accounts is None or not account:
            return None
        counted = self.accounts.read_account(account)
        if counted is None:
            return None
        return AccountScore(account=account, score=counted.score, leads=counted.leads, as_of=moment(counted.as_of))

    def brought_to_now(self, committed: LeadState) -> tuple[LeadState, Model]:
        """A lead at this moment, under the model in force; its events are read only where another model scored it."""
        activation, model = self.models.active(at_least=committed.activation)
        is_current = committed.activation == activation
        events = () if is_current else self.log.read(self.store.read_homes(committed.lead))
        return self._current(committed, events, activation, model), model

    def _current(self, committed: LeadState, events: Iterable[LeadEvent], activation: int, model: Model) -> LeadState:
        """The lead's scores now. Those of another activation are not comparable, so its events are folded anew."""
        if committed.activation == activation:
            return advance(committed, model, to=self.now())
        as_of = max(self.now(), committed.as_of)
        return fold(events, model, activation=activation, lead=committed.lead, as_of=as_of)[0]

    def _summary(self, committed: LeadState, activation: int, model: Model) -> LeadSummary:
        """As `read` shows it, save for leads that were last committed under another model: folding all of them anew
        takes too long, and what time does to them is for that model to say.
        """
        is_current = committed.activation == activation
        state = self._now(committed, activation, model)
        return LeadSummary(
            **standing(state, model)._asdict(),
            lead=committed.lead,
            stage=committed.stage,
            next_change_at=_moment_or_none(next_change_at(state, model)) if is_current else None,
        )

    def _now(self, committed: LeadState, activation: int, model: Model) -> LeadState:
        """At this moment, where it was last committed under the model in force; else as it was committed."""
        return advance(committed, model, to=self.now()) if committed.activation == activation else committed


def _explanation(lines: Iterable[ReadLine]) -> list[ExplanationLine]:
    return [
        ExplanationLine(
            score=line.score, rule=line.rule, points=line.points, times=line.times, last_at=moment(line.last_at)
        )
        for line in lines
    ]


def _timeline(
    events: Iterable[LeadEvent], transitions: Iterable[Transition]
) -> list[TimelineEvent | TimelineTransition]:
    """Newest first; a transition before the event that brought it about."""
    latest = heapq.nlargest(TIMELINE_MAX + 1, events, key=lambda event: event.order)
    entries: list[tuple[int, int, str, TimelineEvent | TimelineTransition]] = [
        *((event.occurred_at, 0, event.id, _timeline_event(event)) for event in latest),
        *((each.occurred_at, each.version, "", _timeline_transition(each)) for each in transitions),
    ]
    return [entry for *_, entry in sorted(entries, key=lambda entry: entry[:3], reverse=True)]


def _timeline_event(event: LeadEvent) -> TimelineEvent:
    return TimelineEvent(
        at=moment(event.occurred_at),
        name=event.name,
        source=event.source,
        trust=event.trust.name.lower(),
        properties=_excerpt(event.properties),
    )


def _timeline_transition(transition: Transition) -> TimelineTransition:
    return TimelineTransition(
        at=moment(transition.occurred_at),
        from_stage=transition.from_stage or None,
        to_stage=transition.to_stage or None,
        entered=list(transition.entered),
        left=list(transition.left),
        cause=transition.cause,
    )


def _excerpt(properties: Json) -> dict[str, str | int | float | bool]:
    """The first plain values: enough to recognise an event by."""
    plain = ((name, value) for name, value in properties.items() if isinstance(value, str | int | float))
    return {
        name[:EXCERPT_CHARACTERS_MAX]: value[:EXCERPT_CHARACTERS_MAX] if isinstance(value, str) else value
        for name, value in islice(plain, EXCERPT_PROPERTIES_MAX)
    }


def _touch(touch: DomainTouch | None) -> Touch | None:
    return None if touch is None else Touch.of(touch)


def _moment_or_none(at: int | None) -> str | None:
    return None if at is None else moment(at)
