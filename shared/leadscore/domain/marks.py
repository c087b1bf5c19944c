"""What the door marks in the context of an event that is kept and counts nothing."""

from leadscore.domain.event import LeadEvent

MACHINE, INTERNAL, UNCONSENTED = "machine", "internal", "unconsented"
#: The value of `internal` where not this event alone but its whole lead is one of the own people, or a test.
OWN_LEAD = "lead"


def is_marked(event: LeadEvent) -> bool:
    """Whether whoever sent or took in the event knew that it is not to count."""
    context = event.context
    return context.get(MACHINE) is True or context.get(UNCONSENTED) is True or bool(context.get(INTERNAL))


def is_of_own_lead(event: LeadEvent) -> bool:
    """Whether it tells that nothing of its lead is to count, whatever came before."""
    return event.context.get(INTERNAL) == OWN_LEAD
