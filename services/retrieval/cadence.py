"""When a silent custodian is asked again: days after sending, and the day on which silence is escalated."""

from datetime import datetime, timedelta

from shared.contracts.retrieval import Priority

# domain 3.8, our own service level: no law obliges a custodian to answer (R67).
DAYS: dict[Priority, tuple[int, ...]] = {"routine": (1, 3, 7, 10, 15), "urgent": (1, 2, 3, 4, 5)}
WEEK = 7


def next_day(priority: Priority, after: int) -> int:
    """The first day of the cadence later than `after`: the fixed days, then every week."""
    days = DAYS[priority]
    for day in days:
        if day > after:
            return day
    return days[-1] + WEEK * ((after - days[-1]) // WEEK + 1)


def last_day(priority: Priority, after: int, sent_at: datetime, now: datetime) -> int | None:
    """The latest day of the cadence after `after` that has come by `now`; None where none has."""
    reached = None
    while sent_at + timedelta(days=(day := next_day(priority, after))) <= now:
        reached = after = day
    return reached


def escalation_day(priority: Priority) -> int:
    """The day on which a custodian that has not answered is escalated."""
    return DAYS[priority][-1]
