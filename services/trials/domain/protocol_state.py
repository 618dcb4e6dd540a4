"""What decisions need of a trial's protocol, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from services.trials.rules.protocol import status_after
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.protocol import (
    AboutVersion,
    ProtocolEvent,
    ProtocolVersionAbandoned,
    ProtocolVersionApproved,
    ProtocolVersionAuthorised,
    ProtocolVersionDrafted,
    ProtocolVersionEffective,
    ProtocolVersionSubmitted,
    ProtocolVersionSuperseded,
    ProtocolVersionWithdrawn,
    Told,
    UrgentChangeMade,
    UrgentChangeTold,
    VersionStatus,
)

Events = list[ProtocolEvent | DeviationReported | DeviationAnnulled]
InCountry = tuple[str, str]


@dataclass(frozen=True)
class Version:
    """A version as it was drafted, with its status, and the day from which no site uses it."""

    drafted: ProtocolVersionDrafted
    status: VersionStatus = "drafted"
    superseded_on: date | None = None

    @property
    def ordinal(self) -> int:
        return self.drafted.ordinal

    def concerns(self, country: str) -> bool:
        """Whether sites of the country follow it at all."""
        return not self.drafted.countries or country in self.drafted.countries


@dataclass(frozen=True)
class Protocol:
    """Versions by name; what was told of them, also before they were drafted; where each is in force.

    `submitted` and `authorised`: by version and country, the day and the reference. `force`: by site, the
    first day of each version. `told`: by change and site the day on which its board knew, without a site that
    of the authority, or of the boards of all; `heard`: notices that count for nobody. `deviations`: those
    that count, by what caused them and the rule.
    """

    versions: Mapping[str, Version] = field(default_factory=dict)
    submitted: Mapping[InCountry, tuple[date, str]] = field(default_factory=dict)
    authorised: Mapping[InCountry, tuple[date, str]] = field(default_factory=dict)
    approvals: Mapping[UUID, ProtocolVersionApproved] = field(default_factory=dict)
    force: Mapping[UUID, Mapping[str, date]] = field(default_factory=dict)
    urgent: Mapping[UUID, UrgentChangeMade] = field(default_factory=dict)
    told: Mapping[tuple[UUID, Told, UUID | None], date] = field(default_factory=dict)
    heard: frozenset[UrgentChangeTold] = frozenset()
    deviations: Mapping[tuple[UUID | None, str], UUID] = field(default_factory=dict)

    def ordinal(self, version: str) -> int:
        """The place of a version among the others; one that nobody drafted is before all."""
        return self.versions[version].ordinal if version in self.versions else 0


def evolve(protocol: Protocol, event: ProtocolEvent | DeviationReported | DeviationAnnulled) -> Protocol:
    match event:
        case ProtocolVersionDrafted(version=name, status=status):
            return replace(protocol, versions={**protocol.versions, name: Version(event, status)})
        case ProtocolVersionSubmitted(submitted_on=day, submission=reference):
            submitted = {**protocol.submitted, (event.version, event.country): (day, reference)}
            return _moved(replace(protocol, submitted=submitted), event)
        case ProtocolVersionAuthorised(authorised_on=day, authorisation=reference):
            authorised = {**protocol.authorised, (event.version, event.country): (day, reference)}
            return replace(protocol, authorised=authorised)
        case ProtocolVersionApproved(approval_id=approval):
            return replace(protocol, approvals={**protocol.approvals, approval: event})
        case ProtocolVersionEffective(site_id=site, version=name, effective_on=day):
            at_site = {**protocol.force.get(site, {}), name: day}
            return _moved(replace(protocol, force={**protocol.force, site: at_site}), event)
        case ProtocolVersionSuperseded() | ProtocolVersionWithdrawn() | ProtocolVersionAbandoned():
            return _moved(protocol, event)
        case UrgentChangeMade(change_id=change, implemented_on=first):
            # What was told before the change was known counts only where it can be about it.
            can = {key: day for key, day in protocol.told.items() if key[0] != change or day >= first}
            return replace(protocol, urgent={**protocol.urgent, change: event}, told=can)
        case UrgentChangeTold() if event.breaks:
            return replace(protocol, heard=protocol.heard | {event})
        case UrgentChangeTold(change_id=change, whom=whom, told_on=day, site_ids=sites):
            told = {(change, whom, site): day for site in sites or (None,)}
            return replace(protocol, told={**protocol.told, **told})
        case DeviationReported(cause=cause, rules=rules, deviation_id=deviation):
            counting = {**protocol.deviations, (cause, rules[0]): deviation}
            return replace(protocol, deviations=counting)
        case DeviationAnnulled(deviation_id=deviation):
            counting = {key: one for key, one in protocol.deviations.items() if one != deviation}
            return replace(protocol, deviations=counting)
        case _:
            assert_never(event)


def _moved(protocol: Protocol, event: AboutVersion) -> Protocol:
    known = protocol.versions.get(event.version)
    if known is None:
        return protocol
    status = status_after(known.status, event) or known.status
    told = event.superseded_on if isinstance(event, ProtocolVersionSuperseded) else known.superseded_on
    there = replace(known, status=status, superseded_on=told if status == "superseded" else None)
    return replace(protocol, versions={**protocol.versions, event.version: there})
