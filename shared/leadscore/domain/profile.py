"""What is known of a person: traits, each with who said it and when."""

import json
from typing import Any

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.state import Profile, Trait

#: What a profile holds at most, so that no client can grow it without bound. More stays in the log, unseen by fit.
TRAITS_MAX = 100
TRAIT_NAME_CHARACTERS_MAX = 100
TRAIT_VALUE_BYTES_MAX = 1_024
#: Of that, on the word of browsers and forms: every change writes all of it, and a KB costs as much as an event.
UNTRUSTED_BYTES_MAX = 16 * 1_024
#: The address, and what `ingest` makes of it.
_OF_ADDRESS = frozenset({"email", "email_domain", "email_kind"})


def learn(profile: Profile, event: LeadEvent) -> Profile:
    """The profile with the event's traits; the very same one where they say nothing new.

    More trusted beats later: a public or declared call fills what is empty and overwrites nothing more trusted. An
    address that names nobody replaces none: who mistypes theirs later, or makes one up to read on, is the same person.
    """
    learned = dict(profile)
    passed_over = _OF_ADDRESS if _knows_better_address(profile, event) else frozenset()
    for name, value in event.traits.items():
        if name in passed_over:
            continue
        said = Trait(value, event.trust, event.occurred_at, event.id)
        known = learned.get(name)
        if known is not None and (_outweighs(known, said) or _repeats(said, known)):
            continue
        if len(name) > TRAIT_NAME_CHARACTERS_MAX or len(json.dumps(value)) > TRAIT_VALUE_BYTES_MAX:
            continue
        if said.trust < Trust.SERVER and _untrusted_bytes(learned | {name: said}) > UNTRUSTED_BYTES_MAX:
            continue
        if known is None and len(learned) >= TRAITS_MAX:
            least = min(learned, key=lambda other: (learned[other].precedence, other))
            if learned[least].trust >= said.trust:
                continue
            del learned[least]  # What anybody may say must not keep out what a trusted source says.
        learned[name] = said
    return profile if learned == profile else learned


def _knows_better_address(profile: Profile, event: LeadEvent) -> bool:
    known = profile.get("email")
    is_taken_at_its_word = event.trust is Trust.SERVER or any(each.kind == "email" for each in event.identifiers)
    return known is not None and not _is_empty(known.value) and not is_taken_at_its_word


def _untrusted_bytes(profile: Profile) -> int:
    return sum(
        len(name) + len(json.dumps(trait.value)) for name, trait in profile.items() if trait.trust < Trust.SERVER
    )


def said_traits(profile: Profile) -> dict[str, Any]:
    """The traits that say something, as conditions read them."""
    return {name: trait.value for name, trait in profile.items() if not _is_empty(trait.value)}


def _outweighs(known: Trait, said: Trait) -> bool:
    return not _is_empty(known.value) and known.precedence > said.precedence


def _is_empty(value: object) -> bool:
    """Clients unset a trait with null, and forms send empty fields: neither says anything."""
    return value is None or value == ""


def _repeats(said: Trait, known: Trait) -> bool:
    """Whether it says nothing new, as nightly syncs do: then nothing has to be written."""
    return said.trust == known.trust and json.dumps(said.value) == json.dumps(known.value)
