"""Both tables in one."""

from collections.abc import Sequence

from leadscore.adapters.memory.accounts import MemoryAccountStore
from leadscore.adapters.memory.events import MemoryEventLog
from leadscore.adapters.memory.indexes import MemoryIndexedLeads
from leadscore.domain.event import LeadEvent


class MemoryStore(MemoryIndexedLeads, MemoryEventLog, MemoryAccountStore):
    """Every port of the two tables, and Histories, which needs both; under one lock."""

    def read_history(self, lead: str) -> Sequence[LeadEvent]:
        return self.read(self.read_homes(lead))
