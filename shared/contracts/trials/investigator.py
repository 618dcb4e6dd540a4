"""Events of the people of a site, by identifiers alone: their roles, qualifications and delegated tasks."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Identifier

StaffRole = Literal["principal", "sub", "coordinator"]
Qualification = Literal["licence", "cv", "gcp_training", "protocol_training"]
Task = Literal[
    "consent",
    "eligibility",
    "medical_assessment",
    "dosing",
    "product_accountability",
    "sample_handling",
    "data_entry",
    "safety_reporting",
]


class InvestigatorAdded(Event):
    """A person serves at the site from the local day `from_on`; identifiers are NPI, ORCID, licence, staff.

    Under a US IND the sponsor notifies FDA of a new investigator within 30 days of the addition (21 CFR
    312.30(c), as secondary pages quote it; no person has checked it against the source).
    """

    type: ClassVar[str] = "trials.investigator.added.v1"
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    role: StaffRole
    identifiers: tuple[Identifier, ...]
    from_on: date
    zone: str


class InvestigatorLeft(Event):
    """The person serves no more: the local day `until` was the last; what was delegated ends with it."""

    type: ClassVar[str] = "trials.investigator.left.v1"
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    until: date


class QualificationRecorded(Event):
    """A licence, curriculum or training of the person, valid on the local days given, both inclusive.

    The same `qualification_id` with other dates takes the place of what it said before.
    """

    type: ClassVar[str] = "trials.investigator.qualification_recorded.v1"
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    qualification_id: UUID
    kind: Qualification
    valid_from: date
    valid_to: date | None = None
    document_ref: str | None = None
    sha256: str | None = None
    recorded_on: date


class TasksDelegated(Event):
    """The tasks that the person has from the local day `from_on`, in place of any before; none ends them."""

    type: ClassVar[str] = "trials.investigator.tasks_delegated.v1"
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    tasks: tuple[Task, ...]
    from_on: date
    document_ref: str | None = None


class TrainingExpiring(Event):
    """A training or other qualification of a serving person ends in 60 or 30 days, or fewer."""

    type: ClassVar[str] = "trials.training.expiring.v1"
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    kind: Qualification
    valid_to: date
    days_left: int


class TrainingExpired(Event):
    """A training or other qualification of a serving person has ended, and nothing has taken its place."""

    type: ClassVar[str] = "trials.training.expired.v1"
    trial_id: UUID
    site_id: UUID
    investigator_id: UUID
    kind: Qualification
    valid_to: date


InvestigatorEvent = (
    InvestigatorAdded
    | InvestigatorLeft
    | QualificationRecorded
    | TasksDelegated
    | TrainingExpiring
    | TrainingExpired
)
