"""Which places of different trials are the same: by name, city and country, made alike.

Registries give no id of a facility. How often this is wrong, the service's README says. The place-holder of a
sponsor ("Research Site") names no facility.
"""

import re
import unicodedata
from functools import lru_cache

from services.trials.rules.registry_countries import code_of

_APOSTROPHES = re.compile(r"['\u2019`\u00b4]")
_APART = re.compile(r"[^a-z0-9]+")
_EMPTY = frozenset({"the", "of", "and", "at", "inc", "llc", "ltd", "gmbh", "pa", "pc", "ppds"})
_NUMBER, _NUMBERED = re.compile(r"(?:^| )(?:\d+ ?)+$"), re.compile(r"(?:(?:^| )(?:no|number|site|ref))+$")
_LETTERS = re.compile(r"\b([a-z]) (?=[a-z]\b)")
# What sponsors write where they name no site: "Some Sponsor Investigational Site", "Local Institution".
_PLACE_HOLDER = re.compile(
    r"\binvestigat\w+ (?:site|cent(?:er|re))s?$"
    r"|^(?:clinical )?(?:research|study|trials?) (?:site|cent(?:er|re)|location|facility)s?$"
    r"|^(?:local institution|site|cent(?:er|re))$"
)


@lru_cache(maxsize=20_000)  # the same cities and hospitals come again and again
def plain(text: str) -> str:
    """Words in small Latin letters and digits; accents, signs, small words and company forms are left out."""
    latin = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = _APART.sub(" ", _APOSTROPHES.sub("", latin.casefold().replace("&", " and "))).split()
    # Letters that stand apart are one word, "M D" as "MD"; and that word may be an empty one, "P A" as "PA".
    joined = _LETTERS.sub(r"\1", " ".join(word for word in words if word not in _EMPTY))
    return " ".join(word for word in joined.split() if word not in _EMPTY)


def place_key(city: str | None, country: str | None) -> str | None:
    """The same for every spelling of a city in a country; None where either is missing."""
    if not city or not country or not (town := plain(city)):
        return None
    return f"{town}|{code_of(country)}"


def facility_key(name: str | None, city: str | None, country: str | None) -> str | None:
    """The same for every spelling of a facility; None where its name, or place, names none."""
    place = place_key(city, country)
    if place is None or not name:
        return None
    words = plain(name)
    # A number at the end tells the sites of one sponsor apart, not facilities.
    unnumbered = _NUMBER.sub("", words)
    if not unnumbered or _PLACE_HOLDER.search(unnumbered):
        return None
    if unnumbered != words:
        unnumbered = _NUMBERED.sub("", unnumbered)
    return f"{unnumbered}|{place}" if unnumbered else None
