"""The deviation that a report raises by breaking a rule, with an id that follows from the report."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol
from uuid import UUID, uuid5

from services.trials.projections.guards import SiteGuard
from services.trials.rules import NAMESPACE
from services.trials.rules.other_trial import OTHER_TRIAL
from shared.contracts.trials.deviation import DeviationReported
from shared.rules.dates import latest_date


def in_future(day: date, now: datetime) -> bool:
    """Whether the local day has begun nowhere yet."""
    return day > latest_date(now)


def rules_of(found: Mapping[str, bool]) -> tuple[str, ...]:
    """The rules that a report breaks, in the order in which they are asked."""
    return tuple(rule for rule, broken in found.items() if broken)


class OfTrial(Protocol):
    """A row that knows its trial."""

    @property
    def trial_id(self) -> UUID | None: ...


def elsewhere(known: OfTrial | None, trial_id: UUID) -> bool:
    """Whether what is known belongs to another trial."""
    return known is not None and known.trial_id not in (None, trial_id)


def site_breaks(site: SiteGuard | None, trial_id: UUID) -> tuple[str, ...]:
    """The rule that a report breaks by naming a site of another trial."""
    return (OTHER_TRIAL,) if elsewhere(site, trial_id) else ()


def deviation_id(trial_id: UUID, category: str, name: str) -> UUID:
    """The id of a report's deviation; `name` tells the report from any other of its kind in the trial."""
    return uuid5(NAMESPACE, f"deviation|{trial_id}|{category}|{name}")


def deviation(
    trial_id: UUID, category: str, name: str, rules: tuple[str, ...], on: date, site_id: UUID | None = None
) -> list[DeviationReported]:
    """The deviation where the report broke any rule, else nothing."""
    if not rules:
        return []
    return [
        DeviationReported(
            deviation_id=deviation_id(trial_id, category, name),
            trial_id=trial_id,
            site_id=site_id,
            category=category,
            rules=rules,
            occurred_on=on,
        )
    ]
