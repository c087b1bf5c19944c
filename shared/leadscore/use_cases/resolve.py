"""Whose event is it? From identifiers to leads, linking what was never seen and finding what belongs together.

An event's strongest identifier decides. One that nobody has yet joins the lead of a weaker one, unless that lead is
known by another identifier of the same kind: then somebody else sits at the same computer. An anonymous lead that
turns up beside a known one is to be merged into it; two known leads never are, but by a ruling of somebody's.

An association names somebody and a thing, such as a deal, that may be of several. It goes with the first of them, and
makes no two of them one person.

Anybody who knows somebody's address can name it in a browser. So of the browsers that public keys and forms tell of,
a lead takes as many as its events can still be read from in time; the others stay leads of their own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.domain.naming import NamedRuling
from leadscore.domain.state import LeadState
from leadscore.use_cases.messages import Ruling
from leadscore.use_cases.open_lead import open_lead
from leadscore.use_cases.ports import IdentifierTaken, KindTaken, LeadClosed, LeadStore

#: Browsers of one lead up to which further ones are joined to it on the word of a browser or a form. A fold reads the
#: events of each by a call of its own: of a hundred in half a second, on a function as small as the deployed one.
BROWSERS_MAX = 100
BROWSER = "anonymous_id"
#: The `call` of an event that names somebody, as its home, and a thing of theirs.
ASSOCIATE = "associate"


class Unscored(Exception):
    """A name is somebody's of whom nothing is scored yet: a message about them comes back later."""


class Merge(NamedTuple):
    """The anonymous lead that `identifier` belongs to is the person `into`. It `is_trusted` where a server says so."""

    identifier: Identifier
    anonymous: str
    into: str
    is_trusted: bool


def is_crowded(homes: Iterable[Identifier]) -> bool:
    """Whether these are more browsers than a lead takes on the word of just anybody."""
    return len({home for home in homes if home.kind == BROWSER}) > BROWSERS_MAX


class Resolver:
    """Resolves the events of one batch, in order, seeing what it linked itself before the store shows it.

    Homes first: a known lead's state, which is read anyway, keeps in mind which other names are its own. Only those
    that it does not know cost a look. `states` are those that were read for it, maybe a little old.
    """

    def __init__(self, events: Sequence[LeadEvent], *, store: LeadStore, new_lead: Callable[[], str]) -> None:
        self._store = store
        self._new_lead = new_lead
        self._leads = dict(store.find({event.home for event in events}) if events else {})
        self.states = self._states_of(set(self._leads.values()))
        weaker = {
            each for event in events for each in event.identifiers[1:] if not self._is_known_to_be_own(event, each)
        }
        if unknown := weaker - self._leads.keys():
            self._leads |= store.find(unknown)
        self._refused: set[tuple[Identifier, str]] = set()
        self._homes: dict[str, set[Identifier]] = {}
        self._sure_leads: dict[Identifier, str] = {}
        self._promised: dict[Identifier, str] = {}
        self._new_homes: dict[str, set[Identifier]] = {}

    def _states_of(self, leads: Collection[str]) -> Mapping[str, LeadState]:
        try:
            return self._store.find_states(leads) if leads else {}
        except Exception:  # noqa: BLE001  One state that cannot be read must not stop the other leads.
            return {}

    def _is_known_to_be_own(self, event: LeadEvent, weaker: Identifier) -> bool:
        state = self.states.get(self._leads.get(event.home, ""))
        if state is None or state.merged_into or weaker.short not in state.homes:
            return False
        self._leads.setdefault(weaker, state.lead)
        return True

    def resolve(self, event: LeadEvent) -> tuple[str, list[Merge]]:
        """The event's lead, and the anonymous leads that it shows to be the same person."""
        lead = self._lead_of(event)
        merges = []
        for weaker in event.identifiers[1:]:
            owner = self._leads.get(weaker) or self._link_too(weaker, self._sure_lead(event.home, lead), event.trust)
            if (
                owner
                and owner != lead
                and not weaker.is_known
                and not self._is_anothers(event, weaker, owner)
                and self._is_first(event, weaker, lead)
            ):
                merges.append(Merge(weaker, owner, lead, is_trusted=event.trust is Trust.SERVER))
        for one in (lead, *(merge.anonymous for merge in merges)):
            self._new_homes.setdefault(one, set()).add(event.home)
        return lead, merges

    def _is_first(self, event: LeadEvent, weaker: Identifier, person: str) -> bool:
        """Whether no event before names this beside somebody else: else chance would decide between the two, as leads
        are worked on beside each other."""
        return not event.home.is_known or self._promised.setdefault(weaker, person) == person

    def rule(self, named: NamedRuling) -> Ruling | None:
        """The ruling on the leads of two names, or None where there is nothing left to do.

        A name that nobody has yet becomes the other one's. Of two leads the one that goes by a name stays. Where they
        are one already, whoever made them so may have died before it told anybody: the ruling is given again.
        Raises Unscored.
        """
        owners = self._store.read_owners([named.lead, named.into])
        lead, into = (self._open_lead(owners.get(name)) for name in (named.lead, named.into))
        if lead is None or into is None:
            if owner := lead or into:
                self._link(named.lead if lead is None else named.into, owner.lead)
            return None
        if lead.lead == into.lead:
            part = owners.get(named.lead, into.lead)
            return Ruling(part, into.lead, named.at) if part != into.lead else None
        if lead.identified and not into.identified:
            lead, into = into, lead
        return Ruling(lead.lead, into.lead, named.at)

    def _open_lead(self, owner: str | None) -> LeadState | None:
        """The lead that a name was given to, or what it has become part of; None where nobody has the name."""
        if owner is None:
            return None
        _, state = open_lead(self._store, owner)
        if state is None:
            raise Unscored
        return state

    def _is_anothers(self, event: LeadEvent, thing: Identifier, lead: str) -> bool:
        """Whether the event associates a thing with one of its system, and it is another one's already."""
        if event.call != ASSOCIATE:
            return False
        owner = self._sure_lead(thing, lead)
        homes = {*self._store.read_homes(owner), *self._new_homes.get(owner, ())}
        return event.home not in homes and any(home.kind == event.home.kind for home in homes)

    def _link_too(self, weaker: Identifier, lead: str, trust: Trust) -> str | None:
        """Link a name that is new. A browser that is told of by no server counts at once as one of the lead's."""
        if weaker.kind != BROWSER or trust is Trust.SERVER:
            return self._link(weaker, lead)
        if lead not in self._homes:
            self._homes[lead] = set(self._store.read_homes(lead))
        if is_crowded({*self._homes[lead], weaker}):
            return None
        owner = self._link(weaker, lead, is_home=True)
        if owner == lead:
            self._homes[lead].add(weaker)
        return owner

    def _lead_of(self, event: LeadEvent) -> str:
        home = event.home
        if known := self._leads.get(home):
            return known
        for weaker in event.identifiers[1:]:
            lead = self._leads.get(weaker)
            if lead and self._is_anothers(event, weaker, lead):
                continue
            owner = self._link(home, self._sure_lead(weaker, lead)) if lead else None
            if owner:
                return owner
        lead = self._new_lead()
        self._homes[lead] = set()
        # Nobody can have claimed a kind of a lead that was just made up, so the link gives an owner.
        return self._link(home, lead, is_new=True) or lead

    def _link(self, identifier: Identifier, lead: str, *, is_new: bool = False, is_home: bool = False) -> str | None:
        """The lead that the identifier belongs to afterwards, or None where this lead may not have it."""
        if (identifier, lead) in self._refused:
            return None
        try:
            self._store.link(identifier, lead, is_new=is_new, is_home=is_home)
            self._sure_leads[identifier] = lead
        except IdentifierTaken as taken:
            lead = taken.lead
        except KindTaken:
            self._refused.add((identifier, lead))
            return None
        except LeadClosed:
            # It may have been opened again by now: then it can have the identifier after all.
            return self._link(identifier, self._store.read_states([lead])[lead].merged_into or lead)
        self._leads[identifier] = lead
        return lead

    def _sure_lead(self, identifier: Identifier, lead: str) -> str:
        """The open lead of an identifier that was found to lead to `lead`, which may be old news.

        A name that is new is given to the person who is there now, and for good: so this is asked of the owner, and of
        what that has become part of. Only names that are new to a lead that is there already cost these two reads.
        """
        if identifier not in self._sure_leads:
            owner = self._store.read_owners([identifier]).get(identifier, lead)
            self._sure_leads[identifier], _ = open_lead(self._store, owner)
        return self._sure_leads[identifier]
