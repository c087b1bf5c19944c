"""Somebody's word on who is who, by names: who they are in the end is looked up where leads are known."""

from typing import NamedTuple

from leadscore.domain.event import Identifier


class NamedRuling(NamedTuple):
    """The lead of one name is the person `into`, who stays. `at` is when that was decided, in ms since the epoch."""

    lead: Identifier
    into: Identifier
    at: int
