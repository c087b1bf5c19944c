"""The whole language: what is accepted compiles and comes back as written; what is wrong is told where and why."""

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from leadscore.contracts.model_file import ModelFileError, load_model, read_model
from leadscore.domain.model import compile_model
from tests.contracts.generated_models import models

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


RULE = "{{rule: R, event: X, points: 5, {}}}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("score: crn", ".score: there is no score `crn`; there are fit, engagement, total, crm, persona: add it to `scores`"),
        ("score: total", ".score: `total` is a sum: name the score that counts in it"),
        ("score: fit", ".score: `fit` follows the traits: a score of events needs a name of its own"),
        ("score: [crm, crm]", ".score: this must be a score's name, or a list of names, each once"),
        ("group: Mail", ".group: there is no group `Mail`; there are E-mail, Titles: add it to `groups`"),
        ("trust: root", ".trust: this must be one of `public`, `declared` and `server`"),
        ("once: false", ".once: this must be `true`, or left out"),
        ("once: true, at_most: {times: 3}", ".once: `once: true` means `at_most: {times: 1}` already: keep one of them"),
        ("once_per: asset_id", ".once_per: this must be a field of the event, like properties.asset_id, context.campaign.name or event"),
        ("at_most: 3", ".at_most: there must be fields here, out of times, points, per"),
        ("at_most: {per: day}", ".at_most: a limit needs a number: `times: 3`, `points: 30`, or both"),
        ("at_most: {times: 3, per: month}", ".at_most.per: this must be one of `visit`, `day`, `week` and `ever`"),
        ("at_most: {points: 0}", ".at_most.points: this must be a whole number of points above 0"),
        ("count: {within: visit}", ".count: a count gives points once or again and again: write `at_least: 3` or `every: 3`"),
        ("count: {at_least: 3, every: 3}", ".count: a count gives points once or again and again: write `at_least: 3` or `every: 3`"),
        ("count: {every: 3, within: 7d}", ".count.every: `within: 7d` needs a count of events with `at_least`; else use visit, day or week"),
        ("count: {at_least: 60, of: properties.seconds, within: 7d}", ".count.of: `within: 7d` needs a count of events with `at_least`; else use visit, day or week"),
        ("count: {at_least: 51, within: 7d}", ".count.at_least: within a length of time 50 is the limit; else use a visit, day or week"),
        ("count: {at_least: 1000001}", ".count.at_least: this must be a whole number from 1 to 1,000,000"),
        ("count: {at_least: 2, within: month}", ".count.within: this must be `visit`, `day`, `week`, or a length of time like 7d"),
        ("count: {at_least: 2, without: {}}", ".count.without: this would match every event: name an `event`, or a condition in `when`"),
        ("after: {event: Y}", ".after: `within` is missing: it must be a length of time above 0 and up to 3650d, like 30d, 12h, 30m, 45s or 2w"),
        ("after: {event: Visit Started, within: 1d}", ".after.event: only engagement rules see `Visit Started`: name the event that starts the visit"),
        ("decay: {}", ".decay: points decay in one way: `half_life: 30d`, `percent: 50` with `every: 30d`, or `expire_after: 90d`"),
        ("decay: {percent: 50}", ".decay: points decay in one way: `half_life: 30d`, `percent: 50` with `every: 30d`, or `expire_after: 90d`"),
        ("decay: {half_life: 90m}", ".decay.half_life: this must be a length of time in whole hours, up to 730d, like 30d or 12h"),
        ("decay: {half_life: 731d}", ".decay.half_life: this must be a length of time in whole hours, up to 730d, like 30d or 12h"),
        ("decay: {percent: 1, every: 37d}", ".decay: this takes 3700 days to the end, 3650 are the limit: decay faster"),
    ],
)  # fmt: skip
def test_a_wrong_word_in_an_engagement_rule(words: str, expected: str) -> None:
    assert problems(BOTH + "  - " + RULE.format(words) + "\n") == [f"9: engagement[1]{expected}"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("once: true", ".once: a fit rule follows the traits and knows no events and no time: `once` is for `engagement`"),
        ("decay: {}", ".decay: a fit rule follows the traits and knows no events and no time: `decay` is for `engagement`"),
        ("event: X", ".event: a fit rule follows the traits and knows no events and no time: `event` is for `engagement`"),
        ("score: crm", ".score: `crm` is a score of events: a score of traits needs a name of its own"),
        ("group: E-mail", ".group: group `E-mail` has engagement rules: fit rules need a group of their own"),
    ],
)  # fmt: skip
def test_a_wrong_word_in_a_fit_rule(words: str, expected: str) -> None:
    rule = f"fit:\n  - {{rule: R, points: 5, when: {{a: [b]}}, {words}}}\n"
    [found] = [problem for problem in problems(BOTH.replace("fit:\n", rule)) if "fit[0]" in problem]
    assert found == f"6: fit[0]{expected}"


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("reset: [{rule: R, event: X, score: persona}]", "reset[0].score: `persona` follows the traits: only scores of events can be taken from"),
        ("reset: [{rule: R, event: X, group: Titles}]", "reset[0].group: group `Titles` follows the traits: only points for events can be reset"),
        ("reset: [{rule: R, event: X, score: crm, group: E-mail}]", "reset[0].group: name a `score` or a `group`: a rule of its own for each"),
        ("reset: 5", "reset: this must be a list"),
        ("escape: [{rule: R, event: Visit Started}]", "escape[0].event: only engagement rules see `Visit Started`: name the event that starts the visit"),
        ("visits: {event: Visit Started}", "visits.event: only engagement rules see `Visit Started`: name the event that starts the visit"),
        ("escape: [{rule: Cap of crm, event: X}]", "escape[0].rule: `Cap of crm` is how an explanation calls something else: rename the rule"),
        ("inactivity: [{rule: R, after: 1d, take: 5, score: persona}]", "inactivity[0].score: `persona` follows the traits: only scores of events can be taken from"),
        ("inactivity: [{rule: R, after: 1d, take: 5, every: 5m}]", "inactivity[0].every: this must be a length of time from 1h to 3650d, like 7d"),
        ("inactivity: [{rule: R, after: 1d, take: 5, at_most: 9}]", "inactivity[0].at_most: this limits what is taken again and again: it needs `every`"),
        ("inactivity: [{rule: R, after: 1d, reset: true, every: 1d}]", "inactivity[0].every: a reset leaves nothing to take again: remove `every`, or `take` points"),
        ("inactivity: [{rule: R, after: 1d, bands: [{from: 5, take: 5}, {from: 5, take: 9}]}]", "inactivity[0].bands[1].from: the highest band comes first: this must be below 5"),
        ("inactivity: [{rule: R, after: 1d, take: 5, only: quiet}]", "inactivity[0].only: this must be `never-active` or `went-quiet`, or left out"),
        ("grade: {start: E}", "grade.start: this must be one of F, D-, D, D+, C-, C, C+, B-, B, B+, A-, A, A+"),
        ("grade: {criteria: [{rule: R, thirds: 0, when: {a: [b]}}]}", "grade.criteria[0].thirds: 0 thirds change nothing: write a number, or remove the criterion"),
        ("grade: {criteria: [{rule: E, thirds: 1, when: {a: [b]}}]}", "grade.criteria[0].rule: `E` names engagement[0] already: explanations need names of their own"),
        ("matrix: {fit: [40, 60], engagement: [5]}", "matrix.fit[1]: the bounds descend: this must be below the one before it"),
        ("matrix: {grade: [B, A], engagement: [5]}", "matrix.grade[1]: the bounds descend: this must be below the one before it"),
        ("matrix: {grade: [B], engagement: [5]}", "matrix.grade: this model gives no grades: add a `grade` section, or use `fit`"),
        ("matrix: {engagement: [5]}", "matrix: the letters come from one thing: `fit: [60, 40, 20]` or `grade: [A-, B-, C-]`"),
        ("matrix: {fit: [9, 8, 7, 6, 5, 4, 3, 2, 1], engagement: [5]}", "matrix.fit: this must be a list of 1 to 8 whole numbers, the highest first, like [60, 40, 20]"),
        ("priority: {high: [A1]}", "priority: priorities name cells of a matrix: add a `matrix` section"),
        ("bursts: [{event: X, each: properties.url, at_least: 21, within: 1s}]", "bursts[0].at_least: this must be a whole number from 2 to 20"),
        ("bursts: [{event: X, each: properties.url, at_least: 5, within: 2m}]", "bursts[0].within: this must be a length of time up to 60s, like 1s"),
        ("public: {at_most: {times: 3}}", "public.at_most: `points` is missing: it must be a whole number of points above 0"),
        ("activity: {}", "activity: this would match every event: name an `event`, or a condition in `when`"),
        ("visits: {gap: 0m}", "visits.gap: this must be a length of time above 0 and up to 3650d, like 30d, 12h, 30m, 45s or 2w"),
    ],
)  # fmt: skip
def test_a_wrong_word_in_another_section(section: str, expected: str) -> None:
    found = [problem.split(": ", 1) for problem in problems(f"{BOTH}{section}\n")]
    assert expected in [text for line, text in found if line == "9"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{score: total, decay: {half_life: 1d}}", "decay: `total` is a sum: let the scores in it decay"),
        ("{score: fit, decay: {half_life: 1d}}", "decay: `fit` follows the traits and knows no time: only scores of events decay"),
        ("{score: fit, in_total: true}", "in_total: fit and engagement always make up the total: remove this"),
        ("{score: total, stages: [{stage: a, at: 5}]}", "stages: the ladder of `total` is the model's `stages`: write them there"),
        ("{score: persona}", "score: score `persona` is here twice: put its settings together"),
        ("{score: grade}", "score: `grade` is a section of its own: rename the score"),
        ("{score: engagement, cap: 0}", "cap: this must be a whole number of points above 0"),
        ("{score: engagement, floor: 1}", "floor: this must be a whole number of points, 0 or below"),
        ("{score: engagement, stages: [{stage: a, grade: B}]}", "stages[0]: `at` is missing: it must be a whole number of points, or whole numbers by score, like {fit: 60, engagement: 40}"),
        ("{score: engagement, stages: [{stage: a, at: 5, grade: B}]}", "stages[0].grade: this model gives no grades: add a `grade` section"),
        ("{score: engagement, stages: [{stage: a, at: 5, drop_below: 6}]}", "stages[0].drop_below: a lead would drop out before it is in: this must be 5 or less"),
        ("{score: engagement, stages: [{stage: a, at: {fit: 5}, drop_below: 6}]}", "stages[0].drop_below: this stage asks for no `engagement`: write {fit: ...}"),
        ("{score: engagement, stages: [{stage: a, at: {fitt: 5}}]}", "stages[0].at: there is no score `fitt`; there are fit, engagement, total, crm, persona"),
        ("{score: engagement, stages: [{stage: out, at: 5}]}", "stages[0].stage: `out` is a stage of its own, outside the ladder: rename this"),
        ("{score: engagement, stages: [{stage: a, at: 5}, {stage: a, at: 6}]}", "stages[1].stage: stage `a` is here twice"),
        ("{score: fit, stages: [{stage: a, at: 5, signals: 2}]}", "stages[0].signals: signals are of engagement, and `fit` follows the traits: remove this"),
    ],
)  # fmt: skip
def test_a_wrong_word_about_a_score(entry: str, expected: str) -> None:
    text = BOTH.replace("{score: persona}]", f"{{score: persona}}, {entry}]")
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


def test_a_ladder_is_bounded() -> None:
    stages = ", ".join(f"{{stage: s{number}, at: {number}}}" for number in range(1, 21))
    assert "a list of 1 to 20 stages" in problems(f"model: m\nstages: [{{stage: new}}, {stages}]\n")[0]
