"""Which lead it is by now, and whose a home is: merges close leads, and rulings join them and take them apart."""

from collections.abc import Iterable

from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.open_lead import open_lead, way
from leadscore.use_cases.ports import LeadStore
from leadscore.use_cases.rescoring.work import Moved


class Leads:
    """Leads as the store has them, read consistently."""

    def __init__(self, store: LeadStore) -> None:
        self._store = store

    def read(self, lead: str) -> LeadState:
        """The lead, or the one that it became part of."""
        name, state = open_lead(self._store, lead)
        return state or LeadState(name)

    def follow(self, state: LeadState) -> LeadState:
        """The lead that a closed one became part of."""
        return self.read(state.merged_into) if state.merged_into else state

    def way(self, lead: str) -> tuple[str, ...]:
        """The lead, what it became part of, and so on."""
        return tuple(name for name, _ in way(self._store, lead))

    def require_own(self, state: LeadState, homes: Iterable[Identifier]) -> None:
        """Raises Moved unless these are homes of the lead at this version, however old the news that led here.

        A state keeps in mind homes that are its own, and what takes one away makes another version. So one that it does
        not know of is asked about after the state was read: if it is taken away later, the commit is refused.
        """
        unknown = [home for home in homes if home.short not in state.homes]
        if state.is_new or not unknown:
            return
        for owner in set(self._store.read_owners(unknown).values()):
            if not self.has(state, owner):
                raise Moved

    def has(self, state: LeadState, owner: str) -> bool:
        """Whether what belongs to the owner is this lead's: because it is the lead, or has become part of it."""
        return owner == state.lead or self.read(owner).lead == state.lead
