"""What a public registry says of a trial, and the events of its records."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import JsonValue

from shared.contracts.message import Event, Identifier, Value


class PartialDate(Value):
    """A date as exact as its source gave it: `text` is YYYY, YYYY-MM or YYYY-MM-DD."""

    text: str
    precision: Literal["year", "month", "day"]
    kind: Literal["actual", "estimated"] | None = None


class Intervention(Value):
    """What a trial studies, as the registry names it: kind DRUG, DEVICE, BIOLOGICAL and so on."""

    kind: str
    name: str


class RegistryArm(Value):
    """An arm as the registry lists it, with the names of what is given in it (`Drug: aspirin`)."""

    label: str
    kind: str | None = None
    interventions: tuple[str, ...] = ()


class RegistryDesign(Value):
    """How the trial is built, in the registry's codes: RANDOMIZED, PARALLEL, DOUBLE, PARTICIPANT."""

    allocation_type: str | None = None
    intervention_model: str | None = None
    primary_purpose: str | None = None
    masking: str | None = None
    who_masked: tuple[str, ...] = ()
    observational_model: str | None = None
    time_perspective: str | None = None


class RegistryEligibility(Value):
    """Who may take part: `criteria` is the registry's text, ages as it writes them (`18 Years`)."""

    sex: str | None = None
    minimum_age: str | None = None
    maximum_age: str | None = None
    healthy_volunteers: bool | None = None
    age_groups: tuple[str, ...] = ()
    criteria: str | None = None


class RegistryOutcome(Value):
    """What the trial measures, and over which time."""

    role: Literal["primary", "secondary", "other"]
    measure: str
    time_frame: str | None = None


class FlowCount(Value):
    """Participants of each group, by the group's id, that came to a milestone or left for a reason."""

    name: str
    participants: dict[str, int]


class FlowPeriod(Value):
    """A period of the posted results: STARTED, COMPLETED and other milestones, and why participants left."""

    title: str
    milestones: tuple[FlowCount, ...] = ()
    left: tuple[FlowCount, ...] = ()


class ParticipantFlow(Value):
    """The participant flow of the posted results; `groups` are titles by id. Numbers, never persons."""

    groups: dict[str, str]
    periods: tuple[FlowPeriod, ...] = ()


class RegistryFacts(Value):
    """What a registry says of a trial: its codes and dates unchanged, no contacts of staff.

    `status_unverified`: the registry has not had the status confirmed for two years (its code UNKNOWN).
    """

    status: str
    last_known_status: str | None = None
    status_unverified: bool = False
    why_stopped: str | None = None
    title: str
    official_title: str | None = None
    acronym: str | None = None
    sponsor_name: str
    study_type: str
    phases: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    conditions: tuple[str, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    enrolment: int | None = None
    enrolment_kind: Literal["actual", "estimated"] | None = None
    start: PartialDate | None = None
    primary_completion: PartialDate | None = None
    completion: PartialDate | None = None
    verified_on: PartialDate | None = None
    first_posted: PartialDate | None = None
    results_posted: PartialDate | None = None
    fda_regulated_drug: bool | None = None
    fda_regulated_device: bool | None = None
    design: RegistryDesign | None = None
    arms: tuple[RegistryArm, ...] = ()
    eligibility: RegistryEligibility | None = None
    outcomes: tuple[RegistryOutcome, ...] = ()
    flow: ParticipantFlow | None = None


class RegistryChange(Value):
    """One field of RegistryFacts that a newer registry record states differently, with its new value."""

    field: str
    value: JsonValue = None


class RegistrySite(Value):
    """A location of the registry; the same place of the same trial always has the same `site_id`."""

    site_id: UUID
    name: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    country: str | None = None
    status: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class RegistryEntryRecorded(Event):
    """The first record of a registry about the trial. `updated` is the record's last update there.

    `suspended_as` is the hold `sponsor_pause` that the registry's status SUSPENDED stands for; `managed`:
    the sponsor runs the trial here, so the record shows whether the registry was told.
    """

    type: ClassVar[str] = "trials.trial.registry_entry_recorded.v1"
    trial_id: UUID
    registry: str
    facts: RegistryFacts
    updated: PartialDate | None = None
    as_of: date | None = None
    suspended_as: UUID | None = None
    managed: bool = False


class RegistryEntryChanged(Event):
    """A newer record of the registry says something else: only the fields that changed.

    `suspended_as` is the hold that the registry's status SUSPENDED stands for, `resumed_from` its end.
    `status` is the registry's status now, told of a trial that its sponsor runs here (`managed`).
    """

    type: ClassVar[str] = "trials.trial.registry_entry_changed.v1"
    trial_id: UUID
    registry: str
    changes: tuple[RegistryChange, ...]
    updated: PartialDate | None = None
    as_of: date | None = None
    suspended_as: UUID | None = None
    resumed_from: UUID | None = None
    managed: bool = False
    status: str | None = None


class RegistrySitesRecorded(Event):
    """Locations that the registry lists anew or with another status, at most 200 an event.

    `unlisted` are locations that the registry does not list any more.
    """

    type: ClassVar[str] = "trials.trial.registry_sites_recorded.v1"
    trial_id: UUID
    registry: str
    sites: tuple[RegistrySite, ...] = ()
    unlisted: tuple[UUID, ...] = ()
