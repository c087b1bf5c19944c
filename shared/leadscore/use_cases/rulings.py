"""Somebody's word on who is who: that two leads are one person, or are not after all.

It is only asked whether the ruling makes sense as things stand, and queued. What becomes of it is for the one writer,
who asks again: between here and there things may change.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.messages import Ruling, rulings_body
from leadscore.use_cases.open_lead import open_lead
from leadscore.use_cases.ports import EventsQueue, LeadStore


class NoSuchLead(Exception):
    """No lead has this id, or nothing has happened to it yet."""


class RulingRefused(Exception):
    """As things stand it cannot be. `code` is for programs, the message for people, and names no lead."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """Gives rulings. `now` is in ms."""

    store: LeadStore
    queue: EventsQueue
    now: Callable[[], int]
    new_token: Callable[[], str]

    def merge(self, lead: str, into: str) -> Ruling:
        """Queue that a lead is the person `into`, who keeps the name. Raises NoSuchLead, RulingRefused."""
        loser, winner = self._state(lead), self._state(into)
        if lead == into:
            raise RulingRefused(
                "same_lead", "both are one lead already, and a lead cannot become part of itself: name two"
            )
        if loser.merged_into:
            raise RulingRefused("already_merged", "the lead is part of another already: unmerge it first")
        if winner.merged_into:
            raise RulingRefused("into_merged", "`into` is part of another lead: name that one, or unmerge it first")
        if not winner.identified:
            raise RulingRefused("into_anonymous", "nobody has a name for `into`: merge it into the other one")
        return self._queue(loser, into)

    def unmerge(self, lead: str) -> Ruling:
        """Queue that a lead is somebody of its own after all. Raises NoSuchLead, RulingRefused."""
        loser = self._state(lead)
        if not loser.merged_into:
            raise RulingRefused("not_merged", "the lead is not part of another: there is nothing to undo")
        return self._queue(loser, "")

    def find_owner(self, names: Iterable[Identifier]) -> str | None:
        """The lead that the first of these names was given to, which may have become part of another."""
        names = list(names)
        owners = self.store.read_owners(names)
        return next((owners[name] for name in names if name in owners), None)

    def open_lead(self, lead: str) -> str:
        """The lead, or what it became part of. Raises NoSuchLead."""
        name, state = open_lead(self.store, lead)
        if state is None:
            raise NoSuchLead
        return name

    def _state(self, lead: str) -> LeadState:
        state = self.store.read_states([lead]).get(lead)
        if state is None:
            raise NoSuchLead
        return state

    def _queue(self, lead: LeadState, into: str) -> Ruling:
        # Later than the one before, whatever the clocks say of it: it was given by somebody who saw what came of that.
        ruling = Ruling(lead.lead, into, max(self.now(), lead.ruled_at + 1))
        self.queue.send([rulings_body(self.new_token(), [ruling])])
        return ruling
