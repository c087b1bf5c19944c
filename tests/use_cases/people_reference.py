"""Who is who, worked out once more and as simply as can be: events and rulings one after the other, nothing lost.

It knows leads by numbers, keeps them in a forest, and shares no code with what it is compared to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from leadscore.domain.event import Identifier, LeadEvent, Trust
from leadscore.use_cases.messages import Ruling

PERSONAL = ("user_id", "email")


@dataclass
class Forest:
    """`owner` is the lead that a name was first given to, `parent` what a lead has become part of.

    More than `browsers_max` browsers join a lead on a server's word alone; `told_of` are those that others spoke of.
    """

    owner: dict[Identifier, int] = field(default_factory=dict)
    parent: dict[int, int] = field(default_factory=dict)
    known: dict[tuple[int, str], str] = field(default_factory=dict)
    ruled_at: dict[int, int] = field(default_factory=dict)
    happened: dict[Identifier, dict[str, LeadEvent]] = field(default_factory=dict)
    told_of: set[Identifier] = field(default_factory=set)
    leads: int = 0
    browsers_max: int = 100

    def root(self, lead: int) -> int:
        return self.root(self.parent[lead]) if lead in self.parent else lead

    def events_of(self, lead: int) -> list[LeadEvent]:
        """Of a person: what happened under every name that leads there."""
        return [
            event
            for home, events in self.happened.items()
            if self.root(self.owner[home]) == lead
            for event in events.values()
        ]

    def browsers_of(self, lead: int) -> set[Identifier]:
        """Those that anything happened in, and those that no server told of."""
        return {
            name
            for name in (*self.happened, *self.told_of)
            if name.kind == "anonymous_id" and self.root(self.owner[name]) == lead
        }

    def people(self) -> set[frozenset[int]]:
        """Each person as the events that are theirs."""
        roots = {self.root(self.owner[home]) for home in self.happened}
        return {frozenset(event.short for event in self.events_of(lead)) for lead in roots}

    # What happens

    def accept(self, event: LeadEvent) -> None:
        lead = self._lead_of(event)
        shown = []
        for weaker in event.identifiers[1:]:
            if weaker not in self.owner:
                self._name_too(weaker, lead, event.trust)
            elif weaker.kind not in PERSONAL:
                shown.append(weaker)
        self.happened.setdefault(event.identifiers[0], {}).setdefault(event.id, event)
        for weaker in shown:
            other, person = self.root(self.owner[weaker]), self.root(lead)
            if other != person and not self._is_somebody(other) and other not in self.ruled_at:
                joint = self.browsers_of(person) | self.browsers_of(other) | {weaker}
                if event.trust is Trust.SERVER or len(joint) <= self.browsers_max:
                    self.parent[other] = person

    def rule(self, ruling: Ruling, lead: int, into: int | None) -> None:
        if ruling.at <= self.ruled_at.get(lead, 0):
            return
        if into is None:
            if lead in self.parent:
                del self.parent[lead]
                self.ruled_at[lead] = ruling.at
        elif lead not in self.parent and self.root(into) != lead and self._is_somebody(self.root(into)):
            self.parent[lead] = self.root(into)
            self.ruled_at[lead] = ruling.at

    # How names are given

    def _lead_of(self, event: LeadEvent) -> int:
        home = event.identifiers[0]
        if home in self.owner:
            return self.owner[home]
        for weaker in event.identifiers[1:]:
            if weaker in self.owner and self._name(home, self.owner[weaker]):
                return self.owner[home]
        self.leads += 1
        self._name(home, self.leads)
        return self.leads

    def _name(self, name: Identifier, lead: int) -> bool:
        """A person has one user id and one address: whoever comes with another is somebody else."""
        lead = self.root(lead)
        if name.kind in PERSONAL and self.known.setdefault((lead, name.kind), name.value) != name.value:
            return False
        self.owner[name] = lead
        return True

    def _name_too(self, weaker: Identifier, lead: int, trust: Trust) -> None:
        if weaker.kind != "anonymous_id" or trust is Trust.SERVER:
            self._name(weaker, lead)
        elif len(self.browsers_of(self.root(lead)) | {weaker}) <= self.browsers_max:
            self._name(weaker, lead)
            self.told_of.add(weaker)

    def _is_somebody(self, lead: int) -> bool:
        return any((lead, kind) in self.known for kind in PERSONAL) or any(
            name.kind in PERSONAL for event in self.events_of(lead) for name in event.identifiers
        )


def people_of(events: Iterable[LeadEvent]) -> set[frozenset[int]]:
    forest = Forest()
    for event in events:
        forest.accept(event)
    return forest.people()
