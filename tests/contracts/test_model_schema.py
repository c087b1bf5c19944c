"""The published schema: what `read_model` accepts passes it, and it refuses what can be seen in one place."""

from collections.abc import Iterator
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from leadscore.cli.model_check import schema_text
from leadscore.contracts.model_file import ModelFileError, load_model
from leadscore.contracts.model_schema import ModelDocument, Part, fields_of
from leadscore.contracts.model_schema_json import json_schema
from leadscore.domain.compiler import compile_model
from tests.contracts.generated_models import models
from tests.contracts.test_model_file import VALUES, WHOLE
from tests.contracts.test_model_language import MISTAKES

MODELS = Path(str(resources.files("leadscore") / "models"))
SHIPPED = sorted(MODELS.glob("*.yaml"))
SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
#: What a mistake stands in. Only the mistake may be refused.
AROUND: dict[str, str] = {
    "engagement rule": "engagement: [{{rule: R, event: X, points: 5, {}}}]",
    "fit rule": "fit: [{{rule: R, points: 5, when: {{a: [b]}}, {}}}]",
    "section": "{}",
    "score": "scores: [{}]",
}


def test_the_shipped_file_is_what_the_models_give() -> None:
    assert (MODELS / "model.schema.json").read_text("utf-8") == schema_text()
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_a_shipped_model_names_the_schema_and_passes_it(file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=model.schema.json\n")
    load_model(text, name=file.name)
    VALIDATOR.validate(yaml.safe_load(text))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(models())
def test_every_model_of_the_language_passes(document: dict[str, Any]) -> None:
    VALIDATOR.validate(document)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A model in which one value has become another: any, or one that stands elsewhere in it."""
    # What strategies hand out is theirs: changed in place, it would come out damaged for every test that follows.
    document = deepcopy(draw(models()))
    places = list(_places(document))
    holder, step = draw(st.sampled_from(places))
    other, other_step = draw(st.sampled_from(places))
    holder[step] = draw(VALUES | st.just(deepcopy(other[other_step])))
    return document


def _places(part: Any) -> Iterator[tuple[Any, Any]]:
    for step in part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ():
        yield part, step
        yield from _places(part[step])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=200)
@given(damaged())
def test_what_is_read_compiles_and_is_never_refused_by_the_schema(document: dict[str, Any]) -> None:
    try:
        read = load_model(yaml.safe_dump(document, sort_keys=False), name="m.yaml")
    except ModelFileError:
        return
    compile_model(read)
    VALIDATOR.validate(document)
    VALIDATOR.validate(read)


def test_short_forms_pass() -> None:
    VALIDATOR.validate(yaml.safe_load(WHOLE))


CASES = [(where, mistake) for where, mistakes in MISTAKES.items() for mistake in mistakes]


@pytest.mark.parametrize(("where", "mistake"), CASES, ids=lambda case: case["write"] if isinstance(case, dict) else "")
def test_it_refuses_what_can_be_seen_in_one_place_and_leaves_the_rest(where: str, mistake: dict[str, str]) -> None:
    document = yaml.safe_load(f"model: m\nstages: [stage: new]\n{AROUND[where].format(mistake['write'])}")
    assert VALIDATOR.is_valid(document) == (mistake.get("schema") != "refuses")


@pytest.mark.parametrize(
    "when",
    [
        "{kind: [a]}", "{properties: {}}", "{properties: {kind: a}}", "{properties: {kind: []}}",
        "{properties: {kind: [{prefx: a}]}}", "{properties: {kind: [{prefix: a, suffix: b}]}}",
        "{properties: {kind: [[a]]}}", "{properties: {seconds: [{numeric: ['>', a]}]}}",
        "{properties: {kind: [{anything-but: {exists: true}}]}}", "{$or: [{event: [a]}]}",
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_condition(when: str) -> None:
    text = f"model: m\nstages: [stage: new]\nengagement: [{{rule: R, points: 5, when: {when}}}]"
    assert not VALIDATOR.is_valid(yaml.safe_load(text))


def test_every_field_says_what_it_is_for() -> None:
    parts = Part.__subclasses__()
    silent = [
        f"{part.__name__}.{name}" for part in parts for name, field in fields_of(part).items() if not field.description
    ]
    assert silent == []
    assert [name for name, part in SCHEMA["$defs"].items() if not part.get("description")] == []


def test_nothing_may_be_left_empty() -> None:
    for name in fields_of(ModelDocument):
        assert not VALIDATOR.is_valid({"model": "m", "stages": [{"stage": "new"}], name: None})
