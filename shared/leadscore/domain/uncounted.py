"""Events that are kept and count nothing, by what the door flagged in their context or by what their lead said."""

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.state import LeadState

MACHINE, INTERNAL, UNCONSENTED = "machine", "internal", "unconsented"
#: The value of `internal` where not this event alone but its whole lead is one of the own people, or a test; and where
#: only the browser is known to be, as whoever said so might have said it of anybody.
OWN_LEAD, OWN_BROWSER = "lead", "browser"
CONSENT_GIVEN, CONSENT_WITHDRAWN = "Consent Given", "Consent Withdrawn"
_CONSENTS = frozenset({CONSENT_GIVEN, CONSENT_WITHDRAWN})
#: What a consent without a channel is about: following what somebody does on pages and in apps.
_FOLLOWING = (None, "", "web")
#: Browsers of a lead that count nothing, the last ones. A page's own script sends nothing any more by then.
SILENCED_MAX = 8


def is_flagged(event: LeadEvent) -> bool:
    """Whether whoever sent or took in the event knew that it is not to count."""
    context = event.context
    return context.get(MACHINE) is True or context.get(UNCONSENTED) is True or bool(context.get(INTERNAL))


def is_of_own_lead(event: LeadEvent) -> bool:
    """Whether it tells that nothing of its lead is to count, whatever came before."""
    return event.context.get(INTERNAL) == OWN_LEAD


def counts_nothing(state: LeadState, event: LeadEvent) -> bool:
    """Whether the event, the lead's newest, is kept and no more."""
    if state.is_own or is_flagged(event):
        return True
    if event.trust > Trust.PUBLIC or event.name in _CONSENTS:
        return False
    return state.is_unconsented or (bool(state.silenced) and _browser(event) in state.silenced)


def is_heeded(event: LeadEvent) -> bool:
    """Whether the event says what is to count from now on. Consent to messages (`channel: email`) does not."""
    is_consent = event.name in _CONSENTS and event.properties.get("channel") in _FOLLOWING
    return is_consent or event.context.get(INTERNAL) == OWN_BROWSER


def heed_wishes(state: LeadState, event: LeadEvent) -> None:
    """Remember what is to count from now on.

    For a whole lead speaks a server alone. Whoever else says something may say it of anybody whose address he knows: it
    holds for the browser that it came from, whose id nobody can guess.
    """
    if not is_heeded(event):
        return
    before = state.is_unconsented, state.silenced
    refused = event.name != CONSENT_GIVEN
    if event.trust is Trust.SERVER and event.name in _CONSENTS:
        state.is_unconsented = refused
        state.silenced = state.silenced if refused else ()
    elif (browser := _browser(event)) is not None:
        others = tuple(short for short in state.silenced if short != browser)
        state.silenced = (*others, browser)[-SILENCED_MAX:] if refused else others
    if before != (state.is_unconsented, state.silenced):
        state.settled_at = event.occurred_at


def _browser(event: LeadEvent) -> int | None:
    return next((each.short for each in event.identifiers if each.kind == "anonymous_id"), None)
