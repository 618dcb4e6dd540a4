"""The locations of a record of API v2."""

from collections import Counter
from typing import Any
from uuid import uuid5

from services.trials.imports.ctgov.fields import degrees, items, section, text
from services.trials.rules import NAMESPACE
from shared.contracts.trials.registry import RegistrySite


def sites(contacts: dict[str, Any], nct: str) -> tuple[RegistrySite, ...]:
    """The locations of a record; the same place of the same trial always has the same id."""
    module = "protocolSection.contactsLocationsModule."
    seen: Counter[str] = Counter()
    found = []
    for n, place in enumerate(items(contacts, module, "locations", dict)):
        path = f"{module}locations[{n}]."
        name, city, state, postcode, country = (
            text(place, path, field) for field in ("facility", "city", "state", "zip", "country")
        )
        point = section(place, path, "geoPoint")
        # Two entries that differ in nothing are two sites: the second one counts on.
        where = "|".join((nct, *(part or "" for part in (name, city, state, postcode, country))))
        found.append(
            RegistrySite(
                site_id=uuid5(NAMESPACE, f"ctgov-site|{where}|{seen[where]}"),
                name=name,
                city=city,
                state=state,
                postcode=postcode,
                country=country,
                status=text(place, path, "status"),
                latitude=degrees(point, f"{path}geoPoint.", "lat", 90),
                longitude=degrees(point, f"{path}geoPoint.", "lon", 180),
            )
        )
        seen[where] += 1
    return tuple(found)
