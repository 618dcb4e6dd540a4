"""Countries by their ISO 3166-1 alpha-2 codes, from the list that the IANA time zone data carries."""

import re
from functools import cache
from importlib.resources import files

# Member States of the European Union, and of the European Economic Area, to which Regulation (EU) 536/2014
# applies as a text with EEA relevance.
_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
CTR_COUNTRIES: frozenset[str] = frozenset(re.findall("[A-Z]{2}", _MEMBERS))


@cache
def country_codes() -> frozenset[str]:
    """Every code of ISO 3166-1 alpha-2 that is given to a country or a territory."""
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[0] for line in lines if line and not line.startswith("#"))


def known_country(code: str) -> str:
    """The code itself where it is a country's; raise ValueError where it is none."""
    if code not in country_codes():
        raise ValueError("not the ISO 3166 code of a country")
    return code
