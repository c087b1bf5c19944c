"""Every model that ships: valid, without doubts, and ready to be edited. What each one gives is in tests/golden."""

import re
from importlib import resources

import pytest
import yaml

from leadscore.contracts.model_file import ModelFile, read_model
from leadscore.domain.compiler import compile_model

NAMES = ("b2b", "ecommerce", "marketo", "pardot")
TEXTS = {name: (resources.files("leadscore.models") / f"{name}.yaml").read_text("utf-8") for name in NAMES}

models = pytest.mark.parametrize("name", NAMES)


def read(name: str) -> ModelFile:
    return read_model(TEXTS[name], name=f"{name}.yaml")


def test_none_is_missing_here() -> None:
    files = [file.name for file in resources.files("leadscore.models").iterdir()]
    assert {f"{name}.yaml" for name in NAMES} == {file for file in files if file.endswith(".yaml")}


@models
def test_it_is_valid_and_gives_no_cause_for_doubt(name: str) -> None:
    assert read(name).warnings == ()


@models
def test_it_is_called_like_its_file(name: str) -> None:
    assert read(name).document["model"] == name


@models
def test_an_editor_finds_its_schema(name: str) -> None:
    assert TEXTS[name].startswith("# yaml-language-server: $schema=model.schema.json\n")


@models
def test_an_ordinary_yaml_reader_reads_the_same_model(name: str) -> None:
    """Which is what a worker does, when it loads a version."""
    ordinary, strict = compile_model(yaml.safe_load(TEXTS[name])), compile_model(read(name).document)
    assert (ordinary.lines, ordinary.stages) == (strict.lines, strict.stages)


@models
def test_no_line_is_longer_than_a_screen(name: str) -> None:
    assert max(map(len, TEXTS[name].splitlines())) <= 120


@models
def test_every_rule_reads_as_a_line_of_a_scorecard(name: str) -> None:
    model = compile_model(read(name).document)
    assert all(re.fullmatch(r"[A-Z0-9].{1,60}", line) for _, line in model.lines.values())


def test_together_they_show_the_language() -> None:
    told = "\n".join(TEXTS.values())
    words = (
        "drop_below", "quiet", "signals", "grade", "matrix", "priority", "scores", "in_total", "groups", "cap", "floor",
        "at_most", "once", "once_per", "count", "after", "decay", "half_life", "expire_after", "bursts", "visits",
        "public", "trust", "bands", "reset", "escape", "return", "fast_track", "set_stage", "disqualify", "requalify",
        "seniority", "email_kind", "email_domain", "company_size_band", "channel", "lead",
    )  # fmt: skip
    assert [word for word in words if not re.search(rf"^[^#]*\b{word}:", told, re.MULTILINE)] == []
