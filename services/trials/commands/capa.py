"""Commands on corrective and preventive actions."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.trials.commands.monitoring import Person
from services.trials.commands.words import Code, DocumentRef
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.projections.holds import DeviationRow
from shared.contracts.message import Command, Need
from shared.contracts.trials.capa import CapaKind, SourceKind
from shared.rules.dates import Day


class OfCapa(Command):
    """A command on the stream of an action."""

    capa_id: UUID
    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.capa_id


class OpenCapa(OfCapa):
    """Ask that something be put right or kept from happening again; without a site, in the whole trial."""

    type: ClassVar[str] = "trials.open_capa.v1"
    capa_id: UUID = Field(default_factory=uuid7)
    site_id: UUID | None = None
    kind: CapaKind
    category: Code
    source_kind: SourceKind
    sources: tuple[UUID, ...] = Field(min_length=1, max_length=100)

    def needs(self) -> tuple[Need, ...]:
        of_site = (Need(SiteGuard, (self.site_id,)),) if self.site_id else ()
        known = self.sources if self.source_kind == "deviation" else ()
        told = (Need(DeviationRow, (deviation,)) for deviation in known)
        return (*told, *of_site, Need(TrialGuard, (self.trial_id,)))


class PlanCapa(OfCapa):
    """Say what will be done, by whom, until which local day; again while it is not implemented."""

    type: ClassVar[str] = "trials.plan_capa.v1"
    owner: Person
    due_on: Day
    document_ref: DocumentRef


class ImplementCapa(OfCapa):
    """Say that what was planned is done since a local day."""

    type: ClassVar[str] = "trials.implement_capa.v1"
    implemented_on: Day
    document_ref: DocumentRef | None = None


class CheckCapa(OfCapa):
    """Say, as another person, whether it works; where it does not, the action is open again."""

    type: ClassVar[str] = "trials.check_capa.v1"
    effective: bool
    checked_on: Day
    document_ref: DocumentRef | None = None


class CloseCapa(OfCapa):
    """Close an action that works."""

    type: ClassVar[str] = "trials.close_capa.v1"
