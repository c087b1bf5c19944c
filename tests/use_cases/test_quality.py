"""Precision, recall, AUC and cut-offs: exact, and blind to whatever came after the outcome."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import Identifier, LeadEvent
from leadscore.use_cases.outcomes import Outcome, judge, outcome_in_trait, outcome_of, read_outcomes
from leadscore.use_cases.people import Person, people_in
from leadscore.use_cases.quality import Judged, Split, auc, best_cut, cuts
from leadscore.use_cases.simulation import simulate
from tests.leads import DAY, NOON, event, small_model

JUDGED = st.lists(st.builds(Judged, st.integers(-5, 5), st.booleans()), max_size=30)


def person(*events: LeadEvent) -> Person:
    (found,) = people_in(events)
    return found


@given(JUDGED)
def test_auc_is_how_often_who_converted_has_more_points(leads: list[Judged]) -> None:
    pairs = [(one.score, other.score) for one in leads for other in leads if one.converted and not other.converted]
    wins = sum(Fraction(1) if more > less else Fraction(more == less, 2) for more, less in pairs)

    assert auc(leads) == (wins / len(pairs) if pairs else None)


@given(JUDGED)
def test_each_cut_splits_the_leads_by_its_threshold(leads: list[Judged]) -> None:
    for cut in cuts(leads):
        assert cut.split == Split.of((lead.score >= cut.threshold, lead.converted) for lead in leads)


@given(JUDGED)
def test_the_best_cut_is_the_lowest_with_the_highest_youden_index(leads: list[Judged]) -> None:
    best = best_cut(cuts(leads))
    telling = [(cut.split.youden, cut.threshold) for cut in cuts(leads) if cut.split.youden is not None]

    assert (best is None) == (not telling)
    if best is not None:
        highest = max(youden for youden, _ in telling)
        assert best.threshold == min(threshold for youden, threshold in telling if youden == highest)


def test_precision_and_recall_are_shares_of_counts_and_none_of_nobody() -> None:
    split = Split.of([(True, True), (True, False), (True, False), (False, True)])

    assert (split.precision, split.recall, split.conversion_below) == (Fraction(1, 3), Fraction(1, 2), 1)
    assert (Split(0, 0, 0, 0).precision, Split(0, 0, 0, 0).recall, Split(0, 0, 0, 0).youden) == (None, None, None)


def test_a_clear_cut_is_found() -> None:
    """Leads are followed up alike, and those with three white papers or more buy."""
    events, outcomes = [], {}
    for number in range(60):
        papers = number % 6
        events += [event("Page Viewed", user=f"u{number}")]
        events += [event("White Paper Read", user=f"u{number}", at=NOON + n) for n in range(1, papers + 1)]
        outcomes[f"u{number}"] = Outcome(papers >= 3)

    known = [(each, outcomes[each.lead]) for each in people_in(events)]
    (quality,) = simulate(people_in(events), [small_model()], as_of=NOON + DAY, known=known).qualities

    assert quality.auc == 1
    assert quality.best_cut is not None
    assert (quality.best_cut.threshold, quality.best_cut.split.youden) == (76, 1)
    assert [(each.stage, each.split.precision, each.split.recall) for each in quality.stages] == [
        ("warm", Fraction(3, 5), 1),
        ("mql", Fraction(3, 4), 1),
        ("sql", 1, Fraction(2, 3)),
    ]


def test_nothing_leaks_from_the_moment_of_the_outcome_or_after() -> None:
    ada = person(
        event("White Paper Read", at=NOON),
        event("Demo Requested", at=NOON + DAY),
        event("Webinar Attended", at=NOON + 2 * DAY),
    )

    (before,) = judge([(ada, Outcome(converted=True, at=NOON + DAY))], small_model(), as_of=NOON + 3 * DAY)
    (after,) = judge([(ada, Outcome(converted=True))], small_model(), as_of=NOON + 3 * DAY)

    assert (before.course.total, before.course.stage, list(before.course.reached)) == (25, "warm", ["warm"])
    assert (after.course.total, after.course.stage) == (65, "sql")


def test_points_are_those_of_the_day_before_the_outcome_decay_included() -> None:
    ada = person(event("White Paper Read", at=NOON))
    (known,) = judge([(ada, Outcome(converted=False, at=NOON + 40 * DAY))], small_model(), as_of=NOON + 90 * DAY)

    assert known.course.total == 0


def test_who_was_unknown_before_the_outcome_is_not_judged() -> None:
    ada = person(event("White Paper Read", at=NOON))
    assert list(judge([(ada, Outcome(converted=True, at=NOON))], small_model(), as_of=NOON + DAY)) == []


def test_a_trait_may_say_the_outcome() -> None:
    told = [({"converted": "1"}, True), ({"converted": False}, False), ({"converted": "perhaps"}, None), ({}, None)]
    for traits, converted in told:
        outcome = outcome_in_trait(person(event(traits=traits)), "converted")
        assert (None if outcome is None else outcome.converted) is converted


def test_outcomes_are_read_from_csv_by_whatever_names_the_lead() -> None:
    outcomes, bad = read_outcomes("o.csv", ["lead,outcome,at\n", "Ada@X.example,won,2026-03-01T12:00:00Z\n", "u2,0,\n"])

    assert bad == []
    assert outcomes[Identifier("email", "ada@x.example")] == Outcome(converted=True, at=NOON)
    assert outcome_of(person(event(user="u2")), outcomes) == Outcome(converted=False)
    assert outcome_of(person(event(user="u3")), outcomes) is None


def test_outcomes_are_read_from_json_lines() -> None:
    outcomes, bad = read_outcomes(
        "o.jsonl", ['{"lead": "u1", "converted": true}\n', "\n", '{"lead": 2, "converted": 0}']
    )

    assert bad == []
    assert outcome_of(person(event(user="u1")), outcomes) == Outcome(converted=True)
    assert outcome_of(person(event(user="2")), outcomes) == Outcome(converted=False)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["lead,converted\n", "u1,maybe\n"], "o:2: `converted`"),
        (["lead,converted\n", "u1,1\n", ",1\n"], "o:3: `lead`"),
        (["lead,converted,at\n", "u1,1,soon\n"], "o:2: `at` is not a time"),
        (["lead;converted\n", "u1;1\n"], "o:1: the heading has no column `lead`"),
        (["sara@lead.example;1\n", "u1;1\n"], "o:1: the first line is the heading"),
        (['{"lead": "u1", "converted": true}\n', "{oops\n"], "o:2: `converted`"),
    ],
)
def test_an_outcome_that_cannot_be_read_is_named_by_its_line(lines: list[str], words: str) -> None:
    _, (bad,) = read_outcomes("o", lines)
    assert str(bad).startswith(words)
