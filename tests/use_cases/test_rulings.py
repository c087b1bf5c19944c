"""One person out of two by somebody's ruling, and two again: points, transitions, and what comes meanwhile."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from leadscore.adapters.memory import MemoryStore
from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.state import LeadState
from leadscore.domain.transition import Transition
from leadscore.use_cases.messages import Ruling, events_body, rulings_body
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.rescoring.work import Moved
from tests.leads import NOON, event, small_model, total
from tests.use_cases.world import World, check, everything

ADA = Identifier("user_id", "ada")
BOB = Identifier("email", "bob@x.example")
COOKIE = Identifier("anonymous_id", "a1")


class Office:
    """A world with one worker, where people are spoken of by their names."""

    def __init__(self, rescoring_type: type[Rescoring] = Rescoring) -> None:
        self.store = MemoryStore()
        self.world = World(self.store, self.store, rescoring_type)
        self.accepted: list[LeadEvent] = []
        self.count = 0

    def record(self, *events: LeadEvent, token: str = "") -> None:
        self.accepted += events
        self.count += 1
        assert not self.world.score([("m", events_body(token or f"t{self.count}", events))])

    def rule(self, *rulings: Ruling) -> None:
        assert not self.world.score([("m", rulings_body("r", rulings))])

    def merge(self, lead: str, into: str, at: int = 1) -> Ruling:
        ruling = Ruling(lead, into, at)
        self.rule(ruling)
        return ruling

    def undo(self, lead: str, at: int = 2) -> Ruling:
        ruling = Ruling(lead, "", at)
        self.rule(ruling)
        return ruling

    def lead(self, name: Identifier) -> str:
        return self.store.read_owners([name])[name]

    def state(self, name: Identifier) -> LeadState:
        """The open lead that has this name."""
        state = self.store.all_states()[self.lead(name)]
        while state.merged_into:
            state = self.store.all_states()[state.merged_into]
        return state

    def transitions(self, lead: str) -> list[Transition]:
        return list(reversed(self.store.read_transitions(lead, limit=100)))

    @property
    def people(self) -> int:
        return sum(not state.merged_into for state in self.store.all_states().values())

    @property
    def refused(self) -> list[str]:
        return [kept.reason for kept in self.world.failed_events.kept.values() if kept.code == "ruling_refused"]

    def check(self) -> None:
        check(everything(self.store), accepted=self.accepted, model=self.world.models.model)


@pytest.fixture
def office() -> Office:
    """Ada and Bob, two known people, of 25 and of 40 points."""
    return office_of(Rescoring)


def office_of(rescoring_type: type[Rescoring]) -> Office:
    office = Office(rescoring_type)
    office.record(event("White Paper Read", user="ada"))
    office.record(event("Webinar Attended", at=NOON + 1, email=BOB.value, traits={"title": "Director"}))
    return office


# -- a merge -----------------------------------------------------------------------------------------------------------


def test_two_known_people_become_the_one_that_was_named_with_the_points_of_both(office: Office) -> None:
    bob = office.lead(BOB)
    office.merge(bob, office.lead(ADA))

    assert office.state(BOB).lead == office.state(ADA).lead == office.lead(ADA)
    assert (total(office.state(ADA)), office.people) == (80, 1)
    assert office.store.read_profile(office.lead(ADA))["title"].value == "Director"
    last = office.transitions(office.lead(ADA))[-1]
    assert (last.to_stage, last.cause, last.publish) == ("mql", Cause.MERGE, True)
    office.check()


def test_whoever_had_the_other_is_told_that_it_is_part_of_somebody_now(office: Office) -> None:
    bob = office.lead(BOB)
    office.merge(bob, office.lead(ADA))

    last = office.transitions(bob)[-1]
    assert (last.to_stage, last.merged_into, last.cause) == ("", office.lead(ADA), Cause.MERGE)
    assert (last.publish, last.routes) == (True, ("nurture",))


def test_what_either_does_afterwards_is_the_persons(office: Office) -> None:
    office.merge(office.lead(BOB), office.lead(ADA))
    office.record(event(at=NOON + 2, email=BOB.value, anonymous="a1"))
    office.record(event(at=NOON + 3, user="ada"), event(at=NOON + 4, anonymous="a1"))

    assert (total(office.state(ADA)), office.people) == (83, 1)
    office.check()


@pytest.mark.parametrize("times", [2, 3])
def test_merging_twice_is_nothing(office: Office, times: int) -> None:
    bob, ada = office.lead(BOB), office.lead(ADA)
    for at in range(1, times + 1):
        office.merge(bob, ada, at)
    assert (office.state(ADA).version, office.refused) == (2, [])


def test_a_chain_of_merges_ends_in_one_person_and_comes_apart_link_by_link(office: Office) -> None:
    office.record(event("Blog Subscribed", at=NOON + 2, user="cy"))
    cy = Identifier("user_id", "cy")
    leads = [office.lead(name) for name in (cy, BOB, ADA)]
    office.merge(leads[0], leads[1], 1)
    office.merge(leads[1], leads[2], 2)
    assert (total(office.state(cy)), office.people) == (82, 1)

    office.undo(leads[0], 3)
    assert [total(office.state(name)) for name in (cy, BOB, ADA)] == [2, 80, 80]
    office.undo(leads[1], 4)
    assert [total(office.state(name)) for name in (cy, BOB, ADA)] == [2, 55, 25]
    office.check()


def test_a_false_name_that_a_browser_gave_is_mended_by_a_merge() -> None:
    office = Office()
    office.record(event("White Paper Read", email=BOB.value))
    office.record(event(at=NOON + 1, user="false", email=BOB.value, trust=Trust.PUBLIC))
    office.record(event("Webinar Attended", at=NOON + 2, user="bob", email=BOB.value))
    bob = Identifier("user_id", "bob")
    assert (office.people, total(office.state(bob)), total(office.state(BOB))) == (2, 40, 26)

    office.merge(office.lead(BOB), office.lead(bob))
    office.record(event("Unsubscribed", at=NOON + 3, email=BOB.value))

    state = office.state(bob)
    assert (office.people, state.lead, state.is_out) == (1, office.lead(bob), True)
    assert office.state(BOB).lead == state.lead
    office.check()


def test_a_circle_is_refused_and_kept_aside(office: Office) -> None:
    bob, ada = office.lead(BOB), office.lead(ADA)
    office.rule(Ruling(bob, ada, 1), Ruling(ada, bob, 2), Ruling(ada, ada, 3))
    assert office.people == 1
    assert len(office.refused) == 2
    office.check()


def test_a_merge_that_cannot_be_says_why_and_changes_nothing(office: Office) -> None:
    office.record(event(at=NOON + 2, anonymous="a1"))
    bob, ada, nobody = office.lead(BOB), office.lead(ADA), office.lead(COOKIE)
    before = office.store.all_states()
    office.rule(Ruling("none", ada, 1), Ruling(ada, "none", 1), Ruling(ada, nobody, 1), Ruling(bob, "", 1))

    assert sorted(reason.split(":")[0] for reason in office.refused) == [
        "nobody has a name for the other lead",
        "the lead is not part of another",
        "there is no such lead",
        "there is no such lead",
    ]
    assert office.store.all_states() == before


def test_an_anonymous_lead_may_be_merged_by_hand_too(office: Office) -> None:
    office.record(event(at=NOON + 2, anonymous="a1"))
    office.merge(office.lead(COOKIE), office.lead(ADA))
    assert (total(office.state(COOKIE)), office.state(COOKIE).lead) == (26, office.lead(ADA))
    assert office.transitions(office.lead(COOKIE))[-1].publish is False


# -- an undo -----------------------------------------------------------------------------------------------------------


def test_an_undo_gives_each_their_own_back_and_tells_where_they_stand(office: Office) -> None:
    bob, ada = office.lead(BOB), office.lead(ADA)
    office.merge(bob, ada)
    office.record(event("Blog Subscribed", at=NOON + 2, email=BOB.value))
    office.undo(bob)

    assert (total(office.state(ADA)), total(office.state(BOB))) == (25, 57)
    assert office.store.read_profile(ada) == {}
    assert office.store.read_profile(bob)["title"].value == "Director"
    back, left = office.transitions(bob)[-1], office.transitions(ada)[-1]
    assert (back.from_stage, back.to_stage, back.cause, back.publish) == ("", "mql", Cause.MERGE, True)
    assert (left.from_stage, left.to_stage, left.cause, left.publish) == ("mql", "warm", Cause.MERGE, True)
    office.check()


def test_whoever_is_back_at_the_entry_is_told_too() -> None:
    office = Office()
    office.record(event(user="ada"))
    office.record(event(email=BOB.value))
    office.merge(office.lead(BOB), office.lead(ADA))
    office.undo(office.lead(BOB))
    assert [(item.to_stage, item.publish) for item in office.transitions(office.lead(BOB))] == [
        ("new", False),
        ("", True),
        ("new", True),
    ]


def test_lists_of_single_scores_are_left_and_entered_again() -> None:
    office = Office()
    office.world.models.model = small_model(
        engagement=[{"rule": "Page", "event": "Page Viewed", "points": 6, "score": ["engagement", "reading"]}],
        scores=[{"score": "reading", "stages": [{"stage": "reader", "at": 6}]}],
    )
    office.record(event(user="ada"))
    office.record(event(email=BOB.value))
    bob = office.lead(BOB)
    office.merge(bob, office.lead(ADA))
    office.undo(bob)
    assert [(item.entered, item.left) for item in office.transitions(bob)] == [
        (("reading/reader",), ()),
        ((), ("reading/reader",)),
        (("reading/reader",), ()),
    ]
    office.check()


def test_what_was_linked_and_had_no_event_yet_goes_back_with_all_that_came(office: Office) -> None:
    office.record(event(at=NOON + 2, email=BOB.value, anonymous="a1"))
    office.merge(office.lead(BOB), office.lead(ADA))
    office.record(event("Blog Subscribed", at=NOON + 3, anonymous="a1"))
    office.undo(office.lead(BOB))
    assert (total(office.state(BOB)), total(office.state(ADA))) == (58, 25)
    office.check()


def test_what_came_to_be_known_after_the_merge_stays_with_the_winner(office: Office) -> None:
    office.merge(office.lead(BOB), office.lead(ADA))
    office.record(event(at=NOON + 2, email=BOB.value, anonymous="a1"), event(at=NOON + 3, anonymous="a1"))
    office.undo(office.lead(BOB))
    assert (total(office.state(BOB)), total(office.state(ADA))) == (56, 26)
    assert office.state(COOKIE).lead == office.lead(ADA)
    office.check()


def test_a_merge_of_an_anonymous_lead_can_be_undone_and_the_cookie_glues_nobody_again(office: Office) -> None:
    office.record(event("Webinar Attended", at=NOON + 2, anonymous="a1"))
    office.record(event(at=NOON + 3, user="ada", anonymous="a1"))
    visitor = office.lead(COOKIE)
    assert (office.state(COOKIE).lead, total(office.state(ADA))) == (office.lead(ADA), 66)

    office.undo(visitor)
    office.record(event(at=NOON + 4, user="ada", anonymous="a1"), event(at=NOON + 5, anonymous="a1"))
    office.record(event("Form Submitted", at=NOON + 6, email=BOB.value, anonymous="a1"))

    assert (office.state(COOKIE).lead, total(office.state(COOKIE))) == (visitor, 41)
    assert total(office.state(ADA)) == 27
    assert not any(item.publish for item in office.transitions(visitor))
    office.check()


def test_a_lead_that_was_taken_out_can_be_given_a_name_and_be_merged_by_hand(office: Office) -> None:
    office.record(event(at=NOON + 2, anonymous="a1"))
    office.record(event(at=NOON + 3, user="ada", anonymous="a1"))
    visitor = office.lead(COOKIE)
    office.undo(visitor, 1)
    office.record(event(at=NOON + 4, user="eve", anonymous="a1"))
    assert office.state(Identifier("user_id", "eve")).lead == visitor
    office.merge(visitor, office.lead(ADA), 2)
    assert office.state(COOKIE).lead == office.lead(ADA)
    office.check()


def test_an_undo_brings_both_to_the_model_in_force(office: Office) -> None:
    office.merge(office.lead(BOB), office.lead(ADA))
    office.world.models.activation = 2
    office.world.models.model = small_model(engagement=[{"rule": "W", "event": "Webinar Attended", "points": 7}])
    office.undo(office.lead(BOB))
    assert (total(office.state(BOB)), total(office.state(ADA))) == (22, 0)
    assert office.state(BOB).activation == office.state(ADA).activation == 2


# -- what comes again, or late -----------------------------------------------------------------------------------------


def scene_of_an_old_ruling(rescoring_type: type[Rescoring]) -> None:
    office = office_of(rescoring_type)
    bob, ada = office.lead(BOB), office.lead(ADA)
    merge = office.merge(bob, ada, 1)
    office.undo(bob, 2)
    office.rule(merge)
    assert office.people == 2
    again = office.merge(bob, ada, 3)
    office.rule(Ruling(bob, "", 2), again)
    assert office.people == 1
    office.check()


def scene_of_an_event_that_old_news_lead_to_the_winner(rescoring_type: type[Rescoring]) -> None:
    """A name still leads to the winner after the undo, whose state may even have its home in mind."""
    for has_come_before in (False, True):
        office = office_of(rescoring_type)
        bob = office.lead(BOB)
        office.merge(bob, office.lead(ADA))
        if has_come_before:
            office.record(event(at=NOON + 2, email=BOB.value))
        office.undo(bob)
        late = event(at=NOON + 3, email=BOB.value)
        office.accepted.append(late)
        office.world.send(events_body("late", [late]))
        office.store.is_stale = lambda _name: True
        failed = office.world.score(office.world.queue)
        assert failed, "it comes again"
        office.store.is_stale = lambda _name: False
        office.world.drain()
        office.check()


def scene_of_a_new_cookie_that_old_news_lead_to_the_winner(rescoring_type: type[Rescoring]) -> None:
    office = office_of(rescoring_type)
    office.merge(office.lead(BOB), office.lead(ADA))
    office.undo(office.lead(BOB))
    new = event(at=NOON + 3, email=BOB.value, anonymous="a1")
    office.accepted.append(new)
    office.world.send(events_body("new", [new]))
    office.store.is_stale = lambda _name: True
    office.world.score(office.world.queue)
    office.store.is_stale = lambda _name: False
    office.world.drain()
    assert office.lead(COOKIE) == office.lead(BOB)
    office.check()


def scene_of_a_cookie_that_led_to_somebody_else_once(rescoring_type: type[Rescoring]) -> None:
    """Old news say that the cookie is another anonymous lead's: that is no reason to merge this one."""
    office = Office(rescoring_type)
    crm = Identifier("crm", "c1")
    office.record(event(external={"crm": "c1"}), event(at=NOON + 1, anonymous="a1"), event(at=NOON + 1, user="ada"))
    office.record(event(at=NOON + 2, external={"crm": "c1"}, anonymous="a1"))
    office.undo(office.lead(COOKIE))
    office.store.is_stale = lambda name: name == COOKIE
    office.record(event(at=NOON + 3, user="ada", anonymous="a1"))
    assert office.state(crm).lead != office.state(ADA).lead
    office.check()


def scene_of_an_undo_beside_an_event(rescoring_type: type[Rescoring]) -> None:
    """While a worker is about to do each of its calls, somebody takes the lead of the event out of the other."""
    for call in ("find_states", "put", "read_owners", "commit"):
        office = office_of(rescoring_type)
        bob = office.lead(BOB)
        office.merge(bob, office.lead(ADA))

        def undo_first(name: str, office: Office = office, bob: str = bob, call: str = call) -> None:
            if name == call:
                office.store.before_call = lambda _: None
                office.undo(bob)

        beside = event(at=NOON + 9, email=BOB.value)
        office.accepted.append(beside)
        office.store.before_call = undo_first
        office.world.send(events_body("beside", [beside]))
        office.world.drain()
        assert office.people == 2
        office.check()


def scene_of_an_undo_beside_another(rescoring_type: type[Rescoring]) -> None:
    """While a worker that takes Cy out of Bob is about to do each of its calls, somebody takes Bob out of Ada."""
    for calls in count():
        office = office_of(rescoring_type)
        office.record(event("Blog Subscribed", at=NOON + 2, user="cy"))
        cy, bob, ada = (office.lead(name) for name in (Identifier("user_id", "cy"), BOB, ADA))
        office.merge(cy, bob, 1)
        office.merge(bob, ada, 2)
        left = iter(range(calls))

        def undo_first(_call: str, office: Office = office, bob: str = bob, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                office.store.before_call = lambda _: None
                office.undo(bob, 3)

        office.store.before_call = undo_first
        office.undo(cy, 4)
        if office.store.before_call is undo_first:
            return  # It takes no more calls.
        assert office.people == 3
        office.check()


def scene_of_an_undo_that_outlives_a_full_fold(rescoring_type: type[Rescoring]) -> None:
    office = office_of(rescoring_type)
    office.record(event("Webinar Attended", at=NOON + 2, anonymous="a1"))
    office.record(event(at=NOON + 3, user="ada", anonymous="a1"))
    visitor = office.lead(COOKIE)
    office.undo(visitor)
    office.record(event("Unsubscribed", at=NOON - 1, anonymous="a1"))
    office.record(event(at=NOON + 4, user="ada", anonymous="a1"))
    assert office.state(COOKIE).lead == visitor


def scene_of_somebody_who_had_joined_before(rescoring_type: type[Rescoring]) -> None:
    """Whoever became part of a lead goes along where that is taken out of another again."""
    office = office_of(rescoring_type)
    office.record(event("Blog Subscribed", at=NOON + 2, user="cy"))
    cy = Identifier("user_id", "cy")
    office.merge(office.lead(cy), office.lead(BOB), 1)
    office.merge(office.lead(BOB), office.lead(ADA), 2)
    office.record(event(at=NOON + 3, user="cy"))
    office.undo(office.lead(BOB), 3)
    assert (total(office.state(cy)), total(office.state(ADA))) == (58, 25)
    assert office.state(cy).lead == office.lead(BOB)
    office.check()


SCENES: list[Callable[[type[Rescoring]], None]] = [
    scene_of_an_old_ruling,
    scene_of_an_event_that_old_news_lead_to_the_winner,
    scene_of_a_new_cookie_that_old_news_lead_to_the_winner,
    scene_of_a_cookie_that_led_to_somebody_else_once,
    scene_of_an_undo_beside_an_event,
    scene_of_an_undo_beside_another,
    scene_of_an_undo_that_outlives_a_full_fold,
    scene_of_somebody_who_had_joined_before,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_nothing_is_lost_or_glued_where_things_come_late_or_beside_each_other(
    scene: Callable[[type[Rescoring]], None],
) -> None:
    scene(Rescoring)


def test_an_event_that_old_news_led_to_the_winner_comes_back_for_that_reason() -> None:
    office = office_of(Rescoring)
    office.merge(office.lead(BOB), office.lead(ADA))
    office.undo(office.lead(BOB))
    office.store.is_stale = lambda _name: True
    office.world.expected_errors = (Moved,)
    assert office.world.score([("m", events_body("t", [event(at=NOON + 3, email=BOB.value)]))]) == {"m"}


# -- events alone ------------------------------------------------------------------------------------------------------


def test_anonymous_history_joins_the_person_at_once_points_and_transitions_included() -> None:
    office = Office()
    office.record(event("White Paper Read", anonymous="a1"), event("White Paper Read", at=NOON + 1, anonymous="a1"))
    office.record(event("Page Viewed", at=NOON + 2, user="ada"))
    office.record(event("Identified", at=NOON + 3, user="ada", anonymous="a1"))
    assert (office.state(COOKIE).lead, total(office.state(ADA))) == (office.lead(ADA), 51)
    assert [(item.to_stage, item.cause, item.publish) for item in office.transitions(office.lead(ADA))] == [
        ("new", Cause.EVENT, False),
        ("mql", Cause.MERGE, True),
    ]


@pytest.mark.parametrize("known", [{"user": "bob"}, {"email": "bob@x.example"}])
@pytest.mark.parametrize("previous", ["ada", "a1"])
def test_an_alias_of_two_known_people_stays_an_event(known: dict[str, str], previous: str) -> None:
    office = Office()
    office.record(event(user="ada", anonymous="a1"))
    office.record(event(at=NOON + 1, **known))
    office.record(event("Aliased", at=NOON + 2, anonymous=previous, **known))
    assert office.people == 2


def test_an_id_of_another_system_brings_its_history_and_glues_no_two_people() -> None:
    office = Office()
    crm = {"crm": "c1"}
    office.record(event("Webinar Attended", external=crm))
    office.record(event(at=NOON + 1, user="ada"))
    office.record(event(at=NOON + 2, user="ada", external=crm))
    office.record(event("Blog Subscribed", at=NOON + 3, user="bob", external=crm))
    assert (total(office.state(ADA)), total(office.state(Identifier("user_id", "bob")))) == (42, 2)
    office.check()


def test_an_anonymous_lead_that_is_part_of_another_anonymous_one_brings_both_histories() -> None:
    office = Office()
    office.record(event("Blog Subscribed", external={"crm": "c1"}, anonymous="a1"))
    office.record(event("White Paper Read", at=NOON + 1, external={"ads": "x1"}))
    office.record(event(at=NOON + 2, external={"ads": "x1"}, anonymous="a1"))
    office.record(event(at=NOON + 3, user="ada"))
    office.record(event(at=NOON + 4, user="ada", external={"crm": "c1"}))
    assert (total(office.state(ADA)), office.people) == (30, 1)
    office.check()


def test_a_person_who_is_merged_by_hand_still_has_one_user_id(office: Office) -> None:
    office.merge(office.lead(BOB), office.lead(ADA))
    office.record(event(at=NOON + 2, user="bob", email=BOB.value))
    assert office.people == 2
    office.check()
