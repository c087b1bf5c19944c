"""What HubSpot tells of contacts and deals, from its webhook to the leads that come of it."""

import itertools
from typing import Any

import pytest

from leadscore.adapters.memory import MemoryStore
from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState
from leadscore.use_cases.messages import Ruling, read_message, rulings_body
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.resolve import Unscored
from tests.ingest.door import NOON
from tests.ingest.webhooks.senders import new_door, signed
from tests.use_cases.world import World

ADA, BOB = 51, 52
DEAL = 777


def item(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "eventId": number, "subscriptionId": 25, "portalId": 33, "appId": 1, "occurredAt": NOON - 60_000 + number,
        "subscriptionType": kind, "attemptNumber": 0, **more,
    }  # fmt: skip


def email(contact: int, address: str) -> dict[str, Any]:
    return item("contact.propertyChange", 1, objectId=contact, propertyName="email", propertyValue=address)


def deal(stage: str, number: int = 2) -> dict[str, Any]:
    return item("deal.propertyChange", number, objectId=DEAL, propertyName="dealstage", propertyValue=stage)


def association(contact: int, number: int = 3, *, turned: bool = False, removed: bool = False) -> dict[str, Any]:
    ends = (contact, DEAL) if turned else (DEAL, contact)
    return item(
        "contact.associationChange" if turned else "deal.associationChange", number,
        associationType="CONTACT_TO_DEAL" if turned else "DEAL_TO_CONTACT",
        fromObjectId=ends[0], toObjectId=ends[1], associationRemoved=removed, isPrimaryAssociation=False,
    )  # fmt: skip


def merge(number: int = 9, **ids: Any) -> dict[str, Any]:
    return item("contact.merge", number, numberOfPropertiesMoved=0, **ids)


class Hub:
    """A portal whose webhooks are scored, each delivery before the next."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.world = World(self.store, self.store, Rescoring)
        self.number = itertools.count()

    def tell(self, *items: dict[str, Any]) -> None:
        for message in self.queued(*items):
            assert not self.world.score([message])

    def queued(self, *items: dict[str, Any]) -> list[tuple[str, str]]:
        """A delivery's messages, by their ids."""
        door = new_door()
        assert signed("hubspot", list(items)).to(door).status == 200
        assert door.failed_items == []
        return [(f"m{next(self.number)}", body) for body in door.queue.bodies]

    def lead(self, kind: str, value: object) -> LeadState:
        """The open lead that goes by this name."""
        state = self.store.all_states()[self.store.read_owners([Identifier(kind, str(value))]).popitem()[1]]
        while state.merged_into:
            state = self.store.all_states()[state.merged_into]
        return state

    def contact(self, number: int) -> LeadState:
        return self.lead("hubspot", number)

    def events(self, state: LeadState) -> list[str]:
        return [event.name for event in self.store.read_history(state.lead)]

    @property
    def people(self) -> int:
        return sum(not state.merged_into for state in self.store.all_states().values())

    @property
    def refused(self) -> list[str]:
        return [kept.reason for kept in self.world.failed_events.kept.values()]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("turned", [True, False])
def test_a_deals_stages_are_its_contacts_in_whatever_order_they_are_told(
    order: tuple[int, ...], *, turned: bool, together: bool
) -> None:
    hub = Hub()
    said = [email(ADA, "ada@x.example"), deal("closedwon"), association(ADA, turned=turned)]
    told = [said[place] for place in order]
    for delivery in [told] if together else [[one] for one in told]:
        hub.tell(*delivery)
    hub.tell(deal("closedlost", 7))

    assert hub.people == 1
    assert {"Deal Won", "Deal Associated", "Deal Lost"} <= set(hub.events(hub.contact(ADA)))
    assert hub.contact(ADA).identified


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("known", [[], [ADA], [BOB], [ADA, BOB]])
@pytest.mark.parametrize("deal_first", [True, False])
def test_a_deal_of_two_contacts_is_the_first_ones_and_makes_them_no_one_person(
    known: list[int], *, together: bool, deal_first: bool
) -> None:
    hub = Hub()
    said = [deal("closedwon")] if deal_first else []
    hub.tell(
        *said, *(email(contact, f"c{contact}@x.example") for contact in known), item("contact.creation", 0, objectId=9)
    )
    told = [association(ADA, 3), association(BOB, 4), *([] if deal_first else [deal("closedwon")])]
    for delivery in [told] if together else [[one] for one in told]:
        hub.tell(*delivery)
    hub.tell(email(ADA, "c51@x.example"), email(BOB, "c52@x.example"))

    assert hub.contact(ADA).lead != hub.contact(BOB).lead
    assert "Deal Won" in hub.events(hub.contact(ADA))
    assert "Deal Won" not in hub.events(hub.contact(BOB))


def test_an_association_that_is_removed_undoes_nothing_and_joins_nothing() -> None:
    hub = Hub()
    hub.tell(email(ADA, "ada@x.example"), deal("closedwon"), association(ADA))
    hub.tell(association(ADA, 4, removed=True), association(BOB, 5, removed=True), deal("closedlost", 7))

    assert hub.people == 1
    assert sorted(hub.events(hub.contact(ADA))) == ["Deal Associated", "Deal Lost", "Deal Won", "Identified"]


@pytest.mark.parametrize("stays", [ADA, 60])
def test_contacts_that_are_merged_there_are_one_person_here(stays: int) -> None:
    hub = Hub()
    hub.tell(email(ADA, "ada@x.example"), email(BOB, "ada@old.example"))
    ada = hub.contact(ADA).lead
    merged = merge(primaryObjectId=ADA, mergedObjectIds=[BOB], newObjectId=stays)
    hub.tell(merged)
    hub.tell(merged)
    hub.tell(item("contact.propertyChange", 10, objectId=stays, propertyName="jobtitle", propertyValue="CTO"))

    assert (hub.people, hub.contact(stays).lead, hub.contact(BOB).lead) == (1, ada, ada)
    assert hub.store.read_profile(ada)["title"].value == "CTO"
    assert hub.refused == []


@pytest.mark.parametrize("known_before", [[], [ADA], [BOB]])
@pytest.mark.parametrize("told_last", [False, True])
def test_contacts_that_come_up_in_the_batch_that_merges_them_are_one_person(
    known_before: list[int], *, told_last: bool
) -> None:
    hub = Hub()
    people = {contact: email(contact, f"c{contact}@x.example") for contact in (ADA, BOB)}
    hub.tell(*(people.pop(contact) for contact in known_before))
    batch = hub.queued(*people.values(), merge(primaryObjectId=ADA, mergedObjectIds=[BOB], newObjectId=ADA))

    assert not hub.world.score(batch[::-1] if told_last else batch)
    assert (hub.people, hub.contact(BOB).lead) == (1, hub.contact(ADA).lead)
    assert hub.events(hub.contact(ADA)) == ["Identified", "Identified"]
    assert hub.refused == []


def test_a_merge_of_a_contact_whose_first_event_is_still_being_worked_on_comes_back() -> None:
    hub = Hub()
    hub.world.expected_errors = (Unscored,)
    hub.tell(email(ADA, "ada@x.example"))
    hub.store.link(Identifier("hubspot", str(BOB)), "bob", is_new=True)
    [merging] = hub.queued(merge(primaryObjectId=ADA, mergedObjectIds=[BOB], newObjectId=ADA))

    assert hub.world.score([merging]) == {merging[0]}
    hub.tell(email(BOB, "ada@old.example"))
    assert not hub.world.score([merging])
    assert hub.people == 1


@pytest.mark.parametrize(("seen", "known"), [([ADA], [ADA]), ([BOB], [BOB]), ([BOB], []), ([ADA, BOB], [BOB])])
def test_a_merged_contact_that_nobody_has_a_name_for_joins(seen: list[int], known: list[int]) -> None:
    hub = Hub()
    hub.tell(*(item("contact.creation", 0, objectId=contact) for contact in seen))
    hub.tell(*(email(contact, f"c{contact}@x.example") for contact in known))
    hub.tell(merge(primaryObjectId=ADA, mergedObjectIds=[BOB], newObjectId=ADA))
    hub.tell(*(item("contact.propertyChange", 10 + each, objectId=each, propertyName="city", propertyValue="Bonn")
               for each in (ADA, BOB)))  # fmt: skip

    assert hub.people == 1
    assert hub.refused == []


def test_two_merged_contacts_that_nobody_has_a_name_for_are_told_apart_and_kept_to_be_looked_at() -> None:
    hub = Hub()
    hub.tell(*(item("contact.creation", 0, objectId=contact) for contact in (ADA, BOB)))
    hub.tell(merge(primaryObjectId=ADA, mergedObjectIds=[BOB], newObjectId=ADA))

    assert hub.people == 2
    assert hub.refused == ["nobody has a name for the other lead: merge it into this one"]


def test_a_merge_of_contacts_that_nothing_is_known_of_does_nothing() -> None:
    hub = Hub()
    hub.tell(merge(primaryObjectId=ADA, mergedObjectIds=[BOB], newObjectId=ADA))

    assert hub.store.all_states() == {}


def test_very_many_merges_are_queued_in_messages_that_are_worked_on_in_time() -> None:
    door = new_door()
    signed("hubspot", [merge(primaryObjectId=ADA, mergedObjectIds=list(range(1_000, 1_060)))]).to(door)

    messages = [read_message(body) for body in door.queue.bodies]
    assert [len(message.named_rulings) for message in messages] == [25, 25, 10]
    assert len({message.token for message in messages}) == 3


def test_what_somebody_took_apart_here_stays_apart_however_often_the_merge_comes_again() -> None:
    hub = Hub()
    hub.tell(email(ADA, "ada@x.example"), email(BOB, "ada@old.example"))
    bob = hub.contact(BOB).lead
    merged = merge(primaryObjectId=ADA, mergedObjectIds=[BOB], newObjectId=ADA)
    hub.tell(merged)
    hub.world.score([("undo", rulings_body("u", [Ruling(bob, "", NOON)]))])
    hub.tell(merged)

    assert hub.contact(BOB).lead == bob
    assert hub.people == 2
