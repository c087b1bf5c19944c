"""Where a test may step into what is in memory, and the lock that makes each call atomic."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

type Hook = Callable[[str], None]


def ignore(_call: str) -> None:
    pass


class Hooks:
    """Where a test may step in: `before_call` and `after_call` get the call's name while no lock is held.

    Raising in the first is a crash (or a refusal) before anything happened, raising in the second one after it is
    done, or a lost response; blocking in either lets another worker go first.
    """

    def __init__(self, before_call: Hook = ignore, after_call: Hook = ignore) -> None:
        self.before_call = before_call
        self.after_call = after_call
        self._lock = threading.Lock()

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        self.before_call(name)
        with self._lock:
            yield
        self.after_call(name)
