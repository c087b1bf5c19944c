"""The scoring model's language as a JSON Schema (draft 2020-12), so that editors complete and check a model.

It is made from what checks a model. It says what can be said of one place in the file; contradictions between places
(an unknown score, a stage that is here twice) are left to `leadscore model check`.
"""

from typing import Any, cast

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from leadscore.contracts.model_schema import EVENT_FIELDS, SCHEMA_PART, ModelDocument
from leadscore.domain.matching import OR

_ABOUT = {
    "event": "The event's name.",
    "call": "What kind of call it was: track, page, screen, identify, group, alias, form.",
    "source": "Which write key sent it.",
    "trust": "How far the source is believed: public, declared, server.",
    "properties": "What the event says of itself.",
    "context": "Where it happened: page, campaign, browser.",
    "lead": "What is known of the lead so far.",
}


def json_schema() -> dict[str, Any]:
    """The schema of a whole model file."""
    schema = ModelDocument.model_json_schema(by_alias=True, schema_generator=_WithoutNulls, mode="validation")
    schema["$defs"] |= _conditions()
    return {"$schema": GenerateJsonSchema.schema_dialect} | cast("dict[str, Any]", _linked(schema))


class _WithoutNulls(GenerateJsonSchema):
    """A field that may be left out may still not be empty."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        if "default" in schema and schema["default"] is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def _linked(part: Any) -> Any:
    """References to the parts that are written here, which pydantic knows nothing of."""
    if isinstance(part, list):
        return [_linked(item) for item in part]
    if not isinstance(part, dict):
        return part
    rest = {name: _linked(value) for name, value in part.items() if name != SCHEMA_PART}
    return {"$ref": f"#/$defs/{part[SCHEMA_PART]}"} | rest if isinstance(part.get(SCHEMA_PART), str) else rest


def _conditions() -> dict[str, Any]:
    """Event patterns: docs/model.md explains them under Conditions."""
    field = {SCHEMA_PART: "Field"}
    return {
        "EventFields": {
            "title": "Event condition",
            "description": "All fields must match; of a list, one entry is enough.",
            "type": "object",
            "minProperties": 1,
            "properties": {
                **{name: {"description": _ABOUT[name]} | field for name in EVENT_FIELDS},
                OR: _alternatives("EventFields"),
            },
            "additionalProperties": False,
            "examples": [{"properties": {"kind": ["white-paper"]}}],
        },
        "Fields": {
            "title": "Condition",
            "description": "All fields must match; of a list, one entry is enough.",
            "type": "object",
            "minProperties": 1,
            "properties": {OR: _alternatives("Fields")},
            "additionalProperties": field,
            "examples": [{"country": ["DE", "AT"]}, {"title": [{"prefix": "VP"}]}],
        },
        "Field": {
            "title": "Field",
            "description": "A list of what may match, or the fields of an object.",
            "anyOf": [
                {"type": "array", "minItems": 1, "items": {SCHEMA_PART: "Matcher"}},
                {SCHEMA_PART: "Fields"},
            ],
        },
        "Matcher": {
            "title": "What may match",
            "description": "A value, or a matcher like {prefix: demo}.",
            "anyOf": [_VALUE, {SCHEMA_PART: "MatcherObject"}],
        },
        "MatcherObject": _matcher(),
    }


def _alternatives(of: str) -> dict[str, Any]:
    return {
        "description": "One of these must match.",
        "type": "array",
        "minItems": 2,
        "items": {SCHEMA_PART: of},
    }


_VALUE = {"type": ["string", "number", "boolean", "null"]}
_TEXT = {"type": "string"}
_IGNORING_CASE = {
    "type": "object",
    "properties": {"equals-ignore-case": _TEXT},
    "required": ["equals-ignore-case"],
    "additionalProperties": False,
}


def _matcher() -> dict[str, Any]:
    affix = {"anyOf": [_TEXT, _IGNORING_CASE]}
    refusable: dict[str, Any] = {
        "prefix": affix,
        "suffix": affix,
        "equals-ignore-case": _TEXT,
        "wildcard": _TEXT,
    }
    about = {
        "prefix": "Text that begins with this.",
        "suffix": "Text that ends with this.",
        "equals-ignore-case": "This text, in upper or lower case.",
        "wildcard": "Text of this shape; `*` stands for any text.",
    }
    refused = {
        name: {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]} for name, one in refusable.items()
    }
    return {
        "title": "Matcher",
        "description": "One way to match, by its name.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            **{name: {"description": about[name]} | one for name, one in refusable.items()},
            "exists": {"description": "Whether the field is there at all.", "type": "boolean"},
            "numeric": {
                "description": 'A number compared: [">=", 50], or a range: [">=", 50, "<", 200].',
                "type": "array",
                "minItems": 2,
                "maxItems": 4,
                "prefixItems": [
                    {"enum": ["=", "<", "<=", ">", ">="]},
                    {"type": "number"},
                    {"enum": ["<", "<="]},
                    {"type": "number"},
                ],
                "examples": [[">=", 50], [">=", 50, "<", 200]],
            },
            "anything-but": {
                "description": "What is there and is none of these.",
                "anyOf": [
                    _VALUE,
                    {"type": "array", "minItems": 1, "items": _VALUE},
                    {
                        "type": "object",
                        "minProperties": 1,
                        "maxProperties": 1,
                        "properties": refused,
                        "additionalProperties": False,
                    },
                ],
            },
        },
        "additionalProperties": False,
    }
