"""What HubSpot's Forms API takes: a form's fields as a list, with the page and the consent beside them.

Source: https://developers.hubspot.com/docs/api-reference/legacy/forms-v3-legacy/guide (submissions/v3/integration).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from leadscore.ingest.form import CONSENT
from leadscore.ingest.form_body import Fields, bounded, read_json
from leadscore.ingest.ids import identifier

#: A field of the person's company, as HubSpot calls it, and how a form would ask a person for it.
_OF_COMPANY = {"name": "company", "domain": "website", "numberofemployees": "company_size", "annualrevenue": "revenue"}
_COMPANY = "0-2"


class HubSpotPost(NamedTuple):
    """`visitor` is the id in HubSpot's own cookie, `submitted_at` the time that the client chose, if it chose one."""

    fields: Fields
    page_url: str = ""
    visitor: str | None = None
    submitted_at: Any = None


def read_hubspot_post(content_type: str, body: bytes) -> HubSpotPost | None:
    """The post, or None where it is another form's JSON."""
    document = read_json(content_type, body)
    listed = document.get("fields") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) and _is_named(each) for each in listed):
        return None
    context = document["context"] if isinstance(document.get("context"), dict) else {}
    consent = document["legalConsentOptions"] if isinstance(document.get("legalConsentOptions"), dict) else {}
    pairs = [*map(_pair, listed), *_consents(consent)]
    page = context.get("pageUri")
    return HubSpotPost(
        fields=bounded(pairs),
        page_url=page if isinstance(page, str) else "",
        visitor=identifier("context.hutk", context.get("hutk")),
        submitted_at=document.get("submittedAt"),
    )


def _is_named(field: Mapping[str, Any]) -> bool:
    return isinstance(field.get("name"), str)


def _pair(field: Mapping[str, Any]) -> tuple[str, Any]:
    name = field["name"]
    return _OF_COMPANY.get(name, name) if field.get("objectTypeId") == _COMPANY else name, field.get("value")


def _consents(options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """As a web form's fields `consent_...` would say it: to processing, and to each kind of mail by its number."""
    for basis in ("consent", "legitimateInterest"):
        given = options.get(basis)
        if not isinstance(given, dict):
            continue
        if isinstance(given.get("consentToProcess"), bool):
            yield f"{CONSENT}process", given["consentToProcess"]
        communications = given.get("communications")
        for wish in [given, *(communications if isinstance(communications, list) else [])]:
            if isinstance(wish, dict) and "subscriptionTypeId" in wish:
                yield f"{CONSENT}{wish['subscriptionTypeId']}", wish.get("value")
