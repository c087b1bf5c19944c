"""A web form's post: urlencoded, multipart or JSON, straight from a browser or by a script."""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from leadscore.domain.event import LeadEvent, Trust
from leadscore.domain.page import split_url
from leadscore.ingest.arrival import Arrival, event_name
from leadscore.ingest.clock import occurred_at
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import checked, parse, well_formed
from leadscore.ingest.page import campaign
from leadscore.ingest.rejection import Rejected

EVENT_NAME = "Form Submitted"
#: How a field begins that asks for consent.
CONSENT = "consent_"
FIELDS_MAX = 50
VALUE_BYTES_MAX = 4 * 1024

_FORM_NAME = re.compile(r"[a-z0-9_-]{1,64}")
#: Fields that steer the post and are not part of what the person said.
_RESERVED = frozenset({"writeKey", "redirect", "anonymousId", "userId", "messageId", "event"})
#: Fields that describe a person or their company become traits, under these names. Forms call them many things.
_TRAITS: Mapping[str, tuple[str, ...]] = {
    "email": (
        *("e_mail", "email_address", "e_mail_address", "mail", "your_email", "contact_email", "user_email"),
        *("primary_email", "primary_email_address", "work_email", "work_email_address", "email_work"),
        *("business_email", "business_email_address", "email_1", "email1", "e_mail_1", "email_1_value"),
        "e_mail_1_value",
    ),
    "first_name": ("firstname", "given_name", "forename"),
    "last_name": ("lastname", "family_name", "surname"),
    "name": ("full_name", "fullname", "your_name"),
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
#: How frameworks write the field of a person: `contact[email]`. Of a company or an address it would be another's.
_NESTED = re.compile(r"(?:contact|customer|fields|form_fields|lead|person|profile|user)\[([^\[\]]+)\]", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")

type Fields = Mapping[str, Any]


def read_fields(content_type: str, body: bytes) -> Fields:
    """What the form holds: name to value, or to a list of values where a name repeats. Blank fields are not answers."""
    match content_type.partition(";")[0].strip().lower():
        case "multipart/form-data":
            pairs: Iterable[tuple[str, Any]] = _multipart_pairs(content_type, body)
        case "application/json":
            pairs = _json_pairs(body)
        case "application/x-www-form-urlencoded" | "":
            pairs = _urlencoded_pairs(body)
        case _:
            raise Rejected(
                "unsupported_media_type",
                "a form is sent as application/x-www-form-urlencoded, multipart/form-data or application/json",
                status=415,
            )
    return bounded(pairs)


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
    page = page_url if split_url(page_url) is not None else ""
    context = {"consent": _consent(fields), "campaign": campaign({}, page), "userAgent": user_agent}
    return arrival.trusted_as(max(arrival.trust, Trust.DECLARED)).event(
        call="form",
        name=event_name("event", fields.get("event", EVENT_NAME)),
        identifiers={
            "user_id": identifier("userId", fields.get("userId")),
            "email": email_address(traits.get("email")),
            "anonymous_id": identifier("anonymousId", fields.get("anonymousId")) or visitor,
        },
        content=checked({"form": form, "fields": content} | ({"at": submitted_at} if submitted_at else {})),
        message_id=fields.get("messageId"),
        is_dated=bool(submitted_at),
        occurred_at=occurred_at(timestamp=submitted_at, sent_at=None, received_at=arrival.received_at),
        properties={**answers, "form": form} | ({"page": page} if page else {}),
        traits=traits,
        context={name: value for name, value in context.items() if value},
    )


def _urlencoded_pairs(body: bytes) -> Iterator[tuple[str, Any]]:
    try:
        yield from parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise _too_many_fields() from None


def _multipart_pairs(content_type: str, body: bytes) -> Iterator[tuple[str, Any]]:
    """Files are no answers and are skipped."""
    # Few requests need it, and every cold start would pay for it.
    import multipart  # type: ignore[import-untyped]  # noqa: PLC0415

    boundary = multipart.parse_options_header(content_type)[1].get("boundary", "")
    in_memory = len(body) + 1
    try:
        for part in multipart.MultipartParser(
            io.BytesIO(body), boundary, part_limit=FIELDS_MAX, spool_limit=in_memory, memory_limit=in_memory
        ):
            if not part.filename:
                yield part.name or "", part.raw.decode("utf-8", "replace")
    except multipart.ParserLimitReached:
        raise _too_many_fields() from None
    except multipart.MultipartError:
        raise Rejected("invalid_form", "the body is not valid multipart/form-data: check its boundary") from None


def _json_pairs(body: bytes) -> Iterable[tuple[str, Any]]:
    document = parse(body)
    if not isinstance(document, dict):
        raise Rejected("invalid_form", "the body must be a JSON object of field names and values")
    checked(document)
    return document.items()


def bounded(pairs: Iterable[tuple[str, Any]]) -> Fields:
    """The fields within their limits, blank ones left out, and those that repeat as a list."""
    fields: dict[str, Any] = {}
    for count, (raw_name, raw_value) in enumerate(pairs, start=1):
        if count > FIELDS_MAX:
            raise _too_many_fields()
        name = well_formed(raw_name).removesuffix("[]")
        value = well_formed(raw_value).strip() if isinstance(raw_value, str) else raw_value
        if _bytes(value) > VALUE_BYTES_MAX:
            raise Rejected(
                "field_too_large", f"a field holds more than {VALUE_BYTES_MAX // 1024} KB: shorten it, send no files"
            )
        if value in (None, "", [], {}):
            continue
        fields[name] = value if name not in fields else [*_listed(fields[name]), *_listed(value)]
    return fields


def _bytes(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else len(json.dumps(value))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _too_many_fields() -> Rejected:
    return Rejected("too_many_fields", f"the form has more than {FIELDS_MAX} fields: send fewer")


def _traits_and_answers(fields: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    traits: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _RESERVED or name.startswith(CONSENT):
            continue
        if trait := trait_named(name):
            traits[trait] = trait_value(trait, value)
        else:
            answers[name] = value
    return traits, answers


def trait_named(field: str) -> str | None:
    """The trait that a field or column of this name holds, whatever the spelling; None where it is none."""
    nested = _NESTED.fullmatch(field.strip())
    return _TRAIT_NAMES.get(snake_case(nested[1] if nested else field))


def trait_value(trait: str, value: Any) -> Any:
    """The value as rules compare it: an address in lower case, a whole number as one."""
    if trait == "email":
        return email_address(value) or value
    if trait in _NUMERIC and isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return value


def snake_case(name: str) -> str:
    """`firstName`, `first-name` and `First Name` are all `first_name`."""
    return _SEPARATORS.sub("_", _WORD_START.sub("_", name).lower()).strip("_")


def _consent(fields: Fields) -> dict[str, Any]:
    return {name.removeprefix(CONSENT): value for name, value in fields.items() if name.startswith(CONSENT)}
