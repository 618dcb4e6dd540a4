"""Commands about ethics reviews: what goes to a board, what it asks, what it decides."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from shared.contracts.message import Command, Signed
from shared.contracts.regulatory import ReviewKind, ReviewPath
from shared.rules.dates import Day, ZoneName


class OpenReview(Command):
    """Begin a draft review for sites of a trial; a continuing review names the approval it `renews`."""

    type: ClassVar[str] = "regulatory.open_review.v1"
    review_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID
    site_ids: tuple[UUID, ...] = Field(min_length=1, max_length=5000)
    kind: ReviewKind = "initial"
    zone: ZoneName
    board: str | None = None
    renews: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.review_id


class _OfReview(Command):
    review_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.review_id


class SubmitReview(_OfReview):
    """Send the review to the board with this protocol version."""

    type: ClassVar[str] = "regulatory.submit_review.v1"
    protocol_version: str = Field(min_length=1)
    submitted_on: Day


class StartPreReview(_OfReview):
    """The board's office took the submission in."""

    type: ClassVar[str] = "regulatory.start_pre_review.v1"


class RequestClarification(_OfReview):
    """The board asks a question."""

    type: ClassVar[str] = "regulatory.request_clarification.v1"
    requested_on: Day


class AnswerClarification(_OfReview):
    """The board's question is answered."""

    type: ClassVar[str] = "regulatory.answer_clarification.v1"


class StartReview(_OfReview):
    """The board takes the review up, convened or expedited."""

    type: ClassVar[str] = "regulatory.start_review.v1"
    path: ReviewPath = "convened"


class RequestModifications(_OfReview, Signed):
    """The board approves only what is changed first."""

    type: ClassVar[str] = "regulatory.request_modifications.v1"
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    decided_on: Day
    path: ReviewPath = "convened"
    letter_ref: str | None = None


class SubmitModifications(_OfReview):
    """Send the required changes to the board."""

    type: ClassVar[str] = "regulatory.submit_modifications.v1"
    protocol_version: str = Field(min_length=1)
    submitted_on: Day


class DeferReview(_OfReview, Signed):
    """The board puts its decision off."""

    type: ClassVar[str] = "regulatory.defer_review.v1"
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    decided_on: Day
    path: ReviewPath = "convened"


class DetermineReview(Signed):
    """File the board's decision under signature.

    An approval gives its first and its last valid day, the latter inclusive as the letter means it; a
    disapproval gives the code of its reason (21 CFR 56.109(e)).
    """

    type: ClassVar[str] = "regulatory.determine_review.v1"
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    review_id: UUID
    outcome: Literal["approved", "disapproved"]
    decided_on: Day
    path: ReviewPath = "convened"
    effective_on: Day | None = None
    expires_on: Day | None = None
    reason: str | None = None
    letter_ref: str | None = None

    @property
    def stream_id(self) -> UUID:
        return self.review_id

    @model_validator(mode="after")
    def _complete(self) -> "DetermineReview":
        if self.outcome == "disapproved" and not self.reason:
            raise ValueError("a disapproval states its reason")
        if self.outcome == "approved":
            first, last = self.term()
            if last < first:
                raise ValueError("expires_on, the last valid day, is before effective_on")
        return self

    def term(self) -> tuple[date, date]:
        """The first and the last valid day of an approval; raise ValueError where one is missing."""
        if self.effective_on is None or self.expires_on is None:
            raise ValueError("an approval states effective_on and expires_on")
        return self.effective_on, self.expires_on


class WithdrawReview(_OfReview):
    """Take the review back before the board has decided."""

    type: ClassVar[str] = "regulatory.withdraw_review.v1"
    reason: str = Field(min_length=1)


ReviewStep = (
    SubmitReview
    | StartPreReview
    | RequestClarification
    | AnswerClarification
    | StartReview
    | RequestModifications
    | SubmitModifications
    | DeferReview
    | DetermineReview
    | WithdrawReview
)
ReviewCommand = OpenReview | ReviewStep
