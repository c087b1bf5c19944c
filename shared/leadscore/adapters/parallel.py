"""Tasks beside each other: while one waits for AWS, others go on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import local

#: More than this many boto3 calls at once only queue for the interpreter's lock.
THREADS = 8
_thread = local()


def run_all[T](tasks: list[Callable[[], T]]) -> list[T | Exception]:
    """What each task gave, or the exception that it raised, in order. A task with tasks of its own does them itself."""
    # A thread of the pool must not wait for others of it: once all of them do, none is left to work.
    if len(tasks) == 1 or getattr(_thread, "is_of_pool", False):
        return [_outcome(task) for task in tasks]
    return list(_pool().map(_outcome, tasks))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, initializer=_join_pool)


def _join_pool() -> None:
    _thread.is_of_pool = True


def _outcome[T](task: Callable[[], T]) -> T | Exception:
    try:
        return task()
    except Exception as error:  # noqa: BLE001  It is the caller's to judge, task by task.
        return error
