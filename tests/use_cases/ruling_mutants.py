"""Plausible mistakes in who is who, each of which the machines of people must find."""

from collections.abc import Iterable
from copy import replace

from leadscore.domain.event import Identifier
from leadscore.domain.state import LeadState, Profile
from leadscore.use_cases.messages import Ruling
from leadscore.use_cases.rescore import InForce, Rescoring, Tally


class NobodyAsksWhoseAHomeIs(Rescoring):
    """An event goes to whatever lead its name led to, though somebody has taken its home out of that meanwhile."""

    def _require_own(self, state: LeadState, homes: Iterable[Identifier]) -> None:
        pass


class TakenHomesStayInMind(Rescoring):
    """After an undo the winner's state still knows the homes that it lost, so nobody asks whose they are."""

    def _kept_in_mind(self, state: LeadState, gone: Iterable[Identifier]) -> tuple[int, ...]:
        return state.homes


class WinnerKeepsWhatWasTaken(Rescoring):
    """After an undo the events count for both."""

    def _homes_apart(
        self, loser: LeadState, winner: LeadState
    ) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
        own, _ = super()._homes_apart(loser, winner)
        return own, tuple(self.store.read_homes(winner.lead))


class OnlyHomesOfTheMerge(Rescoring):
    """What came since the merge, under a name that was the lead's own and had no event yet, stays with the winner."""

    def _homes_apart(
        self, loser: LeadState, winner: LeadState
    ) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
        own = tuple(self.store.read_homes(loser.lead))
        return own, tuple(home for home in self.store.read_homes(winner.lead) if home not in own)


class OnlyItsVeryOwn(Rescoring):
    """Whoever became part of the lead before it was merged itself stays behind with the winner."""

    def _way(self, lead: str) -> tuple[str, ...]:
        return (lead,)


class EveryRulingIsObeyed(Rescoring):
    """A ruling that comes again, or late, undoes a later one."""

    def _obey(self, ruling: Ruling, tally: Tally) -> None:
        lead = self.store.read_states([ruling.lead]).get(ruling.lead) or LeadState(ruling.lead)
        super()._obey(replace(ruling, at=max(ruling.at, lead.ruled_at + 1)), tally)


class ApartUntilTheNextEvent(Rescoring):
    """The cookie that glued two together glues them again after somebody has taken them apart."""

    def _may_join(self, anonymous: LeadState, state: LeadState, identifier: Identifier) -> bool:
        return super()._may_join(replace(anonymous, ruled_at=0), state, identifier)


class RulingForgottenInAFullFold(Rescoring):
    """A fold says nothing of rulings, and somebody wrote what it says."""

    def _fold(
        self, state: LeadState, homes: Iterable[Identifier], in_force: InForce, as_of: int
    ) -> tuple[LeadState, Profile | None]:
        following, profile = super()._fold(state, homes, in_force, as_of)
        following.ruled_at = 0
        return following, profile


class OldNewsOfACookie(Rescoring):
    """A merge by a name that led to an anonymous lead once, and is somebody else's by now."""

    def _has(self, state: LeadState, owner: str) -> bool:
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
