"""What may be asked of safety, and what is reported to it."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.safety.guards import KnownSite, KnownSubject, KnownTrial
from shared.contracts.message import Command, Need, Signed
from shared.contracts.safety import Causality, EvidenceCategory, Rationale, Seriousness
from shared.rules.dates import Day, ZoneName

# Codes only: free text about a patient has no way into an event.
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]


class _OfCase(Command):
    case_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.case_id


class _Reported(_OfCase):
    """An adverse event as its reporter tells it; `received_on` is a local date in `zone`."""

    report: ClassVar[bool] = True
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    received_on: Day
    zone: ZoneName
    seriousness: tuple[Seriousness, ...] = Field(default=(), max_length=100)
    causality_excluded: bool = False
    term_code: Code | None = None
    dictionary: Code | None = None

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(KnownTrial, (self.trial_id,)),
            Need(KnownSite, (self.site_id,)),
            Need(KnownSubject, (self.subject_id,)),
        )


class ReportAdverseEvent(_Reported):
    """An adverse event became known to someone acting for the sponsor; it is stored whatever it breaks."""

    type: ClassVar[str] = "safety.report_adverse_event.v1"
    case_id: UUID = Field(default_factory=uuid7)
    aware_on: Day | None = None  # the local day on which the investigator first knew


class CorrectAdverseEvent(_Reported):
    """The report that `corrects` names was wrong: the full data as they should have been, and a reason."""

    type: ClassVar[str] = "safety.correct_adverse_event.v1"
    correction_id: UUID = Field(default_factory=uuid7)
    corrects: UUID
    reason: Code

    def effective_day(self) -> date:
        return self.received_on


class AdoptCase(_Reported):
    """Take over an open case: its day 0, the determination that a physician signed elsewhere, if any did.

    `settled` are the codes of reports that their authorities have acknowledged; what is owed besides is armed
    with its true dates. `document_ref` is the record by which somebody vouches for all of it.
    """

    type: ClassVar[str] = "safety.adopt_case.v1"
    report: ClassVar[bool] = False
    aware_on: Day | None = None
    determination: Literal["reportable", "not_reportable"] | None = None
    determination_on: Day | None = None
    causality_investigator: Causality | None = None
    causality_sponsor: Causality | None = None
    expected: bool | None = None
    rsi_version: Code | None = None
    evidence_category: EvidenceCategory | None = None
    rationale: Rationale | None = None
    settled: tuple[Code, ...] = Field(default=(), max_length=100)
    document_ref: str = Field(min_length=1, max_length=200)

    def needs(self) -> tuple[Need, ...]:
        return ()

    @model_validator(mode="after")
    def _a_determination_is_whole(self) -> Self:
        given = {name: getattr(self, name) is not None for name in _DETERMINATION}
        if any(given.values()) and not all(given.values()):
            lacking = next(name for name, there in given.items() if not there)
            raise ValueError(f"{lacking}: a determination has it")
        if self.settled and self.determination != "reportable":
            raise ValueError("settled: only a reportable case has reports")
        return self


_OPINIONS = ("causality_investigator", "causality_sponsor", "expected", "rsi_version")
_DETERMINATION = ("determination", "determination_on", *_OPINIONS)


class AssessCase(_OfCase, Signed):
    """A physician's signed opinion and determination (domain 0.1, 0.4); the software computes, never decides.

    `determination_on` is a local date at the place of receipt, the day of signing where it is left out.
    """

    type: ClassVar[str] = "safety.assess_case.v1"
    meaning: Literal["medical determination"]
    case_version: int | None = Field(default=None, ge=1)
    seriousness: tuple[Seriousness, ...] = Field(default=(), max_length=100)
    causality_investigator: Causality
    causality_sponsor: Causality
    expected: bool
    rsi_version: Code
    evidence_category: EvidenceCategory | None = None
    determination: Literal["reportable", "not_reportable"]
    rationale: Rationale | None = None
    determination_on: Day | None = None


class RecordNewInformation(_OfCase):
    """Information on a case arrived: `received_on` in `zone` is its day 0, delivery to readers is not."""

    type: ClassVar[str] = "safety.record_new_information.v1"
    report: ClassVar[bool] = True
    trial_id: UUID
    info_id: UUID = Field(default_factory=uuid7)
    source: Code
    received_on: Day
    zone: ZoneName
    pages: int | None = Field(default=None, ge=0, le=1_000_000)
    sha256: str | None = Field(default=None, max_length=128)
    document_ref: str | None = Field(default=None, max_length=200)


class ReviewNewInformation(_OfCase, Signed):
    """A safety reviewer says whether new information is significant; without `info_id`, the one waiting."""

    type: ClassVar[str] = "safety.review_new_information.v1"
    meaning: Literal["significance review"]
    info_id: UUID | None = None
    significant: bool


class RequestFollowUp(_OfCase):
    """A report of the case is open or counts anew: ask for what explains the event. Made by a reaction."""

    type: ClassVar[str] = "safety.request_follow_up.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True


class RecordSafetyReportStatus(_OfCase):
    """What became of a report: sent, or acknowledged with the receipt date that the authority states."""

    type: ClassVar[str] = "safety.record_safety_report_status.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    report_id: UUID
    status: Literal["filed", "acknowledged"]
    on: Day
    case_version: int | None = None
    obligation_code: str | None = None


class RecordDueDiligence(_OfCase):
    """A record request ended without records; the attempt belongs to the case."""

    type: ClassVar[str] = "safety.record_due_diligence.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    request_id: UUID
    outcome: Code


CaseCommand = (
    ReportAdverseEvent
    | AdoptCase
    | CorrectAdverseEvent
    | AssessCase
    | RecordNewInformation
    | ReviewNewInformation
    | RequestFollowUp
    | RecordSafetyReportStatus
    | RecordDueDiligence
)
