"""What the planning of enrolment goes by: countries, and how small a count may be shown."""

from functools import cache
from importlib.resources import files

# A count below it might single a person out. The number is that of usual disclosure control: design, no law.
SMALLEST_SHOWN = 5


@cache
def countries() -> frozenset[str]:
    """The countries of ISO 3166-1 by their two letters, as the time zone database lists them."""
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[0] for line in lines if line and not line.startswith("#"))
