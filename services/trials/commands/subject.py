"""Commands on subjects: enrolment and withdrawal are reports, randomisation and dosing requests."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Pseudonym, Word
from services.trials.projections.consent_guards import SiteConsents
from services.trials.projections.enrolment_guards import EnrolmentTargets
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialCount, TrialGuard
from services.trials.projections.protocol_guards import SiteProtocol, TrialProtocol
from shared.contracts.message import Command, Need
from shared.contracts.trials.subject import WithdrawalScope
from shared.rules.dates import Day


class OfSubject(Command):
    """A command on a subject's stream, decided with the holds on subject, site and trial."""

    trial_id: UUID
    site_id: UUID
    subject_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.subject_id

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(SiteGuard, (self.site_id,), alone=True),
            Need(SubjectGuard, (self.subject_id,), alone=True),
            Need(TrialGuard, (self.trial_id,), alone=True),
        )


def _versions(of: OfSubject) -> tuple[Need, ...]:
    """The versions of consent and protocol that an enrolment is held against."""
    return (
        Need(SiteConsents, (of.site_id,)),
        Need(SiteProtocol, (of.site_id,)),
        Need(TrialProtocol, (of.trial_id,)),
    )


class EnrolSubject(OfSubject):
    """Report that a subject enrolled; rules that it breaks are marked and never undo it."""

    type: ClassVar[str] = "trials.enrol_subject.v1"
    report: ClassVar[bool] = True
    subject_id: UUID = Field(default_factory=uuid7)
    subject_code: Word
    enrolled_on: Day
    identifiers: tuple[Pseudonym, ...] = Field(default=(), max_length=100)

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(SiteGuard, (self.site_id,), alone=True),
            Need(SubjectGuard, (self.subject_id,), alone=True),
            Need(TrialCount, (self.trial_id,), alone=True),
            Need(EnrolmentTargets, (self.trial_id,)),
            Need(TrialGuard, (self.trial_id,), alone=True),
            *_versions(self),
        )


class CorrectEnrolment(OfSubject):
    """Report that the enrolment which event `corrects` told was otherwise: whole data and reason."""

    type: ClassVar[str] = "trials.correct_enrolment.v1"
    report: ClassVar[bool] = True
    subject_code: Word
    enrolled_on: Day
    corrects: UUID
    reason: Code

    def needs(self) -> tuple[Need, ...]:
        return (*super().needs(), *_versions(self))

    def effective_day(self) -> date:
        return self.enrolled_on


class RandomiseSubject(OfSubject):
    """Ask to randomise a subject; the allocation stays outside."""

    type: ClassVar[str] = "trials.randomise_subject.v1"
    randomised_on: Day


class DoseSubject(OfSubject):
    """Ask to give a subject a dose."""

    type: ClassVar[str] = "trials.dose_subject.v1"
    dose_on: Day


class WithdrawSubject(OfSubject):
    """Report that a subject withdrew from what the scopes name; why, as a code, where they said so.

    Usual reasons: the factors of a retention risk (`rules/recruitment.py`), physician_decision.
    """

    type: ClassVar[str] = "trials.withdraw_subject.v1"
    report: ClassVar[bool] = True
    withdrawn_on: Day
    scopes: Annotated[tuple[WithdrawalScope, ...], Field(min_length=1, max_length=100)]
    reason: Word | None = None
