"""A web form's fields as an event: who submitted it, what they said of themselves, and what else they said."""

import re
from collections.abc import Mapping
from typing import Any

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.page import split_url
from leadscore.ingest.arrival import Arrival, event_name
from leadscore.ingest.clock import occurred_at
from leadscore.ingest.form_body import CHARSET_FIELD, HOLDERS, Fields
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import checked, fingerprint
from leadscore.ingest.page import carried
from leadscore.ingest.rejection import Rejected

EVENT_NAME = "Form Submitted"
#: The same fields of the same visitor within ten minutes of the clock are one submission.
AGAIN_MS = 10 * 60 * 1_000
#: What is longer is no page's address: no header holds it. In HubSpot's JSON it would be no part of what is measured.
PAGE_CHARACTERS_MAX = 8 * 1_024
#: How a field begins that asks for consent.
CONSENT = "consent_"

_FORM_NAME = re.compile(r"[a-z0-9_-]{1,64}")
#: Fields that steer the post and are not part of what the person said.
_RESERVED = frozenset({"writeKey", "redirect", "anonymousId", "userId", "messageId", "event", CHARSET_FIELD})
#: Fields that describe a person or their company become traits, under these names. Forms call them many things.
_TRAITS: Mapping[str, tuple[str, ...]] = {
    "email": (
        *("e_mail", "email_address", "e_mail_address", "mail", "contact_email", "user_email"),
        *("primary_email", "primary_email_address", "work_email", "work_email_address", "email_work"),
        *("business_email", "business_email_address", "email_1", "email1", "e_mail_1", "email_1_value"),
        "e_mail_1_value",
    ),
    "first_name": ("firstname", "given_name", "forename"),
    "last_name": ("lastname", "family_name", "surname"),
    "name": ("full_name", "fullname"),
    "phone": ("phone_number", "telephone", "tel", "mobile", "mobilephone"),
    "title": ("job_title", "jobtitle", "position"),
    "role": ("job_role",),
    "seniority": (),
    "department": (),
    "company": ("company_name", "organization", "organisation"),
    "company_size": ("employees", "number_of_employees", "employee_count", "numemployees", "numberofemployees"),
    "industry": (),
    "website": ("company_website", "homepage"),
    "annual_revenue": ("revenue",),
    "budget": (),
    "country": (),
    "state": ("region", "province"),
    "city": (),
}
_TRAIT_NAMES = {spelling: trait for trait, others in _TRAITS.items() for spelling in (trait, *others)}
#: A form can only send text; rules compare these as numbers.
_NUMERIC = frozenset({"company_size", "annual_revenue", "budget"})
#: How frameworks write the field of a person: `contact[email]`, Elementor `fields[email][value]`. Of a company or an
#: address it would be another's.
_NESTED = re.compile(rf"(?:{'|'.join(HOLDERS)})\[([^\[\]]+)\](?:\[value\])?", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def read_form(
    form: str,
    fields: Fields,
    arrival: Arrival,
    *,
    visitor: str | None,
    page_url: str,
    user_agent: str,
    submitted_at: Any = None,
) -> LeadEvent:
    """The event of a submitted form: at least declared, as a person submitted it. `visitor` is the cookie's id.

    `submitted_at` is when that was, if the client says so; otherwise it is now.
    """
    if _FORM_NAME.fullmatch(form) is None:
        raise Rejected("invalid_form_name", "a form's name has 1 to 64 of a-z, 0-9, - and _: change the post's path")
    content = {name: value for name, value in fields.items() if name != "writeKey"}
    traits, answers = _traits_and_answers(fields)
    page = page_url if len(page_url) <= PAGE_CHARACTERS_MAX and split_url(page_url) is not None else ""
    context = {"consent": _consent(fields), **carried(fields, page), "userAgent": user_agent}
    said = checked({"form": form, "fields": content} | ({"at": submitted_at} if submitted_at else {}))
    return arrival.trusted_as(max(arrival.trust, Trust.DECLARED)).event(
        call="form",
        name=event_name("event", fields.get("event", EVENT_NAME)),
        identifiers={
            "user_id": identifier("userId", fields.get("userId")),
            "email": email_address(traits.get("email")),
            "anonymous_id": identifier("anonymousId", fields.get("anonymousId")) or visitor,
        },
        content=said,
        message_id=fields.get("messageId") or (None if submitted_at else _sending(said, visitor, arrival.received_at)),
        is_dated=bool(submitted_at),
        occurred_at=occurred_at(timestamp=submitted_at, sent_at=None, received_at=arrival.received_at),
        properties={**answers, "form": form} | ({"page": page} if page else {}),
        traits=traits,
        context={name: value for name, value in context.items() if value},
    )


def _sending(said: str, visitor: str | None, received_at: int) -> str:
    """What all sendings of the same fields have in common: somebody who clicks twice, or again since no answer came,
    means one."""
    return f"again:{fingerprint(f'{visitor} {said}')}:{received_at // AGAIN_MS}"


def _traits_and_answers(fields: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    traits: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _RESERVED or name.startswith(CONSENT):
            continue
        keep_answer(trait_named(name), name, value, traits, answers)
    return traits, answers


def keep_answer(trait: str | None, name: str, value: Any, traits: dict[str, Any], answers: dict[str, Any]) -> None:
    """As the trait, or else as an answer of this name. None takes another's place: a second one for the same trait is
    an answer, and of the same name it gets a number. But an address comes before what is none.
    """
    if trait is not None and (trait not in traits or (trait == "email" and email_address(traits[trait]) is None)):
        traits[trait] = trait_value(trait, value)
        return
    place, number = name, 2
    while place in answers:
        place, number = f"{name}_{number}", number + 1
    answers[place] = value


def trait_named(field: str) -> str | None:
    """The trait that a field or column of this name holds, whatever the spelling; None where it is none."""
    nested = _NESTED.fullmatch(field.strip())
    # WordPress's Contact Form 7 writes `your-name`, and so do those who add fields to its form.
    return _TRAIT_NAMES.get(snake_case(nested[1] if nested else field).removeprefix("your_"))


def trait_value(trait: str, value: Any) -> Any:
    """The value as rules compare it: an address in lower case, a whole number as one."""
    if trait == "email":
        # Forms ask for an address twice.
        given = value if isinstance(value, list) else [value]
        return next(filter(None, map(email_address, given)), value)
    if trait in _NUMERIC and isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return value


def snake_case(name: str) -> str:
    """`firstName`, `first-name` and `First Name` are all `first_name`."""
    return _SEPARATORS.sub("_", _WORD_START.sub("_", name).lower()).strip("_")


def _consent(fields: Fields) -> dict[str, Any]:
    return {name.removeprefix(CONSENT): value for name, value in fields.items() if name.startswith(CONSENT)}
