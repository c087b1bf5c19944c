"""Tasks beside each other: while one waits for AWS, others go on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

#: More than this many boto3 calls at once only queue for the interpreter's lock.
THREADS = 8


def run_all[T](tasks: list[Callable[[], T]]) -> list[T | Exception]:
    """What each task gave, or the exception that it raised, in order."""
    if len(tasks) == 1:
        return [_outcome(tasks[0])]
    return list(_pool().map(_outcome, tasks))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS)


def _outcome[T](task: Callable[[], T]) -> T | Exception:
    try:
        return task()
    except Exception as error:  # noqa: BLE001  It is the caller's to judge, task by task.
        return error
