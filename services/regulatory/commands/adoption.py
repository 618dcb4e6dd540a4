"""A command that takes over an ethics approval in force, with its true dates."""

from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.contracts.message import Command
from shared.rules.dates import Day, ZoneName

Text = Annotated[str, Field(min_length=1, max_length=200)]


class AdoptApproval(Command):
    """Take over an approval that a board gave before this service knew of it; no review is told of it.

    `expires_on` is the last valid day in `zone`. One that has run out comes as lapsed. `document_ref` is the
    record by which somebody vouches for it.
    """

    type: ClassVar[str] = "regulatory.adopt_approval.v1"
    approval_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...] = Field(min_length=1, max_length=1000)
    protocol_version: Text
    effective_on: Day
    expires_on: Day
    zone: ZoneName
    document_ref: Text

    @property
    def stream_id(self) -> UUID:
        return self.approval_id

    @model_validator(mode="after")
    def _it_ends_after_it_begins(self) -> Self:
        if self.expires_on < self.effective_on:
            raise ValueError("expires_on: before effective_on")
        return self
