"""Audiences for advertising: addresses as hashes, in the form in which each platform makes its own.

Google: https://developers.google.com/google-ads/api/docs/remarketing/audience-segments/customer-match/get-started and,
for the header,
https://support.google.com/google-ads/answer/7476159. Meta: https://www.facebook.com/business/help/2082575038703844.
LinkedIn: https://www.linkedin.com/help/lms/answer/a1489764.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.uncounted import CONSENT_GIVEN, CONSENT_WITHDRAWN
from leadscore.ingest.opt_out import is_opt_out, wants_no_mail
from leadscore.use_cases.export_leads import ExportedLead

_GOOGLE_MAIL = frozenset({"gmail.com", "googlemail.com"})
_REFUSALS = frozenset({"Unsubscribed", "Email Marked as Spam", CONSENT_WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Platform:
    """`header` is the name that it expects of the column, `people_min` the fewest that it takes.

    `knows_aliases`: to it `a.b+c@gmail.com` is `ab@gmail.com`, as both are one mailbox.
    """

    name: str
    header: str
    people_min: int = 0
    knows_aliases: bool = False

    def hash(self, address: str) -> str:
        """SHA-256 in hex of the address as the platform writes it."""
        normal = address.strip().lower()
        name, at, domain = normal.rpartition("@")
        if self.knows_aliases and domain in _GOOGLE_MAIL:
            normal = name.partition("+")[0].replace(".", "") + at + domain
        return hashlib.sha256(normal.encode()).hexdigest()


PLATFORMS = {
    platform.name: platform
    for platform in (
        Platform("google", "Email", knows_aliases=True),
        Platform("meta", "email", people_min=100),
        Platform("linkedin", "email", people_min=300),
    )
}


def wants_none(lead: ExportedLead, history: Iterable[LeadEvent]) -> bool:
    """Whether the person is out, is disqualified, is one of us, or said no: the last word counts, whatever the model
    makes of it.

    Neither a yes nor a no is heard from a public source: anybody can name anybody's address there.
    """
    state = lead.committed
    if state.is_out or state.is_disqualified or state.is_own or state.is_unconsented:
        return True
    events = list(history)
    if _has_opted_out(lead.traits) and not _said_by_anybody(events):
        return True
    words = [event for event in events if _is_refusal(event) or _is_consent(event)]
    return bool(words) and _is_refusal(max(words, key=lambda event: event.order))


def _has_opted_out(traits: Mapping[str, Any]) -> bool:
    return any(is_opt_out(name) and wants_no_mail(value) for name, value in traits.items())


def _said_by_anybody(history: Iterable[LeadEvent]) -> bool:
    """Whether nobody but public sources has said that the person opted out."""
    return {event.trust for event in history if _has_opted_out(event.traits)} == {Trust.PUBLIC}


def _is_refusal(event: LeadEvent) -> bool:
    return event.name in _REFUSALS and event.trust > Trust.PUBLIC


def _is_consent(event: LeadEvent) -> bool:
    return event.name == CONSENT_GIVEN and event.trust > Trust.PUBLIC
