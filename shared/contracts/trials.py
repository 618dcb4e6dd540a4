"""Events of the trials service: trials, their sites, subjects (pseudonymous), holds and deviations."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import JsonValue

from shared.contracts.message import CommandRefused, Event, Identifier, Value
from shared.contracts.parked import ParkedEvent

TrialStatus = Literal[
    "draft",
    "in_review",
    "disapproved",
    "approved",
    "active",
    "temp_closed_accrual",
    "temp_closed_accrual_intervention",
    "closed_accrual",
    "closed_accrual_intervention",
    "completed",
    "admin_completed",
    "withdrawn",
    "archived",
    "registry_only",
]
Route = Literal["us_ind", "us_ide", "other"]
Gate = Literal[
    "contract",
    "irb_current",
    "ha_ok",
    "form_1572",
    "financial_disclosure",
    "delegation_log",
    "training",
    "lab_cert",
    "ip_on_site",
    "ib_receipt",
    "siv_done",
    "consent_version_released",
]
HoldSource = Literal[
    "clinical_hold",
    "irb_suspension",
    "irb_lapse",
    "dsmb",
    "sponsor_pause",
    "urgent_safety",
    "ha_suspension",
    "document_expiry",
]
ScopeKind = Literal["trial", "site", "subject", "arm"]
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
WithdrawalScope = Literal["intervention", "follow_up", "records_access", "samples"]


class PartialDate(Value):
    """A date as exact as its source gave it: `text` is YYYY, YYYY-MM or YYYY-MM-DD."""

    text: str
    precision: Literal["year", "month", "day"]
    kind: Literal["actual", "estimated"] | None = None


class Intervention(Value):
    """What a trial studies, as the registry names it: kind DRUG, DEVICE, BIOLOGICAL and so on."""

    kind: str
    name: str


class RegistryFacts(Value):
    """What a registry says of a trial: its codes and dates unchanged, no contacts of staff.

    `status_unverified`: the registry has not had the status confirmed for two years (its code UNKNOWN).
    """

    status: str
    last_known_status: str | None = None
    status_unverified: bool = False
    why_stopped: str | None = None
    title: str
    official_title: str | None = None
    acronym: str | None = None
    sponsor_name: str
    study_type: str
    phases: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    conditions: tuple[str, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    enrolment: int | None = None
    enrolment_kind: Literal["actual", "estimated"] | None = None
    start: PartialDate | None = None
    primary_completion: PartialDate | None = None
    completion: PartialDate | None = None
    verified_on: PartialDate | None = None
    first_posted: PartialDate | None = None
    results_posted: PartialDate | None = None
    fda_regulated_drug: bool | None = None
    fda_regulated_device: bool | None = None


class RegistryChange(Value):
    """One field of RegistryFacts that a newer registry record states differently, with its new value."""

    field: str
    value: JsonValue = None


class RegistrySite(Value):
    """A location of the registry; the same place of the same trial always has the same `site_id`."""

    site_id: UUID
    name: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    country: str | None = None
    status: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class TrialRegistered(Event):
    """A trial is known: from its sponsor's plan, or from a public registry's record.

    `owner` names who carries the safety obligations, `owner_id` the organisation to which they were
    transferred (21 CFR 312.52); `route` decides which gates its sites need;
    `registry_only` is the status of expanded access programmes, which have no trial lifecycle.
    """

    type: ClassVar[str] = "trials.trial.registered.v1"
    trial_id: UUID
    title: str
    phases: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    sponsor_name: str
    study_type: str
    basis: Literal["sponsor", "registry"]
    status: TrialStatus
    route: Route = "other"
    owner: str = "sponsor"
    owner_id: UUID | None = None
    target: int | None = None


class TrialPlanRecorded(Event):
    """The sponsor's plan of a trial that a registry had made known before."""

    type: ClassVar[str] = "trials.trial.plan_recorded.v1"
    trial_id: UUID
    title: str
    phases: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    study_type: str
    route: Route
    owner: str
    owner_id: UUID | None = None
    target: int | None = None


class RegistryEntryRecorded(Event):
    """The first record of a registry about the trial. `updated` is the record's last update there.

    `suspended_as` is the hold `sponsor_pause` that the registry's status SUSPENDED stands for.
    """

    type: ClassVar[str] = "trials.trial.registry_entry_recorded.v1"
    trial_id: UUID
    registry: str
    facts: RegistryFacts
    updated: PartialDate | None = None
    as_of: date | None = None
    suspended_as: UUID | None = None


class RegistryEntryChanged(Event):
    """A newer record of the registry says something else: only the fields that changed.

    `suspended_as` is the hold that the registry's status SUSPENDED stands for, `resumed_from` its end.
    """

    type: ClassVar[str] = "trials.trial.registry_entry_changed.v1"
    trial_id: UUID
    registry: str
    changes: tuple[RegistryChange, ...]
    updated: PartialDate | None = None
    as_of: date | None = None
    suspended_as: UUID | None = None
    resumed_from: UUID | None = None


class RegistrySitesRecorded(Event):
    """Locations that the registry lists anew or with another status, at most 200 an event.

    `unlisted` are locations that the registry does not list any more.
    """

    type: ClassVar[str] = "trials.trial.registry_sites_recorded.v1"
    trial_id: UUID
    registry: str
    sites: tuple[RegistrySite, ...] = ()
    unlisted: tuple[UUID, ...] = ()


class TrialStatusChanged(Event):
    """The trial moved on in its lifecycle. `inferred`: a status in between that nobody stated."""

    type: ClassVar[str] = "trials.trial.status_changed.v1"
    trial_id: UUID
    before: TrialStatus
    after: TrialStatus
    basis: Literal["sponsor", "registry"]
    reason: str | None = None
    inferred: bool = False


class TrialAuthorised(Event):
    """The health authority lets the trial begin, from `effective_on` (an IND or IDE in effect, a CTA)."""

    type: ClassVar[str] = "trials.trial.authorised.v1"
    trial_id: UUID
    country: str
    effective_on: date
    authorisation: UUID


class HoldApplied(Event):
    """A hold forbids its effects in its scope from `since` on; safety reporting never stops.

    `scope_id` is the trial, site or subject; of an arm it is the trial and `arm` its code.
    """

    type: ClassVar[str] = "trials.hold.applied.v1"
    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    arm: str | None = None
    effects: tuple[Effect, ...]
    since: date
    reason: str | None = None
    cause: UUID | None = None


class HoldLifted(Event):
    """The hold's own counterpart lifted it; other holds stay. `evidence` names the letter or event."""

    type: ClassVar[str] = "trials.hold.lifted.v1"
    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    until: date
    evidence: str


class HoldAnnulled(Event):
    """The hold rested on knowledge later shown wrong: it never counted, nor do deviations from it."""

    type: ClassVar[str] = "trials.hold.annulled.v1"
    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    reason: str


class PermissionsChanged(Event):
    """The whole answer to what may be done in a trial or at a site: each effect with the holds against it."""

    type: ClassVar[str] = "trials.permissions.changed.v1"
    trial_id: UUID
    scope_kind: Literal["trial", "site"]
    scope_id: UUID
    permissions: dict[Effect, tuple[UUID, ...]]


class SiteIdentified(Event):
    """A site that might take part; `zone` is its IANA zone where known."""

    type: ClassVar[str] = "trials.site.identified.v1"
    trial_id: UUID
    site_id: UUID
    name: str
    country: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    zone: str | None = None
    basis: Literal["sponsor", "registry"]
    registry_status: str | None = None
    identifiers: tuple[Identifier, ...] = ()


class SiteRegistryStatusChanged(Event):
    """The registry says something else of the site; `listed` is false when it names it no more."""

    type: ClassVar[str] = "trials.site.registry_status_changed.v1"
    trial_id: UUID
    site_id: UUID
    registry_status: str | None
    listed: bool = True


class SiteSelected(Event):
    """The site shall take part; its ethics board, zone and the gates it has to pass are known."""

    type: ClassVar[str] = "trials.site.selected.v1"
    trial_id: UUID
    site_id: UUID
    irb: str | None = None
    zone: str
    country: str
    route: Route
    required_gates: tuple[Gate, ...]
    target: int | None = None


class GateEvidenceRecorded(Event):
    """A document or decision that bears on a gate, valid on the site's local dates given (inclusive).

    `corrects` names the evidence whose place this one takes, which may be itself with other dates.
    """

    type: ClassVar[str] = "trials.site.gate_evidence_recorded.v1"
    trial_id: UUID
    site_id: UUID
    gate: Gate
    evidence_id: UUID
    valid_from: date
    valid_to: date | None = None
    document_ref: str | None = None
    corrects: UUID | None = None
    recorded_on: date


class GateSatisfied(Event):
    """A gate is open: `evidence` says by what. `replaces` is the evidence whose loss had closed it."""

    type: ClassVar[str] = "trials.site.gate_satisfied.v1"
    trial_id: UUID
    site_id: UUID
    gate: Gate
    evidence: UUID
    valid_to: date | None = None
    replaces: UUID | None = None


class GateRevoked(Event):
    """A gate closed again: by `hold` where one is named, else as its evidence ran out or was corrected."""

    type: ClassVar[str] = "trials.site.gate_revoked.v1"
    trial_id: UUID
    site_id: UUID
    gate: Gate
    evidence: UUID
    valid_to: date | None = None
    activated: bool = False
    hold: UUID | None = None
    revoked_on: date


class SiteReady(Event):
    """All gates of the site are open; a signed act may activate it."""

    type: ClassVar[str] = "trials.site.ready.v1"
    trial_id: UUID
    site_id: UUID
    gates: tuple[Gate, ...]


class SiteActivated(Event):
    """The signed green light: the site may begin. `gates` are those open at that moment."""

    type: ClassVar[str] = "trials.site.activated.v1"
    trial_id: UUID
    site_id: UUID
    gates: tuple[Gate, ...]
    activated_on: date
    zone: str
    country: str


class SiteEnrolmentStarted(Event):
    """The first subject of the site enrolled."""

    type: ClassVar[str] = "trials.site.enrolment_started.v1"
    trial_id: UUID
    site_id: UUID


class SiteSuspended(Event):
    """The site stopped for the holds named, or for the gates lost."""

    type: ClassVar[str] = "trials.site.suspended.v1"
    trial_id: UUID
    site_id: UUID
    holds: tuple[UUID, ...] = ()
    gates: tuple[Gate, ...] = ()


class SiteResumed(Event):
    """Nothing stops the site any more: it goes on with the status it had."""

    type: ClassVar[str] = "trials.site.resumed.v1"
    trial_id: UUID
    site_id: UUID
    status: Literal["activated", "enrolling"]


class SubjectEnrolled(Event):
    """A subject enrolled. `breaks` names the rules that the enrolment broke, which does not undo it."""

    type: ClassVar[str] = "trials.subject.enrolled.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    subject_code: str
    enrolled_on: date
    identifiers: tuple[Identifier, ...] = ()
    breaks: tuple[str, ...] = ()


class SubjectEnrolmentCorrected(Event):
    """The enrolment that event `corrects` told was otherwise; the whole data stands here."""

    type: ClassVar[str] = "trials.subject.enrolment_corrected.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    subject_code: str
    enrolled_on: date
    corrects: UUID
    reason: str | None = None
    breaks: tuple[str, ...] = ()


class SubjectRandomised(Event):
    """A subject was let into randomisation; the allocation is restricted and never stands here."""

    type: ClassVar[str] = "trials.subject.randomised.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    randomised_on: date


class SubjectDosingReleased(Event):
    """A dose may be given to the subject on that date: no hold forbids it."""

    type: ClassVar[str] = "trials.subject.dosing_released.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    dose_on: date


class SubjectWithdrawn(Event):
    """A subject withdrew from the scopes named; withdrawal erases nothing."""

    type: ClassVar[str] = "trials.subject.withdrawn.v1"
    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    withdrawn_on: date
    scopes: tuple[WithdrawalScope, ...]
    breaks: tuple[str, ...] = ()


class DeviationReported(Event):
    """Something happened that a rule forbids, or did not happen in time.

    `category` is a code (enrolment, withdrawal, deadline_missed), `rules` the rules broken, `holds` the
    holds that stood against it, `cause` the event or deadline it comes from.
    """

    type: ClassVar[str] = "trials.deviation.reported.v1"
    deviation_id: UUID
    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID | None = None
    category: str
    rules: tuple[str, ...]
    holds: tuple[UUID, ...] = ()
    citation: str | None = None
    occurred_on: date
    cause: UUID | None = None


class DeviationAnnulled(Event):
    """A correction showed that there was no deviation: it stays visible and does not count."""

    type: ClassVar[str] = "trials.deviation.annulled.v1"
    deviation_id: UUID
    trial_id: UUID
    reason: str


RetentionRule = Literal["us_ind_sponsor", "us_ind_investigator", "eu_ctr", "contract", "none_applies"]
ShorteningReason = Literal["correction", "contract_amended"]
ErasureReason = Literal["subject_request", "unlawful_collection", "data_of_another_person", "court_order"]


class RetentionSet(Event):
    """Records of the trial are kept by this rule; `until` is the last day, none while it is not known.

    `anchored_on`: the local day on which the rule's period begins. `set_by`: the actor id of whoever made a
    stated last day earlier, or took it away, for `reason`; none where the period did not become shorter.
    """

    type: ClassVar[str] = "trials.retention.set.v1"
    trial_id: UUID
    rule: RetentionRule
    citation: str
    verified: bool
    anchored_on: date | None = None
    until: date | None = None
    reason: ShorteningReason | None = None
    set_by: str | None = None


class LegalHoldPlaced(Event):
    """Nothing of the trial, or of this subject, is erased until the legal hold is released."""

    type: ClassVar[str] = "trials.legal_hold.placed.v1"
    legal_hold_id: UUID
    trial_id: UUID
    subject_id: UUID | None = None
    reason: str


class LegalHoldReleased(Event):
    """The legal hold does not apply any more. `released_by`: the actor id of whoever released it."""

    type: ClassVar[str] = "trials.legal_hold.released.v1"
    legal_hold_id: UUID
    trial_id: UUID
    reason: str
    released_by: str | None = None


class AboutErasure(Event):
    """What every event of an erasure says: whose particulars and documents it is about."""

    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID


class ErasureRequested(AboutErasure):
    """A person asked, with a signed reason, for the erasure of a subject; another has to agree."""

    type: ClassVar[str] = "trials.erasure.requested.v1"
    reason: ErasureReason
    requested_by: str


class ErasureRejected(AboutErasure):
    """Another person did not agree."""

    type: ClassVar[str] = "trials.erasure.rejected.v1"
    reason: str


class SubjectErased(AboutErasure):
    """Two persons signed it: every vault destroys the subject's key; events stay as they are."""

    type: ClassVar[str] = "trials.subject.erased.v1"
    reason: ErasureReason
    requested_by: str
    approved_by: str


TrialEvent = (
    TrialRegistered
    | TrialPlanRecorded
    | RegistryEntryRecorded
    | RegistryEntryChanged
    | RegistrySitesRecorded
    | TrialStatusChanged
    | TrialAuthorised
)
HoldEvent = HoldApplied | HoldLifted | HoldAnnulled
SiteEvent = (
    SiteIdentified
    | SiteRegistryStatusChanged
    | SiteSelected
    | GateEvidenceRecorded
    | GateSatisfied
    | GateRevoked
    | SiteReady
    | SiteActivated
    | SiteEnrolmentStarted
    | SiteSuspended
    | SiteResumed
)
SubjectEvent = (
    SubjectEnrolled | SubjectEnrolmentCorrected | SubjectRandomised | SubjectDosingReleased | SubjectWithdrawn
)
RetentionEvent = RetentionSet | LegalHoldPlaced | LegalHoldReleased
ErasureEvent = ErasureRequested | ErasureRejected | SubjectErased
TrialsEvent = (
    TrialEvent
    | RetentionEvent
    | ErasureEvent
    | HoldEvent
    | PermissionsChanged
    | SiteEvent
    | SubjectEvent
    | DeviationReported
    | DeviationAnnulled
    | CommandRefused
    | ParkedEvent
)
