"""Events of trials: registration, plan, lifecycle, authorisations."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Identifier
from shared.contracts.trials.registry import (
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistrySitesRecorded,
)

TrialStatus = Literal[
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
    "archived",
    "registry_only",
]
Route = Literal["us_ind", "us_ide", "other"]


class TrialRegistered(Event):
    """A trial is known: from its sponsor's plan, or from a public registry's record.

    `owner` names who carries the safety obligations, `owner_id` the organisation to which they were
    transferred (21 CFR 312.52); `route` decides which gates its sites need;
    `registry_only` is the status of expanded access programmes, which have no trial lifecycle;
    `programme_id` names the programme above the trial; `adopted_from` the record by which somebody vouches
    for a trial that was taken over in mid-life.
    """

    type: ClassVar[str] = "trials.trial.registered.v1"
    trial_id: UUID
    title: str
    phases: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    sponsor_name: str
    study_type: str
    basis: Literal["sponsor", "registry"]
    status: TrialStatus
    route: Route = "other"
    owner: str = "sponsor"
    owner_id: UUID | None = None
    target: int | None = None
    programme_id: UUID | None = None
    adopted_from: str | None = None


class TrialPlanRecorded(Event):
    """The sponsor's plan of a trial that a registry had made known before.

    `adopted_from` is as at the registration.
    """

    type: ClassVar[str] = "trials.trial.plan_recorded.v1"
    trial_id: UUID
    title: str
    phases: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    study_type: str
    route: Route
    owner: str
    owner_id: UUID | None = None
    target: int | None = None
    programme_id: UUID | None = None
    adopted_from: str | None = None


class TrialStatusChanged(Event):
    """The trial moved on in its lifecycle. `inferred`: a status in between that nobody stated.

    `by_invitation`: an active trial enrols only whom it invites; it may change while the trial stays active.
    Of a trial taken over in mid-life `changed_on` is the day of the status that it has.
    """

    type: ClassVar[str] = "trials.trial.status_changed.v1"
    trial_id: UUID
    before: TrialStatus
    after: TrialStatus
    basis: Literal["sponsor", "registry"]
    reason: str | None = None
    inferred: bool = False
    by_invitation: bool = False
    changed_on: date | None = None
    adopted_from: str | None = None


class TrialAuthorised(Event):
    """The health authority lets the trial begin, from `effective_on` (an IND or IDE in effect, a CTA).

    `adopted_from` is as at the registration.
    """

    type: ClassVar[str] = "trials.trial.authorised.v1"
    trial_id: UUID
    country: str
    effective_on: date
    authorisation: UUID
    adopted_from: str | None = None


TrialEvent = (
    TrialRegistered
    | TrialPlanRecorded
    | RegistryEntryRecorded
    | RegistryEntryChanged
    | RegistrySitesRecorded
    | TrialStatusChanged
    | TrialAuthorised
)
