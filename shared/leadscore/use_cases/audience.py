"""Audiences for advertising: addresses as hashes, in the form in which each platform makes its own.

Google: https://developers.google.com/google-ads/api/docs/conversions/enhance-conversions and, for the header,
https://support.google.com/google-ads/answer/7476159. Meta: https://www.facebook.com/business/help/2082575038703844.
LinkedIn: https://www.linkedin.com/help/lms/answer/a1489764.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.uncounted import CONSENT_GIVEN, CONSENT_WITHDRAWN
from leadscore.use_cases.export_leads import ExportedLead

_GOOGLE_MAIL = frozenset({"gmail.com", "googlemail.com"})
_REFUSALS = frozenset({"Unsubscribed", "Email Marked as Spam", CONSENT_WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Platform:
    """`header` is the name that it expects of the column, `people_min` the fewest that it takes."""

    name: str
    header: str
    people_min: int = 0
    ignores_dots: bool = False

    def hash(self, address: str) -> str:
        """SHA-256 in hex of the address as the platform writes it."""
        normal = address.strip().lower()
        name, at, domain = normal.rpartition("@")
        if self.ignores_dots and domain in _GOOGLE_MAIL:
            normal = name.replace(".", "") + at + domain
        return hashlib.sha256(normal.encode()).hexdigest()


PLATFORMS = {
    platform.name: platform
    for platform in (
        Platform("google", "Email", ignores_dots=True),
        Platform("meta", "email", people_min=100),
        Platform("linkedin", "email", people_min=300),
    )
}


def wants_none(lead: ExportedLead, history: Iterable[LeadEvent]) -> bool:
    """Whether the person is out, is disqualified, is one of us, or said no: the last word counts, whatever the model
    makes of it.

    A no is heard from anybody; a yes only from who is believed to speak for the person.
    """
    state = lead.committed
    if state.is_out or state.is_disqualified or state.is_own or state.is_unconsented:
        return True
    if lead.traits.get("email_opt_out") is True:
        return True
    words = [event for event in history if _is_refusal(event) or _is_consent(event)]
    return bool(words) and _is_refusal(max(words, key=lambda event: event.order))


def _is_refusal(event: LeadEvent) -> bool:
    return event.name in _REFUSALS


def _is_consent(event: LeadEvent) -> bool:
    return event.name == CONSENT_GIVEN and event.trust > Trust.PUBLIC
