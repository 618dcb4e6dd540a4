"""Guard rows: what safety must know of trials, sites and subjects when an adverse event is reported."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.site import SiteActivated, SiteDetailsChanged, SiteIdentified, SiteSelected
from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectWithdrawn,
)
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered, TrialStatusChanged


@dataclass(frozen=True, slots=True)
class KnownTrial:
    """A trial that safety has heard of; `owner` carries its safety obligations (sponsor or CRO).

    `owner_id`: the organisation to which they were transferred.
    """

    table: ClassVar[str] = "known_trial"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    title: str | None = None
    route: str | None = None
    status: str | None = None
    owner: str | None = None
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site that safety has heard of."""

    table: ClassVar[str] = "known_site"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    zone: str | None = None
    activated: bool = False


@dataclass(frozen=True, slots=True)
class KnownSubject:
    """A subject that safety has heard of, by pseudonym only; `withdrew` are the scopes left."""

    table: ClassVar[str] = "known_subject"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    subject_code: str | None = None
    enrolled_on: date | None = None
    withdrawn_on: date | None = None
    withdrew: tuple[str, ...] = ()
    died_on: date | None = None


def known_trial_keys(
    message: Recorded[TrialRegistered | TrialPlanRecorded | TrialStatusChanged],
) -> tuple[tuple[UUID], ...]:
    """Trials whose registration, plan or status the event tells."""
    return ((message.data.trial_id,),)


def fold_known_trial(
    row: KnownTrial | None, message: Recorded[Any], key: tuple[UUID, ...]
) -> KnownTrial | None:
    """The trial after the event."""
    row = row or KnownTrial(trial_id=key[0])
    match message.data:
        case TrialRegistered() as event:
            return replace(_planned(row, event), status=event.status)
        case TrialPlanRecorded() as event:
            return _planned(row, event)
        case TrialStatusChanged() as event:
            return replace(row, status=event.after)
        case _:
            return row


def _planned(row: KnownTrial, event: TrialRegistered | TrialPlanRecorded) -> KnownTrial:
    row = replace(row, title=event.title, route=event.route)
    return replace(row, owner=event.owner, owner_id=event.owner_id)


def known_site_keys(
    message: Recorded[SiteIdentified | SiteDetailsChanged | SiteSelected | SiteActivated],
) -> tuple[tuple[UUID], ...]:
    """Sites that the event identifies, selects or activates."""
    return ((message.data.site_id,),)


def fold_known_site(row: KnownSite | None, message: Recorded[Any], key: tuple[UUID, ...]) -> KnownSite | None:
    """The site after the event."""
    row = row or KnownSite(site_id=key[0])
    match message.data:
        case SiteIdentified() | SiteDetailsChanged() | SiteSelected() as event:
            return replace(row, trial_id=event.trial_id, zone=event.zone or row.zone)
        case SiteActivated() as event:
            return replace(row, trial_id=event.trial_id, zone=event.zone, activated=True)
        case _:
            return row


def known_subject_keys(
    message: Recorded[SubjectEnrolled | SubjectEnrolmentCorrected | SubjectWithdrawn | SubjectDied],
) -> tuple[tuple[UUID], ...]:
    """Subjects that the event enrols, corrects or withdraws, and who died."""
    return ((message.data.subject_id,),)


def fold_known_subject(
    row: KnownSubject | None, message: Recorded[Any], key: tuple[UUID, ...]
) -> KnownSubject | None:
    """The subject after the event."""
    row = row or KnownSubject(subject_id=key[0])
    match message.data:
        case SubjectEnrolled() | SubjectEnrolmentCorrected() as event:
            return replace(
                row,
                trial_id=event.trial_id,
                site_id=event.site_id,
                subject_code=event.subject_code,
                enrolled_on=event.enrolled_on,
            )
        case SubjectWithdrawn() as event:
            return replace(
                row,
                trial_id=event.trial_id,
                site_id=event.site_id,
                withdrawn_on=event.withdrawn_on,
                withdrew=tuple(sorted({*row.withdrew, *event.scopes})),
            )
        case SubjectDied(died_on=day):
            return replace(row, died_on=day)
        case _:
            return row
