"""Commands that take over trials, sites and subjects in mid-life, with the dates on which things happened.

They tell what has happened, so no gate of today stands in their way; refused is only what contradicts itself
or what the service knows already. `document_ref` is the record by which somebody vouches for the data.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator

from services.trials.commands.consent import Language
from services.trials.commands.site import OfSite
from services.trials.commands.subject import OfSubject
from services.trials.commands.trial import RegisterTrial
from services.trials.commands.words import Code, Count, Country, Named, Pseudonym, Text, Word
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.rules.lifecycle import REASON_REQUIRED
from services.trials.rules.subjects import ENDED, REGISTERED
from shared.contracts.message import Need, Value
from shared.contracts.trials.site import Gate
from shared.contracts.trials.subject import SubjectStatus
from shared.rules.dates import Day, ZoneName

AdoptedSite = Literal[
    "identified", "selected", "activated", "enrolling", "closed_to_enrolment", "closing", "closed"
]


class Authorised(Value):
    """The day (local to the country) from which a country's authority lets the trial begin."""

    country: Country
    effective_on: Day


class Evidence(Value):
    """What opens a gate of a site, on the local dates given, both inclusive."""

    gate: Gate
    evidence_id: UUID
    valid_from: Day
    valid_to: Day | None = None
    document_ref: Text | None = None


class AdoptTrial(RegisterTrial):
    """Take over a trial in mid-life: its plan, its authorisations, and the status it has since a day."""

    type: ClassVar[str] = "trials.adopt_trial.v1"
    trial_id: UUID
    status: Literal[
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
    ]
    status_since: Day
    reason: Annotated[Text, Field(max_length=160)] | None = None
    authorised: tuple[Authorised, ...] = Field(default=(), max_length=250)
    document_ref: Text

    @model_validator(mode="after")
    def _some_statuses_have_a_reason(self) -> Self:
        if self.status in REASON_REQUIRED and not self.reason:
            raise ValueError(f"reason: {self.status} needs one")
        return self

    def effective_day(self) -> date:
        return self.status_since

    def authorisation(self, country: str) -> UUID:
        """The id of a country's authorisation, which nobody had given one."""
        return uuid5(self.trial_id, f"authorisation|{country}")


class AdoptSite(OfSite):
    """Take over a site in mid-life: its selection, the evidence for its gates, its activation, its closing.

    A site goes through the states before its own on the days given; the days that its status needs are
    required.
    """

    type: ClassVar[str] = "trials.adopt_site.v1"
    name: Text
    country: Country
    zone: ZoneName
    city: Text | None = None
    state: Text | None = None
    postcode: Text | None = None
    identifiers: tuple[Named, ...] = Field(default=(), max_length=100)
    irb: Text | None = None
    target: Count | None = None
    status: AdoptedSite
    selected_on: Day | None = None
    activated_on: Day | None = None
    enrolment_closed_on: Day | None = None
    closing_on: Day | None = None
    close_out_visit_on: Day | None = None
    close_out_report: Text | None = None
    product_reconciled_on: Day | None = None
    documents_filed_on: Day | None = None
    closed_on: Day | None = None
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=100)
    document_ref: Text

    @model_validator(mode="after")
    def _a_status_has_its_days(self) -> Self:
        for field in _NEEDED[self.status]:
            if getattr(self, field) is None:
                raise ValueError(f"{field}: a site that is {self.status} has one")
        return self


_ACTIVE: tuple[str, ...] = ("selected_on", "activated_on")
_CLOSE_OUT = ("close_out_visit_on", "close_out_report", "product_reconciled_on", "documents_filed_on")
_NEEDED: dict[AdoptedSite, tuple[str, ...]] = {
    "identified": (),
    "selected": ("selected_on",),
    "activated": _ACTIVE,
    "enrolling": _ACTIVE,
    "closed_to_enrolment": (*_ACTIVE, "enrolment_closed_on"),
    "closing": (*_ACTIVE, "closing_on"),
    "closed": (*_ACTIVE, "closing_on", *_CLOSE_OUT, "closed_on"),
}


class AdoptSubject(OfSubject):
    """Take over a subject, by code: when it enrolled and was randomised, and the status it has since a day.

    Targets, holds and consent are not judged again: the enrolment happened under the rules of its day.
    """

    type: ClassVar[str] = "trials.adopt_subject.v1"
    subject_code: Word
    status: SubjectStatus
    status_since: Day
    reason: Code | None = None
    consent_version: Code | None = None
    consent_language: Language | None = None
    consented_on: Day | None = None
    enrolled_on: Day | None = None
    randomised_on: Day | None = None
    identifiers: tuple[Pseudonym, ...] = Field(default=(), max_length=100)
    document_ref: Text

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,), alone=True), Need(TrialGuard, (self.trial_id,)))

    @model_validator(mode="after")
    def _who_is_registered_enrolled_on_a_day(self) -> Self:
        registered = self.status in REGISTERED
        if registered != (self.enrolled_on is not None):
            raise ValueError(
                f"enrolled_on: a subject who is {self.status} has {'one' if registered else 'none'}"
            )
        if self.randomised_on and not registered:
            raise ValueError(f"randomised_on: a subject who is {self.status} has none")
        if self.status in ENDED and not self.reason:
            raise ValueError(f"reason: {self.status} needs one")
        return self

    @model_validator(mode="after")
    def _a_consent_is_whole(self) -> Self:
        parts = ("consent_version", "consent_language", "consented_on")
        lacking = [name for name in parts if getattr(self, name) is None]
        if lacking and len(lacking) < len(parts):
            raise ValueError(f"{lacking[0]}: a consent has version, language and day")
        return self
