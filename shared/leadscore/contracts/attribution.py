"""Where a lead came from, as the leads API and notifications say it."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from leadscore.contracts.moments import Moment, moment
from leadscore.domain.attribution import Touch as DomainTouch


class Touch(BaseModel):
    """A contact that somebody brought about. What nobody said is null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Moment
    channel: str
    source: str | None
    medium: str | None
    campaign: str | None
    term: str | None
    content: str | None
    referrer: str | None = Field(description="The host of the page that linked here.")
    landing_page: str | None = Field(description="Without its query.")
    click_ids: dict[str, str] = Field(description="What ad networks added to the link, such as gclid.")

    @classmethod
    def of(cls, touch: DomainTouch) -> Self:
        said = {name: value or None for name, value in touch._asdict().items() if name not in ("at", "click_ids")}
        return cls(at=moment(touch.at), click_ids=dict(touch.click_ids), **said)
