"""Guard rows of the protocol: its versions, and which of them is in force at a site on a day."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from services.trials.rules.protocol import status_after
from shared.contracts.message import Recorded
from shared.contracts.trials.protocol import (
    ProtocolVersionAbandoned,
    ProtocolVersionDrafted,
    ProtocolVersionEffective,
    ProtocolVersionSubmitted,
    ProtocolVersionSuperseded,
    ProtocolVersionWithdrawn,
    VersionStatus,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TrialProtocol:
    """The versions of a trial's protocol that were drafted, each with its status."""

    table: ClassVar[str] = "trial_protocol"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    versions: dict[str, VersionStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InForce:
    """A version at a site from its first to its last local day, both inclusive; the last is open at first.

    Where a higher version came first, the last day lies before the first: it was never in force.
    """

    version: str
    ordinal: int
    effective_on: date
    until: date | None = None
    irb_approval: UUID | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SiteProtocol:
    """The versions in force at a site, the oldest first; no two on one day."""

    table: ClassVar[str] = "site_protocol"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    country: str | None = None
    versions: tuple[InForce, ...] = ()

    def on(self, day: date) -> InForce | None:
        """The version in force on a local day, as known today."""
        return next(
            (
                one
                for one in self.versions
                if one.effective_on <= day and (one.until is None or day <= one.until)
            ),
            None,
        )


OfStatus = (
    ProtocolVersionDrafted
    | ProtocolVersionSubmitted
    | ProtocolVersionEffective
    | ProtocolVersionSuperseded
    | ProtocolVersionWithdrawn
    | ProtocolVersionAbandoned
)


def trial_protocol_keys(message: Recorded[OfStatus]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_trial_protocol(row: TrialProtocol | None, message: Recorded[Any], key: Key) -> TrialProtocol:
    """The statuses after an event; a version that nobody drafted has none."""
    row = row or TrialProtocol(key[0])
    name = message.data.version
    status = status_after(row.versions.get(name), message.data)
    return replace(row, versions=row.versions | {name: status}) if status else row


def site_protocol_keys(message: Recorded[ProtocolVersionEffective]) -> tuple[Key, ...]:
    return ((message.data.site_id,),)


def fold_site_protocol(row: SiteProtocol | None, message: Recorded[Any], key: Key) -> SiteProtocol:
    """The versions after one came into force, or got another first day."""
    event = message.data
    row = row or SiteProtocol(key[0])
    told = InForce(
        event.version,
        event.ordinal,
        event.effective_on,
        irb_approval=event.irb_approval,
        urgent=event.urgent,
    )
    others = [one for one in row.versions if one.version != event.version]
    versions = without_overlap([*others, told])
    return replace(row, trial_id=event.trial_id, country=event.country, versions=versions)


def without_overlap(versions: list[InForce]) -> tuple[InForce, ...]:
    """Each version until the day before a higher one is in force."""
    ordered: list[InForce] = []
    ends: date | None = None
    for one in sorted(versions, key=attrgetter("ordinal"), reverse=True):
        ordered.append(replace(one, until=ends - timedelta(days=1) if ends else None))
        ends = min(one.effective_on, ends or one.effective_on)
    return tuple(reversed(ordered))
