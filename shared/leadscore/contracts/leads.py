"""What the leads API takes and gives. docs/api.md explains it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from leadscore.contracts.attribution import Touch
from leadscore.contracts.moments import Moment
from leadscore.domain.cause import Cause
from leadscore.domain.event import IDENTIFIER_BYTES_MAX, IDENTIFIER_KINDS, Identifier, is_external_type

#: Leads' ids are made here, so what does not look like one is none.
LEAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _normalised(value: str) -> str:
    """As every event's identifiers are, or a lookup would miss what an event said in another spelling."""
    value = unicodedata.normalize("NFC", value).strip()
    if not 0 < len(value.encode()) <= IDENTIFIER_BYTES_MAX:
        raise ValueError(f"an identifier has 1 to {IDENTIFIER_BYTES_MAX} bytes")
    return value


def _normalised_email(value: str) -> str:
    return _normalised(_normalised(value).lower())


class InvalidRequest(Exception):
    """What is wrong with a request, in words that quote nothing of it: it may be personal."""


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    complaint = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return "unknown field: see docs/api.md for the known ones"
    return f"{first['loc'][0]}: {complaint}" if first["loc"] else complaint


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def of(cls, document: str | Mapping[str, str]) -> Self:
        """The request in a JSON body or in a URL's query. Raises InvalidRequest."""
        try:
            return cls.model_validate_json(document) if isinstance(document, str) else cls.model_validate(document)
        except ValidationError as error:
            raise InvalidRequest(_what_is_wrong(error)) from None


def _external_type(value: str) -> str:
    if not is_external_type(value):
        raise ValueError("the type of an external id is a small letter, then up to 31 of a-z, 0-9 and _")
    return value


class ExternalId(_Request, coerce_numbers_to_str=True):
    """What another system knows a lead by, and which system that is."""

    type: Annotated[str, AfterValidator(_external_type)]
    id: Annotated[str, AfterValidator(_normalised)]


class LeadLookup(_Request, coerce_numbers_to_str=True):
    """Exactly one identifier of a lead. In a body, never in a URL: URLs end up in logs."""

    user_id: Annotated[str, AfterValidator(_normalised)] | None = None
    email: Annotated[str, AfterValidator(_normalised_email)] | None = None
    anonymous_id: Annotated[str, AfterValidator(_normalised)] | None = None
    external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one_identifier(self) -> Self:
        if len(self._given()) != 1:
            raise ValueError("give exactly one of user_id, email, anonymous_id, external_id")
        return self

    @property
    def identifier(self) -> Identifier:
        return self._given()[0]

    def _given(self) -> list[Identifier]:
        values = ((kind, getattr(self, kind)) for kind in IDENTIFIER_KINDS)
        given = [Identifier(kind, value) for kind, value in values if value is not None]
        return given + [Identifier(one.type, one.id) for one in (self.external_id,) if one is not None]


def _lead_id(value: str) -> str:
    if not LEAD_ID.fullmatch(value):
        raise ValueError("this is no lead's id: give the `lead` of an answer")
    return value


class LeadMerge(_Request):
    """The lead that another one becomes part of. An id says nothing of anybody, so it may be in a URL, too."""

    into: Annotated[str, AfterValidator(_lead_id)]


class StageQuery(_Request):
    """Which leads to list."""

    stage: Annotated[str, Field(min_length=1, max_length=100)]
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class AccountQuery(_Request):
    """How many leads of an account to list."""

    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class _Answer(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )


class ExplanationLine(_Answer):
    """What one rule, decay step, cap or reset gave or took in a score, how often, and when last."""

    score: str
    rule: str
    points: int
    times: int
    last_at: Moment


class TimelineEvent(_Answer):
    """Something that the lead did or said. `properties` is an excerpt."""

    at: Moment
    type: Literal["event"] = "event"
    name: str
    source: str
    trust: str = Field(description="public, declared or server: how far the source is believed.")
    properties: dict[str, str | int | float | bool]


class TimelineTransition(_Answer):
    """A change of the lead's stage; `from` is null at its birth, `to` where it became part of another lead.

    Where only lists changed, both are the stage that the lead was in all the while.
    """

    at: Moment
    type: Literal["transition"] = "transition"
    from_stage: str | None = Field(alias="from")
    to_stage: str | None = Field(alias="to")
    entered: list[str] = Field(description="Lists of single scores that the lead came into, as <score>/<stage>.")
    left: list[str] = Field(description="Lists of single scores that the lead fell out of.")
    cause: Cause


class LeadSummary(_Answer):
    """A lead in a list."""

    lead: str
    total: int
    scores: dict[str, int] = Field(description="Every score of the model: fit, engagement, and its own.")
    grade: str | None
    matrix: str | None = Field(description="The cell, like B2, of a model that has a matrix.")
    priority: str | None
    stage: str
    next_change_at: Moment | None


class AccountScore(_Answer):
    """A company's score, and how many leads it has, as counted at `as_of`."""

    account: str
    score: int
    leads: int
    as_of: Moment


class Account(AccountScore):
    """A company with its leads, those that bring it most first, in `members`.

    `score` is that of the moment of reading, of all `leads`; where these are more than are looked at (`is_current` is
    false) it is as last counted. `truncated` says that not all leads are listed.
    """

    members: list[LeadSummary]
    truncated: bool
    is_current: bool
    model: str


class Lead(LeadSummary):
    """A lead with the reasons for its score: the points of `explanation` add up to `total`.

    `explanations` has the lines of the scores that are no part of the total.
    Scores are those of the moment `as_of`, the stage is the one last committed, as `version`.
    """

    lists: list[str]
    activity: Literal["never", "active", "quiet"]
    external_ids: dict[Literal["user_id", "email"], str]
    account: AccountScore | None = Field(description="The lead's company as last counted, if the model has accounts.")
    explanation: list[ExplanationLine]
    explanations: dict[str, list[ExplanationLine]]
    first_touch: Touch | None
    last_touch: Touch | None
    touches: list[Touch] = Field(description="What brought the lead here, oldest first; the latest 100.")
    timeline: list[Annotated[TimelineEvent | TimelineTransition, Field(discriminator="type")]]
    timeline_complete: bool = Field(description="Whether nothing was left out of the timeline.")
    model: str
    version: int
    as_of: Moment


class StageList(_Answer):
    """Leads in a stage, highest total first. `truncated` says that the stage has more leads than were looked at."""

    stage: str
    leads: list[LeadSummary]
    truncated: bool


class QueuedRuling(_Answer):
    """What was queued: it is done a moment later. `into` is null where a lead becomes somebody of its own again."""

    queued: Literal["merge", "unmerge"]
    lead: str
    into: str | None


class Problem(_Answer):
    """Every error. Programs look at `code`."""

    code: str
    message: str
