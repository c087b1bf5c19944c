"""The ports in memory, for tests and for work without AWS: the same refusals as DynamoDB, in one process.

It passes the same contract tests as the real adapters. Everything is copied on its way in and out, so that two
holders of one object cannot hide a lost update, and each call holds the store's one lock, so that it is atomic as one
DynamoDB call is.
"""

from leadscore.adapters.memory.models import FixedModels, MemoryModelVersions
from leadscore.adapters.memory.outgoing import MemoryFailedEvents, MemoryQueue, MemoryTopic, Notification
from leadscore.adapters.memory.store import MemoryStore

__all__ = [
    "FixedModels",
    "MemoryFailedEvents",
    "MemoryModelVersions",
    "MemoryQueue",
    "MemoryStore",
    "MemoryTopic",
    "Notification",
]
