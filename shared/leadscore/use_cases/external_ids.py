"""The names under which other systems know a lead."""

from collections.abc import Iterable

from leadscore.domain.event import KNOWN_KINDS, Identifier


def external_ids(identifiers: Iterable[Identifier]) -> dict[str, str]:
    """One identifier of each known kind; the first in the alphabet, so that two readings never differ."""
    return {kind: value for kind, value in sorted(identifiers, reverse=True) if kind in KNOWN_KINDS}
