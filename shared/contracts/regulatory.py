"""Events of the regulatory service: ethics reviews and approvals, INDs, clinical holds, safety reports."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.deadline import Clock, DeadlineEvent
from shared.contracts.message import CommandRefused, Event
from shared.contracts.parked import ParkedEvent

ReviewKind = Literal["initial", "continuing", "amendment", "reportable_event", "closure"]
ReviewPath = Literal["convened", "expedited"]
ReportKind = Literal["initial", "follow_up"]
HoldKind = Literal["full", "partial"]
Effect = Literal[
    "screen",
    "consent",
    "enrol",
    "randomise",
    "dose",
    "procedures",
    "ship_product",
    "collect_data",
    "retrieve_records",
]
Acceptance = Literal["accepted", "warning"]


class IrbReviewOpened(Event):
    """A draft review stands for these sites; nothing has gone to the board yet. `zone` is the sites' zone."""

    type: ClassVar[str] = "regulatory.irb.review_opened.v1"
    review_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    kind: ReviewKind
    zone: str
    board: str | None = None
    renews: UUID | None = None


class IrbReviewSubmitted(Event):
    """The review went to the board with this protocol version."""

    type: ClassVar[str] = "regulatory.irb.review_submitted.v1"
    review_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    kind: ReviewKind
    protocol_version: str
    submitted_on: date


class IrbPreReviewStarted(Event):
    """The board's office checks the submission for completeness."""

    type: ClassVar[str] = "regulatory.irb.pre_review_started.v1"
    review_id: UUID
    trial_id: UUID


class IrbClarificationRequested(Event):
    """The board asks; the answer returns the review to the stage that asked."""

    type: ClassVar[str] = "regulatory.irb.clarification_requested.v1"
    review_id: UUID
    trial_id: UUID
    requested_on: date


class IrbClarificationAnswered(Event):
    """The board's question has an answer."""

    type: ClassVar[str] = "regulatory.irb.clarification_answered.v1"
    review_id: UUID
    trial_id: UUID


class IrbReviewStarted(Event):
    """The board reviews, convened or expedited."""

    type: ClassVar[str] = "regulatory.irb.review_started.v1"
    review_id: UUID
    trial_id: UUID
    path: ReviewPath


class IrbModificationsRequired(Event):
    """The board approves only what is changed first."""

    type: ClassVar[str] = "regulatory.irb.modifications_required.v1"
    review_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    decided_on: date
    letter_ref: str | None = None


class IrbModificationsSubmitted(Event):
    """The changes that the board required went back to it."""

    type: ClassVar[str] = "regulatory.irb.modifications_submitted.v1"
    review_id: UUID
    trial_id: UUID
    protocol_version: str
    submitted_on: date


class IrbDeferred(Event):
    """The board put its decision off to a later meeting."""

    type: ClassVar[str] = "regulatory.irb.deferred.v1"
    review_id: UUID
    trial_id: UUID
    decided_on: date


class IrbApproved(Event):
    """The board approved this protocol version at these sites.

    `expires_on` is the last valid day, inclusive, as the board's letter means it, at the sites (`zone`).
    `renews` names the approval that this one continues.
    """

    type: ClassVar[str] = "regulatory.irb.approved.v1"
    review_id: UUID
    approval_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    kind: ReviewKind
    protocol_version: str
    effective_on: date
    expires_on: date
    zone: str
    renews: UUID | None = None
    letter_ref: str | None = None


class IrbDisapproved(Event):
    """The board said no, in writing with its reasons (21 CFR 56.109(e)); `reason` is a code."""

    type: ClassVar[str] = "regulatory.irb.disapproved.v1"
    review_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    decided_on: date
    reason: str
    letter_ref: str | None = None


class IrbReviewWithdrawn(Event):
    """The submitter took the review back before a decision."""

    type: ClassVar[str] = "regulatory.irb.review_withdrawn.v1"
    review_id: UUID
    trial_id: UUID
    reason: str


class IrbApprovalActivated(Event):
    """An approval has its own life from here on: it warns, lapses, is renewed, suspended or ended.

    One that was taken over in force, on the local day `adopted_on`, by the record `adopted_from`, had no
    review here: `review_id` is then its own id, and warnings that lay before that day were given elsewhere.
    """

    type: ClassVar[str] = "regulatory.irb.approval_activated.v1"
    approval_id: UUID
    review_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    protocol_version: str
    effective_on: date
    expires_on: date
    zone: str
    renews: UUID | None = None
    adopted_from: str | None = None
    adopted_on: date | None = None


class IrbApprovalExpiring(Event):
    """The last valid day is near: sent at 90, 60, 30, 14 and 7 days."""

    type: ClassVar[str] = "regulatory.irb.approval_expiring.v1"
    approval_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    expires_on: date
    days_left: int


class IrbApprovalLapsed(Event):
    """The last valid day is over at the sites and no renewal is in effect."""

    type: ClassVar[str] = "regulatory.irb.approval_lapsed.v1"
    approval_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    expires_on: date
    lapsed_on: date


class IrbLapseAnnulled(Event):
    """A correction showed that the approval had not lapsed: the lapse never counted."""

    type: ClassVar[str] = "regulatory.irb.lapse_annulled.v1"
    approval_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    expires_on: date


class IrbRenewalRecorded(Event):
    """A continuing approval exists; it takes the place of this one at `site_ids` on `effective_on`."""

    type: ClassVar[str] = "regulatory.irb.renewal_recorded.v1"
    approval_id: UUID
    successor_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    effective_on: date


class IrbApprovalRenewed(Event):
    """A continuing approval took the place of this one at `site_ids`: what its lapse stopped may go on."""

    type: ClassVar[str] = "regulatory.irb.approval_renewed.v1"
    approval_id: UUID
    successor_id: UUID
    trial_id: UUID
    site_ids: tuple[UUID, ...]
    effective_on: date


class IrbApprovalSuspended(Event):
    """The board suspended its approval (21 CFR 56.113); `reason` is a code."""

    type: ClassVar[str] = "regulatory.irb.approval_suspended.v1"
    approval_id: UUID
    trial_id: UUID | None = None
    site_ids: tuple[UUID, ...]
    suspended_on: date
    reason: str
    breaks: tuple[str, ...] = ()


class IrbApprovalReinstated(Event):
    """The board took its suspension back; the last valid day stays as it was."""

    type: ClassVar[str] = "regulatory.irb.approval_reinstated.v1"
    approval_id: UUID
    trial_id: UUID | None = None
    site_ids: tuple[UUID, ...]
    reinstated_on: date
    breaks: tuple[str, ...] = ()


class IrbApprovalTerminated(Event):
    """The board ended its approval for good (21 CFR 56.113); `reason` is a code."""

    type: ClassVar[str] = "regulatory.irb.approval_terminated.v1"
    approval_id: UUID
    trial_id: UUID | None = None
    site_ids: tuple[UUID, ...]
    terminated_on: date
    reason: str
    breaks: tuple[str, ...] = ()


class IrbApprovalClosed(Event):
    """The research under this approval is over and the board closed its file."""

    type: ClassVar[str] = "regulatory.irb.approval_closed.v1"
    approval_id: UUID
    trial_id: UUID | None = None
    site_ids: tuple[UUID, ...]
    closed_on: date
    breaks: tuple[str, ...] = ()


class IrbApprovalCorrected(Event):
    """The approval's dates were recorded wrongly: these hold. `corrects` names the wrong event."""

    type: ClassVar[str] = "regulatory.irb.approval_corrected.v1"
    approval_id: UUID
    corrects: UUID
    trial_id: UUID | None = None
    site_ids: tuple[UUID, ...]
    effective_on: date
    expires_on: date
    zone: str
    reason: str
    breaks: tuple[str, ...] = ()


class IndReceived(Event):
    """The authority stated the date on which it received the IND: day 0 of its review (21 CFR 312.40(b))."""

    type: ClassVar[str] = "regulatory.ind.received.v1"
    ind_id: UUID
    number: str | None = None
    trial_ids: tuple[UUID, ...]
    receipt_on: date
    zone: str
    review_ends_on: date
    breaks: tuple[str, ...] = ()


class IndEarlyNoticeReceived(Event):
    """The authority said before day 30 that the trials may begin."""

    type: ClassVar[str] = "regulatory.ind.early_notice_received.v1"
    ind_id: UUID
    notice_on: date
    letter_ref: str


class IndReviewPeriodElapsed(Event):
    """Day 30 has come. This alone starts nothing: a person signs that no hold was received by any means."""

    type: ClassVar[str] = "regulatory.ind.review_period_elapsed.v1"
    ind_id: UUID
    trial_ids: tuple[UUID, ...]
    review_ends_on: date


class IndInEffect(Event):
    """The IND is in effect for these trials from `effective_on`."""

    type: ClassVar[str] = "regulatory.ind.in_effect.v1"
    ind_id: UUID
    trial_ids: tuple[UUID, ...]
    effective_on: date
    basis: Literal["thirty_days", "early_notice"]


class ClinicalHoldImposed(Event):
    """The authority stops what `effects` names, in all of `trial_ids`. Only the authority lifts it."""

    type: ClassVar[str] = "regulatory.clinical_hold.imposed.v1"
    hold_id: UUID
    trial_ids: tuple[UUID, ...]
    kind: HoldKind
    effects: tuple[Effect, ...]
    received_on: date
    authority: str
    ind_id: UUID | None = None
    reason: str | None = None
    letter_ref: str | None = None
    breaks: tuple[str, ...] = ()


class ClinicalHoldLifted(Event):
    """The authority lifted this hold, and no other, by the letter that `letter_ref` names."""

    type: ClassVar[str] = "regulatory.clinical_hold.lifted.v1"
    hold_id: UUID
    trial_ids: tuple[UUID, ...]
    lifted_on: date
    letter_ref: str
    ind_id: UUID | None = None
    breaks: tuple[str, ...] = ()


class ReportOpened(Event):
    """A case must be reported to `destination`; both dates are those that safety computed.

    `deadlines` are the deadlines that its receipt meets; `zone` is the authority's; `organisation_id` is the
    organisation to which the obligation was transferred.
    """

    type: ClassVar[str] = "regulatory.report.opened.v1"
    report_id: UUID
    case_id: UUID
    trial_id: UUID
    case_version: int
    kind: ReportKind
    obligation_code: str
    destination: str
    legal_due: date
    operational_due: date
    zone: str
    deadlines: tuple[UUID, ...] = ()
    organisation_id: UUID | None = None


class ReportReanchored(Event):
    """Day 0 of an open report changed: deadlines of these clocks take the place of `supersedes`, in order."""

    type: ClassVar[str] = "regulatory.report.reanchored.v1"
    report_id: UUID
    case_id: UUID
    trial_id: UUID
    legal: Clock
    operational: Clock
    deadlines: tuple[UUID, ...]
    supersedes: tuple[UUID, ...]


class ReportAssigned(Event):
    """The obligation changed hands: the organisation owes the report; without one, the sponsor does."""

    type: ClassVar[str] = "regulatory.report.assigned.v1"
    report_id: UUID
    trial_id: UUID
    organisation_id: UUID | None = None


class ReportNotRequired(Event):
    """A report that was open and not yet filed is not owed any more; `reason` is a code."""

    type: ClassVar[str] = "regulatory.report.not_required.v1"
    report_id: UUID
    case_id: UUID
    trial_id: UUID
    reason: str
    deadlines: tuple[UUID, ...] = ()


class SafetyReportFiled(Event):
    """A person released the report and it was sent. It counts when the authority states its receipt;

    what goes to investigators counts at dispatch.
    """

    type: ClassVar[str] = "regulatory.safety_report.filed.v1"
    report_id: UUID
    case_id: UUID
    trial_id: UUID
    case_version: int
    kind: ReportKind
    obligation_code: str
    destination: str
    filed_on: date
    attempt: int
    message_ref: str | None = None
    deadlines: tuple[UUID, ...] = ()
    breaks: tuple[str, ...] = ()


class SafetyReportAcknowledged(Event):
    """The authority took the report; `receipt_on`, the date it states, judges the deadline."""

    type: ClassVar[str] = "regulatory.safety_report.acknowledged.v1"
    report_id: UUID
    case_id: UUID | None = None
    trial_id: UUID | None = None
    receipt_on: date
    ack_code: Acceptance
    case_version: int | None = None
    obligation_code: str | None = None
    destination: str | None = None
    deadlines: tuple[UUID, ...] = ()
    message_ref: str | None = None
    breaks: tuple[str, ...] = ()


class SafetyReportRejected(Event):
    """The authority's gateway did not take the report: it is mended and sent again; due dates stay."""

    type: ClassVar[str] = "regulatory.safety_report.rejected.v1"
    report_id: UUID
    case_id: UUID | None = None
    trial_id: UUID | None = None
    rejected_on: date
    errors: tuple[str, ...] = ()
    case_version: int | None = None
    obligation_code: str | None = None
    destination: str | None = None
    message_ref: str | None = None
    breaks: tuple[str, ...] = ()


RegistryAct = Literal["registration", "update", "verification", "results", "results_summary"]
ReleaseReason = Literal[
    "not_an_applicable_trial", "not_told_to_subjects", "recorded_in_error", "delay_certified"
]


class RegistryDutyArisen(Event):
    """A public registry has to be told something of a trial that its sponsor runs here: what, and by when.

    `status` is the registry's word that it has to be told, of the trial or of the site that `subject_id` is.
    `supersedes` are duties of the same kind that counted from another day.
    """

    type: ClassVar[str] = "regulatory.registry.duty_arisen.v1"
    record_id: UUID
    trial_id: UUID
    duty_id: UUID
    subject_kind: Literal["trial", "site"]
    subject_id: UUID
    clock: Clock
    status: str | None = None
    supersedes: tuple[UUID, ...] = ()


class RegistryUpdated(Event):
    """The registry was told on `updated_on`, its local day; `meets` are the duties that this covers.

    `source`: the sponsor's report, or the registry's own record as it was imported.
    """

    type: ClassVar[str] = "regulatory.registry.updated.v1"
    record_id: UUID
    trial_id: UUID
    registry: str
    act: RegistryAct
    updated_on: date
    status: str | None = None
    document_ref: str | None = None
    source: Literal["report", "record"]
    meets: tuple[UUID, ...] = ()
    breaks: tuple[str, ...] = ()


class RegistryDutiesReleased(Event):
    """Somebody signed that these duties are not owed; `exempt`: the trial owes that registry nothing more."""

    type: ClassVar[str] = "regulatory.registry.duties_released.v1"
    record_id: UUID
    trial_id: UUID
    duties: tuple[UUID, ...]
    reason: ReleaseReason
    exempt: bool = False
    document_ref: str | None = None


NoticeWaiver = Literal[
    "named_in_ind", "not_under_ind", "treatment_protocol", "waived_by_fda", "recorded_in_error"
]
NoNotice = Literal["no_ind", "closed_before_takeover"]


class TrialIndTold(Event):
    """The trial runs under this IND from the authority's day `in_effect_on`; without that day it does not.

    `withdrawn_on` is the first day on which the IND does not hold any more.
    """

    type: ClassVar[str] = "regulatory.investigator_notice.ind_told.v1"
    record_id: UUID
    trial_id: UUID
    ind_id: UUID
    in_effect_on: date | None = None
    withdrawn_on: date | None = None


class InvestigatorNoticeOwed(Event):
    """FDA has to be notified of a new investigator of a trial under an IND (21 CFR 312.30(c)), by when.

    `from_on` is the local day from which the person serves at the site. Day 0 of the clock is that day, or
    the first of the IND where it is later. `supersedes` is a duty of the same person from another day.
    """

    type: ClassVar[str] = "regulatory.investigator_notice.owed.v1"
    record_id: UUID
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    from_on: date
    duty_id: UUID
    clock: Clock
    supersedes: UUID | None = None


class InvestigatorNoticeWaived(Event):
    """No notice of the person is owed: by what is known of INDs and takeovers, or as somebody signed.

    One that only lacks an IND is owed once an IND is told. `duty_id` is the duty that ends.
    """

    type: ClassVar[str] = "regulatory.investigator_notice.waived.v1"
    record_id: UUID
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    from_on: date
    reason: NoNotice | NoticeWaiver
    duty_id: UUID | None = None
    document_ref: str | None = None


class InvestigatorNoticeReceived(Event):
    """FDA received the notice of these persons on `receipt_on`, as it states; `meets` are the duties."""

    type: ClassVar[str] = "regulatory.investigator_notice.received.v1"
    record_id: UUID
    trial_id: UUID
    investigators: tuple[UUID, ...]
    submission_ref: str
    receipt_on: date
    meets: tuple[UUID, ...] = ()
    breaks: tuple[str, ...] = ()


ReviewEvent = (
    IrbReviewOpened
    | IrbReviewSubmitted
    | IrbPreReviewStarted
    | IrbClarificationRequested
    | IrbClarificationAnswered
    | IrbReviewStarted
    | IrbModificationsRequired
    | IrbModificationsSubmitted
    | IrbDeferred
    | IrbApproved
    | IrbDisapproved
    | IrbReviewWithdrawn
)
ApprovalEvent = (
    IrbApprovalActivated
    | IrbApprovalExpiring
    | IrbApprovalLapsed
    | IrbLapseAnnulled
    | IrbRenewalRecorded
    | IrbApprovalRenewed
    | IrbApprovalSuspended
    | IrbApprovalReinstated
    | IrbApprovalTerminated
    | IrbApprovalClosed
    | IrbApprovalCorrected
)
IndEvent = IndReceived | IndEarlyNoticeReceived | IndReviewPeriodElapsed | IndInEffect
HoldEvent = ClinicalHoldImposed | ClinicalHoldLifted
ReportEvent = (
    ReportOpened
    | ReportReanchored
    | ReportAssigned
    | ReportNotRequired
    | SafetyReportFiled
    | SafetyReportAcknowledged
    | SafetyReportRejected
)
RegistryEvent = RegistryDutyArisen | RegistryUpdated | RegistryDutiesReleased
NoticeEvent = TrialIndTold | InvestigatorNoticeOwed | InvestigatorNoticeWaived | InvestigatorNoticeReceived
RegulatoryEvent = (
    ReviewEvent
    | ApprovalEvent
    | IndEvent
    | HoldEvent
    | ReportEvent
    | RegistryEvent
    | NoticeEvent
    | DeadlineEvent
    | CommandRefused
    | ParkedEvent
)
