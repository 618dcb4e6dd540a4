"""Commands on the way of a subject: known, screened, decided on, seen at visits, gone."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.subject import OfSubject
from services.trials.commands.words import Code, Word
from services.trials.projections.consent_guards import SiteConsents
from shared.contracts.message import Need
from shared.rules.dates import Day


class WithConsents(OfSubject):
    """A command whose decision looks at the versions of the consent form that are in use at the site."""

    def needs(self) -> tuple[Need, ...]:
        return (*super().needs(), Need(SiteConsents, (self.site_id,)))


class IdentifyCandidate(OfSubject):
    """Report a person, by code, who might take part."""

    type: ClassVar[str] = "trials.identify_candidate.v1"
    report: ClassVar[bool] = True
    subject_id: UUID = Field(default_factory=uuid7)
    subject_code: Word
    identified_on: Day


class StartScreening(WithConsents):
    """Ask to screen a subject who has signed the consent form that is in use."""

    type: ClassVar[str] = "trials.start_screening.v1"
    screened_on: Day


class DecideEligibility(OfSubject):
    """State, as investigator, whether a screened subject may enrol; `failed` are the criteria not met."""

    type: ClassVar[str] = "trials.decide_eligibility.v1"
    eligible: bool
    failed: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    decided_on: Day

    @model_validator(mode="after")
    def _who_fails_a_criterion_is_not_eligible(self) -> Self:
        if self.eligible == bool(self.failed):
            raise ValueError("failed: criteria are named exactly where the subject is not eligible")
        return self


class ChangeSubjectStatus(OfSubject):
    """Move a subject on where no other act does; who leaves does so for a reason, given as a code.

    Usual reasons: completed, lost_to_follow_up, adverse_event, withdrawal_by_subject, physician_decision.
    """

    type: ClassVar[str] = "trials.change_subject_status.v1"
    status: Literal[
        "candidate", "pending-on-study", "on-study-observation", "follow-up", "off-study", "withdrawn"
    ]
    changed_on: Day
    reason: Code | None = None


class RecordVisit(WithConsents):
    """Report that a visit of the schedule took place; nothing that was measured."""

    type: ClassVar[str] = "trials.record_visit.v1"
    report: ClassVar[bool] = True
    visit: Code
    done_on: Day


class RecordDose(WithConsents):
    """Report that doses were given, from one local day to another; never of what, nor how much."""

    type: ClassVar[str] = "trials.record_dose.v1"
    report: ClassVar[bool] = True
    dosed_on: Day
    until: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.until and self.until < self.dosed_on:
            raise ValueError("until: before dosed_on")
        return self


class ReportDeath(OfSubject):
    """Report that a subject has died; the cause is a matter of safety."""

    type: ClassVar[str] = "trials.report_death.v1"
    report: ClassVar[bool] = True
    died_on: Day
