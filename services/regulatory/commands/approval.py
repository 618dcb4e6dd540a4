"""Commands about an ethics approval: how it begins, what the board makes of it, what was recorded wrongly."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from services.regulatory.commands.adoption import AdoptApproval
from shared.contracts.message import Command, Signed, Wake
from shared.rules.dates import Day, ZoneName


class _OfApproval(Command):
    report: ClassVar[bool] = True
    approval_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.approval_id


class StartApproval(_OfApproval):
    """A board approved: its approval begins a life of its own."""

    type: ClassVar[str] = "regulatory.start_approval.v1"
    internal: ClassVar[bool] = True
    review_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    protocol_version: str
    effective_on: Day
    expires_on: Day
    zone: ZoneName
    renews: UUID | None = None


class RenewApproval(_OfApproval):
    """A continuing approval takes the place of this one at `site_ids` from `effective_on`."""

    type: ClassVar[str] = "regulatory.renew_approval.v1"
    internal: ClassVar[bool] = True
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    successor_id: UUID
    effective_on: Day


class SuspendApproval(_OfApproval, Signed):
    """The board suspended its approval."""

    type: ClassVar[str] = "regulatory.suspend_approval.v1"
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    suspended_on: Day
    reason: str = Field(min_length=1)


class ReinstateApproval(_OfApproval, Signed):
    """The board took its suspension back."""

    type: ClassVar[str] = "regulatory.reinstate_approval.v1"
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    reinstated_on: Day


class TerminateApproval(_OfApproval, Signed):
    """The board ended its approval."""

    type: ClassVar[str] = "regulatory.terminate_approval.v1"
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    terminated_on: Day
    reason: str = Field(min_length=1)


class CloseApproval(_OfApproval):
    """The board closed its file: the research is over."""

    type: ClassVar[str] = "regulatory.close_approval.v1"
    closed_on: Day


class CorrectApproval(Signed):
    """The dates of an approval were recorded wrongly. Signed, as the original was; `reason` is a code."""

    type: ClassVar[str] = "regulatory.correct_approval.v1"
    report: ClassVar[bool] = True
    meaning: Literal["corrected to what the letter states"]
    approval_id: UUID
    corrects: UUID
    effective_on: Day
    expires_on: Day
    zone: ZoneName
    reason: str = Field(min_length=1)

    @property
    def stream_id(self) -> UUID:
        return self.approval_id

    def effective_day(self) -> date:
        return self.effective_on


ApprovalCommand = (
    StartApproval
    | AdoptApproval
    | RenewApproval
    | SuspendApproval
    | ReinstateApproval
    | TerminateApproval
    | CloseApproval
    | CorrectApproval
    | Wake
)
