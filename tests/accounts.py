"""Keeping accounts in tests: one task after the other, and a queue that somebody looks into."""

from collections.abc import Callable
from typing import Any

from leadscore.adapters.memory import FixedModels, MemoryQueue
from leadscore.use_cases.accounts import AccountKeeping
from leadscore.use_cases.ports import AccountStore, LeadStore
from tests.leads import NOON


def in_turn[T](tasks: list[Callable[[], T]]) -> list[T | Exception]:
    """A `run_all`, one after the other."""
    outcomes: list[T | Exception] = []
    for task in tasks:
        try:
            outcomes.append(task())
        except Exception as error:
            outcomes.append(error)
    return outcomes


def account_keeping(
    leads: LeadStore,
    accounts: AccountStore,
    models: FixedModels,
    *,
    queue: MemoryQueue | None = None,
    now: Callable[[], int] = lambda: NOON,
    made: type[AccountKeeping] = AccountKeeping,
    **changes: Any,
) -> AccountKeeping:
    told = queue or MemoryQueue()
    parts: dict[str, Any] = {"run_all": in_turn, "now": now, "pause": lambda _: None, **changes}
    return made(leads=leads, accounts=accounts, models=models, queue=lambda: told, **parts)
