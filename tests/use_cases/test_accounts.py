"""Accounts follow their leads, whatever happens on the way: crashes, redeliveries, slow workers, rulings, models.

Every run and every scene ends with the oracle of `check_accounts`. The mutants are plausible mistakes: the same runs
and scenes must find each of them, or they prove nothing.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from leadscore.adapters.memory import FixedModels
from leadscore.domain.cause import Cause
from leadscore.domain.event import Identifier, LeadEvent
from leadscore.domain.naming import NamedRuling
from leadscore.use_cases.accounts import FORETOLD_SECONDS, GATHER_SECONDS, AccountContended, AccountKeeping
from leadscore.use_cases.messages import (
    ACCOUNT_LEADS_MAX,
    Ruling,
    accounts_body,
    events_body,
    named_rulings_bodies,
    read_message,
    rulings_body,
    ticks_body,
)
from leadscore.use_cases.ports import AccountState, ModelBehind, Place, VersionConflict
from leadscore.use_cases.rescoring.rescore import Rescoring
from tests.accounts import account_keeping
from tests.leads import DAY, NOON, event, small_model
from tests.use_cases.account_mutants import MUTANTS
from tests.use_cases.account_world import FaultyAccountStore, check_accounts, interleave
from tests.use_cases.world import Crash, World

RUNS = 2_500
SHARE = 250
ACME = {"email_domain": "acme.com", "email_kind": "business"}
GMAIL = {"email_domain": "gmail.com", "email_kind": "free"}
SUM = small_model(accounts={"score": "sum"})


class Desk:
    """One worker in a world, whose queue somebody works off when it is asked for."""

    def __init__(
        self,
        *,
        rescoring: type[Rescoring] = Rescoring,
        keeping: type[AccountKeeping] = AccountKeeping,
        store: type[FaultyAccountStore] = FaultyAccountStore,
        model: Any = SUM,
    ) -> None:
        self.store = store()
        self.models = FixedModels(1, model)
        self.world = World(self.store, self.store, rescoring, models=self.models)
        self.world.accounts = account_keeping(
            self.store, self.store, self.models, queue=self.world.told, made=keeping, now=lambda: self.world.now
        )
        self._count = 0

    def record(self, *events: LeadEvent) -> tuple[str, str]:
        """Score them in a message; gives the message."""
        return self.score(events_body(f"t{self._count}", events))

    def score(self, body: str) -> tuple[str, str]:
        self._count += 1
        message = (f"m{self._count}", body)
        assert not self.world.score([message])
        return message

    def keep(self) -> None:
        """Work off what was told."""
        for body in self.world.told.take():
            self.score(body)

    def check(self) -> None:
        self.world.drain()
        check_accounts(self.store, self.models.model)

    def account(self, name: str) -> AccountState:
        counted = self.store.read_account(name)
        assert counted is not None
        return counted

    def members(self, account: str) -> dict[str, int]:
        return {each.lead: each.points for each in self.store.read_members(account) if not each.is_gone}

    def before(self, call: str, what: Callable[[], object]) -> None:
        """Do something else just before the next call of this name."""

        def step_in(name: str) -> None:
            if name == call:
                self.store.before_call = lambda _: None
                what()

        self.store.before_call = step_in


def page(number: int, **said: Any) -> LeadEvent:
    """A page view, worth a point, of u1 unless somebody else is named."""
    who = {name: said.pop(name) for name in ("user", "anonymous") if name in said} or {"user": "u1"}
    return event(at=NOON + number * 1000, message=f"page {number}", traits=said.pop("traits", {}), **who)


def calls(desk: Desk, work: Callable[[], object]) -> list[str]:
    """Every call to the store and to the queue."""
    made: list[str] = []
    desk.store.before_call = desk.world.told.before_call = made.append
    work()
    desk.store.before_call = desk.world.told.before_call = lambda _: None
    return made


# -- what is told ----------------------------------------------------------------------------------------------------


def test_a_lead_whose_score_changes_is_told_of_once_the_batch_is_done_and_counted_later() -> None:
    desk = Desk()
    desk.record(page(1, traits=ACME), page(2), page(3, user="u2", traits=ACME))
    (body,) = desk.world.told.bodies
    assert read_message(body).accounts == ("lead1", "lead2")
    assert desk.world.told.delay_seconds == GATHER_SECONDS
    assert desk.store.read_account("acme.com") is None
    desk.keep()
    assert (desk.account("acme.com").score, desk.account("acme.com").leads) == (3, 2)
    assert desk.members("acme.com") == {"lead1": 2, "lead2": 1}


def test_a_model_without_accounts_makes_not_one_call_more() -> None:
    plain, kept = Desk(model=small_model()), Desk()
    work = [page(1, traits=ACME), page(2), event("Blog Subscribed", user="u1", at=NOON + 9)]

    def told(desk: Desk) -> list[str]:
        return calls(desk, lambda: [desk.record(item) for item in work])

    calls_made, others = told(plain), told(kept)
    assert [call for call in others if call != "send"] == calls_made
    assert others.count("send") == 3
    assert plain.world.told.bodies == []
    assert not any(state.account or state.had_account for state in plain.store.all_states().values())


@pytest.mark.parametrize(
    "quiet",
    [
        event("Nothing That Counts", user="u1", at=NOON + 5_000),
        page(1),
        page(9, user="u2"),
        page(9, anonymous="a1", traits={"account": "acme.com"}),
    ],
    ids=["no points", "a client's copy", "nobody's account", "a visitor"],
)
def test_what_changes_nothing_for_an_account_is_not_told(quiet: LeadEvent) -> None:
    desk = Desk()
    desk.record(page(1), event("Identified", user="u1", traits=ACME, at=NOON + 10))
    desk.world.told.take()
    desk.record(quiet)
    assert desk.world.told.bodies == []


def test_what_comes_again_is_told_again_and_then_writes_nothing() -> None:
    desk = Desk()
    message = desk.record(page(1, traits=ACME))
    desk.keep()
    desk.world.score([message])
    (body,) = desk.world.told.take()
    made = calls(desk, lambda: desk.score(body))
    assert made == ["read_places", "read_states", "read_account", "read_members"]


def test_a_tick_is_always_told_of_a_lead_that_has_an_account() -> None:
    desk = Desk()
    desk.record(page(1, traits=ACME), page(2, user="u2"))
    desk.keep()
    desk.score(ticks_body("tick", ["lead1", "lead2"], Cause.TIME))
    assert [read_message(body).accounts for body in desk.world.told.bodies] == [("lead1",)]


def test_many_leads_are_told_of_in_one_call_to_the_queue() -> None:
    desk = Desk()
    made = calls(desk, lambda: desk.world.accounts.tell({f"lead{number}" for number in range(3 * ACCOUNT_LEADS_MAX)}))
    assert made == ["send"]
    assert [len(read_message(body).accounts) for body in desk.world.told.bodies] == [ACCOUNT_LEADS_MAX] * 3


def test_messages_whose_accounts_cannot_be_told_of_come_back_and_no_others() -> None:
    desk = Desk()

    def refuse(_call: str) -> None:
        raise VersionConflict

    desk.world.told.before_call = refuse
    told, other = events_body("t1", [page(1, traits=ACME)]), events_body("t2", [page(2, user="u2")])
    assert desk.world.score([("told", told), ("other", other)]) == {"told"}
    desk.world.told.before_call = lambda _: None
    assert not desk.world.score([("told", told)])
    desk.check()
    assert desk.account("acme.com").score == 1


def test_code_that_knows_of_no_accounts_cannot_take_their_messages_for_empty_ones() -> None:
    assert json.loads(accounts_body(["lead1"], activation=3))["v"] != json.loads(events_body("t", []))["v"]
    assert read_message(accounts_body(["lead1"], activation=3)).activation == 3


# -- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accounts", "score"),
    [
        ({"score": "sum"}, 28),
        ({"score": "maximum"}, 25),
        ({"score": "top", "leads": 2}, 27),
        ({"score": "sum", "of": "fit"}, 0),
    ],
)
def test_an_account_has_the_score_that_the_model_says(accounts: dict[str, Any], score: int) -> None:
    desk = Desk(model=small_model(accounts=accounts))
    for number, name in enumerate(["White Paper Read", "Blog Subscribed", "Page Viewed"]):
        desk.record(event(name, user=f"u{number}", traits=ACME))
    desk.check()
    assert (desk.account("acme.com").score, desk.account("acme.com").leads) == (score, 3)


def test_a_lead_that_changes_its_account_is_counted_in_the_new_one_and_no_more_in_the_old() -> None:
    desk = Desk()
    desk.record(page(1, traits=ACME), page(2, user="u2", traits=ACME))
    desk.keep()
    desk.record(page(3, traits={"account": "initech"}))
    desk.check()
    assert desk.members("acme.com") == {"lead2": 1}
    assert (desk.account("acme.com").score, desk.account("initech").score) == (1, 2)
    assert desk.store.read_places(["lead1"]) == {"lead1": Place("initech", 2)}


def test_a_lead_that_has_no_account_any_more_leaves_it() -> None:
    desk = Desk()
    desk.record(page(1, traits=ACME))
    desk.keep()
    desk.record(event("Identified", user="u1", at=NOON + 5_000, traits=GMAIL))
    desk.check()
    assert (desk.account("acme.com").score, desk.account("acme.com").leads) == (0, 0)


def test_a_lead_comes_back_into_an_account_that_it_had_left() -> None:
    desk = Desk()
    for number, account in enumerate(["acme.com", "initech", "acme.com", "initech", "acme.com"]):
        desk.record(page(number, traits={"account": account}))
        desk.keep()
    desk.check()
    assert (desk.account("acme.com").score, desk.account("initech").leads) == (5, 0)


def test_a_visitor_counts_from_the_moment_it_has_a_name_with_all_that_it_did_before() -> None:
    desk = Desk()
    desk.record(page(1, anonymous="a1", traits={"account": "acme.com"}))
    desk.check()
    assert desk.store.read_members("acme.com") == []
    desk.record(page(2, anonymous="a1", user="u1"))
    desk.check()
    assert desk.members("acme.com") == {"lead1": 2}


def test_a_visitor_that_is_merged_into_somebody_brings_that_lead_its_account() -> None:
    desk = Desk()
    desk.record(page(1, user="u1"), page(2, anonymous="a1", traits={"account": "acme.com"}))
    desk.record(event("Page Viewed", at=NOON + 9_000, user="u1", anonymous="a1"))
    desk.check()
    assert desk.members("acme.com") == {"lead1": 3}


def test_who_becomes_part_of_another_by_a_ruling_leaves_its_account_and_is_back_when_that_is_undone() -> None:
    desk = Desk()
    desk.record(page(1, user="u1", traits=ACME), page(2, user="u2", traits={"account": "initech"}))
    desk.keep()
    desk.score(rulings_body("r", [Ruling("lead2", "lead1", 1)]))
    desk.check()
    assert desk.members("initech") == {"lead1": 2}, "a server's word for either is one for both"
    assert desk.members("acme.com") == {}
    desk.score(rulings_body("s", [Ruling("lead2", "", 2)]))
    desk.check()
    assert (desk.members("acme.com"), desk.members("initech")) == ({"lead1": 1}, {"lead2": 1})


def test_what_is_foretold_comes_only_when_the_worker_is_gone_for_sure() -> None:
    desk = Desk()
    desk.world.accounts.tell(["lead1"], delay_seconds=FORETOLD_SECONDS)
    assert desk.world.told.delay_seconds == FORETOLD_SECONDS


def test_another_model_counts_all_accounts_anew_without_writing_the_leads_that_it_does_not_move() -> None:
    desk = Desk()
    for number in range(3):
        desk.record(page(number, user=f"u{number}", traits=ACME))
    desk.check()
    desk.models.activation, desk.models.model = 2, small_model(accounts={"score": "maximum"})
    leads = list(desk.store.all_states())
    desk.score(ticks_body("model", leads, Cause.MODEL, activation=2))
    made = calls(desk, desk.keep)
    assert (made.count("put_account"), made.count("put_member")) == (1, 0)
    desk.check()
    assert (desk.account("acme.com").score, desk.account("acme.com").activation) == (1, 2)


def test_a_model_that_has_accounts_again_finds_who_has_moved_meanwhile() -> None:
    desk = Desk()
    desk.record(page(1, traits=ACME))
    desk.check()
    for activation, model in ((2, small_model()), (3, SUM)):
        desk.models.activation, desk.models.model = activation, model
        leads = list(desk.store.all_states())
        desk.score(ticks_body("model", leads, Cause.MODEL, activation=activation))
        desk.check()
        if activation == 2:
            desk.record(page(2, traits={"account": "initech"}))
            desk.check()
    assert (desk.members("acme.com"), desk.members("initech")) == ({}, {"lead1": 2})


def test_what_asks_for_a_newer_model_than_can_be_seen_comes_back() -> None:
    desk = Desk()
    desk.world.expected_errors = (ModelBehind,)
    desk.record(page(1, traits=ACME))
    (body,) = desk.world.told.take()
    desk.store.put_account(AccountState("acme.com", 1, 9, 0, 0, 0, 0))
    assert desk.world.score([("m", body)]) == {"m"}


def test_an_account_that_changes_under_every_try_lets_the_message_come_back() -> None:
    class Busy(FaultyAccountStore):
        def put_account(self, state: AccountState) -> None:
            raise VersionConflict

    desk = Desk(store=Busy)
    desk.record(page(1, traits=ACME))
    (body,) = desk.world.told.take()
    (unkept,) = desk.world.accounts.keep({"lead1": ["m1", "m2"]}, at_least=1)
    assert (unkept.lead, unkept.messages) == ("lead1", {"m1", "m2"})
    assert isinstance(unkept.error, AccountContended)
    assert desk.world.score([("m", body)]) == {"m"}


def test_a_lead_that_fails_keeps_no_other_from_being_counted() -> None:
    class Broken(FaultyAccountStore):
        def read_members(self, account: str) -> Any:
            if account == "initech":
                raise OSError
            return super().read_members(account)

    desk = Desk(store=Broken)
    desk.world.expected_errors = (OSError,)
    desk.record(page(1, traits=ACME), page(2, user="u2", traits={"account": "initech"}))
    desk.world.told.take()
    bodies = {lead: accounts_body([lead], activation=1) for lead in ("lead1", "lead2")}
    assert desk.world.score(list(bodies.items())) == {"lead2"}
    assert desk.account("acme.com").score == 1


# -- whatever happens on the way -------------------------------------------------------------------------------------


LIFE = [
    events_body("t1", [page(1, traits=ACME), page(2, user="u2", traits=ACME)]),
    events_body("t2", [page(3, anonymous="a1", traits={"account": "initech"})]),
    events_body("t3", [page(4, anonymous="a1", user="u1")]),
    events_body("t4", [page(5, user="u2", traits={"account": "initech"})]),
    events_body("t5", [event("Identified", user="u1", at=NOON + 9_000, traits={"account": None, **GMAIL})]),
    rulings_body("r", [Ruling("lead2", "lead1", 1)]),
    rulings_body("s", [Ruling("lead2", "", 2)]),
    ticks_body("tick", ["lead1", "lead2"], Cause.TIME),
]
#: A visit joins somebody by a call that gives no points of its own, and nothing that comes later tells of it.
JOINING = [
    events_body("t1", [page(1, traits=ACME), event("White Paper Read", at=NOON + 39 * DAY, anonymous="a1")]),
    events_body("t2", [event("Identified", at=NOON + 40 * DAY, user="u1", anonymous="a1")]),
]
#: A ruling by names, such as HubSpot's: when it comes again, both names lead to one.
NAMING = [
    events_body("t1", [page(1, traits=ACME), page(2, user="u2", traits=ACME)]),
    *named_rulings_bodies([NamedRuling(Identifier("user_id", "u1"), Identifier("user_id", "u2"), 1)], lambda: "r"),
]


def crash_at(number: int, bodies: list[str]) -> bool:
    """A story in which the call of this number, before or after it is done, is a worker's last; False if there is none.

    What the worker had taken comes again.
    """
    desk = Desk()
    seen = 0

    def crash(_call: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise Crash

    for part in (desk.store, desk.world.told):
        part.before_call = part.after_call = crash
    desk.world.now = NOON + 40 * DAY
    for body in bodies:
        _deliver(desk, body)
        for told in desk.world.told.take():
            _deliver(desk, told)
    for part in (desk.store, desk.world.told):
        part.before_call = part.after_call = lambda _: None
    desk.check()
    return seen >= number


def _deliver(desk: Desk, body: str) -> None:
    for _ in range(3):
        try:
            if not desk.world.score([(body, body)]):
                return
        except Crash:
            pass
    raise AssertionError("one crash fails a message once")


@pytest.mark.parametrize(("bodies", "calls"), [(LIFE, 200), (JOINING, 60), (NAMING, 60)])
def test_a_crash_at_any_call_loses_nothing(bodies: list[str], calls: int) -> None:
    number = 1
    while crash_at(number, bodies):
        number += 1
    assert number > calls


def left_while_somebody_is_slow(**made: Any) -> None:
    """A worker is about to write what a lead brings; meanwhile the lead leaves for another account."""
    desk = Desk(**made)
    desk.record(page(1, traits=ACME))
    desk.keep()
    desk.record(page(2))

    def leave() -> None:
        desk.record(page(3, traits={"account": "initech"}))
        desk.keep()

    desk.before("put_member", leave)
    desk.keep()
    desk.check()


def came_and_went_while_somebody_is_slow(**made: Any) -> None:
    """A worker has read in which account a lead stands, or not yet; meanwhile the lead has none any more."""
    for call in ("read_places", "put_place", "read_account"):
        desk = Desk(**made)
        desk.record(page(1))
        desk.record(page(2, traits=ACME))

        def leave(desk: Desk = desk) -> None:
            desk.record(event("Identified", user="u1", at=NOON + 9_000, traits=GMAIL))
            desk.keep()

        desk.before(call, leave)
        desk.keep()
        desk.check()


def came_back_while_somebody_is_slow(**made: Any) -> None:
    """Between the moves of a lead somebody slow brings it where it was a moment ago."""
    for call in ("put_place", "put_member"):
        desk = Desk(**made)
        desk.record(page(1, traits=ACME))
        desk.keep()
        desk.record(page(2, traits={"account": "initech"}))
        desk.keep()
        desk.record(page(3, traits={"account": "acme.com"}))

        def move_on(desk: Desk = desk) -> None:
            desk.record(page(4, traits={"account": "initech"}))
            desk.keep()

        desk.before(call, move_on)
        desk.keep()
        desk.check()


def marked_as_gone_before(**made: Any) -> None:
    """A worker dies between two accounts; another brings the lead back, slowly, while a third takes it away again."""
    desk = Desk(**made)
    desk.record(page(1, traits=ACME))
    desk.keep()
    desk.record(page(2, traits={"account": "initech"}))

    def die() -> None:
        raise Crash

    desk.before("put_place", die)
    with suppress(Crash):
        desk.keep()
    desk.record(page(3, traits={"account": "acme.com"}))

    def move_on() -> None:
        desk.record(page(4, traits={"account": "initech"}))
        desk.keep()

    desk.before("put_member", move_on)
    desk.keep()
    desk.check()


def undone_and_gone(**made: Any) -> None:
    """A merge is undone, and the worker dies before it tells anybody."""
    desk = Desk(**made)
    desk.record(page(1, user="u1", traits=ACME), page(2, user="u2"))
    desk.score(rulings_body("r", [Ruling("lead2", "lead1", 1)]))
    desk.world.drain()

    def die(_call: str) -> None:
        desk.world.told.before_call = lambda _: None
        raise Crash

    desk.world.told.before_call = die
    with suppress(Crash):
        desk.score(rulings_body("s", [Ruling("lead2", "", 2)]))
    desk.score(rulings_body("s", [Ruling("lead2", "", 2)]))
    desk.check()
    assert desk.members("acme.com") == {"lead1": 1}


SCENES = [
    left_while_somebody_is_slow,
    came_and_went_while_somebody_is_slow,
    came_back_while_somebody_is_slow,
    marked_as_gone_before,
    undone_and_gone,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_somebody_slow_or_gone_leaves_no_lead_where_it_does_not_belong(scene: Callable[..., None]) -> None:
    scene()


@pytest.mark.parametrize("first", range(0, RUNS, SHARE))
def test_any_interleaving_ends_with_accounts_of_their_leads_states(first: int) -> None:
    accounts = 0
    for seed in range(first, first + SHARE):
        try:
            accounts += interleave(seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    # Runs without an account would prove nothing.
    assert accounts > SHARE / 2


def find_mistake(mutant: type[Any]) -> None:
    """Raises AssertionError where a scene or a run ends wrong."""
    kinds = {"rescoring": Rescoring, "keeping": AccountKeeping, "store": FaultyAccountStore}
    made = {name: mutant for name, kind in kinds.items() if issubclass(mutant, kind)}
    for scene in SCENES:
        scene(**made)
    for seed in range(RUNS):
        interleave(seed, **made)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_each_plausible_mistake_is_found(mutant: type[Any]) -> None:
    with pytest.raises(AssertionError):
        find_mistake(mutant)
