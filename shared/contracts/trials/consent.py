"""Consent: the versions of its form released at a site, what subjects signed, and who has to sign again."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

# Who signs again when a version is released, as the board decided (21 CFR 50.25(b)(5), domain.md 3.7).
ReconsentRule = Literal["all_active", "not_completed_intervention", "none"]


class ConsentVersionReleased(Event):
    """A version of the consent form may be used at the site in a language, from `released_on` (local) on.

    `requires_reconsent`: who signs again, within `due_in_days` calendar days of the release. `blocks`: no
    dose is given to whoever is overdue. Told again, the last word counts. `breaks` names the rules that the
    report broke: a version at a site of another trial counts nowhere.
    """

    type: ClassVar[str] = "trials.consent_version.released.v1"
    trial_id: UUID
    site_id: UUID
    version: str
    language: str
    released_on: date
    requires_reconsent: ReconsentRule = "none"
    due_in_days: int | None = None
    blocks: bool = False
    document_ref: str | None = None
    sha256: str | None = None
    breaks: tuple[str, ...] = ()


class AboutConsent(Event):
    """What every event of a subject's consent says."""

    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    version: str
    language: str


class SubjectConsented(AboutConsent):
    """The subject signed a version of the consent form; `breaks` names the rules that this broke.

    `meets`: the earlier version that was asked for and need not be signed any more. `adopted_from` is as at
    the enrolment.
    """

    type: ClassVar[str] = "trials.subject.consented.v1"
    signed_on: date
    breaks: tuple[str, ...] = ()
    meets: str | None = None
    adopted_from: str | None = None


class ReconsentRequired(AboutConsent):
    """The subject has to sign this version by `due_on`, a local day in `zone`. `blocks`: overdue, no dose."""

    type: ClassVar[str] = "trials.subject.reconsent_required.v1"
    due_on: date
    zone: str
    blocks: bool = False


class ReconsentDeclined(AboutConsent):
    """The subject did not want to sign the version; `breaks` says where nobody had asked for it."""

    type: ClassVar[str] = "trials.subject.reconsent_declined.v1"
    declined_on: date
    breaks: tuple[str, ...] = ()


class ReconsentWaived(AboutConsent):
    """A board's letter says that the subject need not sign the version."""

    type: ClassVar[str] = "trials.subject.reconsent_waived.v1"
    waived_on: date
    document_ref: str
    breaks: tuple[str, ...] = ()


class ReconsentOverdue(AboutConsent):
    """The day by which the subject had to sign the version has passed."""

    type: ClassVar[str] = "trials.subject.reconsent_overdue.v1"
    due_on: date


ConsentEvent = SubjectConsented | ReconsentRequired | ReconsentDeclined | ReconsentWaived | ReconsentOverdue
