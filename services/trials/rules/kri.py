"""The risk indicators as data: what is counted, by what it is divided, which way is bad, how it is judged.

Indicators are compared between the sites of a trial (`poisson`, `binomial`: funnel limits, domain/funnel.py)
or held against limits of their own (`tolerance`: proposals of ours; a trial's plan may state others).
That centralised monitoring may choose the sites of targeted monitoring: ICH E6(R3) 3.11.4.2(c), text seen.
"""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.trials.kri import Kri

# Of the list below: what a run was computed with is told by it. Change one, change the other.
DEFINITIONS = "2026-3"
# Two-sided 95 % and 99.8 % limits (Spiegelhalter 2005), of which one side is judged.
TAIL = {"alert": 0.025, "action": 0.001}
FEWEST_SITES = 3
LEAST_EXPECTED = 1.0
MONTH = 30.4375  # days, the mean of the Gregorian calendar's leap cycle of four years


@dataclass(frozen=True)
class Indicator:
    """One indicator. `per`: the value is numerator by denominator, times this. `bad`: the side judged.

    `tolerance`: above which value an alert, above which action. `verified`: a person has read the citation.
    """

    definition: str
    numerator: str
    denominator: str | None
    unit: str
    method: Literal["poisson", "binomial", "tolerance"]
    bad: Literal["low", "high"]
    citation: str
    per: float = 1.0
    tolerance: tuple[int, int] | None = None
    verified: bool = False


_CENTRAL = "ICH E6(R3) 3.11.4.2"

INDICATORS: dict[Kri, Indicator] = {
    "enrolment_rate": Indicator(
        "subjects enrolled for each month in which the site could take subjects; judged while it does",
        "subjects enrolled",
        "days since activation, without those of a suspension and those after the close of enrolment",
        "subjects a month",
        "poisson",
        "low",
        _CENTRAL,
        per=MONTH,
    ),
    "screen_failure_rate": Indicator(
        "share of screenings that ended as not eligible",
        "screenings that failed",
        "screenings begun",
        "ratio",
        "binomial",
        "high",
        _CENTRAL,
    ),
    "deviation_rate": Indicator(
        "deviations at the site for each month of a subject's observation, annulled ones left out",
        "deviations",
        "days of observation from enrolment until the subject leaves the study",
        "deviations a subject-month",
        "poisson",
        "high",
        "ICH E6(R3) 3.11.4.5.1",
        per=MONTH,
    ),
    "adverse_event_rate": Indicator(
        "adverse events first reported for each month of a subject's observation; too few: under-reporting",
        "adverse events",
        "days of observation from enrolment until the subject leaves the study",
        "events a subject-month",
        "poisson",
        "low",
        _CENTRAL,
        per=MONTH,
    ),
    "serious_reporting_lag": Indicator(
        "share of serious adverse events that reached the sponsor more than one calendar day after the "
        "investigator knew, as first reported; reports without that day are left out",
        "serious events reported late",
        "serious events whose day of awareness is known",
        "ratio",
        "binomial",
        "high",
        "21 CFR 312.64(b), immediately; EU: within 24 hours (domain.md R6)",
    ),
    "query_ageing": Indicator(
        "age of the oldest query that is not closed",
        "days since the oldest open query was raised",
        None,
        "days",
        "tolerance",
        "high",
        "none: limits are a proposal",
        tolerance=(30, 60),
    ),
    "sdv_backlog": Indicator(
        "share of the forms that the plan wants verified against their source and that are not",
        "forms to be verified that are not",
        "forms entered times the plan's share, rounded up",
        "ratio",
        "binomial",
        "high",
        "ICH E6(R3) 3.11.4.5.4",
    ),
    "visits_overdue": Indicator(
        "days that the longest overdue monitoring visit of the site is overdue",
        "days since the planned day of the oldest visit not made",
        None,
        "days",
        "tolerance",
        "high",
        "none: limits are a proposal",
        tolerance=(14, 42),
    ),
    # By the day and not by the reading: who leaves a device off for an hour loses readings by the dozen. A
    # subject who stops still misses day after day, so that sites differ beyond chance: the run tells how far.
    "data_completeness": Indicator(
        "share of the days due from feeds for which nothing came, a day once a measure; days of one subject "
        "hang together, so the limits are too narrow",
        "days due for which no data came",
        "days due from feeds",
        "ratio",
        "binomial",
        "high",
        _CENTRAL,
    ),
}
