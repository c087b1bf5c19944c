"""Tasks beside each other."""

from threading import get_ident

from leadscore.adapters.parallel import run_all


def test_a_task_that_has_tasks_of_its_own_does_them_itself() -> None:
    """Else as many such tasks as there are threads would wait for each other for ever."""

    def task() -> tuple[int, list[int | Exception]]:
        return get_ident(), run_all([get_ident, get_ident])

    for outcome in run_all([task, task]):
        assert not isinstance(outcome, Exception)
        own, inner = outcome
        assert inner == [own, own]


def test_what_a_task_raises_is_its_own_and_fails_no_other() -> None:
    failure = ValueError("none")

    def fail() -> str:
        raise failure

    assert run_all([fail, lambda: "done"]) == [failure, "done"]
