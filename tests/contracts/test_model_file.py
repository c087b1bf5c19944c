"""The scoring model's file: what is refused, with the line and the remedy, and what only makes one wonder."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leadscore.contracts.model_file import FILE_BYTES_MAX, ModelFileError, load_model, read_model
from leadscore.contracts.model_review import RULES_MAX
from leadscore.domain.compiler import compile_model

STAGES = """\
model: mine
stages:
  - stage: new
  - {stage: mql, at: 50, route: nurture}
  - {stage: sql, at: {total: 100, fit: 0}, route: sales}
"""
WHOLE = (
    STAGES
    + """\
fit:
  - rule: Director
    points: 15
    when: {title: [{prefix: Director}]}
engagement:
  - {rule: Page, event: Page Viewed, points: 1}
  - rule: Deep page
    points: 2
    when: {properties: {path: [{wildcard: "/*/*/*"}]}}
fast_track:
  - {rule: Demo, event: [Demo Requested, Form Submitted], stage: sql, when: {trust: [server]}}
set_stage:
  - {rule: Content, event: Content Downloaded, stage: mql}
escape:
  - {rule: Unsubscribed, event: Unsubscribed}
return:
  - {rule: Back, event: Form Submitted}
disqualify:
  - {rule: Ruled out, event: Lead Disqualified}
requalify:
  - {rule: Ruled in, event: Lead Requalified}
inactivity:
  - {rule: A month, after: 30d, take: 50}
  - {rule: A quarter, after: 2160h, reset: true}
"""
)


def problems(text: str) -> list[str]:
    with pytest.raises(ModelFileError) as refused:
        load_model(text, name="m.yaml")
    assert str(refused.value) == "\n".join(f"m.yaml:{problem}" for problem in refused.value.problems)
    return [str(problem) for problem in refused.value.problems]


def warnings(text: str) -> list[str]:
    return [str(warning) for warning in read_model(text, name="m.yaml").warnings]


def test_a_valid_file_becomes_a_document_that_compiles() -> None:
    model = compile_model(load_model(WHOLE, name="m.yaml"))
    assert model.name == "mine"
    assert [stage.name for stage in model.stages] == ["new", "mql", "sql"]
    assert len(model.fit) == 1
    assert {effect.kind for effects in model.effects.by_event.values() for effect in effects} == {
        "fast_track", "set_stage", "escape", "return", "disqualify", "requalify",
    }  # fmt: skip
    assert warnings(WHOLE) == []


def test_the_document_is_what_an_ordinary_reader_of_the_same_text_compiles_to() -> None:
    mine, ordinary = (compile_model(document) for document in (load_model(WHOLE, name=""), yaml.safe_load(WHOLE)))
    assert mine.lines == ordinary.lines
    assert mine.stages == ordinary.stages
    assert mine.inactivity == ordinary.inactivity


ENGAGEMENT = STAGES + "engagement:\n"
#: A rule with which every stage can be reached.
ANYTHING = "  - {rule: Anything, event: Page Viewed, points: 1}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ENGAGEMENT + "  - rule: A\n    event: X\n    point: 5\n",
            ["9: engagement[0].point: unknown field `point`; did you mean `points`?"],
        ),
        (
            STAGES + "fits: []\n",
            ["6: fits: unknown field `fits`; did you mean `fit`?"],
        ),
        (
            STAGES + "fast_track:\n  - {rule: A, event: X, stage: sql, points: 5}\n",
            ["7: fast_track[0].points: unknown field `points`; known are event, when, rule, stage"],
        ),
        (
            STAGES + "fast_track:\n  - rule: A\n    event: X\n    stage: sqll\n",
            ["9: fast_track[0].stage: stage `sqll` is not one of new, mql, sql"],
        ),
        (
            ENGAGEMENT + "  - rule: A\n    event: X\n    points: 5\n    when:\n      properties:\n        kind: book\n",
            ["12: engagement[0].when.properties.kind: write a list: [book]"],
        ),
        (
            ENGAGEMENT + "  - {rule: A, event: X, points: 5, when: {properties: {kind: [a, {prefx: b}]}}}\n",
            [
                (
                    "7: engagement[0].when.properties.kind[1]: `prefx` is no matcher; there are anything-but, "
                    "equals-ignore-case, exists, numeric, prefix, suffix, wildcard"
                )
            ],
        ),
        (
            ENGAGEMENT + "  - {rule: A, event: X, points: 5, when: {kind: [a]}}\n",
            ["7: engagement[0].when.kind: an event has no `kind`; did you mean `properties: {kind: ...}`?"],
        ),
        (
            ENGAGEMENT + "  - {rule: A, event: X, points: 5, when: {$or: [{source: [a]}, {form: [b]}]}}\n",
            ["7: engagement[0].when.$or[1].form: an event has no `form`; did you mean `properties: {form: ...}`?"],
        ),
        (
            ENGAGEMENT + "  - {rule: A, points: 5}\n",
            ["7: engagement[0]: this would match every event: name an `event`, or a condition in `when`"],
        ),
        (
            ENGAGEMENT + "  - {rule: A, event: X}\n",
            ["7: engagement[0]: `points` is missing: it must be a whole number within ±1,000,000, without quotes"],
        ),
        (
            ENGAGEMENT + "  - rule: A\n    event:\n    points: 5\n",
            ["8: engagement[0].event: `event` is empty: write a value, or remove the line"],
        ),
        (
            STAGES + "fit:\n",
            ["6: fit: `fit` is empty: write a value, or remove the line"],
        ),
        (
            STAGES + "fit: [Director]\n",
            ["6: fit[0]: there must be fields here, out of rule, points, when, score, group"],
        ),
        (
            STAGES + "fit:\n  - {rule: A, points: 5, when: {country: [NO]}}\n",
            [
                (
                    '7: fit[0].when.country[0]: programs disagree on what `NO` is: write "NO" in quotes if it is text, '
                    "else true or false"
                )
            ],
        ),
        (
            STAGES + "inactivity:\n  - {rule: A, after: 30d}\n  - {rule: B, after: 60d, take: 5, reset: true}\n",
            [
                "7: inactivity[0]: a step does one thing: `take: <points>`, `bands: [...]` or `reset: true`",
                "8: inactivity[1]: a step does one thing: `take: <points>`, `bands: [...]` or `reset: true`",
            ],
        ),
        (
            STAGES + "escape:\n  - {rule: A, event: X}\nfit:\n  - {rule: A, points: 1, when: {a: [b]}}\n",
            ["7: escape[0].rule: `A` names fit[0] already: explanations need names of their own"],
        ),
        (
            (
                "model: m\nstages:\n  - {stage: new, at: 5}\n  - {stage: Out}\n  - {stage: mql, at: 50}\n"
                "  - {stage: new, at: {total: 40, fit: 5}}\n"
            ),
            [
                "3: stages[0].at: every lead starts in the first stage: it has no `at`",
                (
                    "4: stages[1]: `at` is missing: it must be a whole number of points, or whole numbers by score, "
                    "like {fit: 60, engagement: 40}"
                ),
                "4: stages[1].stage: `Out` is a stage of its own, outside the ladder: rename this",
                "6: stages[3].stage: stage `new` is here twice",
            ],
        ),
        (
            "",
            [
                (
                    "1: there must be fields here, out of model, stages, activity, visits, bursts, public, scores, "
                    "groups, fit, engagement, grade, matrix, priority, accounts, fast_track, set_stage, escape, "
                    "return, disqualify, requalify, reset, inactivity"
                )
            ],
        ),
        ("model: a\nmodel: b\n", ["2: model: `model` is here twice: keep one"]),
    ],
)
def test_a_mistake_is_told_with_its_line_its_path_and_the_remedy(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("points", '"5"', "a whole number within ±1,000,000"),
        ("points", "2.5", "a whole number within"),
        ("points", "true", "a whole number within"),
        ("points", "1000001", "a whole number within"),
        ("points", "-1000001", "a whole number within"),
        ("rule", '""', "text of 1 to 80 characters"),
        ("rule", f'"{"x" * 81}"', "text of 1 to 80 characters"),
        ("rule", '"two\\nlines"', "text of 1 to 80 characters"),
        ("rule", '"trailing "', "text of 1 to 80 characters"),
        ("event", "[]", "an event's name or a list of names"),
        ("event", "5", "an event's name or a list of names"),
        ("event", "[A, 5]", "an event's name or a list of names"),
        ("when", "{}", "a condition: fields"),
    ],
)
def test_a_wrong_value_is_told_what_it_must_be(field: str, value: str, wanted: str) -> None:
    fields = {"rule": "A", "event": "X", "points": "5"} | {field: value}
    text = ENGAGEMENT + "  - " + "\n    ".join(f"{name}: {value}" for name, value in fields.items())
    [found] = problems(text)
    assert re.search(rf"engagement\[0\]\.{field}(\[1\])?: this must be {re.escape(wanted)}", found)


@pytest.mark.parametrize("after", ["30", "30 d", "1y", "-1d", "0d", "0h", "1.5d", "3651d", "d", "²d"])
def test_a_length_of_time_has_a_unit_and_a_limit(after: str) -> None:
    [found] = problems(STAGES + f'inactivity: [{{rule: A, after: "{after}", take: 1}}]')
    assert "this must be a length of time above 0 and up to 3650d" in found


@pytest.mark.parametrize("word", ['"#"', '"a b"', '""', "5", "ü", f'"{"x" * 41}"'])
@pytest.mark.parametrize("text", ["model: {}\nstages: [stage: new]", "model: m\nstages: [stage: {}]"])
def test_names_that_become_keys_are_single_words(text: str, word: str) -> None:
    [found] = problems(text.format(word))
    assert "this must be one word" in found


def test_all_mistakes_are_told_at_once() -> None:
    rules = "".join(f"  - {{rule: R{number}, event: X, points: many}}\n" for number in range(40))
    assert len(problems(ENGAGEMENT + rules)) == 40


def test_a_file_and_its_rules_are_bounded() -> None:
    rules = "".join(f"  - {{rule: R{number}, event: X, points: 1}}\n" for number in range(RULES_MAX + 1))
    assert problems(ENGAGEMENT + rules) == ["507: engagement[500]: this is rule number 501: 500 are the limit"]
    assert problems(WHOLE + "#" * FILE_BYTES_MAX) == ["1: the file has more than 256 KB: shorten it"]


@given(st.text(st.characters(codec="utf-8")) | st.text("model: stages\n-{}[]&*!#|>\"'%@`?,ü5"))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    with pytest.raises(ModelFileError):
        load_model(text, name="m.yaml")


VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["stages", "fit", "engagement", "fast_track", "inactivity"]), VALUES, st.data())
def test_a_file_with_anything_in_it_is_refused_or_compiles(section: str, value: Any, data: st.DataObject) -> None:
    fields = ["rule", "points", "event", "when", "stage", "at", "after", "take", "reset"]
    row = data.draw(st.dictionaries(st.sampled_from(fields), VALUES, max_size=4))
    document = yaml.safe_load(WHOLE)
    document[section] = value if data.draw(st.booleans()) else [*document[section], document[section][0] | row]
    try:
        read = load_model(yaml.safe_dump(document), name="m.yaml")
    except ModelFileError:
        return
    compile_model(read)


# -- doubts --------------------------------------------------------------------------------------------------------


def test_a_rule_above_half_of_what_an_mql_needs_is_doubted() -> None:
    assert warnings(ENGAGEMENT + "  - {rule: Half, event: X, points: 25}\n") == []
    assert warnings(ENGAGEMENT + "  - rule: More\n    event: X\n    points: 26\n") == [
        (
            "9: engagement[0].points: 26 points are more than half of the 50 that `mql` asks for: "
            "this alone nearly qualifies a lead"
        )
    ]
    assert warnings(ENGAGEMENT + "  - {rule: Enough, event: X, points: 50}\n") == [
        "7: engagement[0].points: 50 points are all of the 50 that `mql` asks for: this alone qualifies a lead"
    ]
    assert warnings(STAGES + "fit:\n  - {rule: More, points: 26, when: {a: [b]}}\n") != []


def test_a_score_that_is_asked_for_beside_the_total_qualifies_nobody_by_itself() -> None:
    gated = """
model: m
scores: [{score: vouched, in_total: false, cap: 1}]
stages: [stage: new, {stage: mql, at: {total: 50, vouched: 1}}]
engagement:
  - {rule: Told by a form, event: Form Submitted, points: 1, score: vouched}
"""
    assert warnings(gated + "  - {rule: Half, event: X, points: 25}\n") == []
    assert "half of the 50" in warnings(gated + "  - {rule: More, event: X, points: 26}\n")[0]
    assert "all of the 1 that `mql` asks for" in warnings(gated.replace("total: 50, ", ""))[0]


def test_without_an_mql_the_last_stage_says_what_qualifies() -> None:
    ladder = "model: m\nstages: [stage: a, {stage: b, at: 10}, {stage: c, at: {engagement: 40}}]\nengagement:\n"
    assert warnings(ladder + "  - {rule: R, event: X, points: 20}\n") == []
    assert "half of the 40 that `c` asks for" in warnings(ladder + "  - {rule: R, event: X, points: 21}\n")[0]
    assert warnings("model: m\nstages: [stage: a]\nengagement: [{rule: R, event: X, points: 90}]") == []


def test_a_matcher_outside_a_list_is_doubted_since_it_reads_as_a_field() -> None:
    rule = "  - {{rule: A, event: X, points: 5, when: {{properties: {}}}}}\n"
    expected = "`prefix` is read as a field's name here: for the matcher write a list, [{prefix: ...}]"
    assert warnings(ENGAGEMENT + rule.format("{form: {prefix: [demo]}}")) == [
        f"7: engagement[0].when.properties.form: {expected}"
    ]
    nested = "{$or: [{form: {prefix: [demo]}}, {form: [x]}]}"
    assert warnings(ENGAGEMENT + rule.format(nested)) == [f"7: engagement[0].when.properties.$or[0].form: {expected}"]
    assert warnings(ENGAGEMENT + rule.format("{name: {prefix: [Dr], last: [Who]}}")) == []


def test_a_fit_rule_that_looks_for_an_event_is_doubted() -> None:
    assert warnings(ENGAGEMENT + ANYTHING + "fit:\n  - {rule: A, points: 5, when: {traits: {country: [DE]}}}\n") == [
        "9: fit[0].when.traits: a fit rule names traits directly: write the fields without `traits`"
    ]


def test_a_route_without_a_queue_is_doubted() -> None:
    assert warnings("model: m\nstages: [stage: a, {stage: b, at: 10, route: slaes}]\nengagement:\n" + ANYTHING) == [
        (
            "2: stages[1].route: no queue of this project takes route `slaes`: subscribe your own to the topic, "
            "for that route"
        )
    ]
