"""Due-date arithmetic: day 0 is the anchor, weekends count, local days begin where the zone says."""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.dates import (
    add_calendar_days,
    add_working_days,
    is_working_day,
    known_zone,
    local_date,
    start_of_day,
)

CALENDAR = Path(__file__).parents[4] / "shared/data/calendars/us_federal_holidays_2020_2030.csv"
ZONES = (
    "UTC",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
days = st.dates(date(2015, 1, 1), date(2040, 1, 1))


def test_the_federal_holidays_are_those_of_the_official_list() -> None:
    if not CALENDAR.exists():
        pytest.skip(f"needs {CALENDAR.name} beside the project")
    with CALENDAR.open(encoding="utf-8") as file:
        listed = {date.fromisoformat(row["date"]) for row in csv.DictReader(file)}
    span = [date(2020, 1, 1) + timedelta(days=n) for n in range(11 * 365 + 3)]
    assert {day for day in span if day.weekday() < 5 and not is_working_day(day, "us_federal")} == {
        day for day in listed if day.weekday() < 5
    }


def test_a_new_year_observed_on_the_last_day_of_december_is_no_working_day() -> None:
    assert add_working_days(date(2021, 12, 30), 1, "us_federal") == date(2022, 1, 3)


def test_a_calendar_clock_never_rolls_off_a_weekend() -> None:
    assert add_calendar_days(date(2026, 7, 3), 15).strftime("%a") == "Sat"


@given(days, st.integers(0, 40))
def test_a_working_day_clock_ends_on_a_working_day_with_that_many_behind_it(anchor: date, count: int) -> None:
    due = add_working_days(anchor, count, "us_federal")
    between = [anchor + timedelta(days=n) for n in range(1, (due - anchor).days + 1)]
    assert sum(is_working_day(day, "us_federal") for day in between) == count
    assert count == 0 or is_working_day(due, "us_federal")


@given(days, st.sampled_from(ZONES))
def test_a_local_day_begins_at_its_first_instant_in_every_zone(day: date, zone: str) -> None:
    start = start_of_day(day, zone)
    assert local_date(start, zone) == day
    assert local_date(start - timedelta(microseconds=1), zone) < day


def test_a_day_that_begins_without_midnight_begins_when_the_clock_skips_it() -> None:
    start = start_of_day(date(2026, 9, 6), "America/Santiago")
    assert start.astimezone(ZoneInfo("America/Santiago")).hour == 1


def test_the_day_of_a_clock_change_is_as_long_as_it_is() -> None:
    zone = "America/New_York"
    length = start_of_day(date(2026, 3, 9), zone) - start_of_day(date(2026, 3, 8), zone)
    assert length == timedelta(hours=23)


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "../etc/passwd", "EST5EDT4", "utc "])
def test_only_zones_of_the_database_are_zones(name: str) -> None:
    with pytest.raises(ValueError, match="IANA"):
        known_zone(name)


def test_the_local_date_is_that_of_the_zone() -> None:
    instant = datetime(2026, 3, 2, 3, tzinfo=ZoneInfo("UTC"))
    assert local_date(instant, "America/New_York") == date(2026, 3, 1)
