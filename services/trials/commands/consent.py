"""Commands on consent: versions of the form released at a site, signatures, and signing again."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, StringConstraints, model_validator

from services.trials.commands.subject import OfSubject
from services.trials.commands.subject_steps import WithConsents
from services.trials.commands.words import Code, Sha256, Text, Word
from services.trials.projections.guards import SiteGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Need, Signed
from shared.contracts.trials.consent import ReconsentRule
from shared.rules.dates import Day, ZoneName

# A language tag as of BCP 47: en, es-US, zh-Hant.
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]


class RecordConsentVersion(Signed):
    """Report that a version of the consent form was released at a site, and who signs again.

    `due_in_days`: calendar days from the release in which they sign, as the board decided.
    """

    type: ClassVar[str] = "trials.record_consent_version.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    trial_id: UUID
    site_id: UUID
    version: Code
    language: Language
    released_on: Day
    requires_reconsent: ReconsentRule = "none"
    due_in_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    blocks: bool = False
    document_ref: Text | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _a_day_for_whoever_signs_again(self) -> Self:
        asked = self.requires_reconsent != "none"
        if asked != (self.due_in_days is not None):
            raise ValueError("due_in_days: given exactly where somebody signs again")
        if self.blocks and not asked:
            raise ValueError("blocks: nobody is overdue where nobody signs again")
        return self

    @property
    def stream_id(self) -> UUID:
        return consents_of(self.trial_id, self.site_id)

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)


class RecordConsent(WithConsents):
    """Report that a subject signed a version of the consent form, for the first time or again."""

    type: ClassVar[str] = "trials.record_consent.v1"
    report: ClassVar[bool] = True
    version: Code
    language: Language
    signed_on: Day
    subject_code: Word | None = None


class RequireReconsent(WithConsents):
    """Let a subject sign a version that was released after the one they signed."""

    type: ClassVar[str] = "trials.require_reconsent.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    version: Code
    language: Language
    due_on: Day
    zone: ZoneName
    blocks: bool = False


class DeclineReconsent(OfSubject):
    """Report that a subject did not want to sign the version asked of them."""

    type: ClassVar[str] = "trials.decline_reconsent.v1"
    report: ClassVar[bool] = True
    version: Code
    language: Language
    declined_on: Day


class WaiveReconsent(OfSubject, Signed):
    """Report that a board's letter spares a subject the new signature."""

    type: ClassVar[str] = "trials.waive_reconsent.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the board decided"] = "filed as the board decided"
    version: Code
    language: Language
    waived_on: Day
    document_ref: Text


def consents_of(trial_id: UUID, site_id: UUID) -> UUID:
    """The stream of the consent versions that a trial has at a site."""
    return uuid5(NAMESPACE, f"consents|{trial_id}|{site_id}")
