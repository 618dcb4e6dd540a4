"""Date arithmetic of the rules: calendar and working days, and where a local day begins in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import holidays
from pydantic import AfterValidator, Field

Calendar = Literal["us_federal", "weekdays"]


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The name itself where it is an IANA zone; raise ValueError where it is none."""
    if name not in _zone_names():
        raise ValueError("not the name of an IANA time zone")
    return name


ZoneName = Annotated[str, AfterValidator(known_zone)]

# Far enough from both ends of the calendar that no rule's arithmetic can leave it.
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


def start_of_day(day: date, zone: str) -> datetime:
    """The first instant of a local day as UTC; where the clocks skip midnight, the instant they skip it."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def local_date(instant: datetime, zone: str) -> date:
    """The calendar date in the zone at an aware instant."""
    return instant.astimezone(ZoneInfo(zone)).date()


def latest_date(instant: datetime) -> date:
    """The latest local date that it is anywhere: no place is more than 14 hours ahead of UTC."""
    return (instant + timedelta(hours=14)).date()


@cache
def _closed_days(calendar: Calendar, year: int) -> frozenset[date]:
    # New Year's Day on a Saturday is observed on 31 December: the neighbour year's list holds it.
    return frozenset(
        holidays.country_holidays("US", years=(year, year + 1)) if calendar == "us_federal" else ()
    )


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Monday to Friday, and no holiday (nor the day on which one is observed) of the calendar."""
    return day.weekday() < 5 and day not in _closed_days(calendar, day.year)


def add_working_days(anchor: date, days: int, calendar: Calendar) -> date:
    """The n-th working day after the anchor; the anchor itself is day 0, whatever day it is."""
    day = anchor
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day, calendar)
    return day


def add_calendar_days(anchor: date, days: int) -> date:
    """The anchor is day 0 and weekends count: a due date is never rolled forward (domain 2, FDA clocks)."""
    return anchor + timedelta(days=days)
