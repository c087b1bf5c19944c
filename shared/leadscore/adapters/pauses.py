"""Bounded tries with jitter, for what the SDK does not retry by itself: parts of a batch, and conflicts."""

import random
import time
from collections.abc import Iterator

TRIES_MAX = 5
_FIRST_PAUSE_SECONDS = 0.05


def tries() -> Iterator[int]:
    """Count up to the bound, pausing before each try but the first: at most 1.5 s in all."""
    for attempt in range(TRIES_MAX):
        if attempt:
            pause(attempt)
        yield attempt


def pause(attempt: int) -> None:
    """Wait before another try. Without jitter, writers that collided once collide again."""
    time.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2 ** min(attempt, TRIES_MAX)))  # noqa: S311 - no secret
