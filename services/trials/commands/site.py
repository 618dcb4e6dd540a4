"""Commands on sites: identification, selection, evidence for gates, activation."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Count, Country, Named, Text
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.projections.programme_guards import ProgrammeStanding
from shared.contracts.message import Command, Need, Signed
from shared.contracts.trials.registry import RegistrySite
from shared.contracts.trials.site import Gate
from shared.rules.dates import Day, ZoneName


class OfSite(Command):
    """A command on a site's stream, decided with the holds on the site and on its trial."""

    trial_id: UUID
    site_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.site_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,), alone=True), Need(TrialGuard, (self.trial_id,)))


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
    identifiers: tuple[Named, ...] = Field(default=(), max_length=100)


class RecordRegistrySite(OfSite):
    """Report what the registry says of one location, or that it lists it no more (`site` is None)."""

    type: ClassVar[str] = "trials.record_registry_site.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    site: RegistrySite | None = None

    def needs(self) -> tuple[Need, ...]:
        # An import brings thousands: what the registry says of a site depends on no hold and no gate.
        return ()


class SelectSite(OfSite):
    """Choose a qualified site for the trial: its board, zone, country and target.

    `qualification_waived` is the sponsor's reason, as a code, to take a site that nobody has qualified.
    """

    type: ClassVar[str] = "trials.select_site.v1"
    irb: Text | None = None
    zone: ZoneName
    country: Country
    target: Count | None = None
    qualification_waived: Code | None = None


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
        return (
            Need(ProgrammeStanding, (self.trial_id,)),
            Need(SiteGuard, (self.site_id,), alone=True),
            Need(TrialGuard, (self.trial_id,)),
        )
