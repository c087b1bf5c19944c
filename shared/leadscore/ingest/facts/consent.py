"""What somebody said to being followed, as clients write down what their consent managers asked.

Sources: Segment's consent object (`context.consent`), and RudderStack's (`context.consentManagement`).
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from leadscore.domain.event import Json
from leadscore.ingest.yes_no import NO, YES

#: In the address of a picture everything is text; and Google's consent mode has words of its own.
_YES = YES | {"accepted", "allowed", "granted"}
_NO = NO | {"denied", "refused", "rejected"}
_BETWEEN = re.compile(r"[\s,;\[\]\"]+")


def consent_answers(context: Json, categories: Collection[str]) -> list[bool]:
    """The answers for these categories, which are in lower case; empty where none was given."""
    preferences, managed = context.get("consent"), context.get("consentManagement")
    if not preferences and not managed:
        return []
    given = [*_of_preferences(preferences), *_of_lists(managed)]
    return [answer for category, answer in given if category.strip().lower() in categories]


def _of_preferences(consent: Any) -> Iterator[tuple[str, bool]]:
    preferences = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    for category, said in preferences.items() if isinstance(preferences, dict) else ():
        if (answer := _answer(said)) is not None:
            yield category, answer


def _of_lists(managed: Any) -> Iterator[tuple[str, bool]]:
    if isinstance(managed, dict):
        for name, answer in (("allowedConsentIds", True), ("deniedConsentIds", False)):
            for category in _texts(managed.get(name)):
                yield category, answer


def _answer(said: Any) -> bool | None:
    if not isinstance(said, str):
        return bool(said) if said in (0, 1) else None
    word = said.strip().lower()
    return True if word in _YES else False if word in _NO else None


def _texts(listed: Any) -> list[str]:
    if isinstance(listed, str):
        return _BETWEEN.split(listed)
    values = listed.values() if isinstance(listed, dict) else listed if isinstance(listed, list) else ()
    return [value for value in values if isinstance(value, str)]
