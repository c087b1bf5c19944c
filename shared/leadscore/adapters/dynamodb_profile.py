"""A lead's profile as an item: every trait with who said it, when, packed together."""

from collections.abc import Mapping
from typing import Any

from leadscore.adapters.dynamodb_keys import profile_key
from leadscore.adapters.packing import pack, unpack
from leadscore.domain.event import Trust
from leadscore.domain.state import Profile, Trait


def profile_values(lead: str, profile: Profile) -> dict[str, Any]:
    return {**profile_key(lead), "traits": pack({name: list(trait) for name, trait in profile.items()})}


def profile_from(values: Mapping[str, Any]) -> Profile:
    return {
        name: Trait(value, Trust(trust), said_at, event_id)
        for name, (value, trust, said_at, event_id) in unpack(values["traits"]).items()
    }
