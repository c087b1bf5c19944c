"""What changes from one model to another, in words."""

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from leadscore.contracts.model_diff import Change, model_diff
from leadscore.contracts.model_file import load_model
from tests.contracts.generated_models import models

BASE: dict[str, Any] = {
    "model": "base",
    "stages": [{"stage": "new"}, {"stage": "mql", "at": 50, "drop_below": 40, "route": "nurture"}],
    "scores": [{"score": "security", "cap": 50, "stages": [{"stage": "keen", "at": 20}]}],
    "groups": [{"group": "E-mail", "cap": 30}],
    "fit": [{"rule": "Home market", "points": 5, "when": {"country": ["DE", "AT"]}}],
    "engagement": [
        {"rule": "White paper downloaded", "event": "Content Downloaded", "points": 25},
        {"rule": "Pricing", "event": "Page Viewed", "points": 10, "when": {"properties": {"path": ["/pricing"]}}},
    ],
    "fast_track": [{"rule": "Demo", "event": "Demo Requested", "stage": "mql"}],
    "inactivity": [{"rule": "Quiet", "after": "30d", "take": 50}],
}


def document(**changes: Any) -> dict[str, Any]:
    return load_model(yaml.safe_dump({**BASE, **changes}, sort_keys=False), name="model.yaml")


def said(**changes: Any) -> list[str]:
    return [change.text for change in model_diff(document(), document(**changes))]


def edited(section: str, place: int, **changes: Any) -> dict[str, Any]:
    entries = [dict(entry) for entry in BASE[section]]
    entries[place] = {name: value for name, value in {**entries[place], **changes}.items() if value is not None}
    return {section: entries}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"model": "other"}, "the model is called other (was base)"),
        (edited("engagement", 0, points=20), "White paper downloaded: 25 -> 20 points"),
        (edited("engagement", 0, once=True), "White paper downloaded: at most none -> 1 times"),
        (edited("engagement", 0, decay={"half_life": "30d"}), "White paper downloaded: decay none -> by half in 30d"),
        (
            edited("engagement", 0, at_most={"times": 2, "points": 30, "per": "week"}),
            "White paper downloaded: at most none -> 2 times and 30 points per week",
        ),
        (
            edited("engagement", 0, score=["engagement", "security"]),
            "White paper downloaded: score engagement -> engagement, security",
        ),
        (edited("engagement", 0, group="E-mail"), "White paper downloaded: group none -> E-mail"),
        (edited("engagement", 0, trust="server"), "White paper downloaded: trust public -> server"),
        (edited("engagement", 0, event=["Content Downloaded", "Ebook Read"]),
         "White paper downloaded: event may also be Ebook Read"),
        (edited("engagement", 1, event=None), "Pricing: does not look at event any more"),
        (edited("engagement", 1, when=None), "Pricing: does not look at properties.path any more"),
        (edited("engagement", 1, when={"properties": {"path": ["/pricing", {"prefix": "/preise"}]}}),
         "Pricing: properties.path may also be {prefix: /preise}"),
        (edited("fit", 0, when={"country": ["DE"]}), "Home market: country may not be AT any more"),
        (edited("fit", 0, when={"country": ["DE", "AT"], "title": [{"exists": True}]}),
         "Home market: asks for title [{exists: true}]"),
        (edited("stages", 1, at=75), "stage mql: from 50 -> 75"),
        (edited("stages", 1, drop_below=None), "stage mql: held down to 40 -> the same as to get in"),
        (edited("stages", 1, at={"total": 50, "fit": 10}), "stage mql: from 50 -> total 50 and fit 10"),
        (edited("stages", 1, route="sales"), "stage mql: route nurture -> sales"),
        ({"stages": [*BASE["stages"], {"stage": "sql", "at": 100}]}, "new stage sql: from 100"),
        (edited("scores", 0, cap=60), "score security: cap 50 -> 60"),
        (edited("scores", 0, in_total=True), "score security: in total false -> true"),
        (edited("scores", 0, stages=[{"stage": "keen", "at": 30}]), "stage keen of security: from 20 -> 30"),
        (edited("groups", 0, floor=-10), "group E-mail: floor none -> -10"),
        (edited("fast_track", 0, event=["Demo Requested", "Trial Started"]), "Demo: event may also be Trial Started"),
        (edited("inactivity", 0, take=20), "Quiet: take 50 -> 20"),
        ({"inactivity": []}, "removed inactivity rule Quiet (was takes 50 after 30d)"),
        ({"fit": []}, "removed rule Home market (was 5 points)"),
        ({"escape": [{"rule": "Gone", "event": "Unsubscribed"}]}, "new escape rule Gone: event [Unsubscribed]"),
        (edited("engagement", 0, rule="Paper"), "White paper downloaded: is now called Paper"),
        ({"visits": {"gap": "1h"}}, "visits: {event: [Page Viewed], gap: 30m} -> {event: [Page Viewed], gap: 1h}"),
        ({"grade": {}}, "grade: starts at none -> D"),
        ({"public": {"at_most": {"points": 60, "per": "day"}}}, "public: none -> {at_most: {points: 60, per: day}}"),
        ({"accounts": {"score": "top"}}, "accounts: none -> {score: top, leads: 3, of: total}"),
    ],
)  # fmt: skip
def test_one_change_is_one_sentence(changes: dict[str, Any], text: str) -> None:
    assert said(**changes) == [text]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        edited("engagement", 0, score="engagement", trust="public", activity=True),
        edited("inactivity", 0, score="engagement"),
        edited("scores", 0, in_total=False),
        {"visits": {"event": "Page Viewed"}},
    ],
)
def test_saying_what_holds_anyway_changes_nothing(changes: dict[str, Any]) -> None:
    assert said(**changes) == []


def test_once_and_one_time_ever_are_the_same() -> None:
    once, one_time = (document(**edited("engagement", 0, **how)) for how in (
        {"once": True}, {"at_most": {"times": 1, "per": "ever"}},
    ))  # fmt: skip
    assert model_diff(once, one_time) == []


def test_accounts_differ_where_their_scores_may() -> None:
    one = document(accounts={"score": "top"})
    same = document(accounts={"score": "top", "leads": 3, "of": "total"})
    other = document(accounts={"score": "maximum", "of": "security"})
    assert model_diff(one, same) == []
    assert [change.text for change in model_diff(one, other)] == [
        "accounts: {score: top, leads: 3, of: total} -> {score: maximum, of: security}"
    ]


def test_the_order_of_stages_counts() -> None:
    stages = [{"stage": "new"}, {"stage": "mql", "at": 50}, {"stage": "b", "at": {"fit": 20}}]
    before, after = document(stages=stages), document(stages=[stages[0], stages[2], stages[1]])

    assert model_diff(before, after) == [Change("stages", "", "changed", "the stages go new, b, mql (was new, mql, b)")]


def test_changes_know_their_section_name_and_kind() -> None:
    (change,) = model_diff(document(), document(**edited("engagement", 0, points=20)))
    assert change[:3] == ("engagement", "White paper downloaded", "changed")


def test_many_values_are_not_all_named() -> None:
    countries = [f"C{number}" for number in range(20)]
    (text,) = said(**edited("fit", 0, when={"country": ["DE", "AT", *countries]}))
    assert text == "Home market: country may also be C0, C1, C2, C3, C4, C5 and 14 more"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models(), models())
def test_two_models_differ_in_sentences_and_one_from_itself_in_nothing(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    before, after = (load_model(yaml.safe_dump(model, sort_keys=False), name="model.yaml") for model in (one, other))
    changes = model_diff(before, after)

    assert model_diff(before, before) == []
    assert all(change.text and "\n" not in change.text for change in changes)
    assert changes or before == after


def test_another_order_of_engagement_rules_is_told_in_one_sentence() -> None:
    order = "the engagement rules stand in another order"
    assert said(engagement=BASE["engagement"][::-1]) == [order]
    assert order not in said(engagement=BASE["engagement"][1:])
    new = {"rule": "Webinar", "event": "Webinar Attended", "points": 1}
    assert order not in said(engagement=[new, *BASE["engagement"]])
