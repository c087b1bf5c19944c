"""The whole language: what is accepted compiles and comes back as written; what is wrong is told where and why."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from leadscore.contracts.model_file import ModelFileError, load_model, read_model
from leadscore.contracts.model_schema import EVENT_FIELDS
from leadscore.domain.compiler import compile_model
from leadscore.domain.model import event_document
from tests.contracts.generated_models import models
from tests.leads import event

STAGES = "model: mine\nstages: [{stage: new}, {stage: mql, at: 50}]\n"
SCORES = STAGES + "scores: [{score: crm}, {score: persona}]\ngroups: [{group: E-mail}, {group: Titles}]\n"
FIT = SCORES + "fit:\n  - {rule: F, points: 5, when: {title: [CTO]}, score: persona, group: Titles}\n"
#: On line 9 stands one more engagement rule.
BOTH = FIT + "engagement:\n  - {rule: E, event: X, points: 5, score: crm, group: E-mail}\n"


def problems(text: str) -> list[str]:
    with pytest.raises(ModelFileError) as refused:
        load_model(text, name="m.yaml")
    return [str(problem) for problem in refused.value.problems]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(models())
def test_every_model_of_the_language_is_read_as_it_was_written_and_compiles(document: dict[str, Any]) -> None:
    read = load_model(yaml.safe_dump(document, sort_keys=False), name="m.yaml")
    assert read == document
    compile_model(read)


def test_short_forms_become_the_long_ones() -> None:
    read = load_model(
        """
model: mine
stages: [{stage: new}, {stage: mql, at: 50, drop_below: 40}]
scores: [{score: crm, stages: [{stage: keen, at: 20, drop_below: 10}]}]
engagement:
  - {rule: A, event: X, points: 5, score: crm, once: true}
  - {rule: B, points: 5, when: {event: [X]}, after: {event: Y, within: 7d}}
""",
        name="m.yaml",
    )
    assert read["stages"] == [{"stage": "new"}, {"stage": "mql", "at": {"total": 50}, "drop_below": {"total": 40}}]
    assert read["scores"] == [
        {"score": "crm", "stages": [{"stage": "keen", "at": {"crm": 20}, "drop_below": {"crm": 10}}]}
    ]
    assert read["engagement"] == [
        {"rule": "A", "event": ["X"], "points": 5, "score": ["crm"], "once": True},
        {"rule": "B", "points": 5, "when": {"event": ["X"]}, "after": {"event": ["Y"], "within": "7d"}},
    ]


MISTAKES: dict[str, list[dict[str, str]]] = yaml.safe_load((Path(__file__).parent / "model_mistakes.yaml").read_text())
RULE = "{{rule: R, event: X, points: 5, {}}}"


def mistakes(where: str) -> pytest.MarkDecorator:
    found = [(mistake["write"], mistake["told"]) for mistake in MISTAKES[where]]
    return pytest.mark.parametrize(("words", "expected"), found)


@mistakes("engagement rule")
def test_a_wrong_word_in_an_engagement_rule(words: str, expected: str) -> None:
    assert problems(BOTH + "  - " + RULE.format(words) + "\n") == [f"9: engagement[1].{expected}"]


@mistakes("fit rule")
def test_a_wrong_word_in_a_fit_rule(words: str, expected: str) -> None:
    rule = f"fit:\n  - {{rule: R, points: 5, when: {{a: [b]}}, {words}}}\n"
    [found] = [problem for problem in problems(BOTH.replace("fit:\n", rule)) if "fit[0]" in problem]
    assert found == f"6: fit[0].{expected}"


@mistakes("section")
def test_a_wrong_word_in_another_section(words: str, expected: str) -> None:
    found = [problem.split(": ", 1) for problem in problems(f"{BOTH}{words}\n")]
    assert expected in [text for line, text in found if line == "9"]


@mistakes("score")
def test_a_wrong_word_about_a_score(words: str, expected: str) -> None:
    text = BOTH.replace("{score: persona}]", f"{{score: persona}}, {words}]")
    assert f"3: scores[2].{expected}" in problems(text)


def test_wrong_words_about_a_group() -> None:
    text = BOTH.replace(
        "{group: Titles}]", "{group: Titles, at_most: {points: 5}, decay: {half_life: 1d}}, {group: crm}]"
    )
    text = text.replace("{group: E-mail}, ", "{group: E-mail}, {group: E-mail}, ")
    why = "group `Titles` has fit rules, which follow the traits and know no time: remove this"
    assert problems(text) == [
        "4: groups[1].group: group `E-mail` is here twice: put its settings together",
        f"4: groups[2].at_most: {why}",
        f"4: groups[2].decay: {why}",
        "4: groups[3].group: `crm` is a score: rename the group",
    ]


def test_a_priority_names_each_cell_once_and_only_cells_that_there_are() -> None:
    matrix = "matrix: {fit: [60, 40, 20], engagement: [75, 50, 25]}\n"
    assert problems(STAGES + matrix + "priority: {high: [A1, E1], low: [A1]}\n") == [
        "4: priority.high[1]: the matrix has no cell `E1`; it has A1 to D4",
        "4: priority.low[0]: cell `A1` is in `high` already",
    ]


def test_accounts_are_made_of_a_score_that_there_is_and_only_the_top_ones_are_counted_off() -> None:
    known = SCORES + "engagement: [{rule: E, event: X, points: 60}]\n"
    for accounts in ("{score: sum}", "{score: top, leads: 5, of: crm}", "{score: maximum, of: total}"):
        read_model(known + f"accounts: {accounts}\n", name="m.yaml")
    assert problems(known + "accounts: {score: sum, leads: 5, of: grade}\n") == [
        "6: accounts.leads: `sum` takes all leads: remove this, or write `score: top`",
        "6: accounts.of: there is no score `grade`; there are fit, engagement, total, crm, persona",
    ]
    assert problems(known + "accounts: {score: best, leads: 0}\n") == [
        "6: accounts.leads: this must be a whole number of leads, 1 to 100",
        "6: accounts.score: this must be one of `sum`, `maximum` and `top`",
    ]
    assert problems(known + "accounts: {}\n") == [
        "6: accounts: `score` is missing: it must be one of `sum`, `maximum` and `top`"
    ]


def test_the_first_stage_asks_for_nothing() -> None:
    text = "model: m\ngrade: {}\nstages: [{stage: new, grade: D, signals: 2, drop_below: 3, quiet: 7d, route: sales}]\n"
    assert [problem.split(":")[1] for problem in problems(text)] == [
        " stages[0].drop_below", " stages[0].grade", " stages[0].signals",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("section", "one", "limit"),
    [
        ("scores", "{{score: s{}}}", 12),
        ("groups", "{{group: g{}}}", 30),
        ("inactivity", "{{rule: r{}, after: 1d, take: 1}}", 10),
        ("bursts", "{{event: e{}, each: properties.url, at_least: 5, within: 1s}}", 5),
    ],
)
def test_a_section_is_bounded(section: str, one: str, limit: int) -> None:
    def text(number: int) -> str:
        return f"{STAGES}{section}: [{', '.join(one.format(n) for n in range(number))}]\n"

    read_model(text(limit), name="m.yaml")
    assert "this must be a list of up to" in problems(text(limit + 1))[0]


def test_conditions_name_the_fields_that_an_event_has() -> None:
    assert set(event_document(event("Page Viewed"))) == set(EVENT_FIELDS)


def test_a_ladder_is_bounded() -> None:
    stages = ", ".join(f"{{stage: s{number}, at: {number}}}" for number in range(1, 21))
    assert "a list of 1 to 20 stages" in problems(f"model: m\nstages: [{{stage: new}}, {stages}]\n")[0]
