"""Which lead is open by now: a merge closes one, which says what it became part of; that may be closed by now, too."""

from collections.abc import Iterator

from leadscore.domain.state import LeadState
from leadscore.use_cases.ports import LeadStore


def way(store: LeadStore, lead: str) -> Iterator[tuple[str, LeadState | None]]:
    """The lead, what it became part of, and so on to one that is open: each with its state, None where it has none."""
    while lead:
        state = store.read_states([lead]).get(lead)
        yield lead, state
        lead = state.merged_into if state else ""


def open_lead(store: LeadStore, lead: str) -> tuple[str, LeadState | None]:
    """The end of the way: the lead, or what it is part of by now, with its state."""
    *_, end = way(store, lead)
    return end
