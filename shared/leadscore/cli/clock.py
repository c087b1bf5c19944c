"""The moment at which a command runs."""

import time


def now() -> int:
    """In ms since the epoch."""
    return time.time_ns() // 1_000_000
