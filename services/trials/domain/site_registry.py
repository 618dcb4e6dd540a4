"""What the registry says of a site: it identifies one that nobody knew, and its status is noted."""

from services.trials.commands.site import RecordRegistrySite
from services.trials.domain.site_state import Events, Site
from shared.contracts.trials.site import SiteIdentified, SiteRegistryStatusChanged


def from_registry(site: Site, command: RecordRegistrySite) -> Events:
    """The events of a location as the registry lists it; what is known already causes none."""
    said = command.site
    if site.status is None and said:
        place = ", ".join(part for part in (said.city, said.country) if part)
        return [
            SiteIdentified(
                trial_id=command.trial_id,
                site_id=command.site_id,
                name=said.name or place or "unnamed",
                country=said.country,
                city=said.city,
                state=said.state,
                postcode=said.postcode,
                basis="registry",
                registry_status=said.status,
            )
        ]
    now_says = (said.status if said else site.registry_status, said is not None)
    if site.status is None or now_says == (site.registry_status, site.listed):
        return []
    return [
        SiteRegistryStatusChanged(
            trial_id=command.trial_id,
            site_id=command.site_id,
            registry_status=now_says[0],
            listed=now_says[1],
        )
    ]
