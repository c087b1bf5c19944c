"""The published contract of a notification: what receivers may rely on."""

import json

import jsonschema
import pytest
from pydantic import ValidationError

from leadscore.contracts.notification import Notification, StageChange

BODY = {
    "specversion": "1.0",
    "id": "6f1c2d-7",
    "source": "arn:aws:sns:eu-central-1:111122223333:Leads",
    "type": "leadscore.lead.stage_changed",
    "subject": "6f1c2d",
    "time": "2026-03-01T12:00:00.321Z",
    "datacontenttype": "application/json",
    "data": {
        "lead": "6f1c2d",
        "external_ids": {"user_id": "u-1"},
        "link": None,
        "from": None,
        "to": "sql",
        "passed": ["new", "mql"],
        "direction": "up",
        "routes": ["sales"],
        "cause": "event",
        "model": "b2b",
        "activation": 3,
        "scores": {"fit": 15, "engagement": 90, "total": 105},
        "grade": "B+",
        "matrix": None,
        "priority": None,
        "entered": ["data-security/interested"],
        "left": [],
        "reasons": [{"rule": "Webinar attended", "points": 40}],
        "sequence": 7,
        "occurred_at": "2026-03-01T12:00:00.000Z",
        "as_of": "2026-03-01T12:00:00.321Z",
        "merged_into": None,
    },
}
#: What the first messages did not have yet. Every message has it now, as tests/functions/test_documents.py shows.
CAME_LATER = {"grade", "matrix", "priority", "entered", "left", "first_touch", "last_touch", "touches"}


def test_a_body_is_read_back_and_written_again_byte_for_byte() -> None:
    written = Notification.model_validate(BODY).to_json()

    assert json.loads(written) == BODY
    assert Notification.model_validate_json(written).to_json() == written


def test_the_json_schema_takes_every_body_that_is_sent() -> None:
    schema = Notification.model_json_schema(mode="serialization")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())

    validator.validate(json.loads(Notification.model_validate(BODY).to_json()))
    told = {**BODY, "data": {**BODY["data"], "email": "ada@x.example", "name": None}}  # type: ignore[dict-item]
    validator.validate(json.loads(Notification.model_validate(told).to_json()))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**BODY, "time": "yesterday"})


def test_a_message_from_before_the_later_fields_is_still_one() -> None:
    data: dict[str, object] = BODY["data"]  # type: ignore[assignment]
    early = {**BODY, "data": {name: value for name, value in data.items() if name not in CAME_LATER}}

    jsonschema.validate(early, Notification.model_json_schema(mode="serialization"))
    assert json.loads(Notification.model_validate(early).to_json()) == early


def test_personal_fields_and_what_came_later_are_the_only_ones_that_may_be_missing() -> None:
    optional = {name for name, field in StageChange.model_fields.items() if not field.is_required()}

    assert optional == {"email", "name"} | CAME_LATER
    assert all(field.is_required() for field in Notification.model_fields.values())


def test_a_field_that_nobody_promised_is_refused() -> None:
    with pytest.raises(ValidationError):
        Notification.model_validate({**BODY, "data": {**BODY["data"], "phone": "1"}})  # type: ignore[dict-item]
