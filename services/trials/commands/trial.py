"""Commands on trials: plans, registry records, lifecycle, authorisations."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Count, Country, Named, SponsorName, Text
from services.trials.projections.guards import TrialCount, TrialGuard, TrialSites
from services.trials.projections.programme_guards import ProgrammeGuard, ProgrammeStanding
from services.trials.projections.trial_data import TrialData
from services.trials.rules.phases import PHASES
from shared.contracts.message import Command, Identifier, Need, Signed
from shared.contracts.trials.registry import PartialDate, RegistryFacts, RegistrySite
from shared.contracts.trials.trial import Route, TrialStatus
from shared.rules.dates import Day


class OfTrial(Command):
    """A command on a trial's own stream."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.trial_id


class RegisterTrial(Command):
    """Register a trial from its sponsor's plan; one known from a registry by its NCT number gets the plan.

    `owner_id`: the organisation to which the safety obligations were transferred (21 CFR 312.52).
    `programme_id`: the programme above the trial; then `phases` are codes of the registry. A trial that has
    none yet gets it by the same plan.
    """

    type: ClassVar[str] = "trials.register_trial.v1"
    trial_id: UUID = Field(default_factory=uuid7)
    title: Text
    phases: tuple[Code, ...] = Field(default=(), max_length=100)
    identifiers: tuple[Named, ...] = Field(default=(), max_length=100)
    sponsor: SponsorName
    study_type: Code = "INTERVENTIONAL"
    route: Route = "us_ind"
    owner: Code = "sponsor"
    owner_id: UUID | None = None
    target: Count | None = None
    programme_id: UUID | None = None

    @model_validator(mode="after")
    def _the_sponsor_transfers_nothing_to_itself(self) -> Self:
        if self.owner_id and self.owner == "sponsor":
            raise ValueError("owner_id: nothing is transferred where owner is the sponsor")
        return self

    @model_validator(mode="after")
    def _a_programme_knows_its_phases(self) -> Self:
        if self.programme_id and not (self.phases and set(self.phases) <= set(PHASES)):
            raise ValueError(f"phases: in a programme one or more of {', '.join(PHASES)}")
        return self

    @property
    def stream_id(self) -> UUID:
        return self.trial_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(ProgrammeGuard, (self.programme_id,)),) if self.programme_id else ()

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
    """Move a trial on in its lifecycle; some steps ask for a reason.

    `by_invitation`: an active trial enrols only whom it invites.
    """

    type: ClassVar[str] = "trials.change_trial_status.v1"
    status: TrialStatus
    reason: Annotated[Text, Field(max_length=160)] | None = None
    by_invitation: bool = False

    @model_validator(mode="after")
    def _only_who_enrols_invites(self) -> Self:
        if self.by_invitation and self.status != "active":
            raise ValueError("by_invitation: only of an active trial")
        return self

    def needs(self) -> tuple[Need, ...]:
        return (
            Need(ProgrammeStanding, (self.trial_id,)),
            Need(TrialSites, (self.trial_id,)),
            Need(TrialCount, (self.trial_id,), alone=True),
            Need(TrialData, (self.trial_id,)),
        )


class ReopenAccrual(Signed):
    """Open a closed accrual again: a signed act with its reason."""

    type: ClassVar[str] = "trials.reopen_accrual.v1"
    trial_id: UUID
    reason: Text
    meaning: Literal["approval"]

    @property
    def stream_id(self) -> UUID:
        return self.trial_id


class RecordAuthorisation(OfTrial, Signed):
    """Report that a country's authority lets the trial begin."""

    type: ClassVar[str] = "trials.record_authorisation.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the authority decided"] = "filed as the authority decided"
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
