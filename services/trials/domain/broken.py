"""The deviation that a report raises by breaking a rule, with an id that follows from the report."""

from datetime import date, datetime
from uuid import UUID, uuid5

from services.trials.rules import NAMESPACE
from shared.contracts.trials.deviation import DeviationReported
from shared.rules.dates import latest_date


def in_future(day: date, now: datetime) -> bool:
    """Whether the local day has begun nowhere yet."""
    return day > latest_date(now)


def deviation_id(category: str, name: str) -> UUID:
    """The id of a report's deviation; `name` tells the report from any other of its kind."""
    return uuid5(NAMESPACE, f"deviation|{category}|{name}")


def deviation(
    trial_id: UUID, category: str, name: str, rules: tuple[str, ...], on: date, site_id: UUID | None = None
) -> list[DeviationReported]:
    """The deviation where the report broke any rule, else nothing."""
    if not rules:
        return []
    return [
        DeviationReported(
            deviation_id=deviation_id(category, name),
            trial_id=trial_id,
            site_id=site_id,
            category=category,
            rules=rules,
            occurred_on=on,
        )
    ]
