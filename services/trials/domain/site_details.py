"""What a site is called and where it is: told when it is identified, and whatever is told anew later."""

from typing import Any

from services.trials.commands.site import IdentifySite
from services.trials.domain.site_state import DETAILS, Events, Site
from shared.contracts.trials.site import SiteDetailsChanged, SiteIdentified


def identified(site: Site, command: IdentifySite) -> Events:
    """The site, or what is new of one that is known; what a report leaves out stays as it was told."""
    if site.status is None:
        return [SiteIdentified(**command.model_dump(), basis="sponsor")]
    told: dict[str, Any] = {name: getattr(command, name) or site.details[name] for name in DETAILS}
    systems = {identifier.system for identifier in command.identifiers}
    kept = tuple(one for one in site.details["identifiers"] if one.system not in systems)
    told["identifiers"] = (*kept, *command.identifiers)
    if site.selection:  # what its gates and its days rest on was chosen with it
        told |= {"country": site.selection.country, "zone": site.selection.zone}
    same = set(told["identifiers"]) == set(site.details["identifiers"])
    if same and all(told[name] == site.details[name] for name in DETAILS if name != "identifiers"):
        return []
    return [SiteDetailsChanged(trial_id=command.trial_id, site_id=command.site_id, **told)]
