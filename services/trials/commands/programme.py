"""Commands on programmes: begun, what authorities allow, preclinical work, signed steps of development."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Country, Sha256, SponsorName, Text
from shared.contracts.message import Command, Signed
from shared.contracts.trials.programme import AuthorisationKind, MilestoneKind, ProgrammePhase
from shared.rules.dates import Day

Trials = Annotated[tuple[UUID, ...], Field(max_length=1000)]


class OfProgramme(Command):
    """A command on a programme's stream, which belongs to its sponsor and to no trial."""

    programme_id: UUID

    @model_validator(mode="after")
    def _of_no_trial(self) -> Self:
        # Who reaches one trial only would otherwise begin a programme in its name.
        if self.trial_id:
            raise ValueError("trial_id: a programme is its sponsor's and no trial's")
        return self

    @property
    def stream_id(self) -> UUID:
        return self.programme_id


class BeginProgramme(OfProgramme):
    """Begin the development of a product; it is preclinical until a signed decision says otherwise."""

    type: ClassVar[str] = "trials.begin_programme.v1"
    programme_id: UUID = Field(default_factory=uuid7)
    product: Text
    comparators: tuple[Text, ...] = Field(default=(), max_length=50)
    indication: Text
    sponsor: SponsorName

    def sponsor_name(self) -> str:
        return self.sponsor


class AdoptedAuthorisation(BaseModel):
    """An authorisation in effect when a programme is taken over."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: AuthorisationKind
    number: Code
    country: Country | Literal["EU"]
    in_effect_on: Day

    @model_validator(mode="after")
    def _one_that_can_be(self) -> Self:
        if self.country == "EU" and self.kind != "marketing_authorisation":
            raise ValueError("country: only a marketing authorisation is of the whole Union")
        return self


class AdoptProgramme(BeginProgramme):
    """Take over a programme in mid-life: the phase that it is in since a day, and what allows it.

    `document_ref` is the record by which somebody vouches for it; no decision before it is told.
    """

    type: ClassVar[str] = "trials.adopt_programme.v1"
    programme_id: UUID
    phase: ProgrammePhase
    phase_since: Day | None = None
    toxicology_on: Day | None = None
    laboratory_on: Day | None = None
    authorisations: Annotated[tuple[AdoptedAuthorisation, ...], Field(max_length=100)] = ()
    document_ref: Text

    @model_validator(mode="after")
    def _a_phase_began_on_a_day(self) -> Self:
        if (self.phase == "preclinical") != (self.phase_since is None):
            raise ValueError("phase_since: given exactly where the programme is beyond its preclinical phase")
        return self


class RecordProgrammeAuthorisation(OfProgramme, Signed):
    """Report an IND, IDE, clinical trial or marketing authorisation as it stands, and the trials under it.

    `withdrawn_on` is the first day on which it does not hold any more. The same id again replaces it whole.
    """

    type: ClassVar[str] = "trials.record_programme_authorisation.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the authority decided"] = "filed as the authority decided"
    authorisation_id: UUID = Field(default_factory=uuid7)
    kind: AuthorisationKind
    number: Code
    country: Country | Literal["EU"]
    in_effect_on: Day
    withdrawn_on: Day | None = None
    covers: Trials = ()
    document_ref: Text | None = None

    @model_validator(mode="after")
    def _one_that_can_be(self) -> Self:
        if self.withdrawn_on and self.withdrawn_on < self.in_effect_on:
            raise ValueError("withdrawn_on: before in_effect_on")
        if self.country == "EU" and self.kind != "marketing_authorisation":
            raise ValueError("country: only a marketing authorisation is of the whole Union")
        return self

    def also_trials(self) -> tuple[UUID, ...]:
        return self.covers


class RecordPreclinicalMilestone(OfProgramme):
    """Report toxicology or laboratory work that is done; the same id with other facts corrects it."""

    type: ClassVar[str] = "trials.record_preclinical_milestone.v1"
    report: ClassVar[bool] = True
    milestone_id: UUID = Field(default_factory=uuid7)
    kind: MilestoneKind
    completed_on: Day
    document_ref: Text
    sha256: Sha256 | None = None


class EvidenceOfPhase(BaseModel):
    """A document that the decision rests on; `sha256` is that of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    document_ref: Text
    sha256: Sha256 | None = None


class DecideProgrammePhase(OfProgramme, Signed):
    """Move the development by one phase: a signed act that names its evidence; a step back has a reason."""

    type: ClassVar[str] = "trials.decide_programme_phase.v1"
    meaning: Literal["approval"]
    phase: ProgrammePhase
    evidence: Annotated[tuple[EvidenceOfPhase, ...], Field(min_length=1, max_length=50)]
    reason: Text | None = None
    decided_on: Day


class AddProgrammeTrial(OfProgramme):
    """Report that a trial was registered under the programme."""

    type: ClassVar[str] = "trials.add_programme_trial.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    added: UUID


ProgrammeCommand = (
    AdoptProgramme
    | BeginProgramme
    | RecordProgrammeAuthorisation
    | RecordPreclinicalMilestone
    | DecideProgrammePhase
    | AddProgrammeTrial
)
