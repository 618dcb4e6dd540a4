"""Commands on the notices of new investigators that the authority is owed, and on what it received."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID, uuid5

from pydantic import Field

from services.regulatory.commands.registry import Reference
from services.regulatory.projections.guards import KnownTrial
from shared.contracts.message import Command, Need, Signed
from shared.contracts.regulatory import NoticeWaiver
from shared.rules.dates import Day

People = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=1000)]


class OfNotices(Command):
    """A command on the stream of what the authority is told of one trial's investigators."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(self.trial_id, "investigator_notices")


class OweInvestigatorNotice(OfNotices):
    """An investigator was added to a site, from the local day `from_on` on; `cause` is the event of that."""

    type: ClassVar[str] = "regulatory.owe_investigator_notice.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    site_id: UUID
    investigator_id: UUID
    from_on: Day
    cause: UUID

    def at_site(self) -> UUID | None:
        return None  # the stream is the trial's

    def needs(self) -> tuple[Need, ...]:
        return (Need(KnownTrial, (self.trial_id,)),)


class HearTrialInd(OfNotices):
    """The trial runs under this IND as it stands now; without `in_effect_on` it does not."""

    type: ClassVar[str] = "regulatory.hear_trial_ind.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    ind_id: UUID
    in_effect_on: Day | None
    withdrawn_on: Day | None = None
    cause: UUID

    def needs(self) -> tuple[Need, ...]:
        return (Need(KnownTrial, (self.trial_id,)),)


class RecordInvestigatorNotice(OfNotices):
    """Report that FDA received the notice of these investigators, on the day that it states.

    `submission_ref` names the submission, which may be of several investigators at once.
    """

    type: ClassVar[str] = "regulatory.record_investigator_notice.v1"
    report: ClassVar[bool] = True
    investigators: People
    submission_ref: Reference
    receipt_on: Day


class WaiveInvestigatorNotices(OfNotices, Signed):
    """Sign that no notice of these investigators is owed, and why; what FDA has received stays received."""

    type: ClassVar[str] = "regulatory.waive_investigator_notices.v1"
    meaning: Literal["notice not owed"] = "notice not owed"
    investigators: People
    reason: NoticeWaiver
    document_ref: Reference | None = None


NoticeCommand = OweInvestigatorNotice | HearTrialInd | RecordInvestigatorNotice | WaiveInvestigatorNotices
