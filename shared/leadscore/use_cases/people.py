"""Who is who in a history: the deployed system's rules, without its store (`resolve`, and `rescoring.merging`).

Nothing but the order of events decides, and here that is the order in which they happened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from leadscore.domain.event import KNOWN_KINDS, Identifier, LeadEvent, Trust, rank
from leadscore.domain.profile import learn, said_traits
from leadscore.domain.state import Profile
from leadscore.use_cases.resolve import BROWSER, is_crowded


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that one lead did, and every name that it goes by, the strongest first."""

    identifiers: tuple[Identifier, ...]
    events: tuple[LeadEvent, ...]

    @property
    def lead(self) -> str:
        return self.identifiers[0].value

    @property
    def external_ids(self) -> dict[str, str]:
        return {kind: value for kind, value in self.identifiers if kind in KNOWN_KINDS}

    @property
    def traits(self) -> dict[str, Any]:
        """What is known of them in the end, as fit rules read it."""
        profile: Profile = {}
        for event in self.events:
            profile = learn(profile, event) if event.traits else profile
        return said_traits(profile)


def people_in(events: Iterable[LeadEvent]) -> list[Person]:
    """The people of these events, in the order in which they first showed up."""
    ordered = sorted(events, key=lambda event: (event.order, event.home))
    names = _Names()
    for event in ordered:
        names.learn(event)
    events_of: dict[int, list[LeadEvent]] = {}
    for event in ordered:
        events_of.setdefault(names.person(event.home), []).append(event)
    identifiers_of = names.by_person()
    return [Person(tuple(identifiers_of[person]), tuple(events)) for person, events in events_of.items()]


def find_person(people: Iterable[Person], identifiers: Iterable[Identifier]) -> Person | None:
    """Whoever goes by the first of these identifiers that anybody goes by."""
    by_identifier = {identifier: person for person in people for identifier in person.identifiers}
    return next((by_identifier[each] for each in identifiers if each in by_identifier), None)


class _Names:
    """Which person, a number, each identifier belongs to."""

    def __init__(self) -> None:
        self._owners: dict[Identifier, int] = {}
        self._homes: dict[int, set[Identifier]] = {}
        self._known: dict[tuple[int, str], str] = {}
        self._count = 0

    def learn(self, event: LeadEvent) -> None:
        person = self._person_of(event)
        self._homes.setdefault(person, set()).add(event.home)
        for weaker in event.identifiers[1:]:
            owner = self._owners.get(weaker)
            if owner is None:
                self._link_too(weaker, person, event.trust)
            elif owner != person and not weaker.is_known and not self._is_known(owner):
                self._merge(owner, person, weaker, event.trust)

    def person(self, identifier: Identifier) -> int:
        return self._owners[identifier]

    def by_person(self) -> dict[int, list[Identifier]]:
        found: dict[int, list[Identifier]] = {}
        for identifier in sorted(self._owners, key=lambda each: rank(each.kind)):
            found.setdefault(self._owners[identifier], []).append(identifier)
        return found

    def _person_of(self, event: LeadEvent) -> int:
        if (owner := self._owners.get(event.home)) is not None:
            return owner
        for weaker in event.identifiers[1:]:
            owner = self._owners.get(weaker)
            if owner is not None and self._link(event.home, owner):
                return owner
        self._count += 1
        self._link(event.home, self._count)
        return self._count

    def _link(self, identifier: Identifier, person: int) -> bool:
        """Give it to the person, unless they are known by another of its kind: then somebody else sits there."""
        if (
            identifier.is_known
            and self._known.setdefault((person, identifier.kind), identifier.value) != identifier.value
        ):
            return False
        self._owners[identifier] = person
        return True

    def _link_too(self, weaker: Identifier, person: int, trust: Trust) -> None:
        if weaker.kind != BROWSER or trust is Trust.SERVER:
            self._link(weaker, person)
        elif not is_crowded({*self._homes[person], weaker}):
            self._link(weaker, person)
            self._homes[person].add(weaker)

    def _merge(self, anonymous: int, person: int, weaker: Identifier, trust: Trust) -> None:
        """The history of a lead that nobody has a name for is this person's, under whatever it was kept."""
        homes = {*self._homes[person], *self._homes.get(anonymous, ()), weaker}
        if trust is not Trust.SERVER and is_crowded(homes):
            return
        self._homes[person] = homes
        for identifier, owner in self._owners.items():
            if owner == anonymous:
                self._owners[identifier] = person

    def _is_known(self, person: int) -> bool:
        return any((person, kind) in self._known for kind in KNOWN_KINDS)
