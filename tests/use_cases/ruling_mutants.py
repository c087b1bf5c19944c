"""Plausible mistakes in who is who, each of which the machines of people must find."""

from collections.abc import Iterable
from copy import replace

from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState, Profile
from leadscore.use_cases.messages import Ruling
from leadscore.use_cases.rescoring.folding import Folding, InForce
from leadscore.use_cases.rescoring.leads import Leads
from leadscore.use_cases.rescoring.merging import Merging
from leadscore.use_cases.rescoring.obeying import Obeying
from leadscore.use_cases.rescoring.work import Tally
from tests.use_cases.mistaken import in_its_place


@in_its_place
class NobodyAsksWhoseAHomeIs(Leads):
    """An event goes to whatever lead its name led to, though somebody has taken its home out of that meanwhile."""

    def require_own(self, state: LeadState, homes: Iterable[Identifier]) -> None:
        pass


@in_its_place
class TakenHomesStayInMind(Obeying):
    """After an undo the winner's state still knows the homes that it lost, so nobody asks whose they are."""

    def _kept_in_mind(self, state: LeadState, gone: Iterable[Identifier]) -> tuple[int, ...]:
        return state.homes


@in_its_place
class WinnerKeepsWhatWasTaken(Obeying):
    """After an undo the events count for both."""

    def _homes_apart(
        self, loser: LeadState, winner: LeadState
    ) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
        own, _ = super()._homes_apart(loser, winner)
        return own, tuple(self._store.read_homes(winner.lead))


@in_its_place
class OnlyHomesOfTheMerge(Obeying):
    """What came since the merge, under a name that was the lead's own and had no event yet, stays with the winner."""

    def _homes_apart(
        self, loser: LeadState, winner: LeadState
    ) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
        own = tuple(self._store.read_homes(loser.lead))
        return own, tuple(home for home in self._store.read_homes(winner.lead) if home not in own)


@in_its_place
class OnlyItsVeryOwn(Leads):
    """Whoever became part of the lead before it was merged itself stays behind with the winner."""

    def way(self, lead: str) -> tuple[str, ...]:
        return (lead,)


@in_its_place
class EveryRulingIsObeyed(Obeying):
    """A ruling that comes again, or late, undoes a later one."""

    def obey(self, ruling: Ruling, tally: Tally) -> None:
        lead = self._store.read_states([ruling.lead]).get(ruling.lead) or LeadState(ruling.lead)
        super().obey(replace(ruling, at=max(ruling.at, lead.ruled_at + 1)), tally)


@in_its_place
class ApartUntilTheNextEvent(Merging):
    """The cookie that glued two together glues them again after somebody has taken them apart."""

    def _may_join(self, anonymous: LeadState, state: LeadState, identifier: Identifier) -> bool:
        return super()._may_join(replace(anonymous, ruled_at=0), state, identifier)


@in_its_place
class RulingForgottenInAFullFold(Folding):
    """A fold says nothing of rulings, and somebody wrote what it says."""

    def _fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, as_of: int
    ) -> tuple[LeadState, Profile | None]:
        following, profile = super()._fold(state, homes, in_force, as_of)
        following.ruled_at = 0
        return following, profile


@in_its_place
class OldNewsOfACookie(Leads):
    """A merge by a name that led to an anonymous lead once, and is somebody else's by now."""

    def has(self, state: LeadState, owner: str) -> bool:
        return True


MUTANTS = [
    NobodyAsksWhoseAHomeIs,
    TakenHomesStayInMind,
    WinnerKeepsWhatWasTaken,
    OnlyHomesOfTheMerge,
    OnlyItsVeryOwn,
    EveryRulingIsObeyed,
    ApartUntilTheNextEvent,
    RulingForgottenInAFullFold,
    OldNewsOfACookie,
]
