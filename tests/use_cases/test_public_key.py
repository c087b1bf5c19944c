"""What nobody with a public key may do to somebody whose names he knows, by whatever door he comes."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadscore.adapters.memory import FixedModels, MemoryStore
from leadscore.domain.event import Identifier, Trust
from leadscore.domain.state import LeadState, Profile
from leadscore.use_cases.messages import events_body
from tests.ingest.door import NOON, PUBLIC_KEY, Door
from tests.leads import HOUR, event, small_model
from tests.use_cases.world import World

CAP = 60
MODEL = small_model(public={"at_most": {"points": CAP, "per": "day"}})
SERVER_TRAITS = {"title": "Director", "account": "northwind", "company_size": 250, "email_kind": "business"}
ADA = {"user": "u-1", "email": "ada@x.example", "external": {"crm": "c-1"}}
BEN = {"user": "u-2", "email": "ben@x.example"}

USERS = st.sampled_from(["u-1", "u-1", "u-1", "u-2", "c-1", "mallory", None])
EMAILS = st.sampled_from(["ada@x.example", "ben@x.example", "mallory@y.example", None])
COOKIES = st.sampled_from(["cookie-1", "cookie-2", "u-1", None])
NAMES = st.sampled_from(
    [
        *["Page Viewed", "White Paper Read", "Webinar Attended"] * 3,
        "Email Link Clicked",
        "Demo Requested",
        "Content Downloaded",
        "Unsubscribed",
        "Lead Disqualified",
        "Lead Requalified",
        "Score Reset",
        "Consent Withdrawn",
        "Consent Given",
        "Form Submitted",
    ]
)
PROPERTIES = st.sampled_from(
    [{}, {"path": "/careers/cto"}, {"score": "engagement"}, {"email": "ada@x.example", "url": "https://x.example/"}]
)
TRAITS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["Student", "", None]),
        "account": st.just("mallory-inc"),
        "company_size": st.just(1),
        "email_kind": st.just("fake"),
        "email": EMAILS,
    },
)
CONTEXTS = st.sampled_from(
    [
        {},
        {"externalIds": [{"id": "c-1", "type": "crm", "collection": "users", "encoding": "none"}]},
        {"internal": "lead", "unconsented": True, "machine": True},
        {"consent": {"categoryPreferences": {"analytics": False}}},
        {"traits": {"email": "ben@x.example", "title": "Student"}},
        {"ip": "10.0.0.1", "channel": "email", "local_hour": 3},
    ]
)
TIMES = st.sampled_from([None, "2000-01-02T00:00:00Z", "2026-02-20T00:00:00Z", "2026-03-01T11:30:00Z", "2099-01-01"])
IDS = st.sampled_from([None, "m-1", "m-2", "m-3"])


def _filled(**said: Any) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in (None, {})}


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    return _filled(
        type=draw(st.sampled_from([*["track"] * 5, "identify", "page", "screen", "group", "alias"])),
        event=draw(NAMES),
        userId=draw(USERS),
        anonymousId=draw(COOKIES),
        previousId=draw(USERS | COOKIES),
        groupId=draw(st.sampled_from([None, "mallory-inc"])),
        traits=draw(TRAITS),
        properties=draw(PROPERTIES),
        context=draw(CONTEXTS),
        timestamp=draw(TIMES),
        sentAt=draw(TIMES),
        messageId=draw(IDS),
    )


type Knock = tuple[str, str, str, Any, str | None]


@st.composite
def by_segment(draw: st.DrawFn) -> Knock:
    told = draw(st.lists(calls(), min_size=1, max_size=6))
    batch = {"batch": told, "context": draw(CONTEXTS)}
    single = f"/v1/{told[0]['type']}"
    path = draw(st.sampled_from([single, "/v1/batch", "/beacon/v1/batch"]))
    return "POST", path, f"writeKey={PUBLIC_KEY}", told[0] if path == single else batch, PUBLIC_KEY


@st.composite
def by_merge(draw: st.DrawFn) -> Knock:
    kinds = st.sampled_from(["user_id", "userId", "email", "anonymousId", "crm"])
    merged = [{"type": draw(kinds), "value": draw(USERS | EMAILS | COOKIES)} for _ in range(2)]
    body = _filled(mergeProperties=merged, userId=draw(USERS), anonymousId=draw(COOKIES), timestamp=draw(TIMES))
    return "POST", "/v1/merge", "", body, PUBLIC_KEY


@st.composite
def by_picture(draw: st.DrawFn) -> Knock:
    path = draw(
        st.sampled_from(
            [
                "/pixel.gif",
                "/pixel/v1/track",
                "/pixel/v1/page",
                "/v1/pixel/identify",
                "/v1/pixel/alias",
                "/mtracking.gif",
            ]
        )
    )
    said = _filled(
        writeKey=PUBLIC_KEY,
        event=draw(NAMES),
        userId=draw(USERS),
        anonymousId=draw(COOKIES),
        messageId=draw(IDS),
        timestamp=draw(TIMES),
        title=draw(st.sampled_from([None, "Student"])),
    )
    nested = {"context.traits.title": "Student", "context.internal": "lead", "traits.title": "Student"}
    return "GET", path, urlencode(said | draw(st.sampled_from([{}, nested]))), None, None


@st.composite
def by_snowplow(draw: st.DrawFn) -> Knock:
    form = {"schema": "iglu:com.snowplowanalytics.snowplow/submit_form/jsonschema/1-0-0"}
    fields = [{"name": name, "value": str(value)} for name, value in draw(TRAITS).items()]
    described = {
        "schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
        "data": form | {"data": {"formId": "f", "elements": fields}},
    }
    own = base64.b64encode(json.dumps(described).encode()).decode()
    payload = _filled(
        e=draw(st.sampled_from(["pv", "pp", "se", "ue"])),
        ue_px=own,
        se_ca="c",
        se_ac=draw(NAMES),
        uid=draw(USERS),
        duid=draw(COOKIES),
        eid=draw(IDS),
        aid=PUBLIC_KEY,
        ttm=draw(st.sampled_from([None, "946800000000", "1771545600000"])),
        p="web",
    )
    if draw(st.booleans()):
        return "GET", "/i", urlencode(payload), None, None
    return "POST", "/com.snowplowanalytics.snowplow/tp2", "", {"data": [payload]}, None


@st.composite
def by_mautic(draw: st.DrawFn) -> Knock:
    said = _filled(mautic_device_id=draw(COOKIES), page_url="https://x.example/", **draw(TRAITS))
    return "POST", "/mtc/event", f"writeKey={PUBLIC_KEY}", urlencode(said), None


@st.composite
def by_form(draw: st.DrawFn) -> Knock:
    said = _filled(
        event=draw(NAMES),
        userId=draw(USERS),
        anonymousId=draw(COOKIES),
        messageId=draw(IDS),
        score="engagement",
        **draw(TRAITS),
    )
    paths = st.sampled_from(
        ["/forms/contact", "/submissions/v3/integration/submit/1/contact", "/uploads/form/v2/1/contact"]
    )
    return "POST", draw(paths), "", said, PUBLIC_KEY


BROWSERS = st.one_of(by_segment(), by_segment(), by_merge(), by_picture(), by_snowplow(), by_mautic())


@dataclass
class Town:
    """Ada and Ben, as a server has told of them, and the door."""

    store: MemoryStore = field(default_factory=MemoryStore)
    door: Door = field(default_factory=Door)
    taken: int = 0

    def __post_init__(self) -> None:
        self.world = World(self.store, self.store, models=FixedModels(1, MODEL), now=NOON)
        for person in (ADA, BEN):
            self.hear(event("Identified", at=NOON - HOUR, traits=SERVER_TRAITS, **person))  # type: ignore[arg-type]
            for number in range(1, 6):
                self.hear(event("White Paper Read", at=NOON - HOUR + number, **person))  # type: ignore[arg-type]

    def hear(self, *events: Any) -> None:
        self.taken += 1
        assert not self.world.score([(f"s{self.taken}", events_body(f"s{self.taken}", events))])

    def knock(self, knocks: list[Knock]) -> None:
        for method, path, query, body, key in knocks:
            if method == "GET":
                self.door.get(path, query)
            else:
                headers = {"content-type": "application/x-www-form-urlencoded"} if isinstance(body, str) else {}
                self.door.post(path, body, key=key, query=query, headers=headers)
        for number, sent in enumerate(self.door.queue.bodies):
            assert not self.world.score([(f"p{number}", sent)])

    def lead(self, kind: str, value: str) -> LeadState:
        name = Identifier(kind, value)
        return self.store.read_states([self.store.find([name])[name]]).popitem()[1]

    def traits(self, person: LeadState) -> Profile:
        return self.store.read_profile(person.lead)


def told_by_a_server(profile: Profile) -> dict[str, Any]:
    return {name: trait for name, trait in profile.items() if trait.trust is Trust.SERVER}


SETTINGS = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def check_who_is_who(town: Town, before: dict[str, LeadState], profiles: dict[str, Profile]) -> None:
    for name, person in (("u-1", ADA), ("u-2", BEN)):
        state = town.lead("user_id", name)
        assert state.lead == before[name].lead, "people are who they were"
        assert town.lead("email", str(person["email"])).lead == state.lead
        assert town.store.read_known(state.lead) == {"user_id": name, "email": person["email"]}
        assert told_by_a_server(town.traits(state)) == told_by_a_server(profiles[name]), "a server's traits stay"
        assert (state.is_own, state.is_unconsented) == (False, False), "nobody else speaks for them"
        assert not state.is_disqualified
    assert town.lead("crm", "c-1").lead == before["u-1"].lead
    others = [item for item in town.store.all_events() if item.trust is not Trust.SERVER]
    assert not any(name.kind == "crm" for item in others for name in item.identifiers), "such ids can be guessed"


def check_that_a_server_is_heard(town: Town) -> None:
    before = town.lead("user_id", "u-1")
    # By an id that somebody may have used before, under another source.
    town.hear(event("Webinar Attended", at=NOON, user="u-1", message="m-1"))
    after = town.lead("user_id", "u-1")
    assert after.folded_count == before.folded_count + 1
    assert after.engagement == before.engagement + 40


#: What each day of a month would give: a limit by the day on which it happened is none.
A_MONTH: Knock = (
    "POST",
    "/v1/batch",
    "",
    {
        "batch": [
            {"type": "track", "event": name, "userId": "u-1", "timestamp": f"2026-02-{day:02}T12:00:00Z"}
            for day in range(1, 29)
            for name in ("Webinar Attended", "White Paper Read")
        ]
    },
    PUBLIC_KEY,
)


@SETTINGS
@given(st.lists(BROWSERS, min_size=1, max_size=8))
@example([A_MONTH])
def test_a_browser_changes_nothing_that_was_told_and_gives_and_takes_no_more_than_it_may(knocks: list[Knock]) -> None:
    town = Town()
    before = {name: town.lead("user_id", name) for name in ("u-1", "u-2")}
    profiles = {name: town.traits(state) for name, state in before.items()}

    town.knock(knocks)

    check_who_is_who(town, before, profiles)
    for name, old in before.items():
        state = town.lead("user_id", name)
        assert abs(state.engagement - old.engagement) <= CAP
        assert (state.fit, state.is_out, state.floor) == (old.fit, old.is_out, old.floor)
    check_that_a_server_is_heard(town)


A_GRUDGE: Knock = (
    "POST",
    "/forms/contact",
    "",
    {"event": "Page Viewed", "path": "/careers", "email": "ada@x.example"},
    PUBLIC_KEY,
)


@SETTINGS
@given(st.lists(st.one_of(by_form(), BROWSERS), min_size=1, max_size=8))
@example([A_GRUDGE] * 10)
def test_a_form_overwrites_nothing_and_puts_nobody_out(knocks: list[Knock]) -> None:
    town = Town()
    before = {name: town.lead("user_id", name) for name in ("u-1", "u-2")}
    profiles = {name: town.traits(state) for name, state in before.items()}

    town.knock(knocks)

    check_who_is_who(town, before, profiles)
    assert not any(town.lead("user_id", name).is_out for name in before)
    for name, old in before.items():
        assert old.engagement - town.lead("user_id", name).engagement <= CAP


@SETTINGS
@given(st.lists(BROWSERS, min_size=1, max_size=8), st.sampled_from(["Unsubscribed", "Lead Disqualified"]))
def test_a_browser_brings_nobody_back(knocks: list[Knock], name: str) -> None:
    town = Town()
    town.hear(event(name, at=NOON - HOUR + 2, user="u-1"))

    town.knock(knocks)

    state = town.lead("user_id", "u-1")
    assert state.is_out or state.is_disqualified


@pytest.mark.parametrize("path", ["/webhooks/typeform", "/webhooks/website", "/webhooks/backend"])
def test_an_unsigned_webhook_says_nothing(path: str) -> None:
    door = Door(kinds={"typeform": "typeform"}, secrets={"typeform": "of this test only"})
    response = door.post(path, {"event": "Unsubscribed", "email": "ada@x.example"}, key=PUBLIC_KEY)
    assert response.status in (401, 404)
    assert not door.events
