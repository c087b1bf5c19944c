"""The one writer path: whatever can change a lead's score goes through `Rescoring`.

Read the state; log the events; step or, in doubt, fold all of them; write the next state if nobody else wrote since
the state was read. The version is read before the events, never with them: a fold may then know more than its
version says, which the next reader finds out, but never less.
"""

from collections.abc import Callable, Iterable

from leadscore.domain.cause import Cause
from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import EventLog, LeadStore, Models
from leadscore.use_cases.rescoring.committing import Committing
from leadscore.use_cases.rescoring.folding import Folding
from leadscore.use_cases.rescoring.intake import Intake, Logged
from leadscore.use_cases.rescoring.leads import Leads
from leadscore.use_cases.rescoring.merging import Merging
from leadscore.use_cases.rescoring.obeying import Obeying
from leadscore.use_cases.rescoring.work import LeadWork, Tally

#: Causes of work that a message asks for by the lead's id: when it comes again, nothing in the log says so.
_TICKS = frozenset({Cause.TIME, Cause.MODEL, Cause.REPAIR})


def _tell_nobody(_leads: Iterable[str]) -> None:
    """Where no accounts are kept."""


class Rescoring:
    """Rescores one lead at a time. `pause` waits before try number n, with jitter; `now` is in ms.

    `foretell` has the accounts of leads looked at once this worker is gone for sure.
    """

    def __init__(
        self,
        *,
        store: LeadStore,
        log: EventLog,
        models: Models,
        now: Callable[[], int],
        pause: Callable[[int], None],
        foretell: Callable[[Iterable[str]], None] = _tell_nobody,
    ) -> None:
        self.store = store
        self.models = models
        self.now = now
        self._leads = leads = Leads(store)
        self._intake = intake = Intake(log)
        self._folding = folding = Folding(store=store, log=log, now=now)
        self._committing = committing = Committing(
            store=store, models=models, now=now, pause=pause, leads=leads, intake=intake, folding=folding
        )
        self._merging = Merging(store=store, pause=pause, leads=leads, folding=folding, committing=committing)
        self._obeying = Obeying(
            store=store, now=now, pause=pause, foretell=foretell, leads=leads, folding=folding, committing=committing
        )

    def rescore(self, lead: str, work: LeadWork, state: LeadState | None = None) -> Tally:
        """Do the work for a lead, whose state may have been read already. Raises Contended, ModelBehind."""
        tally = Tally()
        state = self._leads.follow(state or self._leads.read(lead))
        state, in_force = self._committing.up_to_date(state, tally)
        if work.deliveries:
            logged = self._intake.take_in(state, work.deliveries, tally)
            if logged.new or logged.doubt:
                state = self._committing.commit(state, logged, in_force, tally, cause=work.cause)
        # Once the events are in the log: then whoever does this again, as the worker died, sees that it was begun.
        state = self._merging.merge_all(state, work, in_force, tally)
        if Cause.TIME in work.causes and not state.is_new:
            state = self._committing.commit(state, Logged(), in_force, tally, cause=Cause.TIME)
        for ruling in work.rulings:
            self._obeying.obey(ruling, tally)
        self._note_accounts(state, work, tally)
        return tally

    def _note_accounts(self, state: LeadState, work: LeadWork, tally: Tally) -> None:
        """Name the leads whose accounts have to be looked at.

        Also where this work may be done for the second time, since the first worker may have died before it told
        anybody: after a redelivered event, a tick, a ruling, or a conflict that an own write was.
        """
        if self.models.active(at_least=state.activation)[1].accounts is None:
            return
        if state.had_account and (tally.stirs or tally.conflicts or work.causes & _TICKS):
            tally.accounts.add(state.lead)
        for ruling in work.rulings:
            tally.accounts |= {ruling.lead, ruling.into} - {""}
