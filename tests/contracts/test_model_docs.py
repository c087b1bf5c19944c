"""docs/model.md and docs/events.md say what really is: their examples are read and run, their tables compared."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadscore.contracts import model_file, model_review, model_schema, model_schema_fields
from leadscore.contracts.model_file import ModelFileError, load_model, read_model
from leadscore.domain.account import account_score
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import fold
from leadscore.domain.matching import compile_pattern
from leadscore.domain.model import Model
from leadscore.domain.profile import TRAIT_NAME_CHARACTERS_MAX, TRAIT_VALUE_BYTES_MAX, TRAITS_MAX
from leadscore.domain.reading import explain, read_state
from leadscore.ingest.form import _TRAITS
from leadscore.ingest.segment import EVENT_NAMES
from tests.golden.cases import shipped
from tests.leads import DAY, HOUR, NOON, event

DOCS = Path(__file__).parents[2] / "docs"
MODEL, EVENTS = ((DOCS / name).read_text() for name in ("model.md", "events.md"))
#: What a fragment of a model needs to be a whole one.
AROUND = "model: example\n"
LADDER = "stages: [stage: new, {stage: mql, at: 50}, {stage: sql, at: 100}]\n"
#: With these rules every stage can be reached.
RULES = (f"{{rule: Something {number}, event: Something, points: 5}}" for number in range(3))
ENGAGEMENT = f"engagement: [{', '.join(RULES)}]\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MODEL, re.MULTILINE | re.DOTALL)


def rows(text: str, first_column: str) -> list[list[str]]:
    """The rows of the table whose header begins with this, as cells without their backticks."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if re.match(rf"\| *{re.escape(first_column)} *\|", line))
    table = lines[start + 2 :]
    end = next((n for n, line in enumerate(table) if not line.startswith("|")), len(table))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[:end]]


def header(text: str, first_column: str) -> list[str]:
    line = next(line for line in text.splitlines() if re.match(rf"\| *{re.escape(first_column)} *\|", line))
    return [cell.strip() for cell in line.strip("|").split("|")]


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


# -- what its tables say of repetition and time ------------------------------------------------------------------------


def model_of(rule: dict[str, Any], **parts: Any) -> Model:
    whole = {"rule": "Tested", "event": "Tested", "points": 1, **rule}
    document = {"model": "m", "stages": [{"stage": "new"}], "engagement": [whole], **parts}
    return compile_model(load_model(yaml.safe_dump(document), name="m.yaml"))


def left_after(model: Model, days: str, events: list[LeadEvent]) -> int:
    state, _ = fold(events, model, activation=1, lead="L", as_of=NOON + int(days) * DAY)
    return read_state(state, model).total


@pytest.mark.parametrize(("said", "points"), rows(MODEL, "the rule says"))
def test_what_is_repeated_counts_as_often_as_it_says(said: str, points: str) -> None:
    opens = [
        event("Tested", at=NOON + n * HOUR, properties={"campaign_id": "one" if n % 2 else "two"}) for n in range(10)
    ]
    assert left_after(model_of(yaml.safe_load(code(said)[0])), "1", opens) == int(points)


@pytest.mark.parametrize("row", rows(MODEL, "decay"), ids=lambda row: row[0])
def test_points_decay_as_it_says(row: list[str]) -> None:
    model = model_of({"points": 25, "decay": yaml.safe_load(code(row[0])[0])})
    assert in_time(model, header(MODEL, "decay")) == row[1:]


@pytest.mark.parametrize("row", rows(MODEL, "step"), ids=lambda row: row[0])
def test_inactivity_takes_what_it_says(row: list[str]) -> None:
    model = model_of({"points": 40}, inactivity=[{"rule": "Idle", **yaml.safe_load(code(row[0])[0])}])
    assert in_time(model, header(MODEL, "step")) == row[1:]


def in_time(model: Model, columns: list[str]) -> list[str]:
    """What is left of one match after so many days, for each column but the first."""
    return [str(left_after(model, days.split()[0], [event("Tested")])) for days in columns[1:]]


@pytest.mark.parametrize(("given", "taken", "shows"), rows(MODEL, "points given"))
def test_a_cap_shows_what_it_says(given: str, taken: str, shows: str) -> None:
    loss = {"rule": "Loss", "event": "Lost", "points": -10}
    gain = {"rule": "Gain", "event": "Gained", "points": 10}
    model = model_of({}, engagement=[gain, loss], scores=[{"score": "engagement", "cap": 60}])
    events = [event("Gained", at=NOON + n) for n in range(int(given) // 10)]
    events += [event("Lost", at=NOON + 100 + n) for n in range(int(taken) // 10)]
    assert left_after(model, "1", events) == int(shows)


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
    assert limits["a length of time"] == f"{model_schema_fields.DURATION_DAYS_MAX:,} days"
    assert limits["a half-life"].startswith(f"{model_schema_fields.HALF_LIFE_DAYS_MAX} days")
    lengths = {"scores": "scores", "groups": "groups", "bursts": "bursts", "inactivity steps": "inactivity"}
    for what, section in lengths.items():
        assert f"up to {limits[what]} " in model_schema.WANTED[section]
    assert f"1 to {limits['stages of a ladder']} stages" in model_schema.WANTED["stages"]
    traits = f"{TRAITS_MAX} traits, names of up to {TRAIT_NAME_CHARACTERS_MAX} characters, values of up to"
    assert traits in MODEL.replace("\n", " ")
    assert TRAIT_VALUE_BYTES_MAX == 1024


# -- events.md -----------------------------------------------------------------------------------------------------

SHIPPED = {name: load_model(shipped(name), name=name) for name in ("b2b", "ecommerce", "marketo", "pardot")}
LISTED = {code(name)[0]: set(code(properties)) for name, properties, _ in rows(EVENTS, "event")}


def conditions_on_events() -> list[dict[str, Any]]:
    """Whatever names events, in every model that ships."""
    return [part for model in SHIPPED.values() for part in parts(model) if "event" in part]


def parts(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield document
    for part in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from parts(part)


def names_of(part: dict[str, Any]) -> list[str]:
    return [part["event"]] if isinstance(part["event"], str) else part["event"]


def test_every_event_of_the_shipped_models_and_of_a_call_is_listed() -> None:
    read = {name for part in conditions_on_events() for name in names_of(part)}
    assert read | set(EVENT_NAMES.values()) - {""} <= LISTED.keys()


def test_every_property_that_the_shipped_models_read_is_listed_with_its_event() -> None:
    for part in conditions_on_events():
        listed = set().union(*(LISTED[name] for name in names_of(part)))
        assert set(properties(part)) <= listed, part


def properties(part: dict[str, Any]) -> Iterator[str]:
    """The properties that something about an event reads."""
    yield from read_by(part.get("when", {}))
    for path in (part.get("once_per", ""), part.get("each", ""), part.get("count", {}).get("of", "")):
        if path.startswith("properties."):
            yield path.split(".")[1]


def read_by(condition: dict[str, Any]) -> Iterator[str]:
    yield from condition.get("properties", {})
    for alternative in condition.get("$or", []):
        yield from read_by(alternative)


@pytest.mark.parametrize(("said", "score"), rows(MODEL, "the model says"))
def test_companies_are_scored_as_it_says(said: str, score: str) -> None:
    model = compile_model(load_model(AROUND + LADDER + ENGAGEMENT + code(said)[0], name="m.yaml"))
    points = [int(number) for number in re.findall(r"-?\d+", header(MODEL, "the model says")[1])]
    assert model.accounts is not None
    assert account_score(points, model.accounts) == int(score)


def test_every_trait_is_listed_and_how_the_default_model_reads_it() -> None:
    listed = {code(name)[0]: read for name, _, read in rows(EVENTS, "trait")}
    assert listed.keys() == _TRAITS.keys()
    read = {path[-1] for rule in SHIPPED["b2b"]["fit"] for path in model_schema.outermost_fields(rule["when"])}
    said = {name for name, how in listed.items() if how == "yes"} | {
        fact for how in listed.values() for fact in code(how)
    }
    assert said == read


def test_trust_is_explained_kind_by_kind() -> None:
    assert [code(row[0])[0] for row in rows(EVENTS, "trust")] == [trust.name.lower() for trust in sorted(Trust)[::-1]]
