"""The ledger of a trial's transferred obligations: who carries each on which day, without a gap."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.trials.obligation import (
    ObligationAgreed,
    ObligationEvent,
    ObligationName,
    ObligationReturned,
    ObligationTransferred,
)


@dataclass(frozen=True)
class Written:
    """The written description of a transfer or of its end."""

    document_ref: str
    sha256: str


@dataclass(frozen=True)
class Period:
    """Days on which an organisation carries an obligation; `until` is the first on which it does no more.

    Without `since` and `by` it had it by the trial's plan, on every day before, and no document says so.
    """

    organisation_id: UUID
    since: date | None
    by: Written | None
    until: date | None = None
    ended_by: Written | None = None

    def covers(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Bound:
    """The day on which an organisation's period begins, or has ended, and the document that says so."""

    day: date
    organisation_id: UUID
    by: Written
    begins: bool


@dataclass(frozen=True)
class Ledger:
    """Periods by obligation, in order and apart; a day in none of them is the sponsor's.

    `agreed`: the last agreement on each. `told`: how many beginnings and ends of its periods have come, and
    were told.
    """

    trial_id: UUID | None = None
    zone: str | None = None
    periods: Mapping[ObligationName, tuple[Period, ...]] = field(default_factory=dict)
    agreed: Mapping[ObligationName, ObligationAgreed] = field(default_factory=dict)
    told: Mapping[ObligationName, int] = field(default_factory=dict)

    def of(self, obligation: ObligationName) -> tuple[Period, ...]:
        return self.periods.get(obligation, ())

    def untold(self, obligation: ObligationName) -> list[Bound]:
        """Beginnings and ends that were not told yet, the earliest first."""
        return list(_bounds(self.of(obligation)))[self.told.get(obligation, 0) :]


def owner_on(periods: Sequence[Period], day: date) -> UUID | None:
    """The organisation that carries an obligation on a local day; None is the sponsor."""
    return next((period.organisation_id for period in periods if period.covers(day)), None)


def _bounds(periods: Sequence[Period]) -> Iterator[Bound]:
    for period in periods:
        if period.since and period.by:
            yield Bound(period.since, period.organisation_id, period.by, begins=True)
        if period.until and period.ended_by:
            yield Bound(period.until, period.organisation_id, period.ended_by, begins=False)


def evolve(ledger: Ledger, event: ObligationEvent) -> Ledger:
    match event:
        case ObligationAgreed(obligation=name, zone=zone):
            periods = dict(ledger.periods) | {name: with_agreed(ledger.of(name), event)}
            agreed = dict(ledger.agreed) | {name: event}
            return replace(ledger, trial_id=event.trial_id, zone=zone, periods=periods, agreed=agreed)
        case ObligationTransferred(obligation=name) | ObligationReturned(obligation=name):
            return replace(ledger, told=dict(ledger.told) | {name: ledger.told.get(name, 0) + 1})
        case _:
            assert_never(event)


def with_agreed(periods: tuple[Period, ...], event: ObligationAgreed) -> tuple[Period, ...]:
    """The periods of an obligation after what was agreed of it."""
    by = Written(event.document_ref, event.sha256)
    if event.organisation_id:
        return (*periods, Period(event.organisation_id, event.since, by))
    if event.carried_by:
        return (Period(event.carried_by, None, None, event.since, by),)
    *before, last = periods
    if event.since == last.since:  # taken back before it began: it never was
        return tuple(before)
    return (*before, replace(last, until=event.since, ended_by=by))
