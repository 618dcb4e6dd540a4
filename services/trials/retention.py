"""How long records are kept: periods as data, each with its citation and how sure we are of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.contracts.trials.keeping import RetentionRule
from shared.contracts.trials.trial import Route

# Where a calendar day ends last on earth: a period that ends with a day is over everywhere only then.
LAST_PLACE = "Etc/GMT+12"


@dataclass(frozen=True)
class Period:
    """`years` after the anchor, a day that a person states; it applies to these routes and countries."""

    citation: str
    verified: bool
    anchor: str
    years: int
    routes: frozenset[Route] = frozenset()
    countries: frozenset[str] = frozenset()


# Member states of the European Union and the EEA.
EU = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK ES".split()  # noqa: SIM905
)
# 312.57(c): the text of the 2001 edition was read; 312.62(c) and 812.140(d): secondary pages, that of the
# latter Pennsylvania State University's; article 58: the text itself.
PERIODS: Mapping[RetentionRule, Period] = {
    "us_ind_sponsor": Period(
        "21 CFR 312.57(c)",
        False,
        "approval of the marketing application, or else the end of shipment with notice to FDA",
        2,
        routes=frozenset({"us_ind"}),
    ),
    "us_ind_investigator": Period(
        "21 CFR 312.62(c)",
        False,
        "approval of the marketing application, or else the end of the investigation with notice to FDA",
        2,
        routes=frozenset({"us_ind"}),
    ),
    "us_ide": Period(
        "21 CFR 812.140(d)",
        False,
        "the later of the end of the investigation and the day from which the records support neither an "
        "application for premarket approval nor a notice that a product development protocol is complete",
        2,
        routes=frozenset({"us_ide"}),
    ),
    "eu_ctr": Period("Regulation (EU) 536/2014, art. 58", True, "end of the trial", 25, countries=EU),
}
CONTRACT = "contract with the sponsor"
# What persons state beside the periods of law: its citation, and whether we hold it for verified.
STATED: Mapping[RetentionRule, tuple[str, bool]] = {
    "contract": (CONTRACT, True),
    "none_applies": ("stated: no statutory period applies", False),
}


def last_day(anchored_on: date, years: int) -> date:
    """The last day of a period of whole years after the anchor; from 29 February to 1 March at the latest."""
    try:
        return anchored_on.replace(year=anchored_on.year + years)
    except ValueError:
        return date(anchored_on.year + years, 3, 1)
