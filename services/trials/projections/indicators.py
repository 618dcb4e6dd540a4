"""The rows of risk indicators: the last value of each at each site, and the runs that computed them."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.kri import (
    Dispersion,
    KriBreached,
    KriComputed,
    KriEscalated,
    KriRecovered,
    KriRunCompleted,
    KriRunStarted,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator of one site as computed last; `breached_on` is the cut in which its breach was found."""

    table: ClassVar[str] = "indicator"
    key: ClassVar[tuple[str, ...]] = ("site_id", "kri")
    site_id: UUID
    kri: str
    trial_id: UUID | None = None
    run_id: UUID | None = None
    cut_on: date | None = None
    definitions: str | None = None
    numerator: int | None = None
    denominator: int | None = None
    value: float | None = None
    target: float | None = None
    expected: float | None = None
    alert_limit: float | None = None
    action_limit: float | None = None
    verdict: str | None = None
    reason: str | None = None
    breach_id: UUID | None = None
    breach_level: str | None = None
    breached_on: date | None = None


def indicator_keys(
    message: Recorded[KriComputed | KriBreached | KriEscalated | KriRecovered],
) -> tuple[Key, ...]:
    match message.data:
        case KriComputed(site_id=site_id, values=values):
            return tuple((site_id, value.kri) for value in values)
        case KriRecovered(site_id=site_id, kri=kri):
            return ((site_id, kri),)
        case event:
            return ((event.site_id, event.found.kri),)


def fold_indicator(row: IndicatorRow | None, message: Recorded[Any], key: Key) -> IndicatorRow:
    """The indicator after an event of its trial's monitoring."""
    one = row or IndicatorRow(key[0], key[1], message.data.trial_id)
    match message.data:
        case KriComputed() as event:
            value = next(value for value in event.values if value.kri == key[1])
            of_run = event.model_dump(include={"run_id", "cut_on", "definitions"})
            return replace(one, **of_run, **value.model_dump(exclude={"kri"}))
        case KriBreached(breach_id=breach_id, level=level, cut_on=day):
            return replace(one, breach_id=breach_id, breach_level=level, breached_on=day)
        case KriEscalated():
            return replace(one, breach_level="action")
        case _:
            return replace(one, breach_id=None, breach_level=None, breached_on=None)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One central-monitoring run: who began it, its data cut, its definitions, its over-dispersion."""

    table: ClassVar[str] = "indicator_run"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "run_id")
    trial_id: UUID
    run_id: UUID
    by: str | None = None
    started_by: str | None = None
    started_at: datetime | None = None
    cut_on: date | None = None
    data_cut_at: datetime | None = None
    data_cut_ref: str | None = None
    definitions: str | None = None
    sites: int | None = None
    breaches: int = 0
    dispersion: tuple[Dispersion, ...] = ()
    status: str = "started"


def run_keys(message: Recorded[KriRunStarted | KriRunCompleted | KriBreached]) -> tuple[Key, ...]:
    return ((message.data.trial_id, message.data.run_id),)


def fold_run(row: RunRow | None, message: Recorded[Any], key: Key) -> RunRow:
    """The run after an event of its trial's monitoring."""
    run = row or RunRow(*key)
    match message.data:
        case KriRunStarted() as event:
            told = event.model_dump(include={"by", "cut_on", "data_cut_ref", "definitions"})
            return replace(run, **told, started_by=str(message.actor), started_at=message.time)
        case KriRunCompleted() as event:
            return replace(
                run,
                data_cut_at=event.data_cut_at,
                sites=event.sites,
                dispersion=event.dispersion,
                status="completed",
            )
        case _:
            return replace(run, breaches=run.breaches + 1)
