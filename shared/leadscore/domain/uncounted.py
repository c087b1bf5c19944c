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
    return state.is_unconsented or (bool(state.silenced) and _is_silenced(state, event))


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
    is_given, is_own = event.name == CONSENT_GIVEN, event.context.get(INTERNAL) == OWN_BROWSER
    if event.trust is Trust.SERVER and event.name in _CONSENTS:
        state.is_unconsented = not is_given
        state.silenced = tuple(filter(_is_own, state.silenced)) if is_given else state.silenced
    elif (browser := _browser(event)) is not None:
        mark = _as_own(browser) if is_own else _as_refusing(browser)
        others = tuple(other for other in state.silenced if other != mark)
        state.silenced = others if is_given and not is_own else (*others, mark)[-SILENCED_MAX:]
    if before != (state.is_unconsented, state.silenced):
        state.settled_at = event.occurred_at


def _is_silenced(state: LeadState, event: LeadEvent) -> bool:
    browser = _browser(event)
    return browser is not None and (_as_own(browser) in state.silenced or _as_refusing(browser) in state.silenced)


# Why a browser counts nothing is in the last bit: one of the own people's stays that, whatever they agree to with it.


def _as_own(browser: int) -> int:
    return browser | 1


def _as_refusing(browser: int) -> int:
    return browser & ~1


def _is_own(mark: int) -> bool:
    return bool(mark & 1)


def _browser(event: LeadEvent) -> int | None:
    return next((each.short for each in event.identifiers if each.kind == "anonymous_id"), None)
