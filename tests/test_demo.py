"""How the demo ends: its exit status, and what it says when something is not as it should be."""

import io
from typing import Any

import pytest
from rich.console import Console

from infra.local import demo
from infra.local.play import Outcome, Played, PlayError
from infra.local.stories import Ending, Story

STORY = Story(name="Ada", tells="downloads", user_id="u-ada", ending=Ending(25, "mql", nurture=("nothing to mql",)))


def lead(total: int = 25, stage: str = "mql", explained: int = 25) -> dict[str, Any]:
    scores = {"fit": 0, "engagement": total}
    explanation = [{"rule": "White paper downloaded", "points": explained, "times": 1}]
    return {"lead": "L", "total": total, "stage": stage, "scores": scores, "explanation": explanation}


def played(
    lead: dict[str, Any], *changes: tuple[str | None, str], due: int = 1, failed: tuple[str, ...] = ()
) -> Played:
    messages = [
        {
            "data": {
                "from": before,
                "to": after,
                "sequence": sequence,
                "as_of": "2026-03-01T12:00:00.000Z",
                "direction": "up",
                "scores": {"total": 25},
                "reasons": [{"rule": "White paper downloaded", "points": 25}],
            }
        }
        for sequence, (before, after) in enumerate(changes)
    ]
    return Played([Outcome(STORY, lead, {"sales": [], "nurture": messages})], events=1, due=due, failed=failed)


def ending(result: Played) -> tuple[int, str]:
    console = Console(file=io.StringIO(), record=True, width=100)
    demo.show(console, result)
    return demo.finish(console, result, seconds=30), console.export_text()


def test_when_all_is_as_expected_it_says_so_and_the_status_is_0() -> None:
    status, text = ending(played(lead(), (None, "mql")))

    assert status == 0
    assert "All as expected, in 30 s." in text
    assert "✗" not in text


def test_a_change_that_nothing_was_given_for_is_shown_without_a_reason() -> None:
    result = played(lead(), (None, "mql"))
    result.outcomes[0].messages["nurture"][0]["data"]["reasons"] = []

    status, text = ending(result)
    assert (status, "nothing → mql" in text) == (0, True)


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (played(lead(total=27, explained=27), (None, "mql")), "Ada should be at 25 (mql) and is at 27 (mql)"),
        (played(lead(stage="sql"), (None, "mql")), "Ada should be at 25 (mql) and is at 25 (sql)"),
        (played(lead(explained=24), (None, "mql")), "Ada's score is 25, its explanation adds up to 24"),
        (played(lead()), "of Ada, nurture should hear nothing to mql and heard nothing"),
        (played(lead(), (None, "mql"), due=0), "0 leads were due"),
        (played(lead(), (None, "mql"), failed=("failed/2026/03/01/ab.json",)), "failed/2026/03/01/ab.json"),
    ],
)
def test_what_is_not_as_expected_is_named_and_the_status_is_1(result: Played, says: str) -> None:
    status, text = ending(result)

    assert status == 1
    assert says in text
    assert "1 thing is not as it should be." in text


@pytest.mark.parametrize(("raised", "status"), [(KeyboardInterrupt(), 130), (PlayError("no answer"), 1)])
def test_a_broken_off_demo_has_a_status_of_its_own(
    monkeypatch: pytest.MonkeyPatch, raised: BaseException, status: int
) -> None:
    def run(_console: Console) -> int:
        raise raised

    monkeypatch.setattr(demo, "run", run)
    monkeypatch.setattr(demo.signal, "signal", lambda *_: None)

    assert demo.main() == status
