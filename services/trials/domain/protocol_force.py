"""Which version of the protocol is in force at which site, as what is known now has it."""

from collections.abc import Iterator, Mapping
from datetime import date
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from services.trials.domain.protocol_state import Events, Protocol, Version, evolve
from services.trials.rules.protocol import GIVEN_UP, authority_step
from shared.contracts.trials.protocol import (
    ProtocolVersionEffective,
    ProtocolVersionSuperseded,
)
from shared.contracts.trials.trial import Route


class Basis(NamedTuple):
    """From which day a version may be used at a site, and what that rests on."""

    effective_on: date
    country: str
    irb_approval: UUID | None = None
    submission: str | None = None
    urgent: bool = False


_first_day = attrgetter("effective_on")


def in_force(protocol: Protocol, route: Route, countries: Mapping[UUID, str]) -> Events:
    """The versions that came into force, or whose first day changed, and those that no site uses any more.

    A version is in force at a site when the site's authority has what it asks for and the site's board
    approved, in either order (21 CFR 312.30(a)); used at once against a hazard, from that day.
    """
    events: Events = []
    for version in sorted(protocol.versions.values(), key=lambda known: known.ordinal):
        for site, basis in _bases(protocol, version, route, countries).items():
            if event := _effective(protocol, version, site, basis):
                events.append(event)
                protocol = evolve(protocol, event)
    return [*events, *_nowhere(protocol)]


def _bases(
    protocol: Protocol, version: Version, route: Route, countries: Mapping[UUID, str]
) -> Mapping[UUID, Basis]:
    """The earliest basis of each site chosen for the trial; use at once comes before any other."""
    name = version.drafted.version
    found: dict[UUID, Basis] = {}
    for made in protocol.urgent.values():
        if made.version == name:
            for site in (named for named in made.site_ids if named in countries):
                basis = Basis(made.implemented_on, made.country, urgent=True)
                found[site] = min(found.get(site, basis), basis, key=_first_day)
    if version.status in GIVEN_UP:
        return found
    regular: dict[UUID, Basis] = {}
    for site, basis in _approved(protocol, version, route, countries):
        regular[site] = min(regular.get(site, basis), basis, key=_first_day)
    return regular | found


def _approved(
    protocol: Protocol, version: Version, route: Route, countries: Mapping[UUID, str]
) -> Iterator[tuple[UUID, Basis]]:
    name = version.drafted.version
    for approval in protocol.approvals.values():
        for site in approval.site_ids if approval.version == name else ():
            country = countries.get(site)
            if country is None or not version.concerns(country):
                continue
            submitted = protocol.submitted.get((name, country))
            needs = authority_step(route, country, version.drafted.substantial).needs
            authorised = protocol.authorised.get((name, country))
            had = {"submission": submitted, "authorisation": authorised, None: (date.min, "")}[needs]
            if had and (day := max(had[0], approval.effective_on)) <= approval.expires_on:
                told = submitted[1] if submitted else None
                yield site, Basis(day, country, approval.approval_id, told)


def _effective(
    protocol: Protocol, version: Version, site: UUID, basis: Basis
) -> ProtocolVersionEffective | None:
    at_site, name, day = protocol.force.get(site, {}), version.drafted.version, basis.effective_on
    known = at_site.get(name)
    higher = [first for other, first in at_site.items() if protocol.ordinal(other) > version.ordinal]
    if known == day or (known is None and any(first <= day for first in higher)):
        return None
    lower = [
        (protocol.ordinal(other), other)
        for other, first in at_site.items()
        if first <= day and protocol.ordinal(other) < version.ordinal
    ]
    return ProtocolVersionEffective(
        trial_id=version.drafted.trial_id,
        version=name,
        ordinal=version.ordinal,
        site_id=site,
        supersedes=max(lower)[1] if lower else None,
        **basis._asdict(),
    )


def _nowhere(protocol: Protocol) -> Iterator[ProtocolVersionSuperseded]:
    for name, version in protocol.versions.items():
        if version.status not in ("effective", "superseded"):
            continue
        ends = [
            min((day for o, day in at_site.items() if protocol.ordinal(o) > version.ordinal), default=None)
            for at_site in protocol.force.values()
            if name in at_site
        ]
        known = [day for day in ends if day]
        last = max(known) if known and len(known) == len(ends) else None
        if last and last != version.superseded_on:
            trial_id = version.drafted.trial_id
            yield ProtocolVersionSuperseded(trial_id=trial_id, version=name, superseded_on=last)
