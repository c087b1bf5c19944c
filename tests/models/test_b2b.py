"""The model that ships: valid, within its bounds, and no harm to who forgets to edit it."""

import re
from importlib import resources
from random import Random
from typing import Any

import pytest
import yaml

from leadscore.contracts.model_file import ModelFile, read_model
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.fold import fold
from leadscore.domain.model import Model
from leadscore.domain.reading import read_state
from leadscore.ingest.facts.derived import traits_with_facts
from tests.adapters.samples import largest_state
from tests.leads import DAY, NOON, event

TEXT = (resources.files("leadscore.models") / "b2b.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def file() -> ModelFile:
    return read_model(TEXT, name="b2b.yaml")


@pytest.fixture(scope="module")
def model(file: ModelFile) -> Model:
    return compile_model(file.document)


def lines_of_the_file(file: ModelFile, model: Model) -> list[str]:
    """The lines of what the file names: its rules, effects and steps."""
    entries = [entry for section in file.document.values() if isinstance(section, list) for entry in section]
    names = {entry["rule"] for entry in entries if "rule" in entry}
    lines = [name for _, name in model.lines.values() if name in names]
    assert names == set(lines)
    return lines


def test_it_is_valid_and_gives_no_cause_for_doubt(file: ModelFile) -> None:
    assert file.warnings == ()


def test_an_ordinary_yaml_reader_reads_the_same_model(model: Model) -> None:
    ordinary = compile_model(yaml.safe_load(TEXT))
    assert (ordinary.lines, ordinary.stages) == (model.lines, model.stages)


def test_no_single_rule_gives_more_than_half_of_an_mql(file: ModelFile) -> None:
    assert max(rule["points"] for section in ("fit", "engagement") for rule in file.document[section]) == 25


def test_a_lead_for_which_every_line_fired_still_fits_into_one_write_unit(file: ModelFile, model: Model) -> None:
    # tests/adapters shows that a state with this many lines does.
    assert len(lines_of_the_file(file, model)) <= len(largest_state(Random(0)).lines)


def test_stages_and_their_queues_are_those_of_the_documentation(model: Model) -> None:
    assert [(stage.name, dict(stage.at), stage.route) for stage in model.stages] == [
        ("new", {}, None),
        ("warm", {"total": 20}, "nurture"),
        ("mql", {"total": 50, "vouched": 1}, "nurture"),
        ("sql", {"total": 100, "fit": -20, "vouched": 1}, "sales"),
    ]


def test_who_became_an_mql_stays_one_down_to_forty_points_and_is_told_of_once_a_week(model: Model) -> None:
    [mql] = [stage for stage in model.stages if stage.name == "mql"]
    assert (dict(mql.holds), mql.quiet) == ({"total": 40, "vouched": 1}, 7 * DAY)


def test_competitors_are_placeholders_that_nobody_can_own(file: ModelFile) -> None:
    [competitor] = [rule for rule in file.document["fit"] if rule["rule"] == "Competitor"]
    assert all(domain.endswith(".example") for domain in competitor["when"]["email_domain"])


@pytest.mark.parametrize(
    ("traits", "rules"),
    [
        ({"title": "VP Sales"}, {"Decides (C-level, founder, VP)"}),
        ({"title": "Senior Vice President, EMEA"}, {"Decides (C-level, founder, VP)"}),
        ({"title": "chief marketing officer"}, {"Decides (C-level, founder, VP)"}),
        ({"title": "CTO"}, {"Decides (C-level, founder, VP)"}),
        ({"title": "Marketing Director"}, {"Leads a department (director, head of)"}),
        ({"title": "Director of IT"}, {"Leads a department (director, head of)"}),
        ({"title": "Head of Growth"}, {"Leads a department (director, head of)"}),
        ({"title": "Product Manager"}, {"Manager"}),
        ({"title": "Geschäftsführerin"}, {"Decides (C-level, founder, VP)"}),
        ({"title": "Student"}, {"Student"}),
        ({"title": "PhD student"}, {"Student"}),
        ({"title": "Clerk"}, set()),
        ({"company_size": 4}, {"Fewer than 5 employees"}),
        ({"company_size": 5}, set()),
        ({"company_size": 20}, {"20 to 199 employees"}),
        ({"company_size": 200}, {"200 employees or more"}),
        ({"company_size": "200"}, set()),
        ({"country": "us"}, {"Home market"}),
        ({"country": "Germany"}, set()),
        ({"country": "NO"}, set()),
        ({"country": "Atlantis"}, {"Outside the countries we sell to"}),
        ({"email": "ada@competitor.example"}, {"Competitor"}),
        ({"email": "ada@notcompetitor.example"}, set()),
        ({"email": "ada@gmail.com"}, {"Free mail address"}),
        ({"email": "donaldduck@gmail.com"}, {"Made-up identity"}),
        ({"email": "ada@mailinator.com"}, {"Made-up identity"}),
        ({"name": "Donald Duck", "industry": "Software"}, {"Made-up identity", "Target industry"}),
        ({"industry": "Gambling & Casinos"}, {"Industry we do not serve"}),
        ({"department": "Sales Operations"}, {"Department that uses it"}),
        ({}, set()),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else str(value),
)
def test_fit_is_judged_as_a_salesperson_would(model: Model, traits: dict[str, Any], rules: set[str]) -> None:
    known = traits_with_facts(traits, Trust.DECLARED)
    assert {rule.name for rule in model.fit if rule.matches(known)} == rules


PAGE = "Page Viewed"


@pytest.mark.parametrize(
    ("name", "properties", "points"),
    [
        (PAGE, {"path": "/"}, 1),
        (PAGE, {"path": "/products/crm"}, 4),
        (PAGE, {"path": "/de/pricing"}, 11),
        (PAGE, {"path": "/careers/engineer"}, -10),
        (PAGE, {"path": "/unsubscribe"}, -10),
        ("Content Downloaded", {"kind": "white-paper"}, 25),
        ("Content Downloaded", {"kind": "case-study"}, 15),
        ("Content Downloaded", {"kind": "checklist"}, 5),
        ("Content Downloaded", {}, 5),
        ("Blog Subscribed", {}, 2),
        ("Form Submitted", {"form": "blog"}, 2),
        ("Form Submitted", {"form": "blog-footer"}, 2),
        ("Form Submitted", {"form": "contact-us"}, 15),
        ("Form Submitted", {"form": "book-a-demo"}, 25),
        ("Form Submitted", {"form": "event-signup"}, 5),
        ("Form Submitted", {"form": "unsubscribe"}, 0),
        ("Demo Requested", {}, 25),
        ("Email Opened", {}, 1),
        ("Email Link Clicked", {}, 5),
        ("Webinar Registered", {}, 5),
        ("Webinar Attended", {}, 15),
        ("Trial Started", {}, 25),
        ("Meeting Booked", {}, 25),
        ("Meeting Canceled", {}, -15),
        ("Live Chat Conversation Started", {}, 10),
        ("Social Engaged", {}, 3),
        ("Signed Up", {}, 15),
        ("Something Else", {}, 0),
    ],
    ids=str,
)
def test_an_action_has_the_points_that_were_agreed(
    model: Model, name: str, properties: dict[str, Any], points: int
) -> None:
    happened = event(name, trust=Trust.PUBLIC, properties=properties)
    assert engagement_of([happened], model) == points


@pytest.mark.parametrize(
    ("name", "properties", "trust", "times", "engagement"),
    [
        (PAGE, {"path": "/"}, Trust.SERVER, 30, 20),
        (PAGE, {"path": "/pricing"}, Trust.PUBLIC, 30, 40),
        ("Email Opened", {}, Trust.SERVER, 30, 20),
        ("Email Link Clicked", {}, Trust.SERVER, 30, 20),
        ("Webinar Attended", {"webinar_id": "scoring"}, Trust.SERVER, 30, 15),
        ("Content Downloaded", {"kind": "white-paper"}, Trust.SERVER, 4, 100),
    ],
    ids=str,
)
def test_what_is_repeated_all_day_counts_so_much(
    model: Model, name: str, properties: dict[str, Any], trust: Trust, times: int, engagement: int
) -> None:
    events = [event(name, at=NOON + n * 60_000, properties=properties, trust=trust) for n in range(times)]
    assert engagement_of(events, model) == engagement


def test_however_much_browsers_tell_nobody_becomes_an_mql_by_it(model: Model) -> None:
    names = [PAGE, "Content Downloaded", "Demo Requested", "Trial Started", "Meeting Booked", "Webinar Attended"]
    spoofed = [
        event(name, at=NOON + day * DAY + n, trust=Trust.PUBLIC, properties={"path": "/pricing", "kind": "white-paper"})
        for day in range(20)
        for n, name in enumerate(names * 5)
    ]
    claimed = {"title": "CEO", "company_size": 500, "industry": "Software", "country": "US", "department": "Marketing"}
    spoofed.append(event("Identified", at=NOON, trust=Trust.PUBLIC, traits=traits_with_facts(claimed, Trust.PUBLIC)))
    told = event("Form Submitted", at=NOON + 20 * DAY, trust=Trust.DECLARED, properties={"form": "contact"})

    assert stage_of(spoofed, model) == "warm"
    assert stage_of([*spoofed, told], model) == "sql"


def test_links_that_a_machine_follows_count_nothing(model: Model) -> None:
    clicks = [
        event("Email Link Clicked", at=NOON + 100 * n, properties={"link_url": f"https://www.example.com/{n}"})
        for n in range(5)
    ]
    for count, engagement in ((4, 20), (5, 0)):
        assert engagement_of(clicks[:count], model) == engagement


def stage_of(events: list[LeadEvent], model: Model) -> str:
    state, _ = fold(events, model, activation=1, lead="L", as_of=NOON + 20 * DAY)
    return state.stage


def engagement_of(events: list[LeadEvent], model: Model) -> int:
    state, _ = fold(events, model, activation=1, lead="L", as_of=NOON + DAY)
    return read_state(state, model).scores["engagement"]


def test_every_rule_reads_as_a_line_of_a_scorecard(model: Model) -> None:
    assert all(re.fullmatch(r"[A-Z0-9].{1,60}", name) for _, name in model.lines.values())
