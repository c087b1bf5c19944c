"""What a notification says: one CloudEvent for each transition that is news. docs/notifications.md explains it.

Receivers rely on it: fields may be added, none may change its meaning. `Notification.model_json_schema()` is the
JSON Schema.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from leadscore.contracts.attribution import Touch
from leadscore.contracts.moments import Moment
from leadscore.domain.cause import Cause

TYPE = "leadscore.lead.stage_changed"
#: What SNS takes, attributes included.
MESSAGE_BYTES_MAX = 262_144
REASONS_MAX = 5
TOUCHES_MAX = 20
TEXT_CHARACTERS_MAX = 256

type Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class _Contract(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )


class Reason(_Contract):
    """One line of the explanation of the score."""

    rule: Text
    points: int


class StageChange(_Contract):
    """The transition. `email` and `name` are absent unless the deployer switched them on."""

    lead: str
    external_ids: dict[Literal["user_id", "email"], str]
    link: str | None = Field(description="Where a person looks at the lead, if the deployer gave a template.")
    from_stage: str | None = Field(alias="from", description="Null for a lead that nothing was told of before.")
    to_stage: str | None = Field(alias="to", description="Null for a lead that became part of another.")
    passed: list[str] = Field(description="The stages jumped over, in order.")
    direction: Literal["up", "down"]
    routes: list[str] = Field(description="Whom it concerns: who has the lead now, and who had it.")
    cause: Cause
    model: str
    activation: int = Field(description="Which activation of which model scored it; only grows.")
    scores: dict[str, int] = Field(description="Of the committed state: fit, engagement, total, and the model's own.")
    grade: str | None = None
    matrix: str | None = Field(None, description="The cell of a model that has a matrix.")
    priority: str | None = None
    entered: list[str] = Field([], description="Lists of single scores that the lead came into, as <score>/<stage>.")
    left: list[str] = Field([], description="Lists of single scores that the lead fell out of.")
    reasons: Annotated[list[Reason], Field(max_length=REASONS_MAX, description="What happened then comes first.")]
    sequence: int = Field(description="The lead's version: a higher one is later, however messages arrive.")
    occurred_at: Moment = Field(description="When the change took effect.")
    as_of: Moment = Field(description="The moment that the scores were computed for.")
    merged_into: str | None = Field(description="The lead that this one became part of, if it did.")
    first_touch: Touch | None = Field(None, description="What brought the lead here first, if anything is known.")
    last_touch: Touch | None = Field(None, description="What did so last, up to this change; direct visits are none.")
    touches: Annotated[
        list[Touch],
        Field(max_length=TOUCHES_MAX, description="All that brought it here until then, oldest first; the latest."),
    ] = []
    email: Text | None = None
    name: Text | None = None


class Notification(_Contract):
    """A CloudEvent 1.0 in JSON. `id` is the same for every repeat of a notification: drop what you have seen."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["leadscore.lead.stage_changed"]
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"]
    data: StageChange

    def to_json(self) -> str:
        """The message body. The same notification always gives the same bytes."""
        return self.model_dump_json(exclude_unset=True)
