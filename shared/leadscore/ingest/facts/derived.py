"""Which facts an event gets, and when what its sender says counts instead."""

from collections.abc import Mapping
from typing import Any

from leadscore.domain.event import Json, Trust
from leadscore.ingest.facts.channel import NO_HOSTS, channel
from leadscore.ingest.facts.company_size import company_size_band, stated_sizes
from leadscore.ingest.facts.email_kind import email_domain, email_kind
from leadscore.ingest.facts.local_time import WEEKDAYS, local_time
from leadscore.ingest.facts.seniority import seniority
from leadscore.ingest.facts.uncounted import DERIVED_FLAGS

#: Taken from nobody but a server: else anybody could claim to write from a business address.
DERIVED_TRAITS = frozenset({"email_domain", "email_kind", "company_size_band"})
DERIVED_CONTEXT = frozenset({"local_hour", "local_weekday", "channel"}) | DERIVED_FLAGS


def traits_with_facts(traits: Json, trust: Trust) -> dict[str, Any]:
    """The traits and what follows from them.

    A fact always stands beside its trait: null where the trait tells nothing, so that a corrected title does not keep
    the rank of the one before.
    """
    facts: dict[str, str | None] = {}
    if "email" in traits:
        domain = email_domain(traits["email"])
        facts |= {"email_domain": domain, "email_kind": email_kind(traits["email"], domain)}
    if sizes := stated_sizes(traits):
        facts["company_size_band"] = company_size_band(sizes)
    if "title" in traits:
        facts["seniority"] = seniority(traits["title"])
    return _filled(traits, facts, DERIVED_TRAITS, trust)


def context_with_facts(
    context: Json,
    trust: Trust,
    *,
    call: str,
    properties: Json,
    occurred_at: int,
    timestamp: Any,
    own_referrers: frozenset[str] = NO_HOSTS,
) -> dict[str, Any]:
    """The context and where and when the event happened. `timestamp` is the client's own, for its offset from UTC."""
    facts: dict[str, Any] = {}
    if (local := local_time(occurred_at, timezone=context.get("timezone"), timestamp=timestamp)) is not None:
        facts |= {"local_hour": local.hour, "local_weekday": WEEKDAYS[local.weekday()]}
    if came_by := channel(call, properties, context, own_referrers):
        facts["channel"] = came_by
    return _filled(context, facts, DERIVED_CONTEXT, trust)


def _filled(given: Json, facts: Mapping[str, Any], derived: frozenset[str], trust: Trust) -> dict[str, Any]:
    said = dict(given)
    if trust is not Trust.SERVER:
        for name in derived:
            said.pop(name, None)
    return said | {name: value for name, value in facts.items() if said.get(name) in (None, "")}
