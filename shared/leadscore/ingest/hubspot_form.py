"""What HubSpot's Forms API takes: a form's fields, with the page and the consent beside them.

Sources: https://developers.hubspot.com/docs/api-reference/legacy/forms-v3-legacy/guide (submissions/v3/integration);
https://legacydocs.hubspot.com/docs/methods/forms/v2/submit_form (uploads/form/v2), where the page is in a field.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from leadscore.ingest.form import CONSENT
from leadscore.ingest.form_body import Fields, bounded, read_fields, read_json
from leadscore.ingest.ids import identifier
from leadscore.ingest.json_body import parse
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.webhooks.document import part, text

#: A field of the person's company, as HubSpot calls it, and how a form would ask a person for it.
_OF_COMPANY = {"name": "company", "domain": "website", "numberofemployees": "company_size", "annualrevenue": "revenue"}
_COMPANY = "0-2"
#: The field of the older API that holds the page and the visitor, as JSON.
_CONTEXT = "hs_context"
#: How its fields begin that ask for consent, and what they ask it for, as the newer one calls that.
_LEGAL_CONSENT = "LEGAL_CONSENT."
_PROCESSING, _SUBSCRIPTION = "processing", "subscription_type_"


class HubSpotPost(NamedTuple):
    """`visitor` is the id in HubSpot's own cookie, `submitted_at` the time that the client chose, if it chose one.

    `redirect` is where to go from there.
    """

    fields: Fields
    page_url: str = ""
    visitor: str | None = None
    submitted_at: Any = None
    redirect: str = ""


def read_hubspot_post(content_type: str, body: bytes) -> HubSpotPost | None:
    """The post, or None where it is another form's JSON."""
    document = read_json(content_type, body)
    listed = document.get("fields") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) and _is_named(each) for each in listed):
        return None
    context = part(document, "context")
    pairs = [*map(_pair, listed), *_consents(part(document, "legalConsentOptions"))]
    return HubSpotPost(
        fields=bounded(pairs),
        page_url=text(context, "pageUri"),
        visitor=identifier("context.hutk", context.get("hutk")),
        submitted_at=document.get("submittedAt"),
    )


def read_older_hubspot_post(content_type: str, body: bytes) -> HubSpotPost | None:
    """The post, or None where nothing in it tells the page as HubSpot's older API wants it."""
    fields = read_fields(content_type, body)
    context = _object(fields.get(_CONTEXT))
    if context is None:
        return None
    return HubSpotPost(
        fields={_consented(name): value for name, value in fields.items() if name != _CONTEXT},
        page_url=text(context, "pageUrl"),
        visitor=identifier("hs_context.hutk", context.get("hutk")),
        redirect=text(context, "redirectUrl"),
    )


def _object(said: Any) -> Mapping[str, Any] | None:
    try:
        document = parse(said.encode()) if isinstance(said, str) else None
    except Rejected:
        return None
    return document if isinstance(document, dict) else None


def _consented(field: str) -> str:
    if not field.startswith(_LEGAL_CONSENT):
        return field
    wish = field.removeprefix(_LEGAL_CONSENT)
    return CONSENT + ("process" if wish == _PROCESSING else wish.removeprefix(_SUBSCRIPTION))


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
