"""A notification can repeat, and is never lost, invented or indiscreet."""

import itertools
import json
import random
from collections.abc import Iterable, Sequence
from copy import replace
from typing import Any

import pytest

from leadscore.adapters.memory import MemoryStore, MemoryTopic, Notification
from leadscore.contracts.notification import MESSAGE_BYTES_MAX
from leadscore.domain.attribution import CLICK_IDS, TEXT_CHARACTERS_MAX
from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.state import LeadState, Trait
from leadscore.domain.transition import Transition
from leadscore.use_cases.notify import NotificationSettings, Republished, publish_transition, republish
from leadscore.use_cases.ports import Commit
from tests.leads import DAY, event

LEAD = "6f1c2d"
UPWARD = Transition(
    lead=LEAD,
    version=7,
    from_stage="warm",
    to_stage="sql",
    passed=("mql",),
    direction="up",
    cause=Cause.EVENT,
    occurred_at=1_772_366_400_000,
    as_of=1_772_366_400_321,
    model="b2b",
    activation=3,
    routes=("sales", "nurture"),
    fit=15,
    engagement=90,
    total=105,
    reasons=(("Webinar attended", 40), ("White paper", 25), ("Demo requested", 25), ("Director", 15)),
    publish=True,
)
PERSON = {"email": "Ada@x.example", "firstName": "Ada", "lastName": "Lovelace"}
DISCREET = NotificationSettings(source="arn:aws:sns:eu-central-1:111122223333:Leads", link="", personal=frozenset())
OPEN = replace(DISCREET, personal=frozenset({"email", "name"}))


class Lost(Exception):
    """The topic did not answer."""


def store_with(
    *transitions: Transition,
    ids: Iterable[tuple[str, str]] = (("user_id", "u-1"), ("email", "ada@x.example"), ("anonymous_id", "a-1")),
    traits: dict[str, Any] = PERSON,
) -> MemoryStore:
    """A store that has committed these transitions, and nothing in between."""
    store = MemoryStore()
    by_version = {transition.version: transition for transition in transitions}
    for version in range(1, max(by_version, default=1) + 1):
        store.commit(
            Commit(
                LeadState(LEAD, version=version),
                profile={name: Trait(value, Trust.SERVER, 1, "e") for name, value in traits.items()},
                transition=by_version.get(version),
            )
        )
    for identifier in ids:
        store.link(Identifier(*identifier), LEAD, is_new=False)
    return store


def published(
    transition: Transition, store: MemoryStore | None = None, settings: NotificationSettings = DISCREET
) -> Notification:
    topic, used = MemoryTopic(), store or store_with()
    publish_transition(transition=transition, leads=used, histories=used, topic=topic, settings=settings)
    (notification,) = topic.published
    return notification


def data_of(notification: Notification) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(notification.body)["data"]
    return data


def test_a_notification_is_a_cloudevent_with_the_transition_as_its_data() -> None:
    assert json.loads(published(UPWARD).body) == {
        "specversion": "1.0",
        "id": "6f1c2d-7",
        "source": "arn:aws:sns:eu-central-1:111122223333:Leads",
        "type": "leadscore.lead.stage_changed",
        "subject": "6f1c2d",
        "time": "2026-03-01T12:00:00.321Z",
        "datacontenttype": "application/json",
        "data": {
            "lead": "6f1c2d",
            "external_ids": {"user_id": "u-1"},
            "link": None,
            "from": "warm",
            "to": "sql",
            "passed": ["mql"],
            "direction": "up",
            "routes": ["sales", "nurture"],
            "cause": "event",
            "model": "b2b",
            "activation": 3,
            "scores": {"fit": 15, "engagement": 90, "total": 105},
            "grade": None,
            "matrix": None,
            "priority": None,
            "entered": [],
            "left": [],
            "reasons": [
                {"rule": "Webinar attended", "points": 40},
                {"rule": "White paper", "points": 25},
                {"rule": "Demo requested", "points": 25},
                {"rule": "Director", "points": 15},
            ],
            "sequence": 7,
            "occurred_at": "2026-03-01T12:00:00.000Z",
            "as_of": "2026-03-01T12:00:00.321Z",
            "merged_into": None,
            "first_touch": None,
            "last_touch": None,
            "touches": [],
        },
    }


def test_subscriptions_can_filter_on_stage_direction_route_model_and_cause() -> None:
    assert published(UPWARD).attributes == {
        "stage": "sql",
        "direction": "up",
        "route": ("sales", "nurture"),
        "model": "b2b",
        "cause": "event",
    }


def test_one_route_is_a_plain_string_and_none_is_no_attribute() -> None:
    assert published(replace(UPWARD, routes=("sales",))).attributes["route"] == "sales"
    assert "route" not in published(replace(UPWARD, routes=())).attributes


def test_a_birth_comes_from_nothing() -> None:
    assert data_of(published(replace(UPWARD, from_stage="")))["from"] is None


def test_the_transition_that_introduces_a_person_comes_from_nothing_whatever_the_visitor_was() -> None:
    introduced = data_of(published(replace(UPWARD, introduces=True, passed=("new", "warm", "mql"))))

    assert (introduced["from"], introduced["passed"]) == (None, ["new", "warm", "mql"])


def test_a_lead_closed_by_a_merge_goes_to_nothing_and_names_the_other() -> None:
    closed = published(replace(UPWARD, to_stage="", direction="down", routes=(), merged_into="77aa", cause=Cause.MERGE))

    assert (data_of(closed)["to"], data_of(closed)["merged_into"]) == (None, "77aa")
    assert closed.attributes == {"direction": "down", "model": "b2b", "cause": "merge"}


def test_a_transition_that_is_no_news_is_not_published() -> None:
    topic = MemoryTopic()
    publish_transition(
        transition=replace(UPWARD, publish=False),
        leads=store_with(),
        histories=store_with(),
        topic=topic,
        settings=DISCREET,
    )

    assert topic.published == []


def test_only_the_five_weightiest_reasons_are_told() -> None:
    reasons = tuple((f"Rule {number}", 10 - number) for number in range(9))

    assert [reason["rule"] for reason in data_of(published(replace(UPWARD, reasons=reasons)))["reasons"]] == [
        "Rule 0",
        "Rule 1",
        "Rule 2",
        "Rule 3",
        "Rule 4",
    ]


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("https://crm.example.com/leads/{lead}", "https://crm.example.com/leads/6f1c2d"),
        ("https://crm.example.com/?id={lead}&x={0}", "https://crm.example.com/?id=6f1c2d&x={0}"),
        ("", None),
    ],
)
def test_the_link_is_the_deployers_template_with_the_lead_in_it(template: str, link: str | None) -> None:
    assert data_of(published(UPWARD, settings=replace(DISCREET, link=template)))["link"] == link


def test_what_a_model_has_beside_fit_and_engagement_is_told_too() -> None:
    data = data_of(
        published(
            replace(
                UPWARD,
                from_stage="sql",
                passed=(),
                other_scores=(("data-security", 30),),
                grade="B+",
                matrix="B1",
                priority="hot",
                entered=("data-security/interested",),
                left=("cloud/curious",),
            )
        )
    )

    assert data["scores"] == {"fit": 15, "engagement": 90, "total": 105, "data-security": 30}
    assert (data["grade"], data["matrix"], data["priority"]) == ("B+", "B1", "hot")
    assert (data["from"], data["to"]) == ("sql", "sql")
    assert (data["entered"], data["left"]) == (["data-security/interested"], ["cloud/curious"])


# -- privacy -----------------------------------------------------------------------------------------------------------


def test_nothing_personal_is_told_unless_switched_on() -> None:
    body = published(UPWARD).body.lower()

    assert not any(word in body for word in ("ada", "lovelace", "x.example", "email", '"name"', "a-1"))


def test_a_user_id_that_is_an_email_address_is_as_personal_as_one() -> None:
    store = store_with(ids=[("user_id", "ada@x.example")])

    assert data_of(published(UPWARD, store))["external_ids"] == {}
    assert data_of(published(UPWARD, store, OPEN))["external_ids"] == {"user_id": "ada@x.example"}


def test_email_and_name_are_told_where_the_deployer_switched_them_on() -> None:
    told = data_of(published(UPWARD, settings=OPEN))

    assert told["external_ids"] == {"user_id": "u-1", "email": "ada@x.example"}
    assert (told["email"], told["name"]) == ("ada@x.example", "Ada Lovelace")


def test_each_personal_field_has_its_own_switch() -> None:
    only_name = data_of(published(UPWARD, settings=replace(DISCREET, personal=frozenset({"name"}))))
    only_email = data_of(published(UPWARD, settings=replace(DISCREET, personal=frozenset({"email"}))))

    assert only_name["name"] == "Ada Lovelace"
    assert "email" not in only_name
    assert only_name["external_ids"] == {"user_id": "u-1"}
    assert only_email["email"] == "ada@x.example"
    assert "name" not in only_email


def test_an_email_that_the_lead_is_not_known_by_comes_from_its_profile() -> None:
    told = data_of(published(UPWARD, store_with(ids=[("user_id", "u-1")]), OPEN))

    assert told["external_ids"] == {"user_id": "u-1"}
    assert told["email"] == "Ada@x.example"


@pytest.mark.parametrize(
    ("traits", "name"),
    [
        ({"name": "Ada L.", "firstName": "Ada"}, "Ada L."),
        ({"lastName": "Lovelace"}, "Lovelace"),
        ({"name": ["Ada"], "firstName": 7}, None),
        ({}, None),
    ],
)
def test_a_name_is_told_as_far_as_it_is_known(traits: dict[str, Any], name: str | None) -> None:
    assert data_of(published(UPWARD, store_with(traits=traits), OPEN))["name"] == name


def test_a_personal_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="phone"):
        replace(DISCREET, personal=frozenset({"phone"}))


# -- where the lead came from ------------------------------------------------------------------------------------------


class History:
    """The events of one lead, in any order."""

    def __init__(self, events: Iterable[LeadEvent]) -> None:
        self.events = list(events)

    def read_history(self, lead: str) -> Sequence[LeadEvent]:
        return self.events if lead == LEAD else []


def visit(at: int, channel: str, **page: str) -> LeadEvent:
    return replace(event(at=at, message=f"{at}"), context={"channel": channel, "page": page})


def told_of(events: Iterable[LeadEvent], transition: Transition = UPWARD) -> dict[str, Any]:
    topic, store = MemoryTopic(), store_with()
    publish_transition(transition=transition, leads=store, histories=History(events), topic=topic, settings=DISCREET)
    return data_of(topic.published[0])


def test_every_touch_up_to_the_change_is_told_oldest_first() -> None:
    until = UPWARD.as_of
    later, ad, mail, search = (
        visit(until + 1, "display"),
        visit(until, "paid-search"),
        visit(until - DAY, "email"),
        visit(until - 2 * DAY, "organic-search", referrer="https://www.google.com/"),
    )

    said = told_of([later, ad, mail, search])

    assert [touch["channel"] for touch in said["touches"]] == ["organic-search", "email", "paid-search"]
    assert (said["touches"][0], said["touches"][-1]) == (said["first_touch"], said["last_touch"])
    assert said["touches"][0]["referrer"] == "www.google.com"


def test_of_many_touches_the_latest_are_told_and_the_first_one_beside_them() -> None:
    said = told_of(visit(UPWARD.as_of - number * DAY, f"channel-{number}") for number in range(30))

    assert said["first_touch"]["channel"] == "channel-29"
    assert [touch["channel"] for touch in said["touches"]] == [f"channel-{number}" for number in reversed(range(20))]


def test_the_same_change_tells_the_same_touches_again_whatever_happened_since() -> None:
    before = [visit(UPWARD.as_of - number * DAY, f"channel-{number}") for number in range(3)]

    assert told_of(before) == told_of([*before, visit(UPWARD.as_of + DAY, "email")])


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_the_largest_message_stays_far_below_what_the_topic_takes() -> None:
    huge = "\N{GRINNING FACE}" * 100_000
    store = store_with(
        ids=[("user_id", "\x01" * 256), ("email", '"' * 256)], traits={"email": huge, "name": huge, "title": huge}
    )
    stages = tuple(f"{number:064}" for number in range(50))
    largest = replace(
        UPWARD, reasons=tuple((huge, -100) for _ in range(50)), passed=stages, routes=stages, from_stage=stages[0]
    )

    notification = published(largest, store, replace(OPEN, link="https://crm.example.com/" + "{lead}" * 100))

    size = len(notification.body.encode()) + len(json.dumps(dict(notification.attributes)))
    assert size < MESSAGE_BYTES_MAX / 4


def test_the_longest_links_leave_room_for_all_else() -> None:
    text = "\x01" * TEXT_CHARACTERS_MAX
    carried = {"campaign": dict.fromkeys(("source", "medium", "name", "term", "content"), text)}
    link = "https://acme.example/?" + "&".join(f"{name}={'%01' * 300}" for name in CLICK_IDS)
    touches = [visit(UPWARD.as_of - number * DAY, "display", url=link) for number in range(20)]

    said = told_of(replace(touch, context={**touch.context, **carried}) for touch in touches)

    assert 0 < len(said["touches"]) < 20
    assert said["touches"][-1] == said["last_touch"]
    assert len(json.dumps(said).encode()) < MESSAGE_BYTES_MAX * 3 / 4


# -- faults ------------------------------------------------------------------------------------------------------------


def chain(lead_versions: int = 6) -> list[Transition]:
    stages = itertools.cycle(["new", "warm", "mql", "sql"])
    return [
        replace(UPWARD, version=version, from_stage=stage, to_stage=f"after {stage}", publish=version > 1)
        for version, stage in zip(range(1, lead_versions + 1), stages, strict=False)
    ]


def test_replaying_the_stream_gives_the_same_messages() -> None:
    store = store_with(*chain())
    first, second = MemoryTopic(), MemoryTopic()
    for topic in (first, second, second):
        for transition in store.stream:
            publish_transition(transition=transition, leads=store, histories=store, topic=topic, settings=OPEN)

    assert [each.body for each in second.published] == [each.body for each in first.published] * 2


def test_records_in_any_order_give_the_same_messages() -> None:
    store = store_with(*chain())
    in_order, shuffled = MemoryTopic(), MemoryTopic()
    for transition in store.stream:
        publish_transition(transition=transition, leads=store, histories=store, topic=in_order, settings=OPEN)
    for transition in random.Random(4).sample(store.stream, len(store.stream)):
        publish_transition(transition=transition, leads=store, histories=store, topic=shuffled, settings=OPEN)

    assert {each.body for each in shuffled.published} == {each.body for each in in_order.published}
    assert len({json.loads(each.body)["id"] for each in in_order.published}) == 5


def test_a_failed_publication_raises_and_its_repeat_is_the_first_notice() -> None:
    store, topic = store_with(), MemoryTopic(before_call=_fail_once())
    with pytest.raises(Lost):
        publish_transition(transition=UPWARD, leads=store, histories=store, topic=topic, settings=DISCREET)
    publish_transition(transition=UPWARD, leads=store, histories=store, topic=topic, settings=DISCREET)

    assert [json.loads(each.body)["id"] for each in topic.published] == [UPWARD.id]


def test_a_publication_whose_answer_was_lost_is_repeated_byte_for_byte() -> None:
    store, topic = store_with(), MemoryTopic(after_call=_fail_once())
    with pytest.raises(Lost):
        publish_transition(transition=UPWARD, leads=store, histories=store, topic=topic, settings=OPEN)
    publish_transition(transition=UPWARD, leads=store, histories=store, topic=topic, settings=OPEN)

    first, repeat = topic.published
    assert first == repeat


def _fail_once() -> Any:
    calls = itertools.count()

    def hook(_name: str) -> None:
        if next(calls) == 0:
            raise Lost

    return hook


# -- publishing again --------------------------------------------------------------------------------------------------


def republished(store: MemoryStore, topic: MemoryTopic, *, since_version: int) -> Republished:
    return republish(
        lead=LEAD,
        since_version=since_version,
        transitions=store,
        leads=store,
        histories=store,
        topic=topic,
        settings=DISCREET,
    )


def test_a_lead_is_told_again_from_a_version_on_oldest_first_and_as_before() -> None:
    store, first, again = store_with(*chain()), MemoryTopic(), MemoryTopic()
    for transition in store.stream:
        publish_transition(transition=transition, leads=store, histories=store, topic=first, settings=DISCREET)

    assert republished(store, again, since_version=4) == Republished(sent=3, complete=True)
    assert again.published == first.published[-3:]


def test_what_was_no_news_is_not_told_again_either() -> None:
    store, topic = store_with(*chain()), MemoryTopic()

    assert republished(store, topic, since_version=0) == Republished(sent=5, complete=True)
    assert min(json.loads(each.body)["data"]["sequence"] for each in topic.published) == 2


def test_a_lead_without_transitions_is_told_nothing_of() -> None:
    assert republished(MemoryStore(), MemoryTopic(), since_version=0) == Republished(sent=0, complete=True)
