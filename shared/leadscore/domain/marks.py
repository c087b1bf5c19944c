"""Events that are kept and count nothing, by what the door marked in their context or by what their lead said."""

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.state import LeadState

MACHINE, INTERNAL, UNCONSENTED = "machine", "internal", "unconsented"
#: The value of `internal` where not this event alone but its whole lead is one of the own people, or a test.
OWN_LEAD = "lead"
CONSENT_GIVEN, CONSENT_WITHDRAWN = "Consent Given", "Consent Withdrawn"
_CONSENTS = frozenset({CONSENT_GIVEN, CONSENT_WITHDRAWN})
#: What a consent without a channel is about: following what somebody does on pages and in apps.
_FOLLOWING = (None, "", "web")


def is_marked(event: LeadEvent) -> bool:
    """Whether whoever sent or took in the event knew that it is not to count."""
    context = event.context
    return context.get(MACHINE) is True or context.get(UNCONSENTED) is True or bool(context.get(INTERNAL))


def is_of_own_lead(event: LeadEvent) -> bool:
    """Whether it tells that nothing of its lead is to count, whatever came before."""
    return event.context.get(INTERNAL) == OWN_LEAD


def counts_nothing(state: LeadState, event: LeadEvent) -> bool:
    """Whether the event, the lead's newest, is kept and no more."""
    return (
        state.is_own
        or is_marked(event)
        or (state.is_unconsented and event.trust is Trust.PUBLIC and event.name not in _CONSENTS)
    )


def is_consent(event: LeadEvent) -> bool:
    """Whether the event says that its lead may, or may not, be followed from now on.

    Consent to messages (`channel: email`) is another matter. With a public key a visitor speaks for a browser alone,
    whose id nobody can guess; for somebody who is known by name speaks a form, or a server.
    """
    return (
        event.name in _CONSENTS
        and event.properties.get("channel") in _FOLLOWING
        and (event.trust > Trust.PUBLIC or event.home.kind == "anonymous_id")
    )


def heed_consent(state: LeadState, event: LeadEvent) -> None:
    """Remember what the lead wants from now on."""
    if is_consent(event):
        refused = event.name == CONSENT_WITHDRAWN
        if refused is not state.is_unconsented:
            state.is_unconsented = refused
            state.settled_at = event.occurred_at
