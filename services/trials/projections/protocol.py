"""The rows of a protocol behind the trial page: its versions, and changes that were made at once."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from services.trials.rules.protocol import status_after
from shared.contracts.message import Recorded
from shared.contracts.trials.protocol import (
    AboutVersion,
    ProtocolVersionAbandoned,
    ProtocolVersionApproved,
    ProtocolVersionAuthorised,
    ProtocolVersionDrafted,
    ProtocolVersionEffective,
    ProtocolVersionSubmitted,
    ProtocolVersionSuperseded,
    ProtocolVersionWithdrawn,
    UrgentChangeMade,
    UrgentChangeTold,
    VersionStatus,
)

Key = tuple[Any, ...]
Urgent = UrgentChangeMade | UrgentChangeTold


@dataclass(frozen=True, slots=True)
class Filed:
    """When a country's authority had it, or decided, and the reference of that."""

    reference: str
    on: date


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a trial's protocol; without `status` it is known from others, and nobody drafted it.

    `submitted` and `authorised` are by country (ISO 3166 alpha-2), `given_up` is the code of why it was
    withdrawn or abandoned.
    """

    table: ClassVar[str] = "protocol_version"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "version")
    trial_id: UUID
    version: str
    ordinal: int = 0
    status: VersionStatus | None = None
    dated_on: date | None = None
    amends: str | None = None
    substantial: bool | None = None
    countries: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    reason: str | None = None
    document_ref: str | None = None
    sha256: str | None = None
    submitted: dict[str, Filed] = field(default_factory=dict)
    authorised: dict[str, Filed] = field(default_factory=dict)
    approvals: tuple[UUID, ...] = ()
    given_up: str | None = None
    superseded_on: date | None = None
    changed_at: datetime | None = None


def version_keys(message: Recorded[AboutVersion]) -> tuple[Key, ...]:
    event = message.data
    return () if isinstance(event, Urgent) else ((event.trial_id, event.version),)


def fold_version(row: VersionRow | None, message: Recorded[Any], key: Key) -> VersionRow:
    """The version after an event of its protocol."""
    event = message.data
    row = row or VersionRow(*key)
    row = replace(row, status=status_after(row.status, event), changed_at=message.time)
    match event:
        case ProtocolVersionDrafted():
            return replace(row, **event.model_dump(exclude={"trial_id", "version", "status"}))
        case ProtocolVersionSubmitted(country=country, submission=reference, submitted_on=day):
            return replace(row, submitted=row.submitted | {country: Filed(reference, day)})
        case ProtocolVersionAuthorised(country=country, authorisation=reference, authorised_on=day):
            return replace(row, authorised=row.authorised | {country: Filed(reference, day)})
        case ProtocolVersionApproved(approval_id=approval):
            return replace(row, approvals=tuple(sorted({*row.approvals, approval})))
        case ProtocolVersionWithdrawn(reason=reason) | ProtocolVersionAbandoned(reason=reason):
            return replace(row, given_up=reason)
        case ProtocolVersionSuperseded(superseded_on=day):
            return replace(row, superseded_on=day)
        case ProtocolVersionEffective():
            return replace(row, superseded_on=None)
        case _:
            return row


@dataclass(frozen=True, slots=True)
class UrgentChangeRow:
    """A change made at once: by when and when board and authority were told, as notices have it.

    `board_told` is the day by site, `board_told_on` the last of them once the boards of all sites know.
    """

    table: ClassVar[str] = "urgent_change"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "change_id")
    trial_id: UUID
    change_id: UUID
    version: str | None = None
    sites: tuple[UUID, ...] = ()
    country: str | None = None
    implemented_on: date | None = None
    reason: str | None = None
    board_by: date | None = None
    board_citation: str | None = None
    board_told_on: date | None = None
    board_told: dict[UUID, date] = field(default_factory=dict)
    authority_by: date | None = None
    authority_citation: str | None = None
    authority_told_on: date | None = None
    breaks: tuple[str, ...] = ()


def urgent_keys(message: Recorded[Urgent]) -> tuple[Key, ...]:
    return ((message.data.trial_id, message.data.change_id),)


def fold_urgent(row: UrgentChangeRow | None, message: Recorded[Any], key: Key) -> UrgentChangeRow:
    """The change after an event about it."""
    event = message.data
    row = replace(row or UrgentChangeRow(*key), version=event.version)
    if isinstance(event, UrgentChangeTold):
        if event.breaks:
            return replace(row, breaks=tuple(dict.fromkeys((*row.breaks, *event.breaks))))
        if event.whom == "authority":
            return replace(row, authority_told_on=event.told_on)
        told = {site: event.told_on for site in event.site_ids or row.sites}
        return _boards(replace(row, board_told=dict(sorted((row.board_told | told).items()))))
    told_of = event.model_dump(exclude={"trial_id", "change_id", "site_ids", "zone"})
    can = {site: day for site, day in row.board_told.items() if day >= event.implemented_on}
    return _boards(replace(row, **told_of, sites=event.site_ids, board_told=can))


def _boards(row: UrgentChangeRow) -> UrgentChangeRow:
    days = [row.board_told[site] for site in row.sites if site in row.board_told]
    return replace(row, board_told_on=max(days) if days and len(days) == len(row.sites) else None)
