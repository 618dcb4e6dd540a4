"""Events of programmes: a product's development above its trials (domain 0.13).

`adopted_from` is the record by which somebody vouches for what a takeover in mid-life told.
"""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

ProgrammePhase = Literal["preclinical", "I", "II", "III", "IV"]
AuthorisationKind = Literal["ind", "ide", "cta", "marketing_authorisation"]
MilestoneKind = Literal["toxicology", "laboratory"]


class PhaseEvidence(Value):
    """A document that a decision on a development phase rests on; `sha256` is that of its bytes."""

    document_ref: str
    sha256: str | None = None


class PreclinicalMilestone(Value):
    """Preclinical work and the local day on which it was completed."""

    milestone_id: UUID
    kind: MilestoneKind
    completed_on: date


class ProgrammeAuthorisation(Value):
    """What an authority lets the sponsor do; `withdrawn_on` is the first day on which it does not hold.

    `covers` are the trials under it, as its record names them.
    """

    authorisation_id: UUID
    kind: AuthorisationKind
    country: str
    in_effect_on: date
    withdrawn_on: date | None = None
    covers: tuple[UUID, ...] = ()


class ProgrammeBegun(Event):
    """A product's development is known: for which indication, against which comparators, by which sponsor.

    The phase of one that was taken over in mid-life is told as one step.
    """

    type: ClassVar[str] = "trials.programme.begun.v1"
    programme_id: UUID
    product: str
    comparators: tuple[str, ...] = ()
    indication: str
    sponsor_name: str
    adopted_from: str | None = None


class ProgrammeAuthorisationRecorded(Event):
    """An IND, IDE, clinical trial or marketing authorisation as it stands now; a later record replaces it.

    `country` is an ISO 3166 code, or EU for a marketing authorisation of the whole Union. `covers` are the
    trials under the authorisation, `trial_ids` all trials of the programme. Days are the authority's.
    """

    type: ClassVar[str] = "trials.programme.authorisation_recorded.v1"
    programme_id: UUID
    authorisation_id: UUID
    kind: AuthorisationKind
    number: str
    country: str
    in_effect_on: date
    withdrawn_on: date | None = None
    covers: tuple[UUID, ...] = ()
    document_ref: str | None = None
    trial_ids: tuple[UUID, ...] = ()
    adopted_from: str | None = None


class PreclinicalMilestoneCompleted(Event):
    """Toxicology or laboratory work is done; a later record of the same id replaces it.

    `breaks` names the rules that the report does not keep. `trial_ids` are all trials of the programme.
    """

    type: ClassVar[str] = "trials.programme.milestone_completed.v1"
    programme_id: UUID
    milestone_id: UUID
    kind: MilestoneKind
    completed_on: date
    document_ref: str
    sha256: str | None = None
    breaks: tuple[str, ...] = ()
    trial_ids: tuple[UUID, ...] = ()
    adopted_from: str | None = None


class ProgrammePhaseChanged(Event):
    """A signed decision moved the development by one phase; `trial_ids` are all trials of the programme."""

    type: ClassVar[str] = "trials.programme.phase_changed.v1"
    programme_id: UUID
    before: ProgrammePhase
    after: ProgrammePhase
    evidence: tuple[PhaseEvidence, ...]
    reason: str | None = None
    decided_on: date
    trial_ids: tuple[UUID, ...] = ()
    adopted_from: str | None = None


class ProgrammeTrialAdded(Event):
    """A trial stands under the programme from now on; with it what the programme has reached so far."""

    type: ClassVar[str] = "trials.programme.trial_added.v1"
    programme_id: UUID
    trial_id: UUID
    phase: ProgrammePhase
    milestones: tuple[PreclinicalMilestone, ...] = ()
    authorisations: tuple[ProgrammeAuthorisation, ...] = ()


ProgrammeEvent = (
    ProgrammeBegun
    | ProgrammeAuthorisationRecorded
    | PreclinicalMilestoneCompleted
    | ProgrammePhaseChanged
    | ProgrammeTrialAdded
)
