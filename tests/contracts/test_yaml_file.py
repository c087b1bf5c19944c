"""The YAML that a person writes: read strictly, with lines, and never as two programs would read it differently."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leadscore.contracts.yaml_file import NODES_MAX, YamlError, YamlFile


def problem(text: str) -> tuple[int, str]:
    with pytest.raises(YamlError) as refused:
        YamlFile(text)
    return refused.value.line, refused.value.problem


def test_what_all_programs_agree_on_is_read() -> None:
    text = """
    numbers: [0, -3, 20, 2.5]
    words: [white-paper, "no", '1', VP of Sales] # comment
    truths: [true, False]
    nothing: [null, ~, ]
    block: |
      two
      lines
    """
    assert YamlFile(text).document == {
        "numbers": [0, -3, 20, 2.5],
        "words": ["white-paper", "no", "1", "VP of Sales"],
        "truths": [True, False],
        "nothing": [None, None],
        "block": "two\nlines\n",
    }


@pytest.mark.parametrize("word", ["yes", "NO", "on", "Off"])
def test_a_word_that_some_programs_take_for_a_truth_value_must_be_quoted(word: str) -> None:
    expected = f'programs disagree on what `{word}` is: write "{word}" in quotes if it is text, else true or false'
    assert problem(f"country:\n  - {word}") == (2, expected)
    assert problem(f"{word}: 1") == (1, expected)
    assert YamlFile(f'country: "{word}"').document == {"country": word}


@pytest.mark.parametrize(
    "text",
    ["01067", "0x1f", "0o17", "1_000", "12:30", "2026-03-01", "1e3", "1.5e3", ".5", "5.", "+49", ".inf", "=", "9" * 19],
)
def test_what_only_looks_like_a_number_must_be_quoted(text: str) -> None:
    assert f'write "{text}" in quotes' in problem(f"zip: {text}")[1]


@given(st.text(st.sampled_from("0123456789+-.eExo_:aTfnyYOS~=<# "), max_size=8))
def test_a_plain_value_is_refused_or_means_what_it_means_to_an_ordinary_reader(text: str) -> None:
    try:
        read = YamlFile(f"field: {text}").document
    except YamlError:
        return
    ordinary = yaml.safe_load(f"field: {text}")
    assert (read, type(read["field"])) == (ordinary, type(ordinary["field"]))


def test_a_repeated_key_is_refused_with_its_line() -> None:
    assert problem("a: 1\nb: 2\na: 3") == (3, "`a` is here twice: keep one")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1, 2", 2, "this is no YAML"),
        ("a:\n\tb: 1", 2, "spaces, no tabs"),
        ("a: b: c", 1, "mapping values are not allowed here"),
        ("a: 1\nb: \x00", 2, "control or broken character"),
        ("a: 1\nb: \ud800", 2, "control or broken character"),
        ('a: 1\nb: "\\ud800"', 2, "half a character"),
        ("a: !!python/object:os.system x", 1, "tags"),
        ("a: !secret x", 1, "tags"),
        ("a: 1\n---\nb: 1", 2, "one document per file"),
        ("? [a]\n: b", 1, "must be plain text"),
        ("5: b", 1, 'write "5" in quotes'),
        ("a: &x {b: 1}\nc:\n  <<: *x", 3, "`<<` (merge) is not understood"),
        ("a: *x", 1, "`*x` stands for nothing above it"),
        ("a: &x [*x]", 1, "`*x` stands for nothing above it"),
        ("[" * 100_000, 1, "nested more than 32 deep"),
        ("a:\n" + "".join(f"{' ' * depth}- \n" for depth in range(1, 200)), 34, "nested more than 32 deep"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line_and_the_remedy(text: str, line: int, words: str) -> None:
    found = problem(text)
    assert found[0] == line
    assert words in found[1]


def test_an_alias_repeats_what_it_stands_for() -> None:
    assert YamlFile("a: &served [DE, AT]\nb: *served").document == {"a": ["DE", "AT"], "b": ["DE", "AT"]}


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 30)]
    line, words = problem("\n".join(levels))
    assert line == 5
    assert f"more than {NODES_MAX} parts" in words


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("fit",), 2),
        (("fit", 0), 3),
        (("fit", 0, "when", "country"), 5),
        (("fit", 0, "when", "country", 1), 7),
        (("fit", 0, "when", "country", 1, "deeper"), 7),
        (("fit", 1, "when", "country"), 8),
        (("nowhere", 3), 1),
    ],
)
def test_the_line_of_a_place_is_its_own_or_that_of_what_is_around_it(path: Any, line: int) -> None:
    text = "model: x\nfit:\n  - rule: A\n    when: &w\n      country:\n        - DE\n        - AT\n  - {when: *w}\n"
    assert YamlFile(text).line(path) == line
