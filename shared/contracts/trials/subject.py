"""Events of subjects, by code alone. `source` names the import (`sdtm`) that told of the past."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Identifier

SubjectStatus = Literal[
    "potential-candidate",
    "candidate",
    "screening",
    "eligible",
    "ineligible",
    "pending-on-study",
    "on-study",
    "on-study-intervention",
    "on-study-observation",
    "follow-up",
    "off-study",
    "withdrawn",
]
WithdrawalScope = Literal["intervention", "follow_up", "records_access", "samples"]


class SubjectEnrolled(Event):
    """A subject enrolled. `breaks` names the rules that the enrolment broke, which does not undo it.

    `adopted_from` is the record by which somebody vouches for a subject taken over in mid-life: nothing was
    judged then.
    """

    type: ClassVar[str] = "trials.subject.enrolled.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    subject_code: str
    enrolled_on: date
    identifiers: tuple[Identifier, ...] = ()
    breaks: tuple[str, ...] = ()
    source: str | None = None
    adopted_from: str | None = None


class SubjectEnrolmentCorrected(Event):
    """The enrolment that event `corrects` told was otherwise; the whole data stands here.

    `former_on` is the day that was told before.
    """

    type: ClassVar[str] = "trials.subject.enrolment_corrected.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    subject_code: str
    enrolled_on: date
    corrects: UUID
    reason: str | None = None
    breaks: tuple[str, ...] = ()
    former_on: date | None = None


class SubjectRandomised(Event):
    """A subject was let into randomisation; the allocation is restricted and never stands here.

    `breaks`: the import that told of it named a site of another trial. `adopted_from` is as at the enrolment.
    """

    type: ClassVar[str] = "trials.subject.randomised.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    randomised_on: date
    source: str | None = None
    breaks: tuple[str, ...] = ()
    adopted_from: str | None = None


class SubjectDosingReleased(Event):
    """A dose may be given to the subject on that date: no hold forbids it."""

    type: ClassVar[str] = "trials.subject.dosing_released.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    dose_on: date


class SubjectDosed(Event):
    """Doses were given from `dosed_on` to `until` (local days, both inclusive; that one day without it).

    Of what and how much never stands here: it would tell the allocation.
    """

    type: ClassVar[str] = "trials.subject.dosed.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    dosed_on: date
    until: date | None = None
    breaks: tuple[str, ...] = ()
    source: str | None = None


class SubjectWithdrawn(Event):
    """A subject withdrew from the scopes named; withdrawal erases nothing. `reason` is a code of why.

    Told again, also of the same scopes, the last word counts.
    """

    type: ClassVar[str] = "trials.subject.withdrawn.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    withdrawn_on: date
    scopes: tuple[WithdrawalScope, ...]
    breaks: tuple[str, ...] = ()
    reason: str | None = None


class SubjectStatusChanged(Event):
    """The subject moved on (FHIR R4 ResearchSubject.status); `reason` is a code, of a screen failure for one.

    `withdrawn` is only who leaves before registration; later exits are `off-study` with their reason.
    `subject_code` is the code by which the site first names the subject, before an enrolment does;
    `adopted_from` is as at the enrolment. `breaks`: the report that told of it named a site of another trial.
    """

    type: ClassVar[str] = "trials.subject.status_changed.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    before: SubjectStatus | None = None
    after: SubjectStatus
    reason: str | None = None
    changed_on: date
    subject_code: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    source: str | None = None
    adopted_from: str | None = None
    breaks: tuple[str, ...] = ()


class SubjectEligibilityDecided(Event):
    """An investigator decided whether the subject may enrol; `failed` are codes of the criteria not met.

    `confirmed_by`: the actor id of whoever decided. `breaks` as of a randomisation.
    """

    type: ClassVar[str] = "trials.subject.eligibility_decided.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    eligible: bool
    failed: tuple[str, ...] = ()
    decided_on: date
    confirmed_by: str | None = None
    source: str | None = None
    breaks: tuple[str, ...] = ()


class SubjectVisitDone(Event):
    """A visit of the schedule took place; what was measured at it stands elsewhere."""

    type: ClassVar[str] = "trials.subject.visit_done.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    visit: str
    done_on: date
    breaks: tuple[str, ...] = ()
    source: str | None = None


class SubjectDied(Event):
    """The subject has died; of what is a matter of safety and never stands here. `breaks` as of a status."""

    type: ClassVar[str] = "trials.subject.died.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    died_on: date
    source: str | None = None
    breaks: tuple[str, ...] = ()


SubjectEvent = (
    SubjectEnrolled
    | SubjectEnrolmentCorrected
    | SubjectRandomised
    | SubjectDosingReleased
    | SubjectDosed
    | SubjectWithdrawn
    | SubjectStatusChanged
    | SubjectEligibilityDecided
    | SubjectVisitDone
    | SubjectDied
)
