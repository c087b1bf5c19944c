"""The contract of the stores: every test runs on the store in memory and on DynamoDB's tables in MiniStack."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from random import Random
from threading import Barrier

import pytest

from leadscore.adapters.dynamodb_keys import SHARDS
from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, Trust
from leadscore.domain.state import MARKS_MAX, SPILLED_MARKS_MAX, LeadState, Trait
from leadscore.use_cases.ports import (
    Closing,
    Commit,
    IdentifierTaken,
    KindTaken,
    LeadClosed,
    Opening,
    Recorded,
    VersionConflict,
)
from tests.adapters.conftest import PAGE_SIZE, Stores
from tests.adapters.samples import ANALYTICS_JS_PAGE, NOW, event, event_of, largest_state, transition
from tests.patience import PATIENCE_SECONDS

ANNA = Identifier("email", "anna@example.com")
BERT = Identifier("email", "bert@example.com")
USER = Identifier("user_id", "user-1")
VISITOR = Identifier("anonymous_id", "visitor-1")
TABLET = Identifier("anonymous_id", "tablet-1")
#: Characters that have a meaning in keys, in expressions, in JSON, or nowhere.
ODD = Identifier("user_id", 'a#b:c/%23 "é\u0000\U0001f600')


def committed(stores: Stores, lead: str, versions: int = 1, **changes: object) -> LeadState:
    """A lead with this many versions, of which the last is as asked for."""
    for version in range(1, versions + 1):
        state = LeadState(lead, version=version, stage="new", as_of=NOW)
        last = replace(state, **changes) if version == versions else state
        stores.leads.commit(Commit(last))
    return last


def due_leads(stores: Stores, until: int) -> list[list[str]]:
    """What is due, page by page, shard by shard."""
    pages = []
    for shard in range(stores.due.due_shards):
        after = None
        while True:
            page, after = stores.due.due(until=until, shard=shard, after=after)
            pages.append(list(page))
            if after is None:
                break
    return pages


class TestEventLog:
    def test_logs_an_event_that_is_new(self, stores: Stores) -> None:
        assert stores.events.put(event(ANNA), token="t1") is None
        assert stores.events.read([ANNA]) == [event(ANNA)]

    def test_tells_who_logged_a_repeated_event_and_what_it_said(self, stores: Stores) -> None:
        stores.events.put(event(ANNA), token="t1")
        changed = event(ANNA, fingerprint="another", name="Demo Requested")
        assert stores.events.put(changed, token="t2") == Recorded("t1", "fingerprint-1")
        assert stores.events.put(event(ANNA), token="t1") == Recorded("t1", "fingerprint-1")
        assert stores.events.read([ANNA]) == [event(ANNA)]

    def test_takes_the_same_id_under_another_home_for_another_event(self, stores: Stores) -> None:
        assert stores.events.put(event(ANNA), token="t1") is None
        assert stores.events.put(event(BERT), token="t2") is None
        assert len(stores.events.read([ANNA, BERT])) == 2

    def test_returns_what_was_logged_to_the_last_character(self, stores: Stores) -> None:
        properties = {
            "text": 'quotes " and \\ and \u0000 and \ud800 and é and \U0001f600',
            "numbers": [0, -1, 10**40, 1.5, 1e300],
            "nothing": None,
            "nested": {"": [{}, [], True]},
        }
        logged = event(
            ODD,
            identifiers=(ODD, ANNA, VISITOR),
            trust=Trust.SERVER,
            properties=properties,
            traits={"company": {"employees": 250}},
            context={"ip": "203.0.113.7"},
        )
        stores.events.put(logged, token="t1")
        stores.events.put(event_of(ANALYTICS_JS_PAGE), token="t2")
        assert stores.events.read([ODD]) == [logged]
        assert stores.events.read([event_of(ANALYTICS_JS_PAGE).home]) == [event_of(ANALYTICS_JS_PAGE)]

    def test_knows_what_it_holds(self, stores: Stores) -> None:
        stores.events.put(event(ANNA), token="t1")
        assert stores.events.has(event(ANNA, fingerprint="another"))
        assert not stores.events.has(event(ANNA, 2))
        assert not stores.events.has(event(BERT))

    def test_reads_every_event_of_the_homes_and_no_other(self, stores: Stores) -> None:
        for number in range(5):
            stores.events.put(event(ANNA, number), token="t")
            stores.events.put(event(VISITOR, number), token="t")
            stores.events.put(event(BERT, number), token="t")
        read = stores.events.read([ANNA, VISITOR, ANNA, TABLET])
        assert sorted(found.order for found in read if found.home == ANNA) == [event(ANNA, n).order for n in range(5)]
        assert {found.home for found in read} == {ANNA, VISITOR}
        assert len(read) == 10

    def test_reads_nothing_of_no_homes(self, stores: Stores) -> None:
        assert stores.events.read([]) == []
        assert stores.events.read([ANNA]) == []

    def test_reads_more_than_a_page_holds(self, stores: Stores) -> None:
        random = Random(1)
        # A page is 1 MiB of items, and these do not compress.
        for number in range(12):
            noise = random.randbytes(60_000).hex()
            stores.events.put(event(ANNA, number, properties={"noise": noise}), token="t")
        read = stores.events.read([ANNA])
        assert {found.id for found in read} == {event(ANNA, number).id for number in range(12)}
        assert len(read) == 12

    def test_hands_out_copies(self, stores: Stores) -> None:
        mine = event(ANNA)
        stores.events.put(mine, token="t")
        mine.properties["url"] = "changed"  # type: ignore[index]
        stores.events.read([ANNA])[0].properties["url"] = "changed"  # type: ignore[index]
        assert stores.events.read([ANNA])[0].properties["url"] == "https://www.example.com/"


class TestIdentities:
    def test_finds_only_what_is_linked(self, stores: Stores) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        stores.leads.link(VISITOR, "L1", is_new=False)
        assert stores.leads.find([ANNA, VISITOR, BERT, ANNA]) == {ANNA: "L1", VISITOR: "L1"}
        assert stores.leads.find([]) == {}

    def test_finds_more_than_one_batch_at_once(self, stores: Stores) -> None:
        visitors = [Identifier("anonymous_id", f"visitor-{number}") for number in range(203)]
        for number, visitor in enumerate(visitors):
            stores.leads.link(visitor, f"L{number}", is_new=True)
        assert stores.leads.find(visitors) == {visitor: f"L{number}" for number, visitor in enumerate(visitors)}

    def test_keeps_odd_identifiers_apart(self, stores: Stores) -> None:
        odd = [
            Identifier("user_id", value)
            for value in ("a#b", "a%23b", "a b", "a+b", "A#B", "a#B", "a:b", "é", "e\u0301")
        ]
        for number, identifier in enumerate([*odd, ODD]):
            stores.leads.link(identifier, f"L{number}", is_new=True)
        assert stores.leads.find([*odd, ODD]) == {identifier: f"L{n}" for n, identifier in enumerate([*odd, ODD])}

    @pytest.mark.parametrize("identifier", [ANNA, USER, VISITOR, ODD], ids=lambda identifier: identifier.kind)
    @pytest.mark.parametrize("is_new", [True, False])
    def test_linking_twice_is_as_good_as_once(self, stores: Stores, identifier: Identifier, is_new: bool) -> None:
        stores.leads.link(identifier, "L1", is_new=is_new)
        stores.leads.link(identifier, "L1", is_new=is_new)
        stores.leads.link(identifier, "L1", is_new=not is_new)
        assert stores.leads.find([identifier]) == {identifier: "L1"}

    @pytest.mark.parametrize("identifier", [ANNA, USER, VISITOR], ids=lambda identifier: identifier.kind)
    @pytest.mark.parametrize("is_new", [True, False])
    def test_says_whom_an_identifier_belongs_to(self, stores: Stores, identifier: Identifier, is_new: bool) -> None:
        stores.leads.link(identifier, "L1", is_new=True)
        with pytest.raises(IdentifierTaken) as taken:
            stores.leads.link(identifier, "L2", is_new=is_new)
        assert taken.value.lead == "L1"
        assert stores.leads.find([identifier]) == {identifier: "L1"}

    @pytest.mark.parametrize("is_new", [True, False])
    def test_a_lead_has_one_identifier_of_each_known_kind(self, stores: Stores, is_new: bool) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        stores.leads.link(USER, "L1", is_new=False)
        with pytest.raises(KindTaken):
            stores.leads.link(BERT, "L1", is_new=is_new)
        assert stores.leads.find([ANNA, USER, BERT]) == {ANNA: "L1", USER: "L1"}

    def test_a_lead_may_have_many_anonymous_ids(self, stores: Stores) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        stores.leads.link(VISITOR, "L1", is_new=False)
        stores.leads.link(TABLET, "L1", is_new=False)
        assert stores.leads.find([VISITOR, TABLET]) == {VISITOR: "L1", TABLET: "L1"}

    @pytest.mark.parametrize("identifier", [VISITOR, USER], ids=lambda identifier: identifier.kind)
    def test_a_name_may_be_a_home_from_the_start(self, stores: Stores, identifier: Identifier) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        for _ in range(2):
            stores.leads.link(identifier, "L1", is_new=False, is_home=True)
        assert stores.leads.read_homes("L1") == [identifier]

    @pytest.mark.parametrize("identifier", [VISITOR, USER], ids=lambda identifier: identifier.kind)
    def test_a_name_of_somebody_else_is_no_home(self, stores: Stores, identifier: Identifier) -> None:
        stores.leads.link(identifier, "L1", is_new=True)
        with pytest.raises(IdentifierTaken):
            stores.leads.link(identifier, "L2", is_new=False, is_home=True)
        assert stores.leads.read_homes("L2") == []

    def test_links_no_person_to_a_closed_lead(self, stores: Stores) -> None:
        committed(stores, "L1", stage="", merged_into="L2")
        with pytest.raises(LeadClosed):
            stores.leads.link(ANNA, "L1", is_new=False)
        assert stores.leads.find([ANNA]) == {}

    def test_that_the_lead_is_closed_comes_before_other_reasons(self, stores: Stores) -> None:
        stores.leads.link(USER, "L1", is_new=True)
        stores.leads.link(ANNA, "L1", is_new=False)
        stores.leads.link(BERT, "L2", is_new=True)
        committed(stores, "L1", stage="", merged_into="L2")
        with pytest.raises(LeadClosed):
            stores.leads.link(BERT, "L1", is_new=False)

    def test_that_an_identifier_is_taken_comes_before_that_the_kind_is(self, stores: Stores) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        stores.leads.link(BERT, "L2", is_new=True)
        with pytest.raises(IdentifierTaken) as taken:
            stores.leads.link(BERT, "L1", is_new=False)
        assert taken.value.lead == "L2"

    def test_a_refused_link_to_a_lead_that_others_know_claims_nothing(self, stores: Stores) -> None:
        stores.leads.link(BERT, "L2", is_new=True)
        with pytest.raises(IdentifierTaken):
            stores.leads.link(BERT, "L1", is_new=False)
        stores.leads.link(ANNA, "L1", is_new=False)
        assert stores.leads.find([ANNA]) == {ANNA: "L1"}

    @pytest.mark.parametrize("is_new", [True, False])
    def test_a_lead_that_did_not_get_the_name_is_not_known_by_it(self, stores: Stores, is_new: bool) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        with pytest.raises(IdentifierTaken) as taken:
            stores.leads.link(ANNA, "L2", is_new=is_new)
        assert taken.value.lead == "L1"
        assert stores.leads.read_known("L2") == {}
        assert stores.leads.read_known("L1") == {"email": ANNA.value}

    def test_tells_what_a_lead_is_known_by(self, stores: Stores) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        stores.leads.link(ODD, "L1", is_new=False)
        stores.leads.link(VISITOR, "L1", is_new=False)
        stores.leads.link(BERT, "L12", is_new=True)
        assert stores.leads.read_known("L1") == {"email": ANNA.value, "user_id": ODD.value}
        assert stores.leads.read_known("L2") == {}


class TestStates:
    def test_a_lead_without_a_state_is_absent(self, stores: Stores) -> None:
        committed(stores, "L1")
        assert set(stores.leads.read_states(["L1", "L2", "L1"])) == {"L1"}
        assert set(stores.leads.find_states(["L1", "L2", "L1"])) == {"L1"}
        assert stores.leads.read_states([]) == stores.leads.find_states([]) == {}

    def test_a_state_comes_back_as_it_was(self, stores: Stores) -> None:
        largest = replace(largest_state(Random(1)), version=1)
        blank = LeadState("L1", version=1)
        stores.leads.commit(Commit(largest))
        stores.leads.commit(Commit(blank))
        assert stores.leads.read_states([largest.lead, "L1"]) == {largest.lead: largest, "L1": blank}
        assert stores.leads.find_states([largest.lead, "L1"]) == {largest.lead: largest, "L1": blank}

    def test_a_state_is_copied(self, stores: Stores) -> None:
        state = replace(largest_state(Random(1)), version=1)
        stores.leads.commit(Commit(state))
        before = state.copy()
        state.lines.clear()
        stores.leads.read_states([state.lead])[state.lead].lines.clear()
        assert stores.leads.read_states([state.lead])[state.lead] == before

    def test_reads_more_states_than_one_batch_at_once(self, stores: Stores) -> None:
        leads = {f"L{number}" for number in range(103)}
        for lead in leads:
            committed(stores, lead)
        assert set(stores.leads.read_states(leads)) == leads


class TestCommit:
    def test_versions_follow_one_another(self, stores: Stores) -> None:
        committed(stores, "L1", versions=3)
        assert stores.leads.read_states(["L1"])["L1"].version == 3

    @pytest.mark.parametrize(("stored", "version"), [(0, 2), (1, 1), (2, 2), (2, 4), (3, 1)])
    def test_only_the_next_version_is_written(self, stores: Stores, stored: int, version: int) -> None:
        committed(stores, "L1", versions=stored) if stored else None
        for transition_too in (None, transition("L1", version)):
            with pytest.raises(VersionConflict):
                stores.leads.commit(Commit(LeadState("L1", version=version, stage="sql"), transition=transition_too))
        found = stores.leads.read_states(["L1"]).get("L1")
        assert (found.version if found else 0) == stored
        assert stores.leads.find([]) == {}
        assert stores.transitions.read_transitions("L1", limit=9) == []

    def test_all_of_a_commit_becomes_true(self, stores: Stores) -> None:
        profile = {
            "company": Trait({"name": "Müller & Söhne", "employees": 250}, Trust.SERVER, NOW, "event-1"),
            "subscribed": Trait(None, Trust.PUBLIC, NOW - 1, "event-2"),
        }
        stores.leads.commit(
            Commit(
                LeadState("L1", version=1, stage="sql"),
                profile=profile,
                transition=transition("L1", 1),
                homes=(ANNA, ODD, VISITOR),
            )
        )
        assert stores.leads.read_states(["L1"])["L1"].stage == "sql"
        assert stores.leads.read_profile("L1") == profile
        assert stores.transitions.read_transitions("L1", limit=9) == [transition("L1", 1)]
        assert stores.leads.read_homes("L1") == sorted([ANNA, ODD, VISITOR])

    def test_nothing_of_a_refused_commit_becomes_true(self, stores: Stores) -> None:
        committed(stores, "L1", versions=2)
        with pytest.raises(VersionConflict):
            stores.leads.commit(
                Commit(
                    LeadState("L1", version=2, stage="sql"),
                    profile={"name": Trait("Anna", Trust.SERVER, NOW, "event-1")},
                    transition=transition("L1", 2),
                    homes=(ANNA,),
                )
            )
        assert stores.leads.read_states(["L1"])["L1"].stage == "new"
        assert stores.leads.read_profile("L1") == {}
        assert stores.transitions.read_transitions("L1", limit=9) == []
        assert stores.leads.read_homes("L1") == []

    def test_a_commit_without_a_profile_leaves_the_one_there_is(self, stores: Stores) -> None:
        profile = {"name": Trait("Anna", Trust.SERVER, NOW, "event-1")}
        stores.leads.commit(Commit(LeadState("L1", version=1), profile=profile))
        stores.leads.commit(Commit(LeadState("L1", version=2)))
        assert stores.leads.read_profile("L1") == profile
        stores.leads.commit(Commit(LeadState("L1", version=3), profile={}))
        assert stores.leads.read_profile("L1") == {}

    def test_a_profile_is_copied(self, stores: Stores) -> None:
        profile = {"tags": Trait(["a"], Trust.SERVER, NOW, "event-1")}
        stores.leads.commit(Commit(LeadState("L1", version=1), profile=profile))
        profile["tags"].value.append("b")
        stores.leads.read_profile("L1")["tags"].value.append("c")
        assert stores.leads.read_profile("L1")["tags"].value == ["a"]

    def test_marks_are_written_and_replaced_with_a_state_and_else_left_alone(self, stores: Stores) -> None:
        assert stores.leads.read_marks("L1") == frozenset()
        marks = frozenset({0, 7, 2**48 - 1})
        stores.leads.commit(Commit(LeadState("L1", version=1, spilled_count=3), marks=marks))
        stores.leads.commit(Commit(LeadState("L1", version=2, spilled_count=3)))
        assert stores.leads.read_marks("L1") == marks
        assert stores.leads.read_marks("L2") == frozenset()
        stores.leads.commit(Commit(LeadState("L1", version=3), marks=frozenset()))
        assert stores.leads.read_marks("L1") == frozenset()

    def test_marks_of_a_refused_commit_are_not_written(self, stores: Stores) -> None:
        committed(stores, "L1", versions=2)
        with pytest.raises(VersionConflict):
            stores.leads.commit(Commit(LeadState("L1", version=2, spilled_count=1), marks=frozenset({1})))
        assert stores.leads.read_marks("L1") == frozenset()

    def test_marks_in_a_state_that_are_kept_outside_do_not_come_back_with_it(self, stores: Stores) -> None:
        stores.leads.commit(Commit(LeadState("L1", version=1, spilled_count=1, spilled=frozenset({1}), wakes_at=5)))
        read = stores.leads.read_states(["L1"])["L1"]
        assert (read.spilled_count, read.spilled, read.wakes_at) == (1, None, 0)

    def test_as_many_marks_as_there_may_be_fit_into_an_item(self, stores: Stores) -> None:
        marks = frozenset(Random(1).sample(range(2**48), SPILLED_MARKS_MAX + MARKS_MAX))
        stores.leads.commit(Commit(LeadState("L1", version=1, spilled_count=len(marks)), marks=marks))
        assert stores.leads.read_marks("L1") == marks

    def test_homes_add_up_and_are_the_leads_own(self, stores: Stores) -> None:
        stores.leads.commit(Commit(LeadState("L1", version=1), homes=(ANNA,)))
        stores.leads.commit(Commit(LeadState("L1", version=2), homes=(ANNA, VISITOR)))
        stores.leads.commit(Commit(LeadState("L12", version=1), homes=(BERT,)))
        assert stores.leads.read_homes("L1") == sorted([ANNA, VISITOR])
        assert stores.leads.read_homes("L2") == []

    def test_a_lead_may_gain_more_homes_than_a_transaction_holds(self, stores: Stores) -> None:
        homes = tuple(Identifier("anonymous_id", f"visitor-{number:03}") for number in range(150))
        stores.leads.commit(Commit(LeadState("L1", version=1), transition=transition("L1", 1), homes=homes))
        assert stores.leads.read_states(["L1"])["L1"].version == 1
        assert stores.transitions.read_transitions("L1", limit=9) == [transition("L1", 1)]
        assert stores.leads.read_homes("L1") == list(homes)


class TestClosing:
    """A merge: the anonymous lead L2, found by VISITOR, becomes part of the known lead L1."""

    @pytest.fixture(autouse=True)
    def _leads(self, stores: Stores) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        stores.leads.link(VISITOR, "L2", is_new=True)
        committed(stores, "L1", versions=3)
        committed(stores, "L2", versions=2, stage="warm", due_at=NOW)

    def merge(self, *, version: int = 3, identifiers: tuple[Identifier, ...] = (VISITOR,)) -> Commit:
        closed = LeadState("L2", version=version, stage="", merged_into="L1")
        last = transition("L2", version, from_stage="warm", to_stage="", routes=(), cause=Cause.MERGE, merged_into="L1")
        return Commit(
            LeadState("L1", version=4, stage="warm"), homes=(VISITOR,), closing=Closing(closed, last, identifiers)
        )

    def test_closes_one_lead_into_the_other(self, stores: Stores) -> None:
        stores.leads.commit(self.merge())
        states = stores.leads.read_states(["L1", "L2"])
        assert (states["L1"].version, states["L1"].stage) == (4, "warm")
        assert (states["L2"].version, states["L2"].merged_into) == (3, "L1")
        assert stores.leads.find([ANNA, VISITOR]) == {ANNA: "L1", VISITOR: "L1"}
        assert stores.leads.read_homes("L1") == [VISITOR]
        assert stores.transitions.read_transitions("L2", limit=1)[0].merged_into == "L1"

    def test_a_closed_lead_has_no_stage_and_no_timer(self, stores: Stores) -> None:
        stores.leads.commit(self.merge())
        assert stores.stages.leads_in("warm", limit=9) == ["L1"]
        assert due_leads(stores, NOW) == [[]] * SHARDS

    def test_a_closed_lead_takes_no_person(self, stores: Stores) -> None:
        stores.leads.commit(self.merge())
        with pytest.raises(LeadClosed):
            stores.leads.link(BERT, "L2", is_new=False)

    def test_brings_along_what_was_not_linked_yet(self, stores: Stores) -> None:
        stores.leads.commit(self.merge(identifiers=(VISITOR, TABLET)))
        assert stores.leads.find([TABLET]) == {TABLET: "L1"}

    def test_closes_a_lead_that_nothing_was_committed_for(self, stores: Stores) -> None:
        stores.leads.link(TABLET, "L3", is_new=True)
        closed = LeadState("L3", version=1, merged_into="L1")
        stores.leads.commit(
            Commit(LeadState("L1", version=4), homes=(TABLET,), closing=Closing(closed, None, (TABLET,)))
        )
        assert stores.leads.find([TABLET]) == {TABLET: "L1"}
        assert stores.leads.read_states(["L3"])["L3"].merged_into == "L1"

    def refuse(self, stores: Stores, commit: Commit) -> None:
        before = stores.leads.read_states(["L1", "L2"])
        owners = stores.leads.find([ANNA, VISITOR, TABLET])
        with pytest.raises(VersionConflict):
            stores.leads.commit(commit)
        assert stores.leads.read_states(["L1", "L2"]) == before
        assert stores.leads.find([ANNA, VISITOR, TABLET]) == owners
        assert stores.leads.read_homes("L1") == []
        assert stores.transitions.read_transitions("L2", limit=9) == []

    def test_is_refused_when_the_winner_moved_on(self, stores: Stores) -> None:
        stores.leads.commit(Commit(LeadState("L1", version=4)))
        self.refuse(stores, self.merge())

    @pytest.mark.parametrize("version", [1, 2, 4])
    def test_is_refused_when_the_loser_moved_on(self, stores: Stores, version: int) -> None:
        self.refuse(stores, self.merge(version=version))

    @pytest.mark.parametrize("name", [BERT, USER], ids=lambda name: name.kind)
    def test_is_refused_when_the_loser_turned_out_to_be_a_person(self, stores: Stores, name: Identifier) -> None:
        stores.leads.link(name, "L2", is_new=False)
        self.refuse(stores, self.merge())

    def test_whose_an_identifier_is_outlives_where_it_leads(self, stores: Stores) -> None:
        stores.leads.commit(self.merge(identifiers=(VISITOR, TABLET)))
        assert stores.leads.find([ANNA, VISITOR]) == {ANNA: "L1", VISITOR: "L1"}
        assert stores.leads.read_owners([ANNA, VISITOR, TABLET, BERT]) == {ANNA: "L1", VISITOR: "L2", TABLET: "L2"}
        with pytest.raises(IdentifierTaken) as taken:
            stores.leads.link(VISITOR, "L3", is_new=False)
        assert taken.value.lead == "L1"

    @pytest.mark.parametrize("name", [BERT, USER], ids=lambda name: name.kind)
    def test_a_ruling_closes_a_person_too(self, stores: Stores, name: Identifier) -> None:
        stores.leads.link(name, "L2", is_new=False)
        merge = self.merge(identifiers=(VISITOR, name))
        assert merge.closing is not None
        stores.leads.commit(replace(merge, closing=replace(merge.closing, is_ruled=True)))
        assert stores.leads.find([name]) == {name: "L1"}
        assert stores.leads.read_known("L2") == {name.kind: name.value}
        with pytest.raises(LeadClosed):
            stores.leads.link(Identifier("email", "third@example.com"), "L2", is_new=False)


class TestOpening:
    """An undo: L2, found by VISITOR, which became part of L1, is taken out of it again."""

    @pytest.fixture(autouse=True)
    def _leads(self, stores: Stores) -> None:
        stores.leads.link(ANNA, "L1", is_new=True)
        stores.leads.link(VISITOR, "L2", is_new=True)
        committed(stores, "L2")
        stores.leads.commit(Commit(LeadState("L2", version=2, stage="new"), homes=(VISITOR,)))
        closed = LeadState("L2", version=3, merged_into="L1", ruled_at=5)
        stores.leads.commit(
            Commit(
                LeadState("L1", version=1, stage="warm"),
                homes=(VISITOR, ANNA),
                closing=Closing(closed, None, (VISITOR,)),
            )
        )

    def undo(self, *, winner: int = 2, loser: int = 4, homes: tuple[Identifier, ...] = (VISITOR,)) -> Commit:
        opened = LeadState("L2", version=loser, stage="sql", ruled_at=7)
        return Commit(LeadState("L1", version=winner, stage="new"), opening=Opening(opened, homes))

    def test_gives_a_lead_its_homes_and_what_leads_there_back(self, stores: Stores) -> None:
        stores.leads.commit(self.undo())
        states = stores.leads.read_states(["L1", "L2"])
        assert (states["L1"].version, states["L1"].stage) == (2, "new")
        assert (states["L2"].merged_into, states["L2"].stage, states["L2"].ruled_at) == ("", "sql", 7)
        assert stores.leads.read_homes("L1") == [ANNA]
        assert stores.leads.read_homes("L2") == [VISITOR]
        assert stores.leads.find([ANNA, VISITOR]) == {ANNA: "L1", VISITOR: "L2"}
        assert stores.leads.read_owners([ANNA, VISITOR]) == {ANNA: "L1", VISITOR: "L2"}
        assert stores.stages.leads_in("sql", limit=9) == ["L2"]

    def test_brings_what_came_to_be_known_since_and_forgets_what_has_left(self, stores: Stores) -> None:
        stores.leads.link(TABLET, "L2", is_new=False)
        stores.leads.commit(Commit(LeadState("L1", version=2), homes=(TABLET,)))
        stores.leads.commit(self.undo(winner=3, homes=(TABLET,)))
        assert stores.leads.read_homes("L1") == sorted([ANNA, VISITOR])
        assert stores.leads.read_homes("L2") == [TABLET]

    def test_writes_what_is_kept_beside_the_state(self, stores: Stores) -> None:
        profile = {"name": Trait("Anna", Trust.SERVER, NOW, "event-1")}
        undo = self.undo()
        assert undo.opening is not None
        opening = replace(undo.opening, profile=profile, marks=frozenset({3}), transition=transition("L2", 4))
        stores.leads.commit(replace(undo, profile={}, transition=transition("L1", 2), opening=opening))
        assert (stores.leads.read_profile("L1"), stores.leads.read_profile("L2")) == ({}, profile)
        assert stores.leads.read_marks("L2") == {3}
        assert stores.transitions.read_transitions("L2", limit=9) == [transition("L2", 4)]
        assert stores.transitions.read_transitions("L1", limit=9) == [transition("L1", 2)]

    def test_a_lead_that_was_opened_again_takes_a_name(self, stores: Stores) -> None:
        stores.leads.commit(self.undo())
        stores.leads.link(BERT, "L2", is_new=False)
        assert stores.leads.find([BERT]) == {BERT: "L2"}

    @pytest.mark.parametrize(("winner", "loser"), [(1, 4), (3, 4), (2, 3), (2, 5)])
    @pytest.mark.parametrize("count", [1, 130])
    def test_nothing_of_it_becomes_true_where_somebody_was_ahead(
        self, stores: Stores, winner: int, loser: int, count: int
    ) -> None:
        homes = tuple(Identifier("anonymous_id", f"visitor-{number}") for number in range(1, count + 1))
        with pytest.raises(VersionConflict):
            stores.leads.commit(self.undo(winner=winner, loser=loser, homes=homes))
        assert stores.leads.read_states(["L2"])["L2"].merged_into == "L1"
        assert stores.leads.read_homes("L1") == sorted([ANNA, VISITOR])
        assert stores.leads.read_homes("L2") == [VISITOR]
        assert stores.leads.find([VISITOR]) == {VISITOR: "L1"}

    def test_a_lead_may_take_more_homes_with_it_than_a_transaction_holds(self, stores: Stores) -> None:
        homes = tuple(Identifier("anonymous_id", f"visitor-{number:03}") for number in range(150))
        for home in homes:
            stores.leads.link(home, "L2", is_new=False)
        stores.leads.commit(Commit(LeadState("L1", version=2), homes=homes))
        stores.leads.commit(self.undo(winner=3, homes=(*homes, VISITOR)))
        assert stores.leads.read_homes("L1") == [ANNA]
        assert stores.leads.read_homes("L2") == sorted([*homes, VISITOR])
        assert set(stores.leads.find(homes).values()) == {"L2"}


class TestTransitions:
    def test_come_newest_first_up_to_the_limit(self, stores: Stores) -> None:
        for version in range(1, 13):
            stores.leads.commit(Commit(LeadState("L1", version=version), transition=transition("L1", version)))
        stores.leads.commit(Commit(LeadState("L12", version=1), transition=transition("L12", 1)))
        read = stores.transitions.read_transitions("L1", limit=5)
        assert read == [transition("L1", version) for version in (12, 11, 10, 9, 8)]
        assert len(stores.transitions.read_transitions("L1", limit=100)) == 12
        assert stores.transitions.read_transitions("L2", limit=5) == []

    def test_come_back_as_they_were(self, stores: Stores) -> None:
        said = transition(
            "L1",
            1,
            from_stage="",
            passed=(),
            cause=Cause.MERGE,
            routes=(),
            reasons=(),
            publish=False,
            introduces=True,
            merged_into="L2",
        )
        stores.leads.commit(Commit(LeadState("L1", version=1), transition=said))
        assert stores.transitions.read_transitions("L1", limit=1) == [said]


class TestStages:
    def test_lists_the_leads_of_a_stage(self, stores: Stores) -> None:
        leads = {f"L{number}" for number in range(3 * SHARDS)}
        for lead in leads:
            committed(stores, lead, stage="mql")
        committed(stores, "other", stage="sql")
        listed = stores.stages.leads_in("mql", limit=100)
        assert set(listed) == leads
        assert len(listed) == len(leads)
        assert stores.stages.leads_in("unknown", limit=100) == []

    def test_stops_at_the_limit(self, stores: Stores) -> None:
        for number in range(10):
            committed(stores, f"L{number}", stage="mql")
        assert len(set(stores.stages.leads_in("mql", limit=4))) == 4

    def test_a_lead_is_in_the_stage_it_moved_to(self, stores: Stores) -> None:
        committed(stores, "L1", versions=2, stage="sql")
        assert stores.stages.leads_in("new", limit=9) == []
        assert stores.stages.leads_in("sql", limit=9) == ["L1"]


class TestDue:
    def test_finds_what_is_due_and_nothing_else(self, stores: Stores) -> None:
        for number in range(40):
            committed(stores, f"L{number}", due_at=NOW + number)
        committed(stores, "unarmed")
        pages = due_leads(stores, NOW + 29)
        assert sorted(lead for page in pages for lead in page) == sorted(f"L{number}" for number in range(30))
        assert max(map(len, pages)) <= PAGE_SIZE
        assert len([page for page in pages if page]) > SHARDS

    def test_the_earliest_come_first(self, stores: Stores) -> None:
        for number in Random(1).sample(range(40), 40):
            committed(stores, f"L{number}", due_at=NOW + number)
        after = None
        found: list[str] = []
        while True:
            page, after = stores.due.due(until=NOW + 40, shard=0, after=after)
            found += page
            if after is None:
                break
        assert len(found) > PAGE_SIZE
        assert found == sorted(found, key=lambda lead: int(lead[1:]))

    def test_goes_on_where_a_page_ended_whatever_happened_to_its_leads(self, stores: Stores) -> None:
        # Of one shard, and at one instant, so that only the end of the page tells them apart.
        for number in range(80):
            committed(stores, f"L{number}", due_at=NOW)
        first, after = stores.due.due(until=NOW, shard=1, after=None)
        for lead in first:
            stores.leads.commit(Commit(LeadState(lead, version=2, stage="new", due_at=None)))
        found = list(first)
        while after is not None:
            page, after = stores.due.due(until=NOW, shard=1, after=after)
            found += page
        everywhere = [lead for page in due_leads(stores, NOW) for lead in page]
        assert len(set(found)) == len(found) > PAGE_SIZE
        assert len(everywhere) == 80 - len(first)

    def test_a_timer_that_was_moved_is_found_at_its_new_time(self, stores: Stores) -> None:
        committed(stores, "L1", due_at=NOW)
        stores.leads.commit(Commit(LeadState("L1", version=2, stage="new", due_at=NOW + 5)))
        assert [page for page in due_leads(stores, NOW + 4) if page] == []
        assert [page for page in due_leads(stores, NOW + 5) if page] == [["L1"]]

    def test_remembers_where_a_run_stopped(self, stores: Stores) -> None:
        assert stores.due.read_cursor() is None
        cursor = {"until": NOW, "shards": {"3": "1790000000000 L1", "4": None}}
        stores.due.write_cursor(cursor)
        assert stores.due.read_cursor() == cursor
        stores.due.write_cursor(None)
        assert stores.due.read_cursor() is None


class TestRaces:
    """Sixteen threads that do the same at the same moment."""

    THREADS = 16

    def together(self, work: Callable[[int], object]) -> list[object]:
        barrier = Barrier(self.THREADS)

        def start(number: int) -> object:
            barrier.wait(timeout=PATIENCE_SECONDS)
            return work(number)

        with ThreadPoolExecutor(self.THREADS) as pool:
            return list(pool.map(start, range(self.THREADS)))

    @pytest.mark.parametrize("is_transaction", [False, True])
    def test_one_writes_each_version(self, stores: Stores, is_transaction: bool) -> None:
        def write(number: int) -> int:
            """Tries until it has committed; returns its version."""
            while True:
                read = stores.leads.read_states(["L1"]).get("L1")
                version = read.version + 1 if read else 1
                ring = (*(read.recent if read else ()), (version, number))
                said = transition("L1", version, fit=number) if is_transaction else None
                try:
                    stores.leads.commit(Commit(LeadState("L1", version=version, recent=ring), transition=said))
                except VersionConflict:
                    continue
                return version

        versions = self.together(write)
        assert sorted(versions) == list(range(1, self.THREADS + 1))
        ring = stores.leads.read_states(["L1"])["L1"].recent
        assert [short for _, short in ring] == sorted(range(self.THREADS), key=lambda number: versions[number])
        if is_transaction:
            told = stores.transitions.read_transitions("L1", limit=99)
            assert [(each.version, each.fit) for each in told] == sorted(
                ((version, number) for number, version in enumerate(versions)), reverse=True
            )

    def test_one_logs_the_event(self, stores: Stores) -> None:
        answers = self.together(lambda number: stores.events.put(event(ANNA), token=f"t{number}"))
        first = answers.index(None)
        assert answers.count(None) == 1
        assert {answer for answer in answers if answer} == {Recorded(f"t{first}", "fingerprint-1")}

    @pytest.mark.parametrize("identifier", [ANNA, VISITOR], ids=lambda identifier: identifier.kind)
    @pytest.mark.parametrize("is_new", [True, False])
    def test_one_lead_gets_the_identifier(self, stores: Stores, identifier: Identifier, is_new: bool) -> None:
        def link(number: int) -> str:
            try:
                stores.leads.link(identifier, f"L{number}", is_new=is_new)
            except IdentifierTaken as taken:
                return taken.lead
            return f"L{number}"

        owners = set(self.together(link))
        assert len(owners) == 1
        assert stores.leads.find([identifier]) == {identifier: owners.pop()}

    def test_a_lead_becomes_one_person(self, stores: Stores) -> None:
        names = [Identifier("email", f"person-{number}@example.com") for number in range(self.THREADS)]

        def link(number: int) -> bool:
            try:
                stores.leads.link(names[number], "L1", is_new=False)
            except KindTaken:
                return False
            return True

        answers = self.together(link)
        assert answers.count(True) == 1
        assert stores.leads.find(names) == {names[answers.index(True)]: "L1"}

    def test_a_lead_is_either_named_or_merged(self, stores: Stores) -> None:
        """Half of the threads give the anonymous lead a name, the other half merge it into somebody else."""
        stores.leads.link(VISITOR, "L2", is_new=True)
        committed(stores, "L2")
        closed = LeadState("L2", version=2, merged_into="L1")

        def act(number: int) -> str:
            try:
                if number % 2:
                    stores.leads.link(BERT, "L2", is_new=False)
                    return "named"
                stores.leads.commit(Commit(LeadState("L1", version=1), closing=Closing(closed, None, (VISITOR,))))
            except (LeadClosed, VersionConflict):
                return "refused"
            return "merged"

        outcomes = set(self.together(act)) - {"refused"}
        is_merged = stores.leads.read_states(["L2"])["L2"].merged_into == "L1"
        is_named = stores.leads.find([BERT]) == {BERT: "L2"}
        assert is_merged != is_named
        assert outcomes == {"merged" if is_merged else "named"}
