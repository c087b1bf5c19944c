"""What a valid model makes one wonder about, each with its reason: and nothing that could be right after all."""

from typing import Any

import pytest

from leadscore.contracts.model_file import load_model, read_model
from leadscore.contracts.model_review_events import doubts_of_events
from leadscore.contracts.model_review_matching import CALLS, EFFECT_TRUST
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import Trust
from leadscore.domain.matching import show_path
from leadscore.ingest.segment import EVENT_NAMES

STAGES = "model: mine\nstages: [{stage: new}, {stage: mql, at: 50}]\n"
ANYTHING = "{rule: Anything, event: Page Viewed, points: 1}"


def doubts(text: str) -> list[str]:
    return [f"{warning.path}: {warning.text}" for warning in read_model(text, name="m.yaml").warnings]


def rule(words: str) -> str:
    """A model with a rule, which stands second."""
    return f"{STAGES}engagement: [{ANYTHING}, {{rule: R, points: 5, {words}}}]\n"


# -- what one rule gives -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["50", "{engagement: 50}"])
def test_a_rule_is_weighed_by_the_scores_that_it_counts_in(at: str) -> None:
    scores = "scores: [{score: crm}, {score: web, in_total: true}]\n"
    heavy = [
        "{rule: A, event: A, points: 30, score: crm}",
        "{rule: B, event: B, points: 30, score: web}",
        "{rule: C, event: C, points: 30, score: [engagement, web]}",
    ]
    text = f"model: m\nstages: [{{stage: new}}, {{stage: mql, at: {at}}}]\n{scores}engagement: [{', '.join(heavy)}]\n"
    expected = ["engagement[2].points"] if "engagement" in at else ["engagement[1].points", "engagement[2].points"]
    assert [doubt.split(":")[0] for doubt in doubts(text)] == expected


def test_points_that_a_cap_or_a_limit_always_cuts_are_doubted() -> None:
    text = """
model: m
stages: [stage: new]
scores: [{score: crm, cap: 10}]
groups: [{group: Mail, cap: 5}, {group: Web, at_most: {points: 4, per: day}}]
engagement:
  - {rule: A, event: A, points: 11, score: crm}
  - {rule: B, event: B, points: 6, group: Mail}
  - {rule: C, event: C, points: -5, group: Web}
  - {rule: D, event: D, points: 5, at_most: {points: 4}}
  - {rule: E, event: E, points: 10, score: crm, at_most: {points: 20}}
"""
    assert doubts(text) == [
        "engagement[0].points: score `crm` shows no more than 10: what is above counts never",
        "engagement[1].points: group `Mail` shows no more than 5: what is above counts never",
        "engagement[2].points: group `Web`'s `at_most` lets through 4 points: the rest counts never",
        "engagement[3].points: the rule's `at_most` lets through 4 points: the rest counts never",
    ]


def test_scores_and_groups_without_rules_are_doubted() -> None:
    text = STAGES + f"scores: [{{score: crm}}]\ngroups: [{{group: Mail}}]\nengagement: [{ANYTHING}]\n"
    assert doubts(text) == [
        "scores[0].score: no rule counts in `crm`: it stays at 0",
        "groups[0].group: no rule is in group `Mail`",
    ]


# -- stages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "most"),
    [
        ("fit: [{rule: F, points: 20, when: {a: [b]}}, {rule: G, points: -30, when: {a: [c]}}]", 20),
        ("engagement: [{rule: E, event: E, points: 5, once: true}]", 5),
        ("engagement: [{rule: E, event: E, points: 5, at_most: {times: 3}}]", 15),
        ("engagement: [{rule: E, event: E, points: 5, at_most: {times: 30, points: 40}}]", 40),
        ("engagement: [{rule: E, event: E, points: 5}]\nscores: [{score: engagement, cap: 49}]", 49),
        ("engagement: [{rule: E, event: E, points: 5}]\nscores: [{score: total, cap: 40}]", 40),
        ("engagement: [{rule: E, event: E, points: 5, group: G}]\ngroups: [{group: G, cap: 10}]", 10),
        ("engagement: [{rule: E, event: E, points: 5, group: G}]\ngroups: [{group: G, at_most: {points: 9}}]", 9),
        ("engagement: [{rule: E, event: E, points: -5}]", 0),
    ],
)
def test_a_stage_above_all_that_the_rules_can_give_is_doubted(rules: str, most: int) -> None:
    assert doubts(STAGES + rules) == [
        f"stages[1].at: nobody reaches `mql`: all rules together give {most} total at most"
    ]


@pytest.mark.parametrize(
    "rules",
    [
        "fit: [{rule: F, points: 50, when: {a: [b]}, score: crm}]\nscores: [{score: crm, in_total: true}]\n",
        "engagement: [{rule: E, event: E, points: 5}]",
        "engagement: [{rule: E, event: E, points: 5, at_most: {points: 5, per: day}}]",
        "engagement: [{rule: E, event: E, points: 5, at_most: {times: 1}, count: {every: 1, of: properties.n}}]",
        "set_stage: [{rule: S, event: E, stage: mql}]",
    ],
)
def test_a_stage_that_somebody_can_be_in_is_not(rules: str) -> None:
    assert not [doubt for doubt in doubts(STAGES + rules) if "nobody" in doubt]


def test_a_stage_that_one_above_it_swallows_is_doubted() -> None:
    ladder = "model: m\nstages: [{{stage: new}}, {{stage: warm, at: 40}}, {{stage: mql, at: {}}}]\n"
    engagement = f"engagement: [{ANYTHING}]\n"
    swallowed = "stages[1].at: nobody stays here: whoever has reached `warm` has reached `mql`, which stands above"
    assert doubts(ladder.format(30) + engagement) == [swallowed]
    assert doubts(ladder.format(40) + engagement) == [swallowed]
    assert doubts(ladder.format("40, signals: 2") + engagement.replace("]", ", {rule: B, event: B, points: 1}]")) == []
    assert doubts(ladder.format("{total: 30, engagement: 10}") + engagement) == [
        "stages[2].at: `mql` asks for less total than `warm` below it"
    ]


def test_signals_and_grades_that_nobody_can_have_are_doubted() -> None:
    text = f"""
model: m
stages: [{{stage: new}}, {{stage: mql, at: 5, signals: 2, grade: B}}]
grade: {{criteria: [{{rule: C, thirds: 2, when: {{a: [b]}}}}, {{rule: D, thirds: -3, when: {{a: [c]}}}}]}}
engagement: [{ANYTHING}, {{rule: Zero, event: X, points: 0}}]
"""
    assert doubts(text) == [
        "stages[1].grade: nobody reaches `mql`: the criteria give C- at most",
        "stages[1].signals: nobody reaches `mql`: there are 1 rules that give points",
    ]


def test_the_ladder_of_a_score_is_looked_at_like_the_main_one() -> None:
    text = f"""
model: m
stages: [stage: new]
scores: [{{score: crm, cap: 10, stages: [{{stage: keen, at: 20, route: crm-team}}]}}]
engagement: [{ANYTHING}, {{rule: C, event: C, points: 5, score: crm}}]
"""
    assert doubts(text) == [
        "scores[0].stages[0].at: nobody reaches `keen`: all rules together give 10 crm at most",
        (
            "scores[0].stages[0].route: no queue of this project takes route `crm-team`: "
            "subscribe your own to the topic, for that route"
        ),
    ]


# -- conditions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("event: A, when: {event: [B]}", "no event has such a name"),
        ("event: Visit Started, when: {event: [Page Viewed]}", "no event has such a name"),
        ("event: A, when: {$or: [{event: [B]}, {event: [{prefix: C}]}]}", "no event has such a name"),
        ("when: {event: [A], $or: [{event: [B]}, {event: [C]}]}", "no event has such a name"),
        ("when: {trust: [secret]}", "no event has such a `call` and `trust`"),
        ("when: {call: [click]}", "no event has such a `call` and `trust`"),
        ("when: {call: [form], trust: [public]}", "no event has such a `call` and `trust`"),
        (
            "trust: server, when: {trust: [public, declared]}",
            "no event that is believed as `server` has such a `call` and `trust`",
        ),
        (
            "when: {properties: {a: [{exists: false}], $or: [{a: [x]}, {a: [y]}]}}",
            "`properties.a` cannot be absent and have a value",
        ),
    ],
)
def test_a_condition_that_contradicts_itself_is_doubted(words: str, reason: str) -> None:
    assert doubts(rule(words)) == [f"engagement[1].when: this never matches: {reason}"]


@pytest.mark.parametrize(
    "words",
    [
        "event: A, when: {event: [{prefix: A}]}",
        "event: A, when: {$or: [{event: [B]}, {event: [A]}]}",
        "when: {event: [{prefix: A}], $or: [{event: [B]}, {event: [AC]}]}",
        "when: {call: [form], trust: [declared]}",
        "trust: declared, when: {trust: [server]}",
        "when: {properties: {a: [x], $or: [{a: [y]}, {b: [z]}]}}",
        "when: {properties: {a: [{exists: false}, x], $or: [{a: [x]}, {a: [y]}]}}",
        "when: {properties: {a: [{exists: false}], $or: [{a: [x]}, {b: [y]}]}}",
    ],
)
def test_a_condition_that_something_can_match_is_not(words: str) -> None:
    assert doubts(rule(words)) == []


def test_conditions_elsewhere_are_looked_at_too() -> None:
    text = f"""
model: m
stages: [stage: new]
activity: {{event: A, when: {{event: [B]}}}}
fit: [{{rule: F, points: 1, when: {{a: [{{exists: false}}], $or: [{{a: [x]}}, {{a: [y]}}]}}}}]
engagement:
  - {ANYTHING}
  - {{rule: R, event: X, points: 1, after: {{event: A, when: {{event: [B]}}, within: 1d}}}}
disqualify: [{{rule: D, event: X, when: {{trust: [declared]}}}}]
"""
    assert [doubt.split(":")[0] for doubt in doubts(text)] == [
        "activity.when", "fit[0].when", "engagement[1].after.when", "disqualify[0].when",
    ]  # fmt: skip


def test_a_condition_of_very_many_alternatives_is_left_alone() -> None:
    def told(alternatives: int) -> list[str]:
        return doubts(rule(f"event: A, when: {{$or: [{', '.join(['{event: [B]}'] * alternatives)}]}}"))

    assert len(told(256)) == 1
    assert told(257) == []


def test_it_knows_the_calls_and_the_trust_that_there_are() -> None:
    assert set(CALLS) == {*EVENT_NAMES, "form"}
    document: dict[str, Any] = {kind: [{"rule": kind, "event": "X", "stage": "new"}] for kind in EFFECT_TRUST}
    compiled = compile_model({"model": "m", "stages": [{"stage": "new"}], **document})
    assert {effect.kind: effect.trust for effect in compiled.effects.of("X")} == EFFECT_TRUST


# -- real events ---------------------------------------------------------------------------------------------------


def seen(name: str, trust: Trust = Trust.SERVER, **properties: Any) -> dict[str, Any]:
    said = {"properties": properties, "context": {}, "lead": {}}
    return {"event": name, "call": "track", "source": "file", "trust": trust.name.lower(), **said}


def test_names_and_rules_that_never_occur_are_doubted_once_there_are_events() -> None:
    document = load_model(
        """
model: m
stages: [stage: new]
engagement:
  - {rule: A, event: Demo Requestd, points: 1}
  - {rule: B, event: [Demo Requested, Demo Requestd], points: 1}
  - {rule: C, event: Demo Requested, points: 1, when: {properties: {kind: [x]}}}
  - {rule: D, event: Demo Requested, points: 1, when: {properties: {kind: [y]}, trust: [public]}}
  - {rule: E, event: Visit Started, points: 1, when: {properties: {kind: [x]}}}
  - {rule: F, event: Demo Requested, points: 1, when: {source: [website]}}
  - {rule: G, when: {properties: {kind: [z]}}, points: 1, after: {event: Qwertz, within: 1d}}
""",
        name="m.yaml",
    )
    events = [seen("Demo Requested", kind="y"), seen("Page Viewed")]
    assert [f"{show_path(path)}: {text}" for path, text in doubts_of_events(document, events)] == [
        "engagement[0].event: none of 2 events is called `Demo Requestd`: did you mean `Demo Requested`?",
        "engagement[6].after.event: none of 2 events is called `Qwertz`: is it spelt as it is sent?",
        "engagement[2].when: this matches none of the events that it looks at (1)",
        "engagement[6].when: this matches none of the events that it looks at (2)",
    ]
