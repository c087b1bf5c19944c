"""docs/model.md and docs/events.md say what really is: their examples are read and run, their tables compared."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadscore.adapters.models import shipped_text
from leadscore.contracts import model_file, model_review, model_schema
from leadscore.contracts.model_file import ModelFileError, load_model, read_model
from leadscore.domain.event import Trust
from leadscore.domain.fold import fold
from leadscore.domain.matching import compile_pattern
from leadscore.domain.model import compile_model
from leadscore.domain.profile import TRAIT_NAME_CHARACTERS_MAX, TRAIT_VALUE_BYTES_MAX, TRAITS_MAX
from leadscore.domain.reading import explain, read_state
from leadscore.ingest.form import _TRAITS
from leadscore.ingest.segment import EVENT_NAMES
from tests.leads import NOON, event

DOCS = Path(__file__).parents[2] / "docs"
MODEL, EVENTS = ((DOCS / name).read_text() for name in ("model.md", "events.md"))
#: What a fragment of a model needs to be a whole one.
AROUND = "model: example\n"
LADDER = "stages: [stage: new, {stage: mql, at: 50}, {stage: sql, at: 100}]\n"
#: With this rule every stage can be reached.
ENGAGEMENT = "engagement: [{rule: Something, event: Something, points: 5}]\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MODEL, re.MULTILINE | re.DOTALL)


def rows(text: str, first_column: str) -> list[list[str]]:
    """The rows of the table whose header begins with this, as cells without their backticks."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if re.match(rf"\| *{re.escape(first_column)} *\|", line))
    table = lines[start + 2 :]
    end = next((n for n, line in enumerate(table) if not line.startswith("|")), len(table))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[:end]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_every_example_is_part_of_a_valid_model_that_gives_no_cause_for_doubt(block: str) -> None:
    missing = [part for part in (LADDER, ENGAGEMENT) if not re.search(rf"^{part.split(':')[0]}:", block, re.MULTILINE)]
    whole = block if block.startswith("model:") else AROUND + "".join(missing) + block
    assert read_model(whole, name="example").warnings == ()


def test_the_first_model_scores_as_it_says() -> None:
    model = compile_model(load_model(blocks("yaml")[0], name="first-try"))
    events = [
        event("Identified", traits={"title": "Director of Sales"}, at=NOON),
        event("Blog Subscribed", at=NOON + 1),
        event("Content Downloaded", properties={"kind": "white-paper"}, at=NOON + 2),
    ]
    state, _ = fold(events, model, activation=1, lead="L", as_of=NOON + 3)
    told = [[line.rule, str(line.points), str(line.times)] for line in explain(state, model)]
    assert told == rows(MODEL, "rule")
    assert "a white paper has 42:" in MODEL.replace("\n", " ")
    assert read_state(state, model).total == 42


def test_the_error_that_it_shows_is_the_error_that_is_told() -> None:
    slip = blocks("yaml")[0].replace("points: 2\n", "point: 2\n")
    with pytest.raises(ModelFileError) as refused:
        load_model(slip, name="my-model.yaml")
    assert str(refused.value) == blocks("console")[0].strip()


CONDITIONS = [[code(cell)[0] for cell in row] for row in rows(MODEL, "condition")]


@pytest.mark.parametrize(("condition", "match", "other"), CONDITIONS)
def test_a_condition_matches_what_it_says(condition: str, match: str, other: str) -> None:
    matches = compile_pattern(yaml.safe_load(condition))
    assert matches(yaml.safe_load(match))
    assert not matches(yaml.safe_load(other))


def test_every_matcher_has_its_example() -> None:
    shown = " ".join(condition for condition, _, _ in CONDITIONS)
    assert all(f"{matcher}:" in shown for matcher in model_review.MATCHERS)


def test_an_effect_needs_the_trust_that_it_says() -> None:
    trust = {"a form or a server": Trust.DECLARED, "a server": Trust.SERVER}
    said = {code(effect)[0]: trust[needs] for effect, _, needs in rows(MODEL, "effect")}
    effects: dict[str, Any] = {kind: [{"rule": kind, "event": "X", "stage": "new"}] for kind in said}
    compiled = compile_model({"model": "m", "stages": [{"stage": "new"}], **effects})
    assert {effect.kind: effect.trust for effect in compiled.effects.of("X")} == said
    assert said.keys() == set(model_schema.EFFECTS)


def test_its_limits_are_those_of_the_code() -> None:
    limits = dict(rows(MODEL, "what"))
    assert limits["the file"] == f"{model_file.FILE_BYTES_MAX // 1024} KB"
    assert limits["rules, in all sections"] == str(model_review.RULES_MAX)
    assert limits["points of a rule"].startswith(f"±{model_schema.POINTS_MAX:,},")
    traits = f"{TRAITS_MAX} traits, names of up to {TRAIT_NAME_CHARACTERS_MAX} characters, values of up to"
    assert traits in MODEL.replace("\n", " ")
    assert TRAIT_VALUE_BYTES_MAX == 1024


# -- events.md -----------------------------------------------------------------------------------------------------

SHIPPED = load_model(shipped_text(), name="b2b.yaml")
LISTED = {code(name)[0]: set(code(properties)) for name, properties, _ in rows(EVENTS, "event")}


def rules_on_events() -> list[dict[str, Any]]:
    return [
        rule for name, section in SHIPPED.items() if isinstance(section, list) for rule in section if "event" in rule
    ]


def test_every_event_of_the_shipped_model_and_of_a_call_is_listed() -> None:
    read = {name for rule in rules_on_events() for name in rule["event"]}
    assert read | set(EVENT_NAMES.values()) - {""} <= LISTED.keys()


def test_every_property_that_the_shipped_model_reads_is_listed_with_its_event() -> None:
    for rule in rules_on_events():
        listed = set().union(*(LISTED[name] for name in rule["event"]))
        assert set(properties(rule.get("when", {}))) <= listed, rule["rule"]


def properties(condition: dict[str, Any]) -> list[str]:
    alternatives = [name for part in condition.get("$or", []) for name in properties(part)]
    return [*condition.get("properties", {}), *alternatives]


def test_every_trait_is_listed_and_whether_the_shipped_model_reads_it() -> None:
    listed = {code(name)[0]: read == "yes" for name, _, read in rows(EVENTS, "trait")}
    assert listed.keys() == _TRAITS.keys()
    read = {path[-1] for rule in SHIPPED["fit"] for path in model_schema.outermost_fields(rule["when"])}
    assert {name for name, is_read in listed.items() if is_read} == read


def test_trust_is_explained_kind_by_kind() -> None:
    assert [code(row[0])[0] for row in rows(EVENTS, "trust")] == [trust.name.lower() for trust in sorted(Trust)[::-1]]
