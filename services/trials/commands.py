"""What the service can be asked or told: requests, which may be refused, and reports, which are kept."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from uuid_utils.compat import uuid7

from services.trials.guards import SiteGuard, SubjectGuard, TrialCount, TrialGuard, TrialSites
from shared.contracts.message import Command, Identifier, Need, Signed
from shared.contracts.trials import (
    Effect,
    Gate,
    HoldSource,
    PartialDate,
    RegistryFacts,
    RegistrySite,
    Route,
    ScopeKind,
    TrialStatus,
    WithdrawalScope,
)
from shared.rules.dates import Day, ZoneName


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("contains a NUL character, which no text may")
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
    AfterValidator(_printable),
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,63}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Count = Annotated[int, Field(ge=0, le=10_000_000)]


class OfTrial(Command):
    """A command on a trial's own stream."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.trial_id


class RegisterTrial(Command):
    """Register a trial from its sponsor's plan; one known from a registry by its NCT number gets the plan."""

    type: ClassVar[str] = "trials.register_trial.v1"
    trial_id: UUID = Field(default_factory=uuid7)
    title: Text
    phases: tuple[Code, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    sponsor: Text
    study_type: Code = "INTERVENTIONAL"
    route: Route = "us_ind"
    owner: Code = "sponsor"
    target: Count | None = None

    @property
    def stream_id(self) -> UUID:
        return self.trial_id

    def external_ids(self) -> tuple[Identifier, ...]:
        return tuple(identifier for identifier in self.identifiers if identifier.system == "nct")

    def bound_to(self, stream_id: UUID) -> Self:
        return self.model_copy(update={"trial_id": stream_id})

    def sponsor_name(self) -> str:
        return self.sponsor


class RecordRegistryEntry(Command):
    """Report what a public registry says of a trial; the NCT number finds the trial or begins it."""

    type: ClassVar[str] = "trials.record_registry_entry.v1"
    report: ClassVar[bool] = True
    registry: Literal["ctgov"] = "ctgov"
    nct: Annotated[str, StringConstraints(pattern=r"^NCT[0-9]{8}$")]
    facts: RegistryFacts
    sites: tuple[RegistrySite, ...] = ()
    updated: PartialDate | None = None
    as_of: date | None = None

    @property
    def stream_id(self) -> UUID:
        if self.trial_id is None:
            raise ValueError("a registry entry is bound to its trial before it is decided")
        return self.trial_id

    def external_ids(self) -> tuple[Identifier, ...]:
        return (Identifier(system="nct", value=self.nct),)

    def bound_to(self, stream_id: UUID) -> Self:
        return self.model_copy(update={"trial_id": stream_id})

    def sponsor_name(self) -> str:
        return self.facts.sponsor_name


class ChangeTrialStatus(OfTrial):
    """Move a trial on in its lifecycle; some steps ask for a reason."""

    type: ClassVar[str] = "trials.change_trial_status.v1"
    status: TrialStatus
    reason: Annotated[Text, Field(max_length=160)] | None = None

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialSites, (self.trial_id,)), Need(TrialCount, (self.trial_id,), counts=True))


class ReopenAccrual(Signed):
    """Open a closed accrual again: a signed act with its reason."""

    type: ClassVar[str] = "trials.reopen_accrual.v1"
    trial_id: UUID
    reason: Text
    meaning: Literal["approval"]

    @property
    def stream_id(self) -> UUID:
        return self.trial_id


class RecordAuthorisation(OfTrial):
    """Report that a country's authority lets the trial begin."""

    type: ClassVar[str] = "trials.record_authorisation.v1"
    report: ClassVar[bool] = True
    country: Country
    effective_on: Day
    authorisation: UUID


class ReviewTrial(OfTrial):
    """Look at what the holds of now make of the trial's permissions."""

    type: ClassVar[str] = "trials.review_trial.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)


class OfHold(Command):
    """A command on a hold's stream; `cause` is the event that makes it happen, where one does."""

    hold_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    cause: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.hold_id


class ApplyHold(OfHold):
    """Stop effects in a trial, at a site, for a subject or an arm; without `effects`, those of its source."""

    type: ClassVar[str] = "trials.apply_hold.v1"
    arm: Code | None = None
    effects: tuple[Effect, ...] = ()
    since: Day | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if (self.scope_kind == "arm") != (self.arm is not None):
            raise ValueError("an arm is named exactly where the scope is an arm")
        if self.scope_kind in ("trial", "arm") and self.scope_id != self.trial_id:
            raise ValueError("the scope of a trial or of an arm is the trial's id")
        return self

    def needs(self) -> tuple[Need, ...]:
        return _scope_guard(self.scope_kind, self.scope_id)


class EndsHold(Command):
    """A command that ends a hold; the scope is needed only where the hold is not known yet."""

    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind | None = None
    scope_id: UUID | None = None
    cause: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.hold_id


class LiftHold(EndsHold):
    """End a hold by its own counterpart; `evidence` names the letter or decision."""

    type: ClassVar[str] = "trials.lift_hold.v1"
    evidence: Text
    until: Day | None = None


class AnnulHold(EndsHold):
    """Take a hold back that rested on an error: it never counted, nor do deviations from it."""

    type: ClassVar[str] = "trials.annul_hold.v1"
    reason: Text


class ReportDeviation(Command):
    """Report that a rule was broken or a date was missed."""

    type: ClassVar[str] = "trials.report_deviation.v1"
    report: ClassVar[bool] = True
    deviation_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID | None = None
    category: Code
    rules: tuple[Text, ...]
    holds: tuple[UUID, ...] = ()
    citation: Text | None = None
    occurred_on: Day
    cause: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.deviation_id


class AnnulDeviation(Command):
    """Report that a correction left nothing of a deviation."""

    type: ClassVar[str] = "trials.annul_deviation.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    deviation_id: UUID
    trial_id: UUID
    reason: Text

    @property
    def stream_id(self) -> UUID:
        return self.deviation_id


class OfSite(Command):
    """A command on a site's stream, decided with the holds on the site and on its trial."""

    trial_id: UUID
    site_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.site_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,), counts=True), Need(TrialGuard, (self.trial_id,)))


class IdentifySite(OfSite):
    """Report a site that might take part."""

    type: ClassVar[str] = "trials.identify_site.v1"
    report: ClassVar[bool] = True
    site_id: UUID = Field(default_factory=uuid7)
    name: Text
    country: Country | None = None
    city: Text | None = None
    state: Text | None = None
    postcode: Text | None = None
    zone: ZoneName | None = None
    identifiers: tuple[Identifier, ...] = ()


class RecordRegistrySite(OfSite):
    """Report what the registry says of one location, or that it lists it no more (`site` is None)."""

    type: ClassVar[str] = "trials.record_registry_site.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    site: RegistrySite | None = None


class SelectSite(OfSite):
    """Choose a site for the trial: its board, zone, country and target."""

    type: ClassVar[str] = "trials.select_site.v1"
    irb: Text | None = None
    zone: ZoneName
    country: Country
    target: Count | None = None


class RecordGateEvidence(OfSite):
    """Report a document or decision for a gate, valid on the local dates given, both inclusive.

    `corrects` names the evidence whose place it takes; the same id with other dates corrects itself.
    """

    type: ClassVar[str] = "trials.record_gate_evidence.v1"
    report: ClassVar[bool] = True
    gate: Gate
    evidence_id: UUID = Field(default_factory=uuid7)
    valid_from: Day
    valid_to: Day | None = None
    document_ref: Text | None = None
    corrects: UUID | None = None


class ReviewSite(OfSite):
    """Look at what holds, gates and enrolment of now make of the site."""

    type: ClassVar[str] = "trials.review_site.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True


class ActivateSite(Signed):
    """Give a site the green light: a signed act, possible when all its gates are open now."""

    type: ClassVar[str] = "trials.activate_site.v1"
    trial_id: UUID
    site_id: UUID
    meaning: Literal["approval"]

    @property
    def stream_id(self) -> UUID:
        return self.site_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,), counts=True), Need(TrialGuard, (self.trial_id,)))


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
            Need(SiteGuard, (self.site_id,)),
            Need(SubjectGuard, (self.subject_id,)),
            Need(TrialGuard, (self.trial_id,)),
        )


class EnrolSubject(OfSubject):
    """Report that a subject enrolled; rules that it breaks are marked and never undo it."""

    type: ClassVar[str] = "trials.enrol_subject.v1"
    report: ClassVar[bool] = True
    subject_id: UUID = Field(default_factory=uuid7)
    subject_code: Code
    enrolled_on: Day
    identifiers: tuple[Identifier, ...] = ()

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(SiteGuard, (self.site_id,), counts=True),
            Need(SubjectGuard, (self.subject_id,)),
            Need(TrialCount, (self.trial_id,), counts=True),
            Need(TrialGuard, (self.trial_id,)),
        )


class CorrectEnrolment(OfSubject):
    """Report that the enrolment which event `corrects` told was otherwise: whole data and reason."""

    type: ClassVar[str] = "trials.correct_enrolment.v1"
    report: ClassVar[bool] = True
    subject_code: Code
    enrolled_on: Day
    corrects: UUID
    reason: Code


class RandomiseSubject(OfSubject):
    """Ask to randomise a subject; the allocation stays outside."""

    type: ClassVar[str] = "trials.randomise_subject.v1"
    randomised_on: Day


class DoseSubject(OfSubject):
    """Ask to give a subject a dose."""

    type: ClassVar[str] = "trials.dose_subject.v1"
    dose_on: Day


class WithdrawSubject(OfSubject):
    """Report that a subject withdrew from what the scopes name."""

    type: ClassVar[str] = "trials.withdraw_subject.v1"
    report: ClassVar[bool] = True
    withdrawn_on: Day
    scopes: Annotated[tuple[WithdrawalScope, ...], Field(min_length=1)]


def _scope_guard(kind: ScopeKind, scope_id: UUID) -> tuple[Need, ...]:
    rows: dict[ScopeKind, type] = {
        "trial": TrialGuard,
        "arm": TrialGuard,
        "site": SiteGuard,
        "subject": SubjectGuard,
    }
    return (Need(rows[kind], (scope_id,), counts=True),)
