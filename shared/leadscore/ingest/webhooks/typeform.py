"""Typeform's webhooks: one submitted form a call, signed over the raw bytes.

Source: https://www.typeform.com/developers/webhooks/example-payload/ and .../secure-your-webhooks/. The signature has
no time in it; a response is known by its token, so one that is repeated says nothing new.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from leadscore.domain.event import Trust
from leadscore.domain.page import UTM
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.clock import parse_time
from leadscore.ingest.form import EVENT_NAME, keep_answer, snake_case, trait_named, trait_value
from leadscore.ingest.json_body import filled
from leadscore.ingest.page import carried
from leadscore.ingest.webhooks.document import an_object, first, listed, part, text
from leadscore.ingest.webhooks.signature import base64_of, compare, plain_secret, sha256_hmac
from leadscore.ingest.webhooks.vendor import Delivery, Reading, Told, Vendor, read_each, title_of

_NAME = "Typeform"
EVENTS = {"form_response": EVENT_NAME, "form_response_partial": ""}
#: Typeform gives a field such a reference unless its author does.
_GENERATED = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-HJKMNP-TV-Z]{26}")
_NAME_CHARACTERS_MAX = 64
_IDS = frozenset({"userId", "user_id", "anonymousId", "anonymous_id", "email"})


def verify(delivery: Delivery, secret: str) -> None:
    expected = "sha256=" + base64_of(sha256_hmac(secret.encode(), delivery.body))
    compare([expected], [delivery.request.header("typeform-signature")])


def read(document: Any, arrival: Arrival, _delivery: Delivery) -> Reading:
    return read_each([document], _told, arrival)


def _told(item: Mapping[str, Any]) -> Iterator[Told]:
    what = text(item, "event_type")
    name = EVENTS.get(what, title_of(_NAME, what))
    if not name:
        return
    response = an_object("form_response", item.get("form_response"))
    definition, hidden = part(response, "definition"), part(response, "hidden")
    traits, answers = _traits_and_answers(response, definition)
    traits = filled({"email": trait_value("email", hidden.get("email"))}) | traits
    others = {key: value for key, value in hidden.items() if key not in _IDS and key not in UTM}
    yield Told(
        name=name,
        call="form",
        at=response.get("submitted_at"),
        dedup=[first(response, "token") or item.get("event_id")],
        email=traits.get("email"),
        ids=hidden,
        properties={
            **others,
            **answers,
            **filled(
                {
                    "form": _slug(text(definition, "title")) or response.get("form_id"),
                    "form_id": response.get("form_id"),
                    "seconds": _seconds(response),
                    "score": part(response, "calculated").get("score"),
                }
            ),
        },
        traits=traits,
        context=carried(hidden),
    )


def _traits_and_answers(
    response: Mapping[str, Any], definition: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    titles = {field["id"]: text(field, "title") for field in _objects(definition, "fields") if _is_id(field.get("id"))}
    traits: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for answer in _objects(response, "answers"):
        field = part(answer, "field")
        kind = text(answer, "type")
        title = titles.get(field["id"], "") if _is_id(field.get("id")) else ""
        value = _answer(answer, kind)
        trait = _trait(kind, text(field, "ref"), title)
        keep_answer(trait, _field_name(field, title), value, traits, answers)
    return traits, answers


def _answer(answer: Mapping[str, Any], kind: str) -> Any:
    """It stands under the name of its type, but for choices. Of a payment the card is nobody's business."""
    chosen, many = part(answer, "choice"), part(answer, "choices")
    if kind == "choice":
        return first(chosen, "label", "other")
    if kind == "choices":
        return [*listed(many, "labels"), *([many["other"]] if many.get("other") else [])]
    return part(answer, kind).get("amount") if kind == "payment" else answer.get(kind)


def _trait(kind: str, ref: str, title: str) -> str | None:
    if kind in {"email", "phone_number"}:
        return "email" if kind == "email" else "phone"
    return trait_named(ref) or trait_named(title)


def _field_name(field: Mapping[str, Any], title: str) -> str:
    ref = text(field, "ref")
    named = "" if _GENERATED.fullmatch(ref) else ref
    return (named or snake_case(title) or str(field.get("id", "answer")))[:_NAME_CHARACTERS_MAX]


def _slug(title: str) -> str:
    """The form's name as a web form would have it: `Request a demo` is `request-a-demo`."""
    return snake_case(title).replace("_", "-")[:_NAME_CHARACTERS_MAX].strip("-")


def _seconds(response: Mapping[str, Any]) -> int | None:
    """How long it took to fill in."""
    landed, submitted = parse_time(response.get("landed_at")), parse_time(response.get("submitted_at"))
    return None if landed is None or submitted is None else max(0, submitted - landed) // 1000


def _objects(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [value for value in listed(holder, name) if isinstance(value, dict)]


def _is_id(value: Any) -> bool:
    return isinstance(value, str)


VENDOR = Vendor(name=_NAME, trust=Trust.DECLARED, events=EVENTS, verify=verify, read=read, secret_of=plain_secret)
