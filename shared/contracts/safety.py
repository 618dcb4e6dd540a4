"""Events of safety: adverse events, cases and their versions, determinations, obligations, follow-up."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.deadline import Clock, DeadlineEvent, Obligation
from shared.contracts.message import CommandRefused, Event
from shared.contracts.parked import ParkedEvent
from shared.contracts.vault import VaultEvent

Seriousness = Literal[
    "death", "life_threatening", "hospitalisation", "disability", "congenital_anomaly", "other_important"
]
Causality = Literal["related", "not_related", "not_assessed"]
EvidenceCategory = Literal["A", "B", "C"]
ReportKind = Literal["initial", "follow_up"]
Rationale = Literal["anticipated_event", "study_endpoint"]


class AdverseEventReceived(Event):
    """Someone acting for the sponsor first had word of an adverse event.

    `received_on` is the local date in `zone`, the place of receipt, `aware_on` that on which the investigator
    first knew. `breaks` names what the report does not fit: an unknown site, a receipt date in the future.
    Coded terms only, no narrative. `adopted_from` is the record by which somebody vouches for a case that was
    taken over while it was open: nothing was judged then.
    """

    type: ClassVar[str] = "safety.ae.received.v1"
    case_id: UUID
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    received_on: date
    zone: str
    seriousness: tuple[Seriousness, ...] = ()
    causality_excluded: bool = False
    term_code: str | None = None
    dictionary: str | None = None
    breaks: tuple[str, ...] = ()
    aware_on: date | None = None
    adopted_from: str | None = None


class CaseOpened(Event):
    """A case was begun; a serious one starts its clocks at once, provisionally (domain 0.1).

    `received_on` is day 0 (E2B C.1.4): the date reported, or the day of the report where that is earlier.
    """

    type: ClassVar[str] = "safety.case.opened.v1"
    case_id: UUID
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    received_on: date
    zone: str
    serious: bool
    fatal_or_life_threatening: bool
    clocks: tuple[Clock, ...] = ()


class AdverseEventCorrected(Event):
    """The report of an adverse event was wrong: the full data as they should have been, and what follows.

    `clocks` are all provisional clocks that hold from now, `former_clocks` all that held before: a code in
    both with another anchor supersedes, a former code missing now is cancelled, an equal clock goes on.
    `obligations` are only those whose anchors changed, `former_obligations` the same ones as they were.
    """

    type: ClassVar[str] = "safety.ae.corrected.v1"
    case_id: UUID
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    correction_id: UUID
    corrects: UUID | None = None
    reason: str
    received_on: date
    zone: str
    seriousness: tuple[Seriousness, ...] = ()
    causality_excluded: bool = False
    term_code: str | None = None
    dictionary: str | None = None
    serious: bool
    fatal_or_life_threatening: bool
    version: int
    clocks: tuple[Clock, ...] = ()
    former_clocks: tuple[Clock, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    former_obligations: tuple[Obligation, ...] = ()
    breaks: tuple[str, ...] = ()


class CaseAssessed(Event):
    """A physician signed seriousness, causality, expectedness and the determination of a case version.

    Both causality opinions stand side by side: the sponsor's never replaces the investigator's (R8).
    """

    type: ClassVar[str] = "safety.case.assessed.v1"
    case_id: UUID
    trial_id: UUID
    version: int
    seriousness: tuple[Seriousness, ...]
    serious: bool
    fatal_or_life_threatening: bool
    causality_investigator: Causality
    causality_sponsor: Causality
    expected: bool
    rsi_version: str
    evidence_category: EvidenceCategory | None = None
    rationale: Rationale | None = None
    determination_on: date
    reportable: bool


class CaseReportable(Event):
    """A signed determination, or significant new information on a reportable case, obliges to report.

    Due dates are computed here, once; readers arm exactly these. `provisional` are the clocks that the
    obligations take the place of: same code superseded, other codes cancelled. `withdrawn` are obligations
    of an earlier determination that this one takes back, a seven-day report of what proved not fatal.
    `settled` are, of a case taken over, the codes of reports that had been acknowledged before.
    """

    type: ClassVar[str] = "safety.case.reportable.v1"
    case_id: UUID
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    version: int
    kind: ReportKind
    determination_on: date
    fatal_or_life_threatening: bool
    obligations: tuple[Obligation, ...]
    provisional: tuple[Clock, ...] = ()
    withdrawn: tuple[Obligation, ...] = ()
    settled: tuple[str, ...] = ()


class CaseNotReportable(Event):
    """A signed determination says that nothing needs to be reported; `provisional` clocks are cancelled.

    `withdrawn` are obligations of an earlier determination that this one takes back.
    """

    type: ClassVar[str] = "safety.case.not_reportable.v1"
    case_id: UUID
    trial_id: UUID
    version: int
    determination_on: date
    reason: str
    provisional: tuple[Clock, ...] = ()
    withdrawn: tuple[Obligation, ...] = ()


class NewInformationReceived(Event):
    """Information on a case arrived; `review` is the clock for judging whether it is significant."""

    type: ClassVar[str] = "safety.case.new_information_received.v1"
    case_id: UUID
    trial_id: UUID
    info_id: UUID
    source: str
    received_on: date
    zone: str
    review: Clock
    pages: int | None = None
    sha256: str | None = None
    document_ref: str | None = None
    breaks: tuple[str, ...] = ()


class InformationReviewed(Event):
    """A safety reviewer judged new information; `received_on` and `review` repeat what was judged."""

    type: ClassVar[str] = "safety.case.information_reviewed.v1"
    case_id: UUID
    trial_id: UUID
    info_id: UUID
    significant: bool
    received_on: date
    reviewed_on: date
    review: Clock


class CaseVersionCreated(Event):
    """Significant new information made a new version of the case; `new_info_on` is its E2B C.1.5.

    `received_on` (C.1.4) is repeated because a follow-up never changes it.
    """

    type: ClassVar[str] = "safety.case.version_created.v1"
    case_id: UUID
    trial_id: UUID
    version: int
    kind: Literal["follow_up"]
    info_id: UUID
    received_on: date
    new_info_on: date
    zone: str


class FollowUpRequested(Event):
    """The sponsor needs more about a reportable case; `questions` are codes, dates are the earliest due.

    Asked once a case, and again under another `followup_id` where a date became earlier.
    """

    type: ClassVar[str] = "safety.followup.requested.v1"
    followup_id: UUID
    case_id: UUID
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    questions: tuple[str, ...]
    legal_due: date
    operational_due: date
    zone: str
    priority: Literal["urgent", "routine"]


class DueDiligenceRecorded(Event):
    """A record request ended without records: the attempt is part of the case."""

    type: ClassVar[str] = "safety.case.due_diligence_recorded.v1"
    case_id: UUID
    trial_id: UUID | None = None
    request_id: UUID
    outcome: str
    breaks: tuple[str, ...] = ()


class ReportFiled(Event):
    """A report of the case was sent to its destination."""

    type: ClassVar[str] = "safety.case.report_filed.v1"
    case_id: UUID
    trial_id: UUID | None = None
    report_id: UUID
    case_version: int | None = None
    obligation_code: str | None = None
    filed_on: date | None = None
    breaks: tuple[str, ...] = ()


class ReportAcknowledged(Event):
    """The destination acknowledged a report of the case and stated its receipt date."""

    type: ClassVar[str] = "safety.case.report_acknowledged.v1"
    case_id: UUID
    trial_id: UUID | None = None
    report_id: UUID
    case_version: int | None = None
    obligation_code: str | None = None
    receipt_on: date | None = None
    breaks: tuple[str, ...] = ()


class CaseAcknowledged(Event):
    """Every report owed so far to an authority for the case has been acknowledged."""

    type: ClassVar[str] = "safety.case.acknowledged.v1"
    case_id: UUID
    trial_id: UUID
    version: int
    reports: int


SafetyEvent = (
    AdverseEventReceived
    | CaseOpened
    | AdverseEventCorrected
    | CaseAssessed
    | CaseReportable
    | CaseNotReportable
    | NewInformationReceived
    | InformationReviewed
    | CaseVersionCreated
    | FollowUpRequested
    | DueDiligenceRecorded
    | ReportFiled
    | ReportAcknowledged
    | CaseAcknowledged
    | VaultEvent
    | DeadlineEvent
    | CommandRefused
    | ParkedEvent
)
